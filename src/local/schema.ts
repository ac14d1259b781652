/**
 * The documents of the native collections: the fields of each kind, and what it means for the database that one
 * comes, changes or goes (protocol.md E.7). One row a kind.
 */
import { showVersion } from './call.ts'
import type { Query } from './call.ts'
import { failure, invalidData } from './failures.ts'
import type { Failure, FieldFailure, Places } from './failures.ts'
import { patchFields } from './history.ts'
import type { LiveVersion } from './history.ts'
import { buildEnd, isActiveAtOnce, isWide, startFilling } from './index-builds.ts'
import { nounOf } from './names.ts'
import { COLLECTIONS, DATABASES, FIRST_USER_COLLECTION, FIRST_USER_INDEX, FUNCTIONS, INDEXES } from './native.ts'
import {
  readBoolean,
  readCount,
  readData,
  readInteger,
  readLambdaField,
  readName,
  readPriority,
  readSchemaFields,
} from './schema-fields.ts'
import type { FieldRule } from './schema-fields.ts'
import { checkBindings, checkShape } from './schema-index-checks.ts'
import { completeIndex, defineIndex, indexFields } from './schema-indexes.ts'
import { accessKinds } from './schema-access.ts'
import { globalId } from './global-id.ts'
import type { Kind } from './schema-kind.ts'
import { missingReferences } from './schema-references.ts'
import { checkRoleNames, readRole } from './schema-roles.ts'
import { isTaken, releaseName, takeName } from './schema-names.ts'
import { hashSecret } from './secrets.ts'
import { digestSecret } from './store.ts'
import { Ref } from './values.ts'
import type { ObjectValue, Position, VersionValue } from './values.ts'

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

const name: FieldRule = { name: 'name', isRequired: true, read: readName }
const data: FieldRule = { name: 'data', read: readData }

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

function takeNumber({ database, transaction }: Query): bigint {
  const number = database.nextNumber
  transaction.make({ kind: 'number', database: database.number, next: number + 1 })
  return BigInt(number)
}

/** Indexes have numbers above those of all collections. */
function takeIndexNumber(query: Query): bigint {
  return takeNumber(query) + BigInt(FIRST_USER_INDEX - FIRST_USER_COLLECTION)
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
    takeId: takeIndexNumber,
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
    checkFields: checkRoleNames,
    hasReferences: true,
  },
  ...accessKinds,
]

function notUnique(at: Position): Failure {
  return failure(at, 'instance not unique', 'document is not unique.')
}

/** What is to be read: parameters, on top of what the document has, if it is there already. */
type Asked = {
  readonly ref: Ref
  readonly base?: ObjectValue
  readonly parameters: ObjectValue
  readonly at: Position
}

/** Reads parameters, and the whole that they make. Fails with everything that is wrong, each thing told once. */
function readWhole(kind: Kind, query: Query, { ref, base, parameters, at }: Asked) {
  const before = base ?? new Map(kind.defaults)
  const prepared = kind.prepare?.(query, parameters, ref, base) ?? { parameters, failures: [] }
  const read = readSchemaFields(kind.fields, prepared.parameters, query, field => before.has(field))
  const patched = patchFields(before, read.fields)
  const fields = kind.settle?.(patched) ?? patched
  const failures = [
    ...prepared.failures,
    ...read.failures,
    ...(kind.check?.(query, read.fields, base && ref) ?? []),
    ...(kind.checkFields?.(fields, query) ?? []),
    ...(kind.hasReferences === true ? missingReferences(query, fields) : []),
  ]
  if (failures.length > 0) throw invalidData(at, distinct(failures))
  return { given: read.fields, fields }
}

function distinct(failures: readonly FieldFailure[]): FieldFailure[] {
  return [...new Map(failures.map(failure => [JSON.stringify(failure), failure])).values()]
}

/** Gives a secret to what has none: it is stored by its hash, and shown itself. */
function withSecret(kind: Kind, query: Query, ref: Ref, fields: ObjectValue) {
  const isSecretive = kind.makeSecret !== undefined && !fields.has('hashed_secret')
  const secret = isSecretive ? kind.makeSecret(query, ref) : undefined
  const stored: ObjectValue = new Map(fields)
  const shown: ObjectValue = new Map(fields)
  if (secret !== undefined) {
    query.transaction.make({ kind: 'secret', digest: digestSecret(secret), holder: ref })
    const hash = hashSecret(secret)
    stored.set('hashed_secret', hash)
    shown.set('secret', secret).set('hashed_secret', hash)
  }
  if (kind.makeSecret !== undefined && kind.showsHash !== true) shown.delete('hashed_secret')
  return { stored, shown }
}

function makeRule(kind: Kind): SchemaRule {
  const { native } = kind
  return {
    create(query, parameters, id, places) {
      const ref = new Ref(query.database.number, native, id ?? (kind.takeId ?? takeId)(query))
      const { given, fields: settled } = readWhole(kind, query, { ref, parameters, at: places.key })
      if (isTaken(query, native, given.get('name'))) {
        throw failure(places.key, 'instance already exists', `${nounOf(ref)} already exists.`)
      }
      const fields = kind.complete?.(settled, ref, query) ?? settled
      if (kind.isTaken?.(query, fields, ref) === true) throw notUnique(places.key)
      const { stored, shown } = withSecret(kind, query, ref, fields)
      const { ts } = query.transaction.write(query.database, ref, stored, 'create')
      takeName(query, ref, fields.get('name'))
      kind.attach?.(query, ref, fields)
      return showVersion(query, ref, { ts, fields: shown }, true)
    },

    change(query, ref, old, parameters, changeKind, places) {
      const base = changeKind === 'update' ? old.fields : keep(old.fields, kind.kept ?? [])
      const { given, fields: settled } = readWhole(kind, query, { ref, base, parameters, at: places.form })
      const fields = kind.complete?.(settled, ref, query) ?? settled
      const changed = kind.checkChange?.(old.fields, fields) ?? []
      if (changed.length > 0) throw invalidData(places.form, changed)
      const renamed = given.get('name')
      if (renamed !== undefined && renamed !== old.fields.get('name')) {
        if (isTaken(query, native, renamed)) throw notUnique(places.form)
        releaseName(query, ref, old.fields)
        takeName(query, ref, renamed)
      }
      if (kind.isTaken?.(query, fields, ref) === true) throw notUnique(places.form)
      const { stored, shown } = withSecret(kind, query, ref, fields)
      const { ts } = query.transaction.write(query.database, ref, stored, 'update')
      return showVersion(query, ref, { ts, fields: shown })
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
