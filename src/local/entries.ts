/**
 * One set, in order: the entries of an index under one list of terms, or the documents of a collection, with the
 * history of what came and went. Every read starts in O(log n).
 */
import { compareRefs, compareValues } from './compare.ts'
import { OrderedMap } from './ordered.ts'
import type { Bound, Ref, Value } from './values.ts'

/** A row of a set. The ttl belongs to its identity: another ttl is another entry (protocol.md E.7). */
export type Entry = { readonly values: readonly Value[]; readonly ref: Ref; readonly ttl: bigint | undefined }

/** Something that came to a set or went from it, at a time in microseconds. */
export type EntryEvent = { readonly ts: number; readonly action: 'add' | 'remove'; readonly entry: Entry }

/** What entries are sorted by; bounds stand between them, and are told by having no ttl at all. */
type Sortable = Bound & { readonly ttl?: bigint | undefined }

/** The order of the first values of two lists. */
function compareFirst(a: readonly Value[], b: readonly Value[], count: number, reversed: readonly boolean[]): number {
  for (let i = 0; i < count; i++) {
    const order = compareValues(a[i] ?? null, b[i] ?? null)
    if (order !== 0) return reversed[i] === true ? -order : order
  }
  return 0
}

/** Lists of values in their order; one that ends early is below all that begin like it. */
export function compareLists(a: readonly Value[], b: readonly Value[], reversed: readonly boolean[]): number {
  return compareFirst(a, b, Math.min(a.length, b.length), reversed) || a.length - b.length
}

/** Where a bound stands among the entries that begin like it. */
function sideOf(row: Sortable): number {
  return 'ttl' in row ? 0 : row.isAbove === true ? 1 : -1
}

/** The order of entries: value by value (from the highest down where the index says so), then ref, then ttl. */
export function compareEntries(a: Sortable, b: Sortable, reversed: readonly boolean[]): number {
  const order = compareFirst(a.values, b.values, Math.min(a.values.length, b.values.length), reversed)
  if (order !== 0) return order
  if (a.values.length !== b.values.length) return a.values.length < b.values.length ? sideOf(a) || -1 : -sideOf(b) || 1
  if (a.ref !== undefined && b.ref !== undefined) {
    return compareRefs(a.ref, b.ref) || sideOf(a) - sideOf(b) || compareTtl(a.ttl, b.ttl)
  }
  return sideOf(a) - sideOf(b)
}

function compareTtl(a: bigint | undefined, b: bigint | undefined): number {
  if (a === b) return 0
  if (a === undefined) return 1
  return b === undefined || a < b ? -1 : 1
}

/** Events in the order in which history tells them: time, removes first, document, values (protocol.md F.2). */
function compareEvents(a: EntryEvent, b: EntryEvent, reversed: readonly boolean[]): number {
  if (a.ts !== b.ts) return a.ts - b.ts
  if (a.action !== b.action) return a.action === 'remove' ? -1 : 1
  return (
    compareRefs(a.entry.ref, b.entry.ref) ||
    compareLists(a.entry.values, b.entry.values, reversed) ||
    compareTtl(a.entry.ttl, b.entry.ttl)
  )
}

/** All that happened to an entry, oldest first. Most came once and stayed: they take no array. */
type Row = EntryEvent | EntryEvent[]

function eventsOf(row: Row): readonly EntryEvent[] {
  return Array.isArray(row) ? row : [row]
}

/** Whether an entry is there at a time, of what happened to it. */
function isPresent(row: Row, ts: number): boolean {
  if (!Array.isArray(row)) return row.ts <= ts && row.action === 'add'
  const events: readonly EntryEvent[] = row
  let present = false
  for (const event of events) {
    if (event.ts > ts) break
    present = event.action === 'add'
  }
  return present
}

/** The orders of the sets of one index: there may be a million of them. */
type Orders = {
  readonly rows: (a: Sortable, b: Sortable) => number
  readonly events: (a: EntryEvent, b: EntryEvent) => number
}

