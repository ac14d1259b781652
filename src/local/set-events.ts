/**
 * The history of sets: what came and went, from anywhere, either way (protocol.md F.2). Unions merge, intersections and
 * differences are worked out from the histories of their sets, joins tell the histories of their targets while the
 * source is there; nothing else has a history. Where orders differ the real server loses and repeats elements: so does
 * this.
 */
import { documentEvents } from './document-events.ts'
import { compareEntries } from './entries.ts'
import type { EntryEvent } from './entries.ts'
import { failure, permissionDenied } from './failures.ts'
import {
  firstPlace,
  highestRef,
  isArrival,
  lastPlace,
  LAST_MICROS,
  lowestRef,
  mergedOrder,
  mergeEvents,
  mergeHeads,
  opposite,
  placeAt,
  seriesOrder,
  storedOrder,
} from './history-events.ts'
import type { CompareEvents, HistoryEvent } from './history-events.ts'
import { layoutOf } from './set-layout.ts'
import { canRead, canReadSingle, findEntries, floorOfOwner, readingOf } from './set-access.ts'
import { joinTarget } from './sets.ts'
import type { SetContext } from './frame.ts'
import { filterEvents } from './presence.ts'
import { Ref } from './values.ts'
import type { Bound, SetForm } from './values.ts'

/** A part of history: from one place to another, both included, and which way it is told. */
export type Span = { readonly from: HistoryEvent; readonly to: HistoryEvent; readonly isAscending: boolean }

/** The history of a set. */
export interface SetEvents {
  readonly reversed: readonly boolean[]
  /** Whether it may tell of documents that its reader may not see. */
  readonly isFiltered: boolean
  /** Where it begins and ends. */
  readonly first: HistoryEvent
  readonly last: HistoryEvent
  /** What happened, by time. */
  tell(span: Span): Iterable<HistoryEvent>
  /** What happened to each entry between two of them, entry after entry: downwards, the latest first. */
  series(from: HistoryEvent, to: HistoryEvent): HistoryEvent[]
}

/** All of history, of every entry. */
const everything = { from: lastPlace, to: firstPlace }

function inDirection(order: CompareEvents, isAscending: boolean): CompareEvents {
  return isAscending ? order : opposite(order)
}

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

type LeafForm = Extract<SetForm, { kind: 'match' | 'documents' }>

