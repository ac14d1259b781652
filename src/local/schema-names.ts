/** The names of schema documents: who has which, and when others see it. */
import type { Query } from './frame.ts'
import type { Database } from './database.ts'
import { COLLECTIONS, DATABASES, FUNCTIONS, INDEXES, isNamed } from './native.ts'
import { Ref } from './values.ts'
import type { ObjectValue, Value } from './values.ts'

/** Gives a schema document its name; others find it when the transaction has committed. */
export function takeName(query: Query, ref: Ref, taken: Value | undefined): void {
  if (typeof taken !== 'string' || !isNamed(ref.collection)) return
  notePending(query, ref, taken, ref.id)
  query.transaction.onCommit(() => setName(query, ref, taken, ref.id))
}

/** Takes the name of a schema document that goes, or gets another one. */
export function releaseName(query: Query, ref: Ref, fields: ObjectValue): void {
  const released = fields.get('name')
  if (typeof released !== 'string') return
  notePending(query, ref, released, undefined)
  query.transaction.onCommit(() => {
    if (query.database.findName(ref.collection, released) === ref.id) setName(query, ref, released, undefined)
  })
}

/** Remembers who a name belongs to once the transaction has committed: nobody, where it is released. */
function notePending({ database, transaction }: Query, ref: Ref, name: string, id: bigint | undefined): void {
  const { names } = transaction
  const key = pendingKey(database, ref.collection, name)
  const [wasPending, before] = [names.has(key), names.get(key)]
  names.set(key, id)
  transaction.onUndo(() => {
    if (wasPending) names.set(key, before)
    else names.delete(key)
  })
}

function pendingKey(database: Database, native: number, name: string): string {
  return `${database.number} ${native} ${name}`
}

function setName({ database, transaction }: Query, ref: Ref, taken: string, id: bigint | undefined): void {
  transaction.make({ kind: 'name', database: database.number, native: ref.collection, name: taken, id })
}

/** Who has a name now, or is about to have it. */
function findPending({ transaction }: Query, database: Database, native: number, name: string): bigint | undefined {
  const key = pendingKey(database, native, name)
  return transaction.names.has(key) ? transaction.names.get(key) : database.findName(native, name)
}

/** Whether a name is given, or about to be. */
export function isTaken(query: Query, native: number, wanted: Value | undefined): boolean {
  return typeof wanted === 'string' && findPending(query, query.database, native, wanted) !== undefined
}

/** What refs to are renewed when they are written. */
const renewable: readonly number[] = [COLLECTIONS, INDEXES, FUNCTIONS]

/**
 * A ref to a collection, an index or a function as it is written: where that is gone, what has its name now
 * (MODEL/ast/functions/WriteAdaptor.scala `resymbolizeSchema`).
 */
export function renewRef(query: Query, ref: Ref): Ref {
  if (!renewable.includes(ref.collection) || query.transaction.read(query.database, ref) !== undefined) return ref
  const name = query.store.nameOf(ref)
  const id = name === undefined ? undefined : findPending(query, query.database, ref.collection, name)
  return id === undefined ? ref : new Ref(ref.database, ref.collection, id)
}

/**
 * The id of the database with a name below another one. The real server keeps no names of databases in its cache, so
 * that a transaction finds those that it has just made, and not those that it has just deleted, unlike all other schema.
 */
export function findDatabaseName(query: Query, parent: Database, name: string): bigint | undefined {
  return findPending(query, parent, DATABASES, name)
}
