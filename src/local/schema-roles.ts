/**
 * What roles are made of: privileges and members, one or many of each, and the names of roles where they are given to
 * somebody (protocol.md E.7).
 */
import type { Privilege } from './access.ts'
import { isBuiltIn } from './built-in-roles.ts'
import type { FieldFailure } from './failures.ts'
import { COLLECTIONS, ROLES } from './native.ts'
import type { FieldReader } from './schema-fields.ts'
import type { Check } from './schema-kind.ts'
import { wrongStoredType } from './stored.ts'
import { pathOf } from './position.ts'
import { Lambda, Ref } from './values.ts'
import type { ObjectValue, Value } from './values.ts'

/** How many parameters the predicate of each action has. */
const arities: Readonly<Record<Privilege, number>> = {
  read: 1,
  write: 2,
  create: 1,
  create_with_id: 2,
  delete: 1,
  history_write: 4,
  history_read: 1,
  unrestricted_read: 1,
  call: 1,
}

/** The fields of one entry of a list; those below a field of objects are told by its name. */
type Shape = { readonly [field: string]: true | Shape }

const privilegeShape: Shape = {
  resource: true,
  actions: Object.fromEntries(Object.keys(arities).map(action => [action, true as const])),
}
const membershipShape: Shape = { resource: true, predicate: true }

/** The fields of an object that there are; objects of which nothing is left are gone. */
function select(object: ObjectValue, shape: Shape): ObjectValue {
  const kept: ObjectValue = new Map()
  for (const [key, value] of object) {
    const inner = Object.hasOwn(shape, key) ? shape[key] : undefined
    if (inner === undefined) continue
    const selected = value instanceof Map && inner !== true ? select(value, inner) : value
    if (!(selected instanceof Map) || selected.size > 0) kept.set(key, selected)
  }
  return kept
}

/** The entries of a list, or one alone, with the fields that there are. */
function selectEntries(value: Value, shape: Shape): Value {
  if (value instanceof Map) return select(value, shape)
  return Array.isArray(value) ? value.map(entry => (entry instanceof Map ? select(entry, shape) : entry)) : value
}

/** What is kept of the fields of a role. */
export function settleRole(fields: ObjectValue): ObjectValue {
  const settled: ObjectValue = new Map(fields)
  for (const [name, shape] of [
    ['membership', membershipShape],
    ['privileges', privilegeShape],
  ] as const) {
    const value = selectEntries(fields.get(name) ?? null, shape)
    if (value === null || (value instanceof Map && value.size === 0)) settled.delete(name)
    else settled.set(name, value)
  }
  return settled
}

/** What is wrong with an entry; `unbound` where it says of nothing what it is about. */
type Verdict = FieldFailure | 'unbound' | undefined

function checkPrivilege(entry: Value): Verdict {
  if (!(entry instanceof Map)) return wrongStoredType(['privileges'], entry, 'Privilege')
  const resource = entry.get('resource')
  if (resource === undefined) return 'unbound'
  if (!(resource instanceof Ref) && typeof resource !== 'string') return wrongStoredType(['resource'], resource, 'Ref')
  const actions = entry.get('actions')
  if (actions === undefined) return undefined
  if (!(actions instanceof Map)) return wrongStoredType(['actions'], actions, 'RoleAction Map')
  const wrong = [...actions].find(
    ([, grant]) => typeof grant !== 'boolean' && typeof grant !== 'string' && !(grant instanceof Lambda),
  )
  return wrong && wrongStoredType(['actions', wrong[0]], wrong[1], 'RoleAction')
}

function checkMember(entry: Value): Verdict {
  if (!(entry instanceof Map)) return wrongStoredType(['membership'], entry, 'Membership')
  const resource = entry.get('resource')
  if (resource === undefined) return 'unbound'
  const isCollection = resource instanceof Ref && resource.collection === COLLECTIONS
  if (!isCollection && typeof resource !== 'string') return wrongStoredType(['resource'], resource, 'Class Ref')
  const predicate = entry.get('predicate')
  const isPredicate = predicate === undefined || typeof predicate === 'string' || predicate instanceof Lambda
  return isPredicate ? undefined : wrongStoredType(['predicate'], predicate, 'Query')
}

function checkString(value: Value | undefined, field: readonly string[], expected: string): FieldFailure[] {
  return typeof value === 'string' ? [wrongStoredType(field, value, expected)] : []
}

/** Strings would do for names and for functions in the newer language; in this one they do not. */
function checkStrings(entry: Value, field: string): FieldFailure[] {
  if (!(entry instanceof Map)) return []
  const actions = entry.get('actions')
  return [
    ...checkString(entry.get('resource'), [field, 'resource'], 'Ref'),
    ...[...(actions instanceof Map ? actions : [])].flatMap(([action, grant]) =>
      checkString(grant, [field, 'actions', action], 'Query'),
    ),
    ...checkString(entry.get('predicate'), [field, 'predicate'], 'Query'),
  ]
}