const noneReversed: readonly boolean[] = []
const knownOrders = new WeakMap<readonly boolean[], Orders>()

function ordersOf(reversed: readonly boolean[]): Orders {
  let orders = knownOrders.get(reversed)
  if (orders === undefined) {
    orders = { rows: (a, b) => compareEntries(a, b, reversed), events: (a, b) => compareEvents(a, b, reversed) }
    knownOrders.set(reversed, orders)
  }
  return orders
}

/** An ordered set of entries and its history. */
export class EntrySet {
  readonly reversed: readonly boolean[]
  readonly #rows: OrderedMap<Sortable, Row>
  readonly #events: OrderedMap<EntryEvent, true>

  /** `reversed` tells which values are sorted from the highest down. */
  constructor(reversed: readonly boolean[] = noneReversed) {
    const { rows, events } = ordersOf(reversed)
    this.reversed = reversed
    this.#rows = new OrderedMap(rows)
    this.#events = new OrderedMap(events)
  }

  /** How many entries it has or once had. */
  get size(): number {
    return this.#rows.size
  }

  /** Notes that an entry came or went; what is known already is not noted again. */
  put(event: EntryEvent): void {
    const row = this.#rows.get(event.entry)
    if (row === undefined) this.#rows.set(event.entry, event)
    else {
      const events = Array.isArray(row) ? row : [row]
      let index = events.length
      let order = 1
      for (; index > 0; index--) {
        order = compareEvents(events[index - 1] as EntryEvent, event, this.reversed)
        if (order <= 0) break
      }
      if (order === 0) return
      events.splice(index, 0, event)
      if (events !== row) this.#rows.set(event.entry, events)
    }
    this.#events.set(event, true)
  }

  /** Takes back that an entry came or went, as if it never had. */
  take(event: EntryEvent): void {
    const row = this.#rows.get(event.entry)
    if (row === undefined) return
    const kept = eventsOf(row).filter(other => other.ts !== event.ts || other.action !== event.action)
    if (kept.length === eventsOf(row).length) return
    if (kept.length === 0) this.#rows.delete(event.entry)
    else this.#rows.set(event.entry, kept)
    this.#events.delete(event)
  }

  /** Entries that are there at `ts` and not expired at `now`, upwards from `from` (inclusive). */
  ascend(ts: number, now: number, from?: Bound): Generator<Entry> {
    return held(this.#rowsFrom(from), ts, now)
  }

  /** The same downwards, from just below `before`. */
  descend(ts: number, now: number, before?: Bound): Generator<Entry> {
    return held(before === undefined ? this.#rows.descend() : this.#rows.descend(before, false), ts, now)
  }

  /** What came and went, oldest first, from the first event that is not before the bound. */
  *history(from?: EntryEvent): Generator<EntryEvent> {
    for (const [event] of from === undefined ? this.#events.ascend() : this.#events.ascend(from, true)) yield event
  }

  /** The same, newest first, from the last event that is not behind the bound. */
  *historyBack(from?: EntryEvent): Generator<EntryEvent> {
    for (const [event] of from === undefined ? this.#events.descend() : this.#events.descend(from, true)) yield event
  }

  /** The whole history of each entry between two bounds, entry after entry, each oldest first. */
  *timelines(from: Bound, to: Bound): Generator<readonly EntryEvent[]> {
    for (const [entry, row] of this.#rows.ascend(from, true)) {
      if (compareEntries(entry, to, this.reversed) > 0) return
      yield eventsOf(row)
    }
  }

  #rowsFrom(from: Bound | undefined): Iterable<[Sortable, Row]> {
    return from === undefined ? this.#rows.ascend() : this.#rows.ascend(from, true)
  }
}

function* held(rows: Iterable<[Sortable, Row]>, ts: number, now: number): Generator<Entry> {
  for (const [, row] of rows) {
    const entry = (Array.isArray(row) ? row[0] : row)?.entry
    if (entry === undefined || !isPresent(row, ts)) continue
    if (entry.ttl === undefined || entry.ttl > BigInt(now) * 1000n) yield entry
  }
}
