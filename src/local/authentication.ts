/**
 * Who a secret belongs to, and what that key or token may do, with the scope that was written behind it (protocol.md
 * A.7).
 */
import type { Access, Privilege } from './access.ts'
import type { Database } from './database.ts'
import { parseId } from './escapes.ts'
import { findSchema } from './names.ts'
import { ACCESS_PROVIDERS, COLLECTIONS, CREDENTIALS, DATABASES, KEYS, ROLES, TOKENS } from './native.ts'
import { customRoles, roleAccess, rolesOfMember } from './roles.ts'
import type { Credential, Scope } from './secrets.ts'
import type { Store } from './store.ts'
import { Ref } from './values.ts'
import type { Value } from './values.ts'

/** Someone who was let in. */
export type Session = {
  readonly database: Database
  readonly access: Access
  /**
   * What the rights are made of, as a text; undefined once the key is gone. A stream that was opened under another
   * text has lost its right, even if the new rights are wider.
   */
  readonly fingerprint: () => string | undefined
}

/** The roles that are built in. */
export type BuiltInRole = 'admin' | 'server' | 'server-readonly' | 'client'

/** What only an admin may touch. */
const adminCollections: ReadonlySet<number> = new Set([DATABASES, KEYS, ROLES, ACCESS_PROVIDERS])
const readPrivileges: ReadonlySet<Privilege> = new Set<Privilege>(['read', 'history_read'])

function isAdminOnly(resource: Ref): boolean {
  return resource.collection === COLLECTIONS && adminCollections.has(Number(resource.id))
}

/** None of them has "unrestricted read": documents are asked for one by one (protocol.md A.7). */
const builtInRights: Readonly<Record<BuiltInRole, (privilege: Privilege, resource: Ref) => boolean>> = {
  admin: privilege => privilege !== 'unrestricted_read',
  server: (privilege, resource) => privilege !== 'unrestricted_read' && !isAdminOnly(resource),
  'server-readonly': (privilege, resource) => readPrivileges.has(privilege) && !isAdminOnly(resource),
  client: () => false,
}

function isBuiltIn(role: Value | undefined): role is BuiltInRole {
  return typeof role === 'string' && Object.hasOwn(builtInRights, role)
}

/** The rights of a built-in role. */
export function builtInAccess(role: BuiltInRole, holder: Ref | undefined): Access {
  return { allows: builtInRights[role], hasPredicate: () => false, identity: undefined, holder }
}

/** The rights of a role, built in or not, for someone who already is somebody. */
export function accessOfRole(store: Store, database: Database, role: Value, caller: Access): Access {
  const { identity, holder } = caller
  if (isBuiltIn(role)) return { ...builtInAccess(role, holder), identity }
  return roleAccess(store, database, customRoles(database, role), identity, holder)
}

/** A token reads its own credentials and tokens, and deletes its tokens. */
function withOwnDocuments(access: Access, store: Store, identity: Ref): Access {
  const isOwn = (resource: Ref, document: Value | undefined): boolean => {
    const kept = Number(resource.id)
    if (resource.collection !== COLLECTIONS || (kept !== TOKENS && kept !== CREDENTIALS)) return false
    const instance = document instanceof Ref ? store.current(document)?.fields.get('instance') : undefined
    return instance instanceof Ref && instance.equals(identity)
  }
  return {
    ...access,
    allows: (privilege, resource, parameters) =>
      access.allows(privilege, resource, parameters) ||
      ((privilege === 'read' || (privilege === 'delete' && Number(resource.id) === TOKENS)) &&
        isOwn(resource, parameters[0])),
  }
}

/** Finds out who is asking. */
export class Authenticator {
  readonly #store: Store
  readonly #rootSecret: string

  constructor(store: Store, rootSecret: string) {
    this.#store = store
    this.#rootSecret = rootSecret
  }