/** What is wrong with a list: with the types of its entries, or where they are right with their strings. */
function checkList(value: Value | undefined, field: string, check: (entry: Value) => Verdict) {
  const entries = [value ?? []].flat()
  const [first] = entries.map(check).filter(verdict => verdict !== undefined)
  return {
    types: first === undefined || first === 'unbound' ? [] : [first],
    strings: first === undefined ? entries.flatMap(entry => checkStrings(entry, field)) : [],
  }
}

function arityOf({ parameters }: Lambda): number | undefined {
  if (parameters === '_') return undefined
  return typeof parameters === 'string' ? 1 : parameters.length
}

function checkArity(value: Value | undefined, field: readonly string[], expected: number): FieldFailure[] {
  const arity = value instanceof Lambda ? arityOf(value) : undefined
  if (arity === undefined || arity === expected) return []
  return [{ field, code: 'invalid arity', description: `Found lambda with arity ${arity} expected ${expected}` }]
}

/** The parameters of predicates are counted where an entry stands alone, not in a list. */
function checkArities(fields: ObjectValue): FieldFailure[] {
  const [privilege, member] = [fields.get('privileges'), fields.get('membership')]
  const actions = privilege instanceof Map ? privilege.get('actions') : undefined
  const ofActions = Object.entries(arities).flatMap(([action, arity]) =>
    checkArity(actions instanceof Map ? actions.get(action) : undefined, ['privileges', 'actions', action], arity),
  )
  const predicate = member instanceof Map ? member.get('predicate') : undefined
  return [...ofActions, ...checkArity(predicate, ['membership', 'predicate'], 1)]
}

/** What is wrong with the fields of a role, in the order in which the real server looks (MODEL/doc/Role.scala). */
export const checkRole: Check = ({ fields }) => {
  const members = checkList(fields.get('membership'), 'membership', checkMember)
  const privileges = checkList(fields.get('privileges'), 'privileges', checkPrivilege)
  return [...members.types, ...privileges.types, ...checkArities(fields), ...privileges.strings, ...members.strings]
}

/** The entries of a list in a role. One that says of nothing what it is about makes all of them void. */
export function entriesOf(fields: ObjectValue | undefined, name: 'membership' | 'privileges'): ObjectValue[] {
  const entries = [fields?.get(name) ?? []].flat().filter(entry => entry instanceof Map)
  return entries.every(entry => entry.has('resource')) ? entries : []
}

/** How many roles may have the documents of one collection as their members. */
const MAX_ROLES_PER_MEMBERSHIP = 64

/** The collections whose documents are members of a role. */
function memberCollections(fields: ObjectValue | undefined): Ref[] {
  return entriesOf(fields, 'membership')
    .map(entry => entry.get('resource'))
    .filter(resource => resource instanceof Ref)
}

/** Fails where a collection would have too many roles. */
export const checkRoleCount: Check = ({ query, fields, self, at }) => {
  const { database, transaction } = query
  const wanted = memberCollections(fields)
  if (wanted.length === 0) return []
  const others = [...(database.collections.get(ROLES)?.documents.keys() ?? [])]
    .filter(id => id !== self?.id)
    .map(id => memberCollections(transaction.read(database, new Ref(database.number, ROLES, id))?.fields))
  const isFull = wanted.some(
    one => others.filter(members => members.some(other => other.equals(one))).length >= MAX_ROLES_PER_MEMBERSHIP,
  )
  if (!isFull) return []
  const description = `Maximum number of roles per membership class exceeded. Maximum allowed: ${MAX_ROLES_PER_MEMBERSHIP}.`
  return [{ field: pathOf(at).map(String), code: 'resources exceeded', description }]
}

/** The role of a key or a function: one that is built in, one of a user, or several of users. */
export const readRole: FieldReader = (value, field) => {
  const isUsers = (role: Value): boolean =>
    role instanceof Ref ? role.collection === ROLES : typeof role === 'string' && !isBuiltIn(role)
  return isBuiltIn(value) || [value].flat().every(isUsers)
    ? { value }
    : { failure: wrongStoredType([field], value, 'Role') }
}

/** How the real server prints the object that it puts where the word `Role` should be; the number is its own. */
const ROLE_OBJECT = 'fauna.model.Key$Role$@0'

/** Fails for names that no role has. */
export const checkRoleNames: Check = ({ all, query: { database } }) => {
  const names = [all.get('role') ?? []].flat().filter(name => typeof name === 'string' && !isBuiltIn(name))
  return names
    .filter(name => database.findName(ROLES, name as string) === undefined)
    .map(name => ({
      field: ['role'],
      code: 'validation failure',
      description: `${ROLE_OBJECT} name \`${String(name)}\` does not exist.`,
    }))
}
