/** The histories that are kept: those of indexes and collections, of documents, and of the set of one document. */
import { documentEvents } from './document-events.ts'
import type { EntryEvent } from './entries.ts'
import type { SetContext } from './frame.ts'
import {
  LAST_MICROS,
  firstPlace,
  highestRef,
  isArrival,
  lastPlace,
  lowestRef,
  opposite,
  placeAt,
  storedOrder,
} from './history-events.ts'
import type { HistoryEvent, Span } from './history-events.ts'
import { canReadSingle, findEntries, floorOfOwner, isListed, readingOf } from './set-access.ts'
import type { LeafForm } from './set-access.ts'
import { byEntry, inDirection } from './set-history.ts'
import type { SetEvents } from './set-history.ts'
import { layoutOf } from './set-layout.ts'
import type { Bound, Ref, SetForm } from './values.ts'

/** Lower than any ttl. */
const LOWEST_TTL = -(2n ** 63n)

function toHistoryEvent({ ts, action, entry }: EntryEvent, source: SetForm): HistoryEvent {
  return { ts, action, ref: entry.ref, values: entry.values, sources: [source] }
}

/** Where the reading of stored events begins, so that none is missed: values are looked at afterwards. */
function startOf({ from, isAscending }: Span): EntryEvent {
  const entry = isAscending
    ? { values: [], ref: from.ref, ttl: LOWEST_TTL }
    : { values: [], ref: highestRef, ttl: undefined }
  return { ts: from.ts, action: isArrival(from.action) ? 'add' : 'remove', entry }
}

/** The history of an index or a collection. */
export function openLeaf(form: LeafForm, source: SetForm, context: SetContext): SetEvents | undefined {
  const { store } = context.frame.query
  const { owner, entries } = findEntries(form, context)
  const reading = readingOf(owner, form, context)
  if (reading === 'none') return undefined
  const floor = floorOfOwner(owner, context)
  const { reversed, values } = layoutOf(form, store)
  const order = storedOrder(reversed)
  const isKept = ({ ts, entry }: EntryEvent): boolean => ts > floor && isListed(entry.ref, context)
  function* tell(span: Span): Generator<HistoryEvent> {
    const start = startOf(span)
    const compare = inDirection(order, span.isAscending)
    for (const stored of (span.isAscending ? entries?.history(start) : entries?.historyBack(start)) ?? []) {
      const event = toHistoryEvent(stored, source)
      if (compare(event, span.from) < 0 || !isKept(stored)) continue
      if (compare(event, span.to) > 0) return
      yield event
    }
  }
  function series(from: HistoryEvent, to: HistoryEvent): HistoryEvent[] {
    // Of an index with values, every document with them counts.
    const bound = ({ values: given, ref }: HistoryEvent, isAbove: boolean): Bound =>
      values > 0 ? { values: given, isAbove } : { values: [], ref, isAbove }
    const rows = [...(entries?.timelines(bound(to, false), bound(from, true)) ?? [])].flat()
    const events = rows.filter(isKept).map(event => toHistoryEvent(event, source))
    return events.sort(opposite(byEntry(reversed)))
  }
  return { reversed, isFiltered: reading === 'some', first: firstPlace, last: lastPlace, tell, series }
}

/** Before and after all that can happen to a document. */
const firstVersion = placeAt(0, 'add', lowestRef)
const lastVersion = placeAt(Number(LAST_MICROS), 'remove', highestRef)

/** Versions know two kinds of time: that of what comes, and behind it that of what goes. */
function versionOrder(a: HistoryEvent, b: HistoryEvent): number {
  return a.ts - b.ts || Number(!isArrival(a.action)) - Number(!isArrival(b.action))
}

function openEventList(events: () => HistoryEvent[], reversed: readonly boolean[]): SetEvents {
  return {
    reversed,
    isFiltered: false,
    first: firstVersion,
    last: lastVersion,
    tell({ from, to, isAscending }) {
      const compare = inDirection(versionOrder, isAscending)
      const told = events().filter(event => compare(event, from) >= 0 && compare(event, to) <= 0)
      return isAscending ? told : told.reverse()
    },
    series: () => events().reverse(),
  }
}

/** The history of a document. */
export function openDocument(ref: Ref, source: SetForm, context: SetContext): SetEvents | undefined {
  if (!canReadSingle(ref, context.frame)) return undefined
  return openEventList(() => documentEvents(context.frame.query, ref, source), [])
}

/** The set of one document: what it came with and went with. */
export function openSingleton(ref: Ref, source: SetForm, context: SetContext): SetEvents | undefined {
  if (!canReadSingle(ref, context.frame)) return undefined
  const events = (): HistoryEvent[] =>
    documentEvents(context.frame.query, ref, source).flatMap(({ ts, action, values, sources }): HistoryEvent[] =>
      action === 'update' ? [] : [{ ts, action: isArrival(action) ? 'add' : 'remove', ref, values, sources }],
    )
  return openEventList(events, [])
}
