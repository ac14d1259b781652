/**
 * The documents of the native collections: the fields of each kind, and what it means for the database that one
 * comes, changes or goes (protocol.md E.7). One row a kind.
 */
import { showVersion } from './call.ts'
import type { Query } from './call.ts'
import { failure, invalidData } from './failures.ts'
import type { FieldFailure, Places } from './failures.ts'
import { patchFields } from './history.ts'
import type { LiveVersion } from './history.ts'
import { buildEnd, isActiveAtOnce, isWide, startFilling } from './index-builds.ts'
import { nounOf } from './names.ts'
import {
  ACCESS_PROVIDERS,
  COLLECTIONS,
  CREDENTIALS,
  DATABASES,
  FUNCTIONS,
  INDEXES,
  KEYS,
  ROLES,
  TOKENS,
  isNamed,
} from './native.ts'
import {
  readAny,
  readBoolean,
  readCount,
  readData,
  readInteger,
  readLambdaField,
  readName,
  readPriority,
  readRefOf,
  readRole,
  readHttpsUri,
  readSchemaFields,
  readTimestamp,
} from './schema-fields.ts'
import type { FieldRule } from './schema-fields.ts'
import { checkBindings, checkShape } from './schema-index-checks.ts'
import { completeIndex, defineIndex, indexFields } from './schema-indexes.ts'
import { hashSecret, makeKeySecret, makeTokenSecret } from './secrets.ts'
import { digestSecret } from './store.ts'
import { Ref } from './values.ts'
import type { ObjectValue, Value, VersionValue } from './values.ts'

/** How a change is made of what was and what is given. */
export type ChangeKind = 'update' | 'replace'

/** What the writes of documents do with those of a native collection. */
export type SchemaRule = {
  create(query: Query, parameters: ObjectValue, id: bigint | undefined, places: Places): VersionValue
  change(
    query: Query,
    ref: Ref,
    old: LiveVersion,
    parameters: ObjectValue,
    kind: ChangeKind,
    places: Places,
  ): VersionValue
  /** What goes with a document that is deleted. */
  detach(query: Query, ref: Ref, fields: ObjectValue): void
}

/** One kind of schema document. */
type Kind = {
  readonly native: number
  readonly fields: readonly FieldRule[]
  /** What a new one has unless it is told otherwise; these come first. */
  readonly defaults?: readonly (readonly [string, Value])[]
  /** What a `replace` does not take away. */
  readonly kept?: readonly string[]
  readonly takeId?: (query: Query) => bigint
  /** What is wrong with the fields beside each other, or beside other documents; `self` is the document that changes. */
  readonly check?: (query: Query, given: ObjectValue, self: Ref | undefined) => readonly FieldFailure[]
  /** What is wrong with all the fields that it is to have. */
  readonly checkFields?: (fields: ObjectValue) => readonly FieldFailure[]
  /** What of it may not become something else. */
  readonly checkChange?: (old: ObjectValue, fields: ObjectValue) => readonly FieldFailure[]
  /** What the server adds before it is stored. */
  readonly complete?: (fields: ObjectValue, ref: Ref, query: Query) => ObjectValue
  readonly attach?: (query: Query, ref: Ref, fields: ObjectValue) => void
  readonly detach?: (query: Query, ref: Ref, fields: ObjectValue) => void
  /** Makes the secret of a new one; it is shown once, in the answer. */
  readonly makeSecret?: (query: Query, ref: Ref) => string
  /** Whether the answer that makes one shows the hash of its secret too. */
  readonly showsHash?: boolean
}

const name: FieldRule = { name: 'name', isRequired: true, read: readName }
const data: FieldRule = { name: 'data', read: readData }
const ttl: FieldRule = { name: 'ttl', read: readTimestamp }

function attachCollection({ database, transaction }: Query, ref: Ref): void {
  transaction.make({ kind: 'collection', database: database.number, number: Number(ref.id), isGone: false })
}

/** With a collection go the indexes over nothing else. */
function detachCollection(query: Query, ref: Ref): void {
  const { database, transaction } = query
  const number = Number(ref.id)
  if (!database.collections.has(number)) return
  for (const index of database.indexes.values()) {
    if (!index.definition.sources.every(source => source.collections?.every(one => one === number) ?? false)) continue
    const fields = query.transaction.read(database, index.ref)?.fields
    if (fields !== undefined) {
      releaseName(query, index.ref, fields)
      detachIndex(query, index.ref)
      transaction.write(database, index.ref, null, 'delete')
    }
  }
  transaction.make({ kind: 'collection', database: database.number, number, isGone: true })
}

/** Whether an index is active, or is to be. */
function isIndexActive({ database, store }: Query, ref: Ref, fields: ObjectValue): boolean {
  const index = database.indexes.get(ref.id)
  if (index !== undefined) return index.isActive
  return !store.hasQuirks || isActiveAtOnce(defineIndex(fields), database, fields.get('active') === true)
}

