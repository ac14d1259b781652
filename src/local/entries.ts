/**
 * One set, in order: the entries of an index under one list of terms, or the documents of a collection, with the
 * history of what came and went. Every read starts in O(log n).
 */
import { compareRefs, compareValues } from './compare.ts'
import { OrderedMap } from './ordered.ts'
import type { Ref, Value } from './values.ts'

/** A row of a set. The ttl belongs to its identity: another ttl is another entry (protocol.md E.7). */
export type Entry = { readonly values: readonly Value[]; readonly ref: Ref; readonly ttl: bigint | undefined }

/** Something that came to a set or went from it, at a time in microseconds. */
export type EntryEvent = { readonly ts: number; readonly action: 'add' | 'remove'; readonly entry: Entry }

/** Where to begin in a set: some first values, or values and a ref; anything may be compared. */
export type Bound = readonly Value[]

/** What entries are sorted by: their values, then their ref. A bound is values only, as many as it likes. */
type Sortable = { readonly values: readonly Value[]; readonly ref?: Ref; readonly ttl?: bigint | undefined }

function elementAt(row: Sortable, index: number): Value | undefined {
  return index < row.values.length ? row.values[index] : index === row.values.length ? row.ref : undefined
}

/**
 * The order of entries: value by value (from the highest down where the index says so), then ref, then ttl. A bound
 * that ends early is below everything that begins like it.
 */
export function compareEntries(a: Sortable, b: Sortable, reversed: readonly boolean[]): number {
  for (let i = 0; ; i++) {
    const left = elementAt(a, i)
    const right = elementAt(b, i)
    if (left === undefined || right === undefined) {
      if (left !== right) return left === undefined ? -1 : 1
      return compareTtl(a.ttl, b.ttl)
    }
    const order = compareValues(left, right)
    if (order !== 0) return reversed[i] === true ? -order : order
  }
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
  return compareRefs(a.entry.ref, b.entry.ref) || compareEntries(a.entry, b.entry, reversed)
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
    yield* held(before === undefined ? this.#rows.descend() : this.#rows.descend({ values: before }, false), ts, now)
  }

  /** What came and went, oldest first, from the first event that is not before the bound. */
  *history(from?: EntryEvent): Generator<EntryEvent> {
    for (const [event] of from === undefined ? this.#events.ascend() : this.#events.ascend(from, true)) yield event
  }

  /** The same, newest first, from the last event before the bound. */
  *historyBack(before?: EntryEvent): Generator<EntryEvent> {
    for (const [event] of before === undefined ? this.#events.descend() : this.#events.descend(before, false))
      yield event
  }

  #rowsFrom(from: Bound | undefined): Iterable<[Sortable, EntryEvent[]]> {
    return from === undefined ? this.#rows.ascend() : this.#rows.ascend({ values: from }, true)
  }
}

function* held(rows: Iterable<[Sortable, EntryEvent[]]>, ts: number, now: number): Generator<Entry> {
  for (const [, events] of rows) {
    const entry = events[0]?.entry
    if (entry === undefined || !isPresent(events, ts)) continue
    if (entry.ttl === undefined || entry.ttl > BigInt(now) * 1000n) yield entry
  }
}
