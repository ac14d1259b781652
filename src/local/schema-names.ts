/** The names of schema documents: who has which, and when others see it. */
import type { Query } from './frame.ts'
import type { Database } from './database.ts'
import { DATABASES, isNamed } from './native.ts'
import type { Ref, ObjectValue, Value } from './values.ts'

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

/** Whether a name is given, or about to be. */
export function isTaken({ database, transaction }: Query, native: number, wanted: Value | undefined): boolean {
  if (typeof wanted !== 'string') return false
  const key = pendingKey(database, native, wanted)
  return (transaction.names.has(key) ? transaction.names.get(key) : database.findName(native, wanted)) !== undefined
}

/**
 * The id of the database with a name below another one. The real server keeps no names of databases in its cache, so
 * that a transaction finds those that it has just made, and not those that it has just deleted, unlike all other schema.
 */
export function findDatabaseName({ transaction }: Query, parent: Database, name: string): bigint | undefined {
  const key = pendingKey(parent, DATABASES, name)
  return transaction.names.has(key) ? transaction.names.get(key) : parent.findName(DATABASES, name)
}
