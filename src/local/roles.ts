/**
 * Roles that users define: privileges on collections, indexes and functions, each granted as it is or by a predicate,
 * and who is a member (protocol.md E.7, E.9).
 */
import type { Access, Privilege } from './access.ts'
import type { Database } from './database.ts'
import { findSchema } from './names.ts'
import { ROLES } from './native.ts'
import type { Store } from './store.ts'
import { tryLambda } from './trial.ts'
import { Lambda, Ref } from './values.ts'
import type { ObjectValue, Value } from './values.ts'

/** Rights that predicates are evaluated with: they may read everything, and change nothing. */
function internalAccess(identity: Ref | undefined, holder: Ref | undefined): Access {
  return { allows: () => true, hasPredicate: () => false, identity, holder }
}

/** Whether a predicate says yes. Errors, aborts and other values say no. */
function holds(
  store: Store,
  database: Database,
  lambda: Lambda,
  parameters: readonly Value[],
  access: Access,
): boolean {
  const argument = parameters.length === 1 ? (parameters[0] ?? null) : [...parameters]
  return tryLambda(store, database, access, lambda, argument) === true
}

/** One or many, as objects. */
function objectsOf(value: Value | undefined): ObjectValue[] {
  return [value ?? null].flat().filter(one => one instanceof Map)
}

/** What the roles grant for a privilege on a resource: nothing, everything, or predicates. */
function grantsOf(store: Store, roles: readonly Ref[], privilege: Privilege, resource: Ref): (true | Lambda)[] {
  return roles.flatMap(role =>
    objectsOf(store.current(role)?.fields.get('privileges')).flatMap(entry => {
      const target = entry.get('resource')
      const actions = entry.get('actions')
      const grant = actions instanceof Map ? actions.get(privilege) : undefined
      const isMeant = target instanceof Ref && target.equals(resource)
      return isMeant && (grant === true || grant instanceof Lambda) ? [grant] : []
    }),
  )
}

/** The rights of someone with these roles. */
export function roleAccess(
  store: Store,
  database: Database,
  roles: readonly Ref[],
  identity: Ref | undefined,
  holder: Ref | undefined,
): Access {
  const internal = internalAccess(identity, holder)
  return {
    allows: (privilege, resource, parameters) =>
      grantsOf(store, roles, privilege, resource).some(
        grant => grant === true || holds(store, database, grant, parameters, internal),
      ),
    hasPredicate: (privilege, resource) => !grantsOf(store, roles, privilege, resource).includes(true),
    identity,
    holder,
  }
}

/** The roles that a document is a member of. */
export function rolesOfMember(store: Store, database: Database, identity: Ref): Ref[] {
  const roles = [...(database.collections.get(ROLES)?.documents.keys() ?? [])].map(
    id => new Ref(database.number, ROLES, id),
  )
  const access = internalAccess(identity, undefined)
  return roles.filter(role =>
    objectsOf(store.current(role)?.fields.get('membership')).some(membership => {
      const resource = membership.get('resource')
      if (!(resource instanceof Ref) || Number(resource.id) !== identity.collection) return false
      const predicate = membership.get('predicate')
      return !(predicate instanceof Lambda) || holds(store, database, predicate, [identity], access)
    }),
  )
}

/** The custom roles that a value names, by ref or by name; names that nothing has are left out. */
export function customRoles(database: Database, named: Value): Ref[] {
  return [named].flat().flatMap(one => {
    const ref = typeof one === 'string' ? findSchema(database, 'role', one) : one
    return ref instanceof Ref ? [ref] : []
  })
}
