/** What it means for a database that a document of its schema comes or goes, and the numbers that they get. */
import type { Edit } from './edits.ts'
import type { Query } from './frame.ts'
import { buildEnd, isActiveAtOnce, isWide, startFilling } from './index-builds.ts'
import { FIRST_USER_COLLECTION, FIRST_USER_INDEX } from './native.ts'
import { defineIndex } from './schema-indexes.ts'
import { releaseName } from './schema-names.ts'
import type { ObjectValue, Ref } from './values.ts'

/**
 * Takes a collection or an index away. The caches of the real server do not see what a transaction writes: there it goes
 * when the transaction is over, unless its document is back.
 */
function takeAway({ database, transaction, store }: Query, ref: Ref, edit: Edit): void {
  if (!store.hasQuirks) return transaction.make(edit)
  transaction.onCommit(() => {
    const isThere = store.database(database.number) === database
    if (isThere && transaction.read(database, ref) === undefined) transaction.make(edit)
  })
}

/** With a new collection there is a place for its documents. */
export function attachCollection({ database, transaction }: Query, ref: Ref): void {
  if (database.collections.has(Number(ref.id))) return
  transaction.make({ kind: 'collection', database: database.number, number: Number(ref.id), isGone: false })
}

/** With a collection go the indexes over nothing else. */
export function detachCollection(query: Query, ref: Ref): void {
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
  takeAway(query, ref, { kind: 'collection', database: database.number, number, isGone: true })
}

/** Whether an index is active, or is to be. */
export function isIndexActive({ database, store }: Query, ref: Ref, fields: ObjectValue): boolean {
  const index = database.indexes.get(ref.id)
  if (index !== undefined) return index.isActive
  return !store.hasQuirks || isActiveAtOnce(defineIndex(fields), database, fields.get('active') === true)
}

/** A new index is filled with what is there; until it is full it may not be active. */
export function attachIndex(query: Query, ref: Ref, fields: ObjectValue): void {
  const { database, transaction, store } = query
  const definition = defineIndex(fields)
  const isActive = fields.get('active') === true
  if (database.indexes.has(ref.id)) transaction.make({ kind: 'index gone', ref })
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

/** An index that goes is filled no more. */
export function detachIndex(query: Query, ref: Ref): void {
  if (query.database.indexes.has(ref.id)) takeAway(query, ref, { kind: 'index gone', ref })
}

/** The number of a new database; it is there at once. */
export function takeDatabase({ database, store, transaction }: Query): bigint {
  const number = store.state.nextDatabase
  transaction.make({ kind: 'database', number, parent: database.number, isGone: false })
  return BigInt(number)
}

/** With a database go those below it. */
export function detachDatabase({ store, transaction }: Query, ref: Ref): void {
  const database = store.database(Number(ref.id))
  if (database === undefined) return
  const within = [...store.state.databases.values()].filter(other => other.isWithin(database))
  for (const { number } of within.reverse()) {
    transaction.make({ kind: 'database', number, parent: undefined, isGone: true })
  }
}

/** The number of a new collection: they are counted in each database. */
export function takeNumber({ database, transaction }: Query): bigint {
  const number = database.nextNumber
  transaction.make({ kind: 'number', database: database.number, next: number + 1 })
  return BigInt(number)
}

/** Indexes have numbers above those of all collections. */
export function takeIndexNumber(query: Query): bigint {
  return takeNumber(query) + BigInt(FIRST_USER_INDEX - FIRST_USER_COLLECTION)
}
