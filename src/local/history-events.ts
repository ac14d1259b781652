/**
 * What history tells, one element at a time: something that was done to a document, or came to a set or went from it;
 * and the orders that the real server puts such elements into. They are not one order, and where they meet, elements
 * come twice or not at all: pages of history are full of that (protocol.md F.3).
 */
import { compareRefs, compareValues, isOrderedBelowRefs } from './compare.ts'
import { Ref } from './values.ts'
import type { ActionName, ObjectValue, SetForm, Value } from './values.ts'

/** An element of history, or a place in it. */
export type HistoryEvent = {
  /** Microseconds. */
  readonly ts: number
  readonly action: ActionName
  readonly ref: Ref
  readonly values: readonly Value[]
  /** The sets that it came from. */
  readonly sources: readonly SetForm[]
  /** What was changed of a document; only of documents. */
  readonly changed?: ObjectValue
  /** Whether the values are those of a cursor: they do not know which of them are sorted the other way round. */
  readonly isCursor?: boolean
}

/** The order of two elements: below, above or equal to 0. */
export type CompareEvents = (a: HistoryEvent, b: HistoryEvent) => number

/** Below and above every document. */
export const lowestRef = new Ref(-1, -1, -(2n ** 63n))
export const highestRef = new Ref(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 2n ** 63n - 1n)

/** The latest time that there is, in microseconds. */
export const LAST_MICROS = 2n ** 63n - 1n

/** A place in history without a document of its own. */
export function placeAt(ts: number, action: ActionName, ref: Ref): HistoryEvent {
  return { ts, action, ref, values: [], sources: [] }
}

/** The first and the last place of all in history. */
export const firstPlace = placeAt(0, 'remove', lowestRef)
export const lastPlace = placeAt(Number(LAST_MICROS), 'add', highestRef)

const actionRanks: Readonly<Record<ActionName, number>> = { add: 0, create: 1, update: 2, delete: 3, remove: 4 }

/** Whether something is there after the action. */
export function isArrival(action: ActionName): boolean {
  return actionRanks[action] < actionRanks.delete
}

/** A reversed value stands among refs against one of a cursor, whatever it is. */
function compareMixed(plain: Value): number {
  return isOrderedBelowRefs(plain) ? -1 : 1
}

/** The order of values; an event without any stands where its document does, if `hasRefs`. */
function compareTerms(a: HistoryEvent, b: HistoryEvent, reversed: readonly boolean[], hasRefs: boolean): number {
  const left = a.values.length === 0 && hasRefs ? [a.ref] : a.values
  const right = b.values.length === 0 && hasRefs ? [b.ref] : b.values
  const isMixed = a.isCursor !== b.isCursor
  for (let i = 0; i < left.length && i < right.length; i++) {
    const [one, other] = [left[i] ?? null, right[i] ?? null]
    let order = compareValues(one, other)
    if (reversed[i] === true) order = !isMixed ? -order : a.isCursor === true ? compareMixed(one) : -compareMixed(other)
    if (order !== 0) return order
  }
  return left.length - right.length
}

/** As sets are kept: time, removes first, document, values. */
export function storedOrder(reversed: readonly boolean[]): CompareEvents {
  return (a, b) =>
    a.ts - b.ts ||
    Number(isArrival(a.action)) - Number(isArrival(b.action)) ||
    compareRefs(a.ref, b.ref) ||
    compareTerms(a, b, reversed, false)
}

/** As sets are merged: time, adds first, document, values. */
export function mergedOrder(reversed: readonly boolean[]): CompareEvents {
  return (a, b) =>
    a.ts - b.ts ||
    actionRanks[a.action] - actionRanks[b.action] ||
    compareRefs(a.ref, b.ref) ||
    compareTerms(a, b, reversed, false)
}

/** As pages of sets begin: time, document, removes first, values. */
function pageOrder(reversed: readonly boolean[]): CompareEvents {
  return (a, b) =>
    a.ts - b.ts ||
    compareRefs(a.ref, b.ref) ||
    actionRanks[b.action] - actionRanks[a.action] ||
    compareTerms(a, b, reversed, true)
}

/** Entry after entry, each by time: values, document, time, adds first. */
export function seriesOrder(reversed: readonly boolean[]): CompareEvents {
  return (a, b) => compareTerms(a, b, reversed, true) || a.ts - b.ts || actionRanks[a.action] - actionRanks[b.action]
}

function isOfSet({ action }: HistoryEvent): boolean {
  return action === 'add' || action === 'remove'
}

/** Whether an element is left out at the beginning of a page that begins at a place. */
export function isBefore(event: HistoryEvent, from: HistoryEvent, isAscending: boolean, reversed: readonly boolean[]) {
  const order = isOfSet(event) && isOfSet(from) ? pageOrder(reversed) : mergedOrder(reversed)
  const compared = order(event, from)
  return isAscending ? compared < 0 : compared >= 0
}

/** A part of history: from one place to another, both included, and which way it is told. */
export type Span = { readonly from: HistoryEvent; readonly to: HistoryEvent; readonly isAscending: boolean }

/** Opposite to another order. */
export function opposite(order: CompareEvents): CompareEvents {
  return (a, b) => order(b, a)
}

/** Merges runs by what is at their heads, whatever their own order is; tells which run each element is from. */
export function* mergeHeads(
  runs: readonly Iterable<HistoryEvent>[],
  order: CompareEvents,
): Generator<readonly [event: HistoryEvent, run: number]> {
  const iterators = runs.map(run => run[Symbol.iterator]())
  const heads = iterators.map(iterator => iterator.next())
  for (;;) {
    let lowest = -1
    for (const [i, head] of heads.entries()) {
      const best = heads[lowest]
      if (head.done !== true && (best === undefined || order(head.value, best.value as HistoryEvent) < 0)) lowest = i
    }
    const found = heads[lowest]
    const iterator = iterators[lowest]
    if (found === undefined || iterator === undefined) return
    yield [found.value as HistoryEvent, lowest]
    heads[lowest] = iterator.next()
  }
}

/** Merges runs, and makes one of neighbours that are the same: the last of them, from all of their sources. */
export function* mergeEvents(runs: readonly Iterable<HistoryEvent>[], order: CompareEvents): Generator<HistoryEvent> {
  let same: HistoryEvent[] = []
  const join = (): HistoryEvent => ({
    ...(same.at(-1) as HistoryEvent),
    sources: [...new Set(same.toReversed().flatMap(event => event.sources))],
  })
  for (const [event] of mergeHeads(runs, order)) {
    const last = same.at(-1)
    if (last !== undefined && order(last, event) !== 0) {
      yield join()
      same = []
    }
    same.push(event)
  }
  if (same.length > 0) yield join()
}
