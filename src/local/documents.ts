/**
 * Writing documents: of the user's collections here, of the native ones by the rules of `schema.ts`. Where an error
 * is told depends on the function (protocol.md C.2): its key, or the whole form.
 */
import { isNativeCollection, showVersion } from './call.ts'
import type { Query } from './call.ts'
import { failure, invalidData, permissionDenied, serverFault } from './failures.ts'
import type { FieldFailure, Places } from './failures.ts'
import { patchFields } from './history.ts'
import type { LiveVersion } from './history.ts'
import { requireFilled } from './index-builds.ts'
import { identityOf } from './indexing.ts'
import { nounOf } from './names.ts'
import { COLLECTIONS, FIRST_USER_COLLECTION } from './native.ts'
import { writePassword } from './passwords.ts'
import { schemaRules } from './schema.ts'
import type { ChangeKind } from './schema.ts'
import { Storer, wrongStoredType } from './stored.ts'
import { DocumentEventValue, Ref, Time, UnresolvedRef, pathOf } from './values.ts'
import type { ObjectValue, Position, Value, VersionValue } from './values.ts'

const MICROS_PER_DAY = 86_400_000_000

/** The earliest time that can be written at, in microseconds. */
const FIRST_MICROS = 0

/** Fails where parameters have refs that are unknown or of another database; told before anything else is looked at. */
function checkRefs(query: Query, parameters: ObjectValue, { form }: Places): void {
  const failures: FieldFailure[] = []
  const fail = (field: readonly string[], description: string): void => {
    failures.push({ field: [...pathOf(form).map(String), ...field], code: 'invalid reference', description })
  }
  const visit = (value: Value, field: readonly string[]): void => {
    if (value instanceof UnresolvedRef) fail(field, 'Cannot read reference.')
    else if (value instanceof Ref && value.database !== query.database.number)
      fail(field, 'Reference cannot be scoped.')
    else if (value instanceof Map) for (const [key, inner] of value) visit(inner, [...field, key])
    else if (Array.isArray(value)) value.forEach((inner, i) => visit(inner, [...field, String(i)]))
  }
  visit(parameters, [])
  if (failures.length > 0) throw invalidData(form, failures)
}

/** Fails where a document would be made or changed in the past. */
function checkPresent(places: Places, at: Position): void {
  if (places.isPast === true) throw failure(at, 'invalid write time', 'Cannot write outside of snapshot time.')
}

/** Parameters in their stored form. Refs that cannot be stored are told before anything else is looked at. */
function storeParameters(query: Query, parameters: ObjectValue, places: Places): ObjectValue {
  const storer = new Storer(query)
  const data = parameters.get('data')
  const stored = data === undefined || data === null ? data : storer.store(data, ['data'], true)
  if (storer.failures.length > 0) throw invalidData(places.form, storer.failures)
  return stored === undefined ? parameters : new Map(parameters).set('data', stored)
}

/** The fields that a user's document has; others of the parameters are dropped without a word. */
function readFields(parameters: ObjectValue, at: Position): ObjectValue {
  const failures: FieldFailure[] = []
  const fields: ObjectValue = new Map()
  for (const [field, type, isRight] of documentFields) {
    const value = parameters.get(field)
    if (value === undefined) continue
    if (value === null || isRight(value)) fields.set(field, value)
    else failures.push(wrongStoredType([field], value, type))
  }
  if (failures.length > 0) throw invalidData(at, failures)
  return fields
}

const documentFields: readonly (readonly [field: string, type: string, isRight: (value: Value) => boolean])[] = [
  ['data', 'Map', value => value instanceof Map],
  ['ttl', 'Timestamp', value => value instanceof Time],
]

/** A document's password comes with its other parameters, and is kept apart from it. */
function storePassword(query: Query, ref: Ref, parameters: ObjectValue): void {
  const credentials = parameters.get('credentials')
  const password = credentials instanceof Map ? credentials.get('password') : undefined
  if (typeof password === 'string') writePassword(query, ref, password)
}

