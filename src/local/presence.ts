/** When an entry of a set was there: what is needed to tell the history of what hangs on it. */
import { highestRef, isArrival, lowestRef } from './history-events.ts'
import type { CompareEvents, HistoryEvent, Span } from './history-events.ts'

/** An entry is there all of the time, never, or comes and goes; then also between which places it was there. */
export type Presence =
  'all' | 'none' | { readonly events: readonly HistoryEvent[]; readonly from: HistoryEvent; readonly to: HistoryEvent }

/** Of arrivals without a departure between them the earliest counts, of departures the latest; newest first. */
function alternate(events: readonly HistoryEvent[]): HistoryEvent[] {
  const kept: HistoryEvent[] = []
  for (const event of events) {
    const last = kept.at(-1)
    if (last === undefined || isArrival(last.action) !== isArrival(event.action)) kept.push(event)
    else if (isArrival(event.action)) kept[kept.length - 1] = event
  }
  const earliest = kept.at(-1)
  if (earliest !== undefined && !isArrival(earliest.action)) kept.pop()
  return kept
}

/** The presence of an entry in a span, from all that happened to it, the latest first. */
export function filterEvents(events: readonly HistoryEvent[], span: Span, order: CompareEvents): Presence {
  const { from, to, isAscending } = span
  const [earliest, latest] = isAscending ? [from, to] : [to, from]
  const kept = alternate(events)
  while (kept[0] !== undefined && order(kept[0], latest) > 0) kept.shift()
  // One event before the span is kept: it tells what was there when it began.
  while (kept.length > 1 && order(kept.at(-2) as HistoryEvent, earliest) < 0) kept.pop()
  const [newest] = kept
  const oldest = kept.at(-1)
  if (newest === undefined || oldest === undefined) return 'none'
  if (order(newest, earliest) < 0) return isArrival(newest.action) ? 'all' : 'none'
  const upper = isArrival(newest.action)
    ? { ...newest, ts: latest.ts, action: latest.action }
    : { ...newest, ref: highestRef }
  const lower = isArrival(oldest.action)
    ? { ...oldest, ref: lowestRef }
    : { ...newest, ts: earliest.ts, action: earliest.action }
  return isAscending ? { events: kept.toReversed(), from: lower, to: upper } : { events: kept, from: upper, to: lower }
}
