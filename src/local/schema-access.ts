/** The documents that access is made of: roles, identity providers, keys, tokens and credentials. One row a kind. */
import { isBuiltIn } from './built-in-roles.ts'
import { findCredentials, readPasswordChange, setsPasswords } from './passwords.ts'
import type { Query } from './frame.ts'
import { serverFault } from './failures.ts'
import type { FieldFailure } from './failures.ts'
import { globalId } from './global-id.ts'
import { schemaKindOf } from './kinds.ts'
import { ACCESS_PROVIDERS, CREDENTIALS, DATABASES, KEYS, ROLES, TOKENS } from './native.ts'
import {
  readAny,
  readData,
  readHttpsUri,
  readName,
  readPriority,
  readString,
  readTimestamp,
  typed,
} from './schema-fields.ts'
import type { FieldRule } from './schema-fields.ts'
import type { Check, Kind, Prepared } from './schema-kind.ts'
import { missingReferences } from './schema-references.ts'
import { checkRole, checkRoleCount, checkRoleNames, readRole, settleRole } from './schema-roles.ts'
import { hashSecret, isKeySecret, makeKeySecret, makeTokenSecret } from './secrets.ts'
import { digestSecret } from './store.ts'
import { storedTypeName, wrongStoredType } from './stored.ts'
import { Lambda, Ref } from './values.ts'
import type { ObjectValue, Value } from './values.ts'

const data: FieldRule = { name: 'data', read: readData }
const constraints: FieldRule = { name: 'constraints', read: readData }
const ttl: FieldRule = { name: 'ttl', read: readTimestamp }
const name: FieldRule = { name: 'name', isRequired: true, read: readName }
const instance: FieldRule = { name: 'instance', isRequired: true, read: typed('Ref', value => value instanceof Ref) }

/** An issuer has one access provider in a database. */
const checkIssuer: Check = ({ query: { database, transaction }, fields, self }) => {
  const issuer = fields.get('issuer')
  const ids = [...(database.collections.get(ACCESS_PROVIDERS)?.documents.keys() ?? [])]
  const isTaken = ids.some(id => {
    const ref = new Ref(database.number, ACCESS_PROVIDERS, id)
    return id !== self?.id && transaction.read(database, ref)?.fields.get('issuer') === issuer
  })
  if (issuer === undefined || !isTaken) return []
  return [{ field: ['issuer'], code: 'duplicate value', description: 'Value is not unique.' }]
}

/** What a token of an identity provider must be meant for: the database, by its global id. */
function audienceOf({ database, store }: Query): string {
  return `https://db.fauna.com/db/${globalId(store.refOfDatabase(database) ?? new Ref(0, DATABASES, 0n))}`
}

function isRoleRef(value: Value | undefined): boolean {
  return value instanceof Ref && value.collection === ROLES
}

function explainType(field: string, value: Value, expected: string): string {
  return `InvalidType: InvalidType(List(${field}),${expected},${storedTypeName(value)},None)`
}

/**
 * What is wrong with what an identity provider gives, in the words of the real server's exceptions: it is a role, or
 * one for whom a predicate says yes.
 */
function explainProvidedRole(entry: Value): string | undefined {
  if (isRoleRef(entry) || typeof entry === 'string') return undefined
  if (!(entry instanceof Map)) return explainType('roles', entry, 'Role')
  const [role, predicate] = [entry.get('role'), entry.get('predicate')]
  if (role === undefined) return 'ValueRequired: ValueRequired(List(role))'
  if (!isRoleRef(role) && typeof role !== 'string') return explainType('role', role, 'Role Ref')
  if (predicate === undefined) return 'ValueRequired: ValueRequired(List(predicate))'
  const isPredicate = predicate instanceof Lambda || typeof predicate === 'string'
  return isPredicate ? undefined : explainType('predicate', predicate, 'Query')
}

/**
 * Roles that cannot be read make the real server stumble over its own exception (`RolesValidator` in its
 * `doc/AccessProvider.scala`). A string for a predicate would be one of the newer language: it is read, and then refused.
 */
const checkProvidedRoles: Check = ({ fields }) => {
  const entries = [fields.get('roles') ?? []].flat()
  const [wrong] = entries.map(explainProvidedRole).filter(explained => explained !== undefined)
  if (wrong !== undefined) throw serverFault(`fauna.storage.doc.Field$ReadException: fauna.storage.doc.${wrong}`)
  return entries
    .map(entry => (entry instanceof Map ? entry.get('predicate') : undefined))
    .filter(predicate => typeof predicate === 'string')
    .map(predicate => wrongStoredType(['roles', 'predicate'], predicate, 'Query'))
}

