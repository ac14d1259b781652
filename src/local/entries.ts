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

/** Whether an entry is there at a time, of the events that it has had, oldest first. */
function isPresent(events: readonly EntryEvent[], ts: number): boolean {
  let present = false
  for (const event of events) {
    if (event.ts > ts) break
    present = event.action === 'add'
  }
  return present
}

/** An ordered set of entries and its history. */
export class EntrySet {
  readonly reversed: readonly boolean[]
  readonly #rows: OrderedMap<Sortable, EntryEvent[]>
  readonly #events: OrderedMap<EntryEvent, true>

  /** `reversed` tells which values are sorted from the highest down. */
  constructor(reversed: readonly boolean[] = []) {
    this.reversed = reversed
    this.#rows = new OrderedMap((a, b) => compareEntries(a, b, reversed))
    this.#events = new OrderedMap((a, b) => compareEvents(a, b, reversed))
  }

  /** How many entries it has or once had. */
  get size(): number {
    return this.#rows.size
  }

  /** Notes that an entry came or went. */
  put(event: EntryEvent): void {
    const row = this.#rows.get(event.entry)
    if (row === undefined) this.#rows.set(event.entry, [event])
    else {
      let index = row.length
      while (index > 0 && compareEvents(row[index - 1] as EntryEvent, event, this.reversed) > 0) index--
      row.splice(index, 0, event)
    }
    this.#events.set(event, true)
  }

  /** Takes back that an entry came or went, as if it never had. */
  take(event: EntryEvent): void {
    const row = this.#rows.get(event.entry)
    const index = row?.findIndex(other => other.ts === event.ts && other.action === event.action) ?? -1
    if (row === undefined || index < 0) return
    row.splice(index, 1)
    if (row.length === 0) this.#rows.delete(event.entry)
    this.#events.delete(event)
  }

  /** Entries that are there at `ts` and not expired at `now`, upwards from `from` (inclusive). */
  *ascend(ts: number, now: number, from?: Bound): Generator<Entry> {
    yield* held(this.#rowsFrom(from), ts, now)
  }

  /** The same downwards, from just below `before`. */
  *descend(ts: number, now: number, before?: Bound): Generator<Entry> {
    yield* held(before === undefined ? this.#rows.descend() : this.#rows.descend(before, false), ts, now)
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
    for (const [row, events] of this.#rows.ascend(from, true)) {
      if (compareEntries(row, to, this.reversed) > 0) return
      yield events
    }
  }

  #rowsFrom(from: Bound | undefined): Iterable<[Sortable, EntryEvent[]]> {
    return from === undefined ? this.#rows.ascend() : this.#rows.ascend(from, true)
  }
}

function* held(rows: Iterable<[Sortable, EntryEvent[]]>, ts: number, now: number): Generator<Entry> {
  for (const [, events] of rows) {
    const entry = events[0]?.entry
    if (entry === undefined || !isPresent(events, ts)) continue
    if (entry.ttl === undefined || entry.ttl > BigInt(now) * 1000n) yield entry
  }
}
