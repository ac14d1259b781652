/**
 * Writing documents: of the user's collections here, of the native ones by the rules of `schema.ts`. Where an error
 * is told depends on the function (protocol.md C.2): its key, or the whole form.
 */
import { showVersion } from './frame.ts'
import type { Query } from './frame.ts'
import { isNativeCollection } from './casts.ts'
import { Failure, failure, invalidData, permissionDenied, serverFault } from './failures.ts'
import type { FieldFailure, Places, QueryError } from './failures.ts'
import { patchFields } from './history.ts'
import type { LiveVersion } from './history.ts'
import { isBefore } from './dialects.ts'
import { requireFilled } from './index-builds.ts'
import { identityOf } from './indexing.ts'
import type { Index } from './indexing.ts'
import { nounOf } from './names.ts'
import { FIRST_USER_COLLECTION, collectionOf } from './native.ts'
import { readPasswordChange, writePassword } from './passwords.ts'
import { schemaRules } from './schema.ts'
import type { ChangeKind } from './schema.ts'
import { proposeFields, readData, readSchemaFields, readTimestamp } from './schema-fields.ts'
import type { FieldRule } from './schema-fields.ts'
import { isKeptOut } from './schema-modes.ts'
import { microsOfDays } from './retention.ts'
import { storeParameters } from './stored.ts'
import { pathOf } from './position.ts'
import type { Position } from './position.ts'
import { DELETED_FIELDS, DocumentEventValue, Ref, Time, UnresolvedRef } from './values.ts'
import type { ObjectValue, Value, VersionValue } from './values.ts'

/** The earliest time that can be written at, in microseconds. */
const FIRST_MICROS = 0

const nothing: ObjectValue = new Map()

/** Refs in parameters that are unknown or of another database, as one error. */
function wrongRefs(query: Query, parameters: ObjectValue, { form }: Places): readonly QueryError[] {
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
  return failures.length > 0 ? invalidData(form, failures).errors : []
}

/** Refs into other databases cannot be written. */
function wrongTarget(query: Query, ref: Ref, at: Position): readonly QueryError[] {
  const isForeign = ref.database !== query.database.number
  return isForeign ? failure(at, 'invalid argument', 'Cannot write a scoped ref.').errors : []
}

/** Fails with errors that are told before anything else is looked at. */
function checkFirst(errors: readonly QueryError[]): void {
  if (errors.length > 0) throw new Failure(errors)
}

/** Fails where a document would be made or changed in the past. */
function checkPresent(places: Places, at: Position): void {
  if (places.isPast === true) throw failure(at, 'invalid write time', 'Cannot write outside of snapshot time.')
}

/** The fields that a user's document has, in the order in which they are checked; other parameters are dropped. */
const documentRules: readonly FieldRule[] = [
  { name: 'data', read: readData },
  { name: 'constraints', read: readData },
  { name: 'ttl', read: readTimestamp },
]

/**
 * Reads what is written on top of what was: the fields, and the hash of a password, which is kept apart from the
 * document. Everything that is wrong is told at once.
 */
function readGiven(query: Query, base: ObjectValue, parameters: ObjectValue, at: Position) {
  const { hash, failures } = readPasswordChange(query.access, parameters.get('credentials'), ['credentials'])
  const read = readSchemaFields(documentRules, proposeFields(documentRules, base, parameters), base)
  if (failures.length + read.failures.length > 0) throw invalidData(at, [...failures, ...read.failures])
  return { fields: read.fields, hash }
}

/** The ttl that a collection gives to what comes to be without one. */
function withDefaultTtl(query: Query, ref: Ref, fields: ObjectValue): ObjectValue {
  if (fields.has('ttl')) return fields
  const days = query.transaction.readCached(query.database, collectionOf(ref))?.fields.get('ttl_days')
  if (typeof days !== 'bigint') return fields
  return new Map(fields).set('ttl', Time.ofMicros(query.transaction.snapshot + microsOfDays(days)))
}

/** The first version in which a collection has to be older than the transaction that writes documents into it. */
const OLDER_COLLECTION_SINCE = 5