function openLeaf(form: LeafForm, source: SetForm, context: SetContext): SetEvents | undefined {
  const { store } = context.frame.query
  const { owner, entries } = findEntries(form, context)
  const reading = readingOf(owner, form, context)
  if (reading === 'none') return undefined
  const floor = floorOfOwner(owner, context)
  const { reversed, values } = layoutOf(form, store)
  const order = storedOrder(reversed)
  const isKept = ({ ts, entry }: EntryEvent): boolean =>
    ts > floor && store.database(entry.ref.database)?.collections.has(entry.ref.collection) === true
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

/** The order of series, with documents told apart. */
function byEntry(reversed: readonly boolean[]): CompareEvents {
  const order = seriesOrder(reversed)
  return (a, b) => compareEntries({ ...a, ttl: undefined }, { ...b, ttl: undefined }, reversed) || order(a, b)
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

function openDocument(ref: Ref, source: SetForm, context: SetContext): SetEvents | undefined {
  if (!canReadSingle(ref, context.frame)) return undefined
  return openEventList(() => documentEvents(context.frame.query, ref, source), [])
}

/** The set of one document: what it came with and went with. */
function openSingleton(ref: Ref, source: SetForm, context: SetContext): SetEvents | undefined {
  if (!canReadSingle(ref, context.frame)) return undefined
  const events = (): HistoryEvent[] =>
    documentEvents(context.frame.query, ref, source).flatMap(({ ts, action, values, sources }): HistoryEvent[] =>
      action === 'update' ? [] : [{ ts, action: isArrival(action) ? 'add' : 'remove', ref, values, sources }],
    )
  return openEventList(events, [])
}

type Combination = Extract<SetForm, { kind: 'union' | 'intersection' | 'difference' }>

function openUnion(sets: readonly SetEvents[], reversed: readonly boolean[]): SetEvents {
  const merge = (runs: Iterable<HistoryEvent>[], order: CompareEvents): Iterable<HistoryEvent> =>
    mergeEvents(runs, order)
  return {
    reversed,
    isFiltered: sets.some(set => set.isFiltered),
    first: firstPlace,
    last: lastPlace,
    tell: span =>
      merge(
        sets.map(set => set.tell(span)),
        inDirection(mergedOrder(reversed), span.isAscending),
      ),
    series: (from, to) => [
      ...merge(
        sets.map(set => set.series(from, to)),
        opposite(seriesOrder(reversed)),
      ),
    ],
  }
}

/** Whether something is in a combination that is in these of its sets. */
const memberships: Readonly<
  Record<'intersection' | 'difference', (held: ReadonlySet<number>, sets: number) => boolean>
> = {
  intersection: (held, sets) => held.size === sets,
  difference: held => held.size === 1 && held.has(0),
}

/** What came to a combination and went from it, of what came to its sets and went from them. */
function* crossings(
  events: Iterable<readonly [HistoryEvent, number]>,
  held: Set<number>,
  isMember: (held: ReadonlySet<number>) => boolean,
  isAscending: boolean,
): Generator<HistoryEvent> {
  const [enter, leave] = isAscending ? (['add', 'remove'] as const) : (['remove', 'add'] as const)
  let was = isMember(held)
  for (const [event, set] of events) {
    if (event.action === enter || (isAscending && event.action === 'create')) held.add(set)
    else held.delete(set)
    const is = isMember(held)
    if (is !== was) yield { ...event, action: is ? enter : leave }
    was = is
  }
}

/** The entries of a set, each with all that happened to it, the latest first. */
function groupSeries(series: readonly HistoryEvent[], reversed: readonly boolean[]): HistoryEvent[][] {
  const groups: HistoryEvent[][] = []
  for (const event of series) {
    const group = groups.at(-1)
    const [latest] = group ?? []
    const isSame =
      latest !== undefined &&
      compareEntries({ ...latest, ttl: undefined }, { ...event, ttl: undefined }, reversed) === 0
    if (isSame) group?.push(event)
    else groups.push([event])
  }
  return groups
}

function openCrossing(kind: 'intersection' | 'difference', sets: readonly SetEvents[], reversed: readonly boolean[]) {
  const [source, ...targets] = sets as readonly [SetEvents, ...SetEvents[]]
  const isMember = (held: ReadonlySet<number>): boolean => memberships[kind](held, sets.length)
  const tellEntry = (group: readonly HistoryEvent[], { from, to, isAscending }: Span): HistoryEvent[] => {
    const [entry] = group as readonly [HistoryEvent]
    const whole = { from: { ...entry, ts: Number(LAST_MICROS) }, to: { ...entry, ts: 0 } }
    const span = { from: { ...from, action: isAscending ? 'add' : 'remove' } as const, to, isAscending }
    const own = filterEvents(group, span, mergedOrder(reversed))
    if (own === 'none') return []
    const filters = [
      own,
      ...targets.map(set => filterEvents(set.series(whole.from, whole.to), span, mergedOrder(reversed))),
    ]
    const held = new Set<number>()
    const runs = filters.map((filter, i): readonly HistoryEvent[] => {
      if (filter === 'none') return []
      const events = filter === 'all' ? (sets[i] as SetEvents).series(whole.from, whole.to) : filter.events
      const told = filter === 'all' && isAscending ? events.toReversed() : events
      const [first] = told
      // What is seen to go first was there before; of all of it nothing is seen.
      if (filter === 'all' || (first !== undefined && isArrival(first.action) !== isAscending)) held.add(i)
      return told
    })
    const merged = mergeHeads(runs, inDirection(mergedOrder(reversed), isAscending))
    return [...crossings(merged, held, isMember, isAscending)]
  }
  return {
    reversed,
    isFiltered: sets.some(set => set.isFiltered),
    first: firstPlace,
    last: lastPlace,
    tell: (span: Span) =>
      mergeEvents(
        groupSeries(source.series(everything.from, everything.to), reversed).map(group => tellEntry(group, span)),
        inDirection(mergedOrder(reversed), span.isAscending),
      ),
    series: (from: HistoryEvent, to: HistoryEvent) =>
      mergeSeries(
        sets.map(set => set.series(from, to)),
        isMember,
        reversed,
      ),
  }
}

/** What happened to each entry of a combination, of what happened to it in its sets; downwards. */
function mergeSeries(
  runs: readonly HistoryEvent[][],
  isMember: (held: ReadonlySet<number>) => boolean,
  reversed: readonly boolean[],
): HistoryEvent[] {
  const order = opposite(seriesOrder(reversed))
  const result: HistoryEvent[] = []
  let same: (readonly [HistoryEvent, number])[] = []
  const finish = (): void => {
    const held = new Set<number>()
    for (const [event, set] of same.toReversed()) {
      if (isArrival(event.action)) held.add(set)
      else held.delete(set)
    }
    result.push(...crossings(same, held, isMember, false))
  }
  for (const next of mergeHeads(runs, order)) {
    const last = same.at(-1)
    if (last !== undefined && order(last[0], next[0]) !== 0) {
      finish()
      same = []
    }
    same.push(next)
  }
  finish()
  return result
}

function openCombination(form: Combination, context: SetContext): SetEvents | undefined {
  const all = form.sets.map(set => open(set, undefined, context))
  if (form.kind === 'difference' && all[0] === undefined) return undefined
  const sets = all.filter(set => set !== undefined)
  if (sets.length < 2) return sets[0]
  const { reversed } = layoutOf(form, context.frame.query.store)
  return form.kind === 'union' ? openUnion(sets, reversed) : openCrossing(form.kind, sets, reversed)
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
