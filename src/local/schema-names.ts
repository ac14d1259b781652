/** The names of schema documents: who has which, and when others see it. */
import type { Query } from './call.ts'
import { isNamed } from './native.ts'
import type { Ref, ObjectValue, Value } from './values.ts'

/** Gives a schema document its name; others find it when the transaction has committed. */
export function takeName(query: Query, ref: Ref, taken: Value | undefined): void {
  if (typeof taken !== 'string' || !isNamed(ref.collection)) return
  query.transaction.names.add(`${ref.collection} ${taken}`)
  query.transaction.onUndo(() => query.transaction.names.delete(`${ref.collection} ${taken}`))
  query.transaction.onCommit(() => setName(query, ref, taken, ref.id))
}

/** Takes the name of a schema document that goes, or gets another one. */
export function releaseName(query: Query, ref: Ref, fields: ObjectValue): void {
  const released = fields.get('name')
  if (typeof released !== 'string') return
  query.transaction.onCommit(() => {
    if (query.database.findName(ref.collection, released) === ref.id) setName(query, ref, released, undefined)
  })
}

function setName({ database, transaction }: Query, ref: Ref, taken: string, id: bigint | undefined): void {
  transaction.make({ kind: 'name', database: database.number, native: ref.collection, name: taken, id })
}

/** Whether a name is given, or about to be. */
export function isTaken(query: Query, native: number, wanted: Value | undefined): boolean {
  if (typeof wanted !== 'string') return false
  return query.database.findName(native, wanted) !== undefined || query.transaction.names.has(`${native} ${wanted}`)
}