/** Fails where the collection is as new as its document, for versions that do not have it so. */
function checkCollectionIsOlder(query: Query, ref: Ref, at: Position): void {
  if (isBefore(query.apiVersion, OLDER_COLLECTION_SINCE)) return
  if (query.transaction.readCached(query.database, collectionOf(ref)) !== undefined) return
  const description = 'Cannot create a collection and a document in it in the same transaction.'
  throw failure(at, 'invalid argument', description)
}

/** The newest version of a document. Fails with 404 where there is none. */
function readOrFail(query: Query, ref: Ref, at: Position): LiveVersion {
  const version = query.transaction.read(query.database, ref)
  if (version === undefined) throw failure(at, 'instance not found', `${nounOf(ref)} not found.`)
  return version
}

/** Whether an index is unique is in its document, as that was before the transaction. */
function isUnique({ transaction, database }: Query, index: Index): boolean {
  return transaction.readCached(database, index.ref)?.fields.get('unique') === true
}

/** Fails where a unique index has another document under one of the entries that the version does not share with the old one. */
function checkUnique(
  query: Query,
  ref: Ref,
  { old, fields }: { readonly old: ObjectValue | null; readonly fields: ObjectValue },
  at: Position,
): void {
  const { transaction, database } = query
  for (const index of database.indexes.values()) {
    if (!index.covers(ref.collection) || !isUnique(query, index) || transaction.isUnknown(index)) continue
    requireFilled(query, index)
    const kept = new Set(index.place(ref, { ts: transaction.snapshot, fields: old }).map(identityOf))
    for (const placed of index.place(ref, { ts: transaction.snapshot, fields })) {
      if (kept.has(identityOf(placed))) continue
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

/** Who may not make documents of their own ids may still make them where it may write the past as well. */
function mayCreate({ access, transaction }: Query, collection: Ref, ref: Ref | undefined, given: ObjectValue): boolean {
  if (ref === undefined) return access.allows('create', collection, [given])
  if (access.allows('create_with_id', collection, [given, ref])) return true
  const now = Time.ofMicros(transaction.snapshot)
  return (
    access.allows('create', collection, [given]) &&
    access.allows('history_write', collection, [ref, now, 'create', given])
  )
}

/** Makes a document; without an id it gets a new one. */
export function createDocument(
  query: Query,
  collection: Ref,
  id: bigint | undefined,
  parameters: ObjectValue,
  places: Places,
): VersionValue {
  checkFirst(wrongRefs(query, parameters, places))
  checkFirst(wrongTarget(query, collection, places.key))
  const number = Number(collection.id)
  const rule = schemaRules.get(number)
  const wanted = id === undefined ? undefined : new Ref(collection.database, number, id)
  if (!mayCreate(query, collection, wanted, parameters)) throw permissionDenied(places.key)
  if (wanted !== undefined && query.transaction.read(query.database, wanted) !== undefined) {
    throw failure(places.key, 'instance already exists', `${nounOf(wanted)} already exists.`)
  }
  if (isKeptOut(query, collection)) {
    throw failure(places.key, 'invalid object in container', 'Object is not allowed in a container')
  }
  checkPresent(places, places.key)
  if (rule !== undefined) return rule.create(query, parameters, id, places)
  const ref = wanted ?? new Ref(collection.database, number, query.store.takeId())
  const given = readGiven(query, nothing, storeParameters(query, parameters, places.form), places.key)
  checkCollectionIsOlder(query, ref, places.key)
  const fields = withDefaultTtl(query, ref, given.fields)
  checkUnique(query, ref, { old: null, fields }, places.key)
  const version = query.transaction.write(query.database, ref, fields, 'create')
  if (given.hash !== undefined) writePassword(query, ref, given.hash)
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
  checkFirst([...wrongTarget(query, ref, places.key), ...wrongRefs(query, parameters, places)])
  if (isNativeCollection(ref)) throw failure(places.key, 'invalid argument', 'Cannot update a schema meta collection.')
  const stored = storeParameters(query, parameters, places.form)
  const old = readOrFail(query, ref, places.key)
  // A predicate sees the change on top of what was, even of a `replace`.
  const proposed = patchFields(old.fields, stored)
  if (!query.access.allows('write', collectionOf(ref), [old.fields, proposed, ref])) {
    throw permissionDenied(places.form)
  }
  checkPresent(places, places.form)
  const rule = schemaRules.get(ref.collection)
  if (rule !== undefined) return rule.change(query, ref, old, parameters, kind, places)
  const given = readGiven(query, kind === 'update' ? old.fields : nothing, stored, places.form)
  checkCollectionIsOlder(query, ref, places.form)
  const fields = withDefaultTtl(query, ref, given.fields)
  checkUnique(query, ref, { old: old.fields, fields }, places.form)
  const version = query.transaction.write(query.database, ref, fields, 'update')
  if (given.hash !== undefined) writePassword(query, ref, given.hash)
  return showVersion(query, ref, { ts: version.ts, fields })
}

/** Deletes a document, and shows it as it was. */
export function deleteDocument(query: Query, ref: Ref, places: Places): VersionValue {
  checkFirst(wrongTarget(query, ref, places.key))
  const old = readOrFail(query, ref, places.form)
  if (!query.access.allows('delete', collectionOf(ref), [ref])) throw permissionDenied(places.form)
  const shown = showVersion(query, ref, old)
  schemaRules.get(ref.collection)?.detach(query, ref, old.fields, places.form)
  query.transaction.write(query.database, ref, null, 'delete')
  return shown
}

/** An event of history as it is asked for: when, what for, and what with. */
export type AskedEvent = {
  readonly ts: number
  readonly action: 'create' | 'update' | 'delete'
  readonly parameters?: ObjectValue
}

/** Writes a version of a document into the past; with a deletion one in which it is gone. */
export function insertEvent(query: Query, ref: Ref, asked: AskedEvent, places: Places): DocumentEventValue {
  const { ts, action, parameters = nothing } = asked
  if (ts > query.transaction.snapshot) {
    throw failure(places.form, 'invalid write time', 'Cannot write outside of snapshot time.')
  }
  checkFirst([...wrongTarget(query, ref, places.key), ...wrongRefs(query, parameters, places)])
  const rule = schemaRules.get(ref.collection)
  if (rule !== undefined && rule.readPast === undefined) {
    throw failure(places.form, 'invalid argument', 'Cannot insert event for specified ref.')
  }
  const stored = storeParameters(query, parameters, places.form)
  checkMayRewrite(query, ref, { ...asked, parameters: stored }, places)
  const fields = action === 'delete' ? null : readPast(query, ref, stored, places.form)
  if (ts < FIRST_MICROS) {
    throw serverFault("java.lang.IllegalArgumentException: requirement failed: can't read before the epoch")
  }
  query.transaction.insert(query.database, ref, { ts, fields })
  return new DocumentEventValue(ts, fields === null ? 'delete' : 'create', ref, fields ?? new Map(DELETED_FIELDS))
}

/** The fields of a version in the past. */
function readPast(query: Query, ref: Ref, parameters: ObjectValue, at: Position): ObjectValue {
  const rule = schemaRules.get(ref.collection)
  if (rule?.readPast !== undefined) return rule.readPast(query, ref, parameters, at)
  const read = readSchemaFields(documentRules, proposeFields(documentRules, nothing, parameters), nothing)
  if (read.failures.length > 0) throw invalidData(at, read.failures)
  return withDefaultTtl(query, ref, read.fields)
}

/** Takes a version out of the past; nothing happens where there is none. */
export function removeEvent(query: Query, ref: Ref, asked: AskedEvent, places: Places): void {
  checkFirst(wrongTarget(query, ref, places.key))
  if (ref.collection < FIRST_USER_COLLECTION) {
    throw failure(places.form, 'invalid argument', 'Cannot remove event for specified ref.')
  }
  const parameters = query.database.findHistory(ref.collection, ref.id)?.find(asked.ts)?.fields ?? new Map()
  checkMayRewrite(query, ref, { ...asked, parameters }, places)
  query.transaction.remove(query.database, ref, asked.ts, asked.action === 'delete')
}

function checkMayRewrite(query: Query, ref: Ref, { ts, action, parameters = new Map() }: AskedEvent, places: Places) {
  const given = [ref, Time.ofMicros(ts), action, parameters]
  if (!query.access.allows('history_write', collectionOf(ref), given)) throw permissionDenied(places.form)
}