function attachIndex(query: Query, ref: Ref, fields: ObjectValue): void {
  const { database, transaction, store } = query
  const definition = defineIndex(fields)
  const isActive = fields.get('active') === true
  transaction.make({ kind: 'index', ref, definition, isActive })
  // An index over several collections that is asked to be active is, and what was there before never gets into it.
  const isNeverBuilt = store.hasQuirks && isActive && isWide(definition)
  const index = database.indexes.get(ref.id)
  if (!isNeverBuilt && index !== undefined) startFilling(query, index)
  if (isActive) return
  transaction.onCommit(() => {
    if (database.indexes.has(ref.id)) transaction.make({ kind: 'index due', ref, dueAt: buildEnd(store) })
  })
}

function detachIndex({ database, transaction }: Query, ref: Ref): void {
  if (database.indexes.has(ref.id)) transaction.make({ kind: 'index gone', ref })
}

function takeDatabase({ database, store, transaction }: Query): bigint {
  const number = store.state.nextDatabase
  transaction.make({ kind: 'database', number, parent: database.number, isGone: false })
  return BigInt(number)
}

/** With a database go those below it. */
function detachDatabase({ store, transaction }: Query, ref: Ref): void {
  const database = store.database(Number(ref.id))
  if (database === undefined) return
  const within = [...store.state.databases.values()].filter(other => other.isWithin(database))
  for (const { number } of within.reverse()) {
    transaction.make({ kind: 'database', number, parent: undefined, isGone: true })
  }
}

const Z_BASE_32 = 'ybndrfg8ejkmcpqxot1uwisza345h769'
/** The length of a global id. */
const GLOBAL_ID_LENGTH = 13

/** The id of a database among all: 13 letters and digits, the first of them `y`. */
function globalId(ref: Ref): string {
  let rest = (BigInt.asUintN(58, (ref.id + 1n) * 0x9e3779b97f4a7c15n) << 5n) | 1n
  let text = ''
  while (text.length < GLOBAL_ID_LENGTH - 1) {
    text += Z_BASE_32[Number(rest & 31n)]
    rest >>= 5n
  }
  return `y${text}`
}

