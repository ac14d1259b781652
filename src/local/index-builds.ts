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

/** Has an index become active after a while. */
export function startBuild(store: Store, index: Index): void {
  store.pendingBuilds.set(index, store.clock.now + BUILD_MICROS)
}

/** Makes those active whose time has come, each in a transaction of its own. */
export function finishBuilds(store: Store): void {
  for (const [index, dueAt] of store.pendingBuilds) {
    if (dueAt > store.clock.now) continue
    store.pendingBuilds.delete(index)
    activate(store, index)
  }
}

/** Does nothing for an index that is gone. Its document is none that can be streamed, so nobody is told. */
function activate(store: Store, index: Index): void {
  const database = store.database(index.ref.database)
  const fields = store.current(index.ref)?.fields
  if (database === undefined || fields === undefined) return
  const transaction = store.begin()
  transaction.write(database, index.ref, new Map(fields).set('active', true), 'update')
  transaction.commit()
  index.isActive = true
}