/** Refuses credentials that are no object, in the words of the real server. */
function checkCredentials(parameters: ObjectValue, at: Position): void {
  const credentials = parameters.get('credentials')
  if (credentials === undefined || credentials === null || credentials instanceof Map) return
  const fields = ['password', 'current_password']
  throw invalidData(
    at,
    fields.map(field => wrongStoredType(['credentials', field], credentials, 'Map')),
  )
}

/** What is stored of a change: empty data is no data. */
function settle(old: ObjectValue, change: ObjectValue): ObjectValue {
  const settled = patchFields(old, change)
  const data = settled.get('data')
  if (data instanceof Map && data.size === 0) settled.delete('data')
  return settled
}

/** The ttl that a collection gives to what is written without one. */
function withDefaultTtl(query: Query, ref: Ref, fields: ObjectValue, parameters: ObjectValue): ObjectValue {
  if (parameters.has('ttl')) return fields
  const collection = query.store.lastFieldsOf(new Ref(ref.database, COLLECTIONS, BigInt(ref.collection)))
  const days = collection?.get('ttl_days')
  if (typeof days !== 'bigint') return fields
  return new Map(fields).set('ttl', Time.ofMicros(query.transaction.snapshot + Number(days) * MICROS_PER_DAY))
}

/** The newest version of a document. Fails with 404 where there is none. */
function readOrFail(query: Query, ref: Ref, at: Position): LiveVersion {
  const version = query.transaction.read(query.database, ref)
  if (version === undefined) throw failure(at, 'instance not found', `${nounOf(ref)} not found.`)
  return version
}

function collectionOf(query: Query, ref: Ref): Ref {
  return new Ref(query.database.number, COLLECTIONS, BigInt(ref.collection))
}

/** Refs into other databases cannot be written. */
function ownOrFail(query: Query, ref: Ref, at: Position): void {
  if (ref.database !== query.database.number) throw failure(at, 'invalid argument', 'Cannot write a scoped ref.')
}

/** Fails where a unique index has another document under one of the entries. */
function checkUnique(query: Query, ref: Ref, fields: ObjectValue, at: Position): void {
  const { transaction, database } = query
  for (const index of database.indexes.values()) {
    if (!index.definition.isUnique || !index.covers(ref.collection)) continue
    requireFilled(query, index)
    for (const placed of index.place(ref, { ts: transaction.snapshot, fields })) {
      const entries = index.findEntries(placed.set)
      const { values } = placed.entry
      for (const other of entries?.ascend(Number.POSITIVE_INFINITY, transaction.snapshot, { values }) ?? []) {
        const isSameEntry =
          identityOf({ ...placed, entry: { ...other, ref, ttl: undefined } }) ===
          identityOf({ ...placed, entry: { ...placed.entry, ttl: undefined } })
        if (!isSameEntry) break
        if (!other.ref.equals(ref)) throw failure(at, 'instance not unique', 'document is not unique.')
      }
    }
  }
}

/** Makes a document; without an id it gets a new one. */
export function createDocument(
  query: Query,
  collection: Ref,
  id: bigint | undefined,
  parameters: ObjectValue,
  places: Places,
): VersionValue {
  checkRefs(query, parameters, places)
  ownOrFail(query, collection, places.key)
  const number = Number(collection.id)
  const rule = schemaRules.get(number)
  const privilege = id === undefined ? 'create' : 'create_with_id'
  const allowed =
    query.access.allows(privilege, collection, id === undefined ? [parameters] : [parameters, id.toString()]) ||
    (id !== undefined && query.access.allows('create', collection, [parameters]))
  if (!allowed) throw permissionDenied(places.key)
  const ref = new Ref(collection.database, number, id ?? query.store.takeId())
  if (rule === undefined && query.transaction.read(query.database, ref) !== undefined) {
    throw failure(places.key, 'instance already exists', 'Document already exists.')
  }
  checkPresent(places, places.key)
  if (rule !== undefined) return rule.create(query, parameters, id, places)
  const stored = storeParameters(query, parameters, places)
  checkCredentials(parameters, places.key)
  const given = readFields(stored, places.key)
  const fields = settle(new Map(), withDefaultTtl(query, ref, given, parameters))
  checkUnique(query, ref, fields, places.key)
  const version = query.transaction.write(query.database, ref, fields, 'create')
  storePassword(query, ref, parameters)
  return showVersion(query, ref, { ts: version.ts, fields }, true)
}

