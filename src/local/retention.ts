/**
 * How far back reads reach: `history_days` and a quarter of an hour more (protocol.md F.4). The limit of a collection
 * never goes back: when its days are raised it stays where it was until the new span passes it.
 */
import { Fault } from './failures.ts'
import { COLLECTIONS, FIRST_USER_COLLECTION } from './native.ts'
import type { IndexDefinition } from './indexing.ts'
import type { Store } from './store.ts'
import { formatTime } from './time.ts'
import { Ref } from './values.ts'
import type { ObjectValue } from './values.ts'

const MICROS_PER_DAY = 86_400_000_000
/** What is kept of every collection, whatever its days. */
const KEPT_MICROS = 15 * 60_000_000

/** The most days that the real server counts; it counts as many of what is less than as many below none. */
const MOST_DAYS = 106_751n

/** The length of so many days in microseconds. */
export function microsOfDays(days: bigint): number {
  return Number(days > MOST_DAYS || days < -MOST_DAYS ? MOST_DAYS : days) * MICROS_PER_DAY
}

/** The limit at a time, where nothing but the days counts; undefined days go back for ever. */
function limitAt(ts: number, fields: ObjectValue): number {
  const days = fields.get('history_days')
  return typeof days === 'bigint' ? ts - microsOfDays(days) - KEPT_MICROS : Number.NEGATIVE_INFINITY
}

/**
 * The earliest time, in microseconds, that a collection can be read at by a query with this snapshot: what the query
 * itself changes does not count (MODEL/doc/Collection.scala, by MODEL/Cache.scala).
 */
export function floorOf(store: Store, database: number, collection: number, snapshot: number): number {
  if (collection < FIRST_USER_COLLECTION) return Number.NEGATIVE_INFINITY
  const versions = store.historyOf(new Ref(database, COLLECTIONS, BigInt(collection)))?.versions ?? []
  let floor = Number.NEGATIVE_INFINITY
  let before: ObjectValue | undefined
  for (const { ts, fields } of versions) {
    if (fields === null || ts > snapshot) continue
    if (before !== undefined) floor = Math.max(floor, limitAt(ts, before))
    else if (!fields.has('history_days')) floor = ts - KEPT_MICROS
    before = fields
  }
  return before === undefined ? floor : Math.max(floor, limitAt(snapshot, before))
}

/** The same of an index: the shortest of its sources counts for all of them. */
export function indexFloorOf(store: Store, database: number, definition: IndexDefinition, snapshot: number): number {
  const all = [...(store.database(database)?.collections.keys() ?? [])]
  const collections = definition.sources.flatMap(source => source.collections ?? all)
  return Math.max(
    ...collections.map(collection => floorOf(store, database, collection, snapshot)),
    Number.NEGATIVE_INFINITY,
  )
}

/** Fails where a read is of a time that is no longer kept. */
export function checkRetained(readAt: number | undefined, floor: number): void {
  if (readAt === undefined || readAt >= floor) return
  const [requested, minimum] = [readAt, floor].map(micros => formatTime(BigInt(Math.floor(micros)) * 1000n))
  const description = `Requested timestamp ${requested} less than minimum allowed timestamp ${minimum}.`
  throw new Fault(400, 'bad request', description)
}