/** An issuer has one access provider in a database. */
function checkIssuer({ database, transaction }: Query, given: ObjectValue, self: Ref | undefined): FieldFailure[] {
  const issuer = given.get('issuer')
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

function takeNumber({ database, transaction }: Query): bigint {
  const number = database.nextNumber
  transaction.make({ kind: 'number', database: database.number, next: number + 1 })
  return BigInt(number)
}

const takeId = (query: Query): bigint => query.store.takeId()

const kinds: readonly Kind[] = [
  {
    native: COLLECTIONS,
    fields: [name, { name: 'history_days', read: readCount }, { name: 'ttl_days', read: readInteger }, data],
    defaults: [['history_days', 0n]],
    kept: ['name', 'history_days'],
    takeId: takeNumber,
    attach: attachCollection,
    detach: detachCollection,
  },
  {
    native: INDEXES,
    fields: indexFields,
    defaults: [
      ['active', false],
      ['serialized', true],
    ],
    kept: ['name', 'unique', 'serialized', 'partitions'],
    takeId: takeNumber,
    complete: (fields, ref, query) => completeIndex(fields, isIndexActive(query, ref, fields)),
    checkFields: checkBindings,
    checkChange: checkShape,
    attach: attachIndex,
    detach: detachIndex,
  },
  {
    native: DATABASES,
    fields: [
      name,
      { name: 'priority', read: readPriority },
      { name: 'container', read: readBoolean },
      { name: 'typechecked', read: readBoolean },
      { name: 'protected', read: readBoolean },
      data,
    ],
    kept: ['name', 'global_id'],
    takeId: takeDatabase,
    complete: (fields, ref) => (fields.has('global_id') ? fields : new Map(fields).set('global_id', globalId(ref))),
    detach: detachDatabase,
  },
  {
    native: FUNCTIONS,
    fields: [name, { name: 'body', isRequired: true, read: readLambdaField }, { name: 'role', read: readRole }, data],
    kept: ['name'],
    takeId: takeNumber,
  },
  {
    native: ROLES,
    fields: [name, { name: 'membership', read: readAny }, { name: 'privileges', read: readAny }, data],
    kept: ['name'],
    takeId: takeNumber,
  },
  {
    native: ACCESS_PROVIDERS,
    fields: [
      name,
      { name: 'issuer', isRequired: true, read: readAny },
      { name: 'jwks_uri', isRequired: true, read: readHttpsUri },
      { name: 'roles', read: readAny },
      data,
    ],
    kept: ['name', 'audience'],
    takeId: takeNumber,
    check: checkIssuer,
    complete: (fields, _ref, query) =>
      fields.has('audience') ? fields : new Map(fields).set('audience', audienceOf(query)),
  },
  {
    native: KEYS,
    fields: [
      { name: 'role', isRequired: true, read: readAny },
      { name: 'database', read: readRefOf('database') },
      { name: 'priority', read: readInteger },
      ttl,
      data,
    ],
    kept: ['hashed_secret'],
    makeSecret: (_query, ref) => makeKeySecret(ref.id),
    showsHash: true,
  },
  {
    native: TOKENS,
    fields: [{ name: 'instance', isRequired: true, read: readAny }, ttl, data],
    kept: ['instance'],
    makeSecret: (query, ref) => makeTokenSecret(ref.id, BigInt(query.database.number)),
  },
  {
    native: CREDENTIALS,
    fields: [{ name: 'instance', isRequired: true, read: readAny }, { name: 'hashed_password', read: readAny }, data],
    kept: ['instance'],
  },
]

/** Gives a schema document its name; others find it when the transaction has committed. */
function takeName(query: Query, ref: Ref, taken: Value | undefined): void {
  if (typeof taken !== 'string' || !isNamed(ref.collection)) return
  query.transaction.names.add(`${ref.collection} ${taken}`)
  query.transaction.onUndo(() => query.transaction.names.delete(`${ref.collection} ${taken}`))
  query.transaction.onCommit(() => setName(query, ref, taken, ref.id))
}

function releaseName(query: Query, ref: Ref, fields: ObjectValue): void {
  const released = fields.get('name')
  if (typeof released !== 'string') return
  query.transaction.onCommit(() => {
    if (query.database.findName(ref.collection, released) === ref.id) setName(query, ref, released, undefined)
  })
}

function setName({ database, transaction }: Query, ref: Ref, taken: string, id: bigint | undefined): void {
  transaction.make({ kind: 'name', database: database.number, native: ref.collection, name: taken, id })
}

function isTaken(query: Query, native: number, wanted: Value | undefined): boolean {
  if (typeof wanted !== 'string') return false
  return query.database.findName(native, wanted) !== undefined || query.transaction.names.has(`${native} ${wanted}`)
}

function makeRule(kind: Kind): SchemaRule {
  const { native } = kind
  return {
    create(query, parameters, id, places) {
      const defaults: ObjectValue = new Map(kind.defaults)
      const { fields: given, failures } = readSchemaFields(kind.fields, parameters, query, field => defaults.has(field))
      failures.push(...(kind.check?.(query, given, undefined) ?? []))
      failures.push(...(kind.checkFields?.(patchFields(defaults, given)) ?? []))
      if (failures.length > 0) throw invalidData(places.key, failures)
      if (isTaken(query, native, given.get('name'))) {
        throw failure(places.key, 'instance already exists', `${nounOf(new Ref(0, native, 0n))} already exists.`)
      }
      const ref = new Ref(query.database.number, native, id ?? (kind.takeId ?? takeId)(query))
      let fields = patchFields(defaults, given)
      fields = kind.complete?.(fields, ref, query) ?? fields
      const secret = kind.makeSecret?.(query, ref)
      if (secret !== undefined) {
        query.transaction.make({ kind: 'secret', digest: digestSecret(secret), holder: ref })
      }
      const hash: ObjectValue = secret === undefined ? new Map() : new Map([['hashed_secret', hashSecret(secret)]])
      const stored = new Map([...fields, ...hash])
      const { ts } = query.transaction.write(query.database, ref, stored, 'create')
      takeName(query, ref, fields.get('name'))
      kind.attach?.(query, ref, fields)
      const revealed: ObjectValue = secret === undefined ? new Map() : new Map([['secret', secret]])
      const shown = new Map([...fields, ...revealed, ...(kind.showsHash === true ? hash : [])])
      return showVersion(query, ref, { ts, fields: shown }, true)
    },

    change(query, ref, old, parameters, changeKind, places) {
      const base = changeKind === 'update' ? old.fields : keep(old.fields, kind.kept ?? [])
      const { fields: given, failures } = readSchemaFields(kind.fields, parameters, query, field => base.has(field))
      failures.push(...(kind.check?.(query, given, ref) ?? []))
      const patched = patchFields(base, given)
      failures.push(...(kind.checkFields?.(patched) ?? []))
      if (failures.length > 0) throw invalidData(places.form, failures)
      const fields = kind.complete?.(patched, ref, query) ?? patched
      const changed = kind.checkChange?.(old.fields, fields) ?? []
      if (changed.length > 0) throw invalidData(places.form, changed)
      const renamed = given.get('name')
      if (renamed !== undefined && renamed !== old.fields.get('name')) {
        if (isTaken(query, native, renamed))
          throw failure(places.form, 'instance not unique', 'document is not unique.')
        releaseName(query, ref, old.fields)
        takeName(query, ref, renamed)
      }
      const { ts } = query.transaction.write(query.database, ref, fields, 'update')
      return showVersion(query, ref, { ts, fields })
    },

    detach(query, ref, fields) {
      releaseName(query, ref, fields)
      kind.detach?.(query, ref, fields)
    },
  }
}

function keep(fields: ObjectValue, kept: readonly string[]): ObjectValue {
  return new Map([...fields].filter(([key]) => kept.includes(key)))
}

/** The rules of the native collections, by their numbers. */
export const schemaRules: ReadonlyMap<number, SchemaRule> = new Map(kinds.map(kind => [kind.native, makeRule(kind)]))
