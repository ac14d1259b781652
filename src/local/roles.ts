/**
 * Roles that users define: privileges on collections, indexes and functions, each granted as it is or by a predicate,
 * and who is a member (protocol.md E.7, E.9).
 */
import type { Access, Privilege, ReadRole } from './access.ts'
import { predicateAccess } from './built-in-roles.ts'
import { canonicalKey } from './equality.ts'
import type { Database } from './database.ts'
import { findSchema } from './names.ts'
import { ROLES } from './native.ts'
import { entriesOf } from './schema-roles.ts'
import type { Store } from './store.ts'
import { tryLambda } from './trial.ts'
import { Lambda, Ref } from './values.ts'
import type { ObjectValue, Value } from './values.ts'

/** What a predicate is given of the parameters, where it is not all of them: it depends on how many it names. */
const given: Readonly<Partial<Record<Privilege, (parameters: readonly Value[], named: number) => readonly Value[]>>> = {
  write: (parameters, named) => (named === 3 ? parameters : parameters.slice(0, 2)),
  create_with_id: (parameters, named) => (named === 1 ? parameters.slice(0, 1) : parameters),
}

/** The argument of a predicate: one parameter as it is, several as an array. */
function argumentOf(lambda: Lambda, privilege: Privilege, parameters: readonly Value[]): Value {
  const named = Array.isArray(lambda.parameters) ? lambda.parameters.length : 1
  const list = given[privilege]?.(parameters, named) ?? parameters
  return list.length === 1 ? (list[0] ?? null) : [...list]
}

/** What privileges grant on a resource: nothing, everything, or predicates. */
function grantsOf(privileges: readonly ObjectValue[], privilege: Privilege, resource: Ref): (true | Lambda)[] {
  return privileges.flatMap(entry => {
    const target = entry.get('resource')
    const actions = entry.get('actions')
    const grant = actions instanceof Map ? actions.get(privilege) : undefined
    const isMeant = target instanceof Ref && target.equals(resource)
    return isMeant && (grant === true || grant instanceof Lambda) ? [grant] : []
  })
}

/** The rights of someone with these roles, as they are now. */
export function roleAccess(
  store: Store,
  database: Database,
  roles: readonly Ref[],
  identity: Ref | undefined,
  holder: Ref | undefined,
  readRole: ReadRole = role => store.current(role),
): Access {
  const privileges = roles.flatMap(role => entriesOf(readRole(role)?.fields, 'privileges'))
  const internal = predicateAccess(store, database, identity, holder)
  // Errors, aborts and other values say no.
  const holds = (lambda: Lambda, argument: Value): boolean =>
    tryLambda(store, database, internal, lambda, argument) === true
  return {
    allows: (privilege, resource, parameters) =>
      grantsOf(privileges, privilege, resource).some(
        grant => grant === true || holds(grant, argumentOf(grant, privilege, parameters)),
      ),
    hasPredicate: (privilege, resource) => !grantsOf(privileges, privilege, resource).includes(true),
    role: undefined,
    roles,
    identity,
    holder,
  }
}

/** What counts of roles, as a text: another one means other rights, or those of a role of another name. */
export function describeRoles(store: Store, roles: readonly Ref[]): string {
  const described = roles.map(role => {
    const fields = store.current(role)?.fields
    return ['name', 'membership', 'privileges'].map(name => fields?.get(name) ?? null)
  })
  return canonicalKey(described)
}

/** The roles that a document is a member of; `holder` is the key or token that comes as the document. */
export function rolesOfMember(store: Store, database: Database, identity: Ref, holder: Ref | undefined): Ref[] {
  const roles = [...(database.collections.get(ROLES)?.documents.keys() ?? [])].map(
    id => new Ref(database.number, ROLES, id),
  )
  const access = predicateAccess(store, database, identity, holder)
  return roles.filter(role =>
    entriesOf(store.current(role)?.fields, 'membership').some(membership => {
      const resource = membership.get('resource')
      if (!(resource instanceof Ref) || Number(resource.id) !== identity.collection) return false
      const predicate = membership.get('predicate')
      return !(predicate instanceof Lambda) || tryLambda(store, database, access, predicate, identity) === true
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
