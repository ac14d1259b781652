/**
 * The history of sets: what came and went, from anywhere, either way (protocol.md F.2). Unions merge, intersections and
 * differences are worked out from the histories of their sets, joins tell the histories of their targets while the
 * source is there; nothing else has a history. Where orders differ the real server loses and repeats elements: so does
 * this.
 */
import { crossEvents, uniteEvents } from './event-combinations.ts'
import { failure, permissionDenied } from './failures.ts'
import type { SetContext } from './frame.ts'
import {
  firstPlace,
  isArrival,
  lastPlace,
  mergedOrder,
  mergeEvents,
  mergeHeads,
  opposite,
  seriesOrder,
} from './history-events.ts'
import type { CompareEvents, HistoryEvent, Span } from './history-events.ts'
import { openDocument, openLeaf, openSingleton } from './kept-events.ts'
import { filterEvents } from './presence.ts'
import { canRead } from './set-access.ts'
import type { Combination } from './set-combinations.ts'
import { everything, groupSeries, inDirection } from './set-history.ts'
import type { SetEvents } from './set-history.ts'
import { layoutOf } from './set-layout.ts'
import { joinTarget } from './sets.ts'
import { Ref } from './values.ts'
import type { SetForm } from './values.ts'

function openCombination(form: Combination, context: SetContext): SetEvents | undefined {
  const all = form.sets.map(set => open(set, undefined, context))
  if (form.kind === 'difference' && all[0] === undefined) return undefined
  const sets = all.filter(set => set !== undefined)
  if (sets.length < 2) return sets[0]
  const { reversed } = layoutOf(form, context.frame.query.store)
  return form.kind === 'union' ? uniteEvents(sets, reversed) : crossEvents(form.kind, sets, reversed)
}

type JoinForm = Extract<SetForm, { kind: 'join' }>

/** A join tells what happens to its targets while what leads to them is there. */
function openJoin(form: JoinForm, context: SetContext): SetEvents | undefined {
  const source = open(form.set, undefined, context)
  if (source === undefined) return undefined
  const { reversed } = layoutOf(form, context.frame.query.store)
  const order = mergedOrder(reversed)
  const tellTarget = (group: readonly HistoryEvent[], span: Span): Iterable<HistoryEvent> => {
    const [entry] = group as readonly [HistoryEvent]
    const filter = filterEvents(group, span, order)
    const target = filter === 'none' ? undefined : open(joinTarget(form, entry, context), undefined, context)
    if (filter === 'none' || target === undefined) return []
    if (filter === 'all') return target.tell(span)
    const { events, from, to } = filter
    return whilePresent(events, target.tell({ ...span, from, to }), span.isAscending, order)
  }
  return {
    reversed,
    isFiltered: source.isFiltered,
    first: firstPlace,
    last: lastPlace,
    tell: span =>
      mergeEvents(
        groupSeries(source.series(everything.from, everything.to), source.reversed).map(group =>
          tellTarget(group, span),
        ),
        inDirection(order, span.isAscending),
      ),
    series: (from, to) => [
      ...mergeEvents(
        groupSeries(source.series(everything.from, everything.to), source.reversed).map(
          group =>
            open(joinTarget(form, group[0] as HistoryEvent, context), undefined, context)?.series(from, to) ?? [],
        ),
        opposite(seriesOrder(reversed)),
      ),
    ],
  }
}

/** What happens to a target between the arrivals of what leads to it and its departures. */
function* whilePresent(
  source: readonly HistoryEvent[],
  target: Iterable<HistoryEvent>,
  isAscending: boolean,
  order: CompareEvents,
): Generator<HistoryEvent> {
  const isEntering = ({ action }: HistoryEvent): boolean => isArrival(action) === isAscending
  const [first] = source
  let isPresent = first !== undefined && !isEntering(first)
  for (const [event, run] of mergeHeads([source, target], inDirection(order, isAscending))) {
    if (run === 0) isPresent = isEntering(event)
    else if (isPresent) yield event
  }
}

/** Opens the history of a set; `source` is what its elements are said to come from, unless it is made of others. */
function open(form: SetForm, source: SetForm | undefined, context: SetContext): SetEvents | undefined {
  switch (form.kind) {
    case 'match':
    case 'documents':
      return openLeaf(form, source ?? form, context)
    case 'singleton':
      return openSingleton(form.ref, source ?? form, context)
    case 'union':
    case 'intersection':
    case 'difference':
      return openCombination(form, context)
    case 'distinct':
      return open(form.set, undefined, context)
    case 'join':
      return openJoin(form, context)
    case 'events':
      return form.of instanceof Ref ? openDocument(form.of, form, context) : open(form.of, form, context)
    case 'reverse':
    case 'range':
    case 'filter':
      throw failure(context.formAt, 'invalid argument', 'Set does not support events history.')
  }
}

/** Opens the history of a set or a document. Throws a `Failure` where it may not be read, or there is none. */
export function openEvents(form: SetForm, context: SetContext): SetEvents {
  const events = open(form, undefined, context)
  if (events === undefined) throw permissionDenied(context.at)
  if (!events.isFiltered) return events
  function* visible(told: Iterable<HistoryEvent>): Generator<HistoryEvent> {
    for (const event of told) if (canRead(event.ref, context.frame)) yield event
  }
  return { ...events, tell: span => visible(events.tell(span)) }
}

/** The end of history as it is read at a time, in microseconds. */
export function lastPlaceAt(events: SetEvents, readAt: number | undefined): HistoryEvent {
  return readAt === undefined ? events.last : { ...events.last, ts: readAt }
}

/** Every event of a set, from the first to the last. */
export function allEvents(events: SetEvents): Iterable<HistoryEvent> {
  return events.tell({ from: firstPlace, to: lastPlace, isAscending: true })
}