  /** The session of a credential; undefined where nobody has it, or its scope is not allowed. */
  authenticate({ secret, scope }: Credential): Session | undefined {
    if (secret === this.#rootSecret) {
      const root = { database: this.#store.root, access: builtInAccess('admin', undefined), fingerprint: () => 'root' }
      return scope === undefined ? root : this.#narrow(root, scope, 'admin')
    }
    const holder = this.#store.holderOf(secret)
    if (holder?.collection === KEYS) return this.#keySession(holder, scope)
    return holder?.collection === TOKENS ? this.#tokenSession(holder) : undefined
  }

  #keySession(holder: Ref, scope: Scope | undefined): Session | undefined {
    const key = this.#store.current(holder)?.fields
    const role = key?.get('role')
    const target = key?.get('database')
    const database = this.#store.database(target instanceof Ref ? Number(target.id) : holder.database)
    if (key === undefined || role === undefined || database === undefined) return undefined
    const access = isBuiltIn(role)
      ? builtInAccess(role, holder)
      : roleAccess(this.#store, database, customRoles(database, role), undefined, holder)
    const session = { database, access, fingerprint: () => this.#keyFingerprint(holder, database) }
    return scope === undefined ? session : this.#narrow(session, scope, role)
  }

  /** A key is told by its role, and the versions of the roles that it names: any change of them counts. */
  #keyFingerprint(holder: Ref, database: Database): string | undefined {
    const role = this.#store.current(holder)?.fields.get('role')
    if (role === undefined) return undefined
    if (isBuiltIn(role)) return role
    return customRoles(database, role)
      .map(ref => `${ref.id}@${this.#store.current(ref)?.ts}`)
      .join()
  }

  /** What a scope leaves of the rights of a key with a role; only admins may have any of their choice. */
  #narrow(session: Session, scope: Scope, role: Value): Session | undefined {
    const isAdmin = role === 'admin'
    const isAllowed = isAdmin || (role === 'server' && scope.document !== undefined && scope.database === undefined)
    const database = isAllowed ? this.#descend(session.database, scope.database ?? []) : undefined
    const access = database && this.#scopedAccess(database, scope, session.access.holder)
    return database && access && { database, access, fingerprint: session.fingerprint }
  }

  #scopedAccess(database: Database, scope: Scope, holder: Ref | undefined): Access | undefined {
    if (scope.document !== undefined) return this.#documentAccess(database, scope.document)
    if (scope.customRole === undefined) return builtInAccess(scope.role ?? 'admin', holder)
    const roles = customRoles(database, scope.customRole)
    return roles.length === 0 ? undefined : roleAccess(this.#store, database, roles, undefined, holder)
  }

  #documentAccess(database: Database, document: NonNullable<Scope['document']>): Access | undefined {
    const collection = findSchema(database, 'collection', document.collection)
    if (!(collection instanceof Ref) || !/^-?\d+$/.test(document.id)) return undefined
    const id = BigInt(parseId(document.id, description => new TypeError(description)))
    const identity = new Ref(database.number, Number(collection.id), id)
    if (this.#store.current(identity) === undefined) return undefined
    return this.#memberAccess(database, identity, undefined)
  }

  /** The database at the end of a path of names below another one. */
  #descend(from: Database, path: readonly string[]): Database | undefined {
    let database: Database | undefined = from
    for (const name of path) {
      const id: bigint | undefined = database?.findName(DATABASES, name)
      database = id === undefined ? undefined : this.#store.database(Number(id))
    }
    return database
  }

  #tokenSession(holder: Ref): Session | undefined {
    const database = this.#store.database(holder.database)
    const identity = this.#store.current(holder)?.fields.get('instance')
    if (database === undefined || !(identity instanceof Ref)) return undefined
    if (this.#store.current(identity) === undefined) return undefined
    const fingerprint = (): string | undefined => (this.#store.current(holder) === undefined ? undefined : 'token')
    return { database, access: this.#memberAccess(database, identity, holder), fingerprint }
  }

  #memberAccess(database: Database, identity: Ref, holder: Ref | undefined): Access {
    const roles = rolesOfMember(this.#store, database, identity)
    return withOwnDocuments(roleAccess(this.#store, database, roles, identity, holder), this.#store, identity)
  }
}