/** Changes a document. */
export function changeDocument(
  query: Query,
  ref: Ref,
  parameters: ObjectValue,
  kind: ChangeKind,
  places: Places,
): VersionValue {
  checkRefs(query, parameters, places)
  ownOrFail(query, ref, places.key)
  if (isNativeCollection(ref)) throw failure(places.key, 'invalid argument', 'Cannot update a schema meta collection.')
  const stored = schemaRules.has(ref.collection) ? parameters : storeParameters(query, parameters, places)
  const old = readOrFail(query, ref, places.key)
  const rule = schemaRules.get(ref.collection)
  if (rule !== undefined) {
    if (!query.access.allows('write', collectionOf(query, ref), [old.fields, parameters]))
      throw permissionDenied(places.form)
    checkPresent(places, places.form)
    return rule.change(query, ref, old, parameters, kind, places)
  }
  checkCredentials(parameters, places.form)
  const change = withDefaultTtl(query, ref, readFields(stored, places.form), parameters)
  const fields = settle(kind === 'update' ? old.fields : new Map(), change)
  if (!query.access.allows('write', collectionOf(query, ref), [old.fields, fields])) throw permissionDenied(places.form)
  checkPresent(places, places.form)
  checkUnique(query, ref, fields, places.form)
  const version = query.transaction.write(query.database, ref, fields, 'update')
  storePassword(query, ref, parameters)
  return showVersion(query, ref, { ts: version.ts, fields })
}

/** Deletes a document, and shows it as it was. */
export function deleteDocument(query: Query, ref: Ref, places: Places): VersionValue {
  ownOrFail(query, ref, places.key)
  const old = readOrFail(query, ref, places.form)
  if (!query.access.allows('delete', collectionOf(query, ref), [ref])) throw permissionDenied(places.form)
  const shown = showVersion(query, ref, old)
  schemaRules.get(ref.collection)?.detach(query, ref, old.fields)
  query.transaction.write(query.database, ref, null, 'delete')
  return shown
}

/** Writes a version of a document into the past; `isDeletion` one in which it is gone. */
export function insertEvent(
  query: Query,
  ref: Ref,
  ts: number,
  isDeletion: boolean,
  parameters: ObjectValue,
  places: Places,
): DocumentEventValue {
  if (ts > query.transaction.snapshot) {
    throw failure(places.form, 'invalid write time', 'Cannot write outside of snapshot time.')
  }
  checkEventRef(query, ref, 'insert', places)
  checkRefs(query, parameters, places)
  const fields = isDeletion
    ? null
    : settle(
        new Map(),
        withDefaultTtl(query, ref, readFields(storeParameters(query, parameters, places), places.form), parameters),
      )
  const action = isDeletion ? 'delete' : 'create'
  if (
    !query.access.allows('history_write', collectionOf(query, ref), [
      ref,
      Time.ofMicros(ts),
      action,
      fields ?? new Map(),
    ])
  ) {
    throw permissionDenied(places.form)
  }
  if (ts < FIRST_MICROS) {
    throw serverFault("java.lang.IllegalArgumentException: requirement failed: can't read before the epoch")
  }
  query.transaction.insert(query.database, ref, { ts, fields })
  const data = fields?.get('data')
  return new DocumentEventValue(ts, action, ref, data instanceof Map ? data : null)
}

/** Takes a version out of the past; nothing happens where there is none. */
export function removeEvent(query: Query, ref: Ref, ts: number, isDeletion: boolean, places: Places): void {
  checkEventRef(query, ref, 'remove', places)
  const action = isDeletion ? 'delete' : 'create'
  if (!query.access.allows('history_write', collectionOf(query, ref), [ref, Time.ofMicros(ts), action, new Map()])) {
    throw permissionDenied(places.form)
  }
  query.transaction.remove(query.database, ref, ts, isDeletion)
}

function checkEventRef(query: Query, ref: Ref, verb: 'insert' | 'remove', places: Places): void {
  ownOrFail(query, ref, places.key)
  if (ref.collection < FIRST_USER_COLLECTION) {
    throw failure(places.form, 'invalid argument', `Cannot ${verb} event for specified ref.`)
  }
}
