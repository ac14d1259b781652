/**
 * Indexes that are not ready when they are made (protocol.md E.7). The real server builds an index over many documents,
 * or over more than one collection, some time later, and nobody reads it before. Here its entries are there at once and
 * only hidden: that it becomes active is a matter of the clock, looked at when a request begins, so nothing runs by
 * itself and nothing is left when the server stops.
 */
import type { Database } from './database.ts'
import type { Index, IndexDefinition } from './indexing.ts'
import type { Store } from './store.ts'

/** An index over no more documents than this is built when it is made. */
export const MAX_BUILT_AT_ONCE = 128
/** How long building takes, in microseconds. On the real server it is from seconds to minutes. */
export const BUILD_MICROS = 2_000_000

/** Whether an index is over more than one collection. */
export function isWide({ sources }: IndexDefinition): boolean {
  return sources.length > 1 || sources.some(({ collections }) => collections?.length !== 1)
}

/** Whether the real server gives a new index out as active. `isAsked`: it was asked to. */
export function isActiveAtOnce(definition: IndexDefinition, database: Database, isAsked: boolean): boolean {
  if (isAsked) return true
  if (isWide(definition)) return false
  const [collection] = definition.sources.flatMap(source => source.collections ?? [])
  const documents = collection === undefined ? undefined : database.collections.get(collection)?.documents
  return (documents?.size ?? 0) <= MAX_BUILT_AT_ONCE
}

/** When an index that is made now becomes active. */
export function buildEnd(store: Store): number {
  return store.clock.now + BUILD_MICROS
}

/** Makes those active whose time has come, each in a transaction of its own. */
export function finishBuilds(store: Store): void {
  for (const [index, dueAt] of store.state.pendingBuilds) if (dueAt <= store.clock.now) activate(store, index)
}

/** The document of an index is none that can be streamed, so nobody is told. */
function activate(store: Store, { ref }: Index): void {
  const transaction = store.begin()
  const fields = store.current(ref)?.fields
  const database = store.database(ref.database)
  if (fields !== undefined && database !== undefined) {
    transaction.write(database, ref, new Map(fields).set('active', true), 'update')
  }
  transaction.begin()
  transaction.make({ kind: 'index due', ref, dueAt: undefined })
  transaction.make({ kind: 'index active', ref })
  transaction.commit()
}