/** The role that each entry gives is one that is there, and none of those that are built in. */
const checkProvidedNames: Check = ({ fields, query: { database } }) => {
  const names = [fields.get('roles') ?? []]
    .flat()
    .map(entry => (entry instanceof Map ? entry.get('role') : entry))
    .filter(role => typeof role === 'string')
  const fail = (description: string): FieldFailure => ({ field: ['roles'], code: 'validation failure', description })
  return [
    ...names
      .filter(role => !isBuiltIn(role) && database.findName(ROLES, role) === undefined)
      .map(role => fail(`Role \`${role}\` does not exist.`)),
    ...names.filter(isBuiltIn).map(role => fail(`Builtin role \`${role}\` not allowed.`)),
  ]
}

/**
 * A key may come with a secret that was made for its id, or when it is new with the hash of one. What is wrong with one
 * of them is not told where the other will do; the secret goes before the hash.
 */
function prepareKey(query: Query, parameters: ObjectValue, ref: Ref, base: ObjectValue | undefined): Prepared {
  const given: ObjectValue = new Map(parameters)
  if (base !== undefined) given.delete('hashed_secret')
  const secret = given.get('secret')
  if (typeof secret !== 'string') {
    if (typeof given.get('hashed_secret') === 'string') return { parameters: given, failures: [] }
    const failures = ['secret', 'hashed_secret'].flatMap(field => {
      const value = given.get(field) ?? null
      return value === null ? [] : [wrongStoredType([field], value, 'String')]
    })
    return { parameters: given, failures }
  }
  if (!isKeySecret(secret, ref.id)) {
    const description = 'Invalid secret at `List(secret)`'
    return { parameters: given, failures: [{ field: ['secret'], code: 'invalid secret', description }] }
  }
  query.transaction.make({ kind: 'secret', digest: digestSecret(secret), holder: ref })
  return { parameters: given.set('hashed_secret', hashSecret(secret)), failures: [] }
}

/** Of a password only its hash is kept; who may not give the hash itself gives none. */
function prepareCredentials({ access }: Query, parameters: ObjectValue, _ref: Ref, base: ObjectValue | undefined) {
  const { hash, failures } = readPasswordChange(access, parameters, [], base?.get('hashed_password'))
  const given: ObjectValue = new Map(parameters)
  if (hash !== undefined) given.set('hashed_password', hash)
  else if (!setsPasswords(access)) given.delete('hashed_password')
  return { parameters: given, failures }
}

/** A document has one password at most. */
function hasOtherCredentials(query: Query, fields: ObjectValue, self: Ref): boolean {
  const owner = fields.get('instance')
  const other = owner instanceof Ref ? findCredentials(query, owner) : undefined
  return other !== undefined && !other.equals(self)
}

/** The kinds of documents that access is made of. */
export const accessKinds: readonly Kind[] = [
  {
    native: ROLES,
    fields: [data, name, { name: 'membership', read: readAny }, { name: 'privileges', read: readAny }],
    kept: ['name'],
    settle: settleRole,
    checks: [checkRole, missingReferences],
    lastCheck: checkRoleCount,
  },
  {
    native: ACCESS_PROVIDERS,
    fields: [
      data,
      name,
      { name: 'issuer', isRequired: true, read: readString },
      { name: 'jwks_uri', isRequired: true, read: readHttpsUri },
      { name: 'roles', read: readAny },
    ],
    kept: ['name', 'issuer', 'jwks_uri', 'roles', 'audience'],
    checks: [checkProvidedRoles, checkIssuer, missingReferences, checkProvidedNames],
    complete: (fields, _ref, query) =>
      fields.has('audience') ? fields : new Map(fields).set('audience', audienceOf(query)),
  },
  {
    native: KEYS,
    fields: [
      data,
      { name: 'role', isRequired: true, read: readRole },
      { name: 'database', read: typed('Database Ref', value => schemaKindOf(value) === 'database') },
      { name: 'priority', read: readPriority },
      ttl,
      { name: 'hashed_secret', read: readAny },
    ],
    kept: ['hashed_secret'],
    hasPast: true,
    prepare: prepareKey,
    checks: [missingReferences, checkRoleNames],
    makeSecret: (_query, ref) => makeKeySecret(ref.id),
    showsHash: true,
  },
  {
    native: TOKENS,
    fields: [data, constraints, ttl, instance, { name: 'hashed_secret', read: readString }],
    makeSecret: (query, ref) => makeTokenSecret(ref.id, BigInt(query.database.number)),
  },
  {
    native: CREDENTIALS,
    fields: [data, constraints, ttl, instance, { name: 'hashed_password', read: readAny }],
    prepare: prepareCredentials,
    isTaken: hasOtherCredentials,
  },
]
