/**
 * The rights that nobody defines: of the roles that are there from the beginning, and of predicates while they are
 * evaluated (protocol.md A.7, E.9). Reading reaches into the databases below one's own, writing does not.
 */
import type { Access, BuiltInRole, Privilege } from './access.ts'
import type { Database } from './database.ts'
import { ACCESS_PROVIDERS, COLLECTIONS, DATABASES, FIRST_USER_COLLECTION, KEYS, ROLES } from './native.ts'
import type { Store } from './store.ts'
import { Ref } from './values.ts'
import type { Value } from './values.ts'

/** Where something may be done: in one's own database only, or in all below it too. */
type Reach = 'own' | 'below'

/** Whose rights they are; `predicate`: of a lambda that decides about a right, or about who is a member. */
type Holder = BuiltInRole | 'predicate'

/** What only an admin may touch. */
const adminCollections: ReadonlySet<number> = new Set([DATABASES, KEYS, ROLES, ACCESS_PROVIDERS])
const reading: ReadonlySet<Privilege> = new Set<Privilege>(['read', 'history_read'])

/** None of the roles has "unrestricted read": documents are asked for one by one. */
const rights: Readonly<Record<Holder, (privilege: Privilege, isAdminOnly: boolean) => Reach | undefined>> = {
  admin: privilege => {
    if (privilege === 'unrestricted_read') return undefined
    return privilege === 'call' || reading.has(privilege) ? 'below' : 'own'
  },
  server: (privilege, isAdminOnly) => (isAdminOnly ? undefined : rights.admin(privilege, false)),
  'server-readonly': (privilege, isAdminOnly) => (!isAdminOnly && reading.has(privilege) ? 'below' : undefined),
  client: () => undefined,
  predicate: (privilege, isAdminOnly) => {
    if (privilege === 'call') return 'own'
    return !isAdminOnly && (privilege === 'read' || privilege === 'unrestricted_read') ? 'below' : undefined
  },
}

/** A native collection as a document is of the kind of its own documents. */
function isAdminOnly(resource: Ref, subject: Value | undefined): boolean {
  const isNative = subject instanceof Ref && subject.collection === COLLECTIONS && subject.id < FIRST_USER_COLLECTION
  const collection = isNative ? subject : resource
  return collection.collection === COLLECTIONS && adminCollections.has(Number(collection.id))
}

/** Whether a value names a role that is there from the beginning. */
export function isBuiltIn(role: Value | undefined): role is BuiltInRole {
  return typeof role === 'string' && Object.hasOwn(rights, role) && role !== 'predicate'
}

function accessOf(store: Store, database: Database, whose: Holder, holder: Ref | undefined): Omit<Access, 'role'> {
  return {
    allows(privilege, resource, [subject]) {
      const reach = rights[whose](privilege, isAdminOnly(resource, subject))
      if (reach === undefined || resource.database === database.number) return reach !== undefined
      return reach === 'below' && store.database(resource.database)?.isWithin(database) === true
    },
    hasPredicate: () => false,
    roles: [],
    identity: undefined,
    holder,
  }
}

/** The rights of a built-in role. */
export function builtInAccess(store: Store, database: Database, role: BuiltInRole, holder: Ref | undefined): Access {
  return { ...accessOf(store, database, role, holder), role }
}

/** The rights that predicates are evaluated with: they read what a server does, call functions, and change nothing. */
export function predicateAccess(
  store: Store,
  database: Database,
  identity: Ref | undefined,
  holder: Ref | undefined,
): Access {
  return { ...accessOf(store, database, 'predicate', holder), role: undefined, identity }
}
