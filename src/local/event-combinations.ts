/** The histories of combinations of sets: unions merge those of their sets, of the others they are worked out. */
import {
  LAST_MICROS,
  firstPlace,
  isArrival,
  lastPlace,
  mergedOrder,
  mergeEvents,
  mergeHeads,
  opposite,
  seriesOrder,
} from './history-events.ts'
import type { HistoryEvent, Span } from './history-events.ts'
import { filterEvents } from './presence.ts'
import { everything, groupSeries, inDirection } from './set-history.ts'
import type { SetEvents } from './set-history.ts'

/** What happened to any of some sets. */
export function uniteEvents(sets: readonly SetEvents[], reversed: readonly boolean[]): SetEvents {
  return {
    reversed,
    isFiltered: sets.some(set => set.isFiltered),
    first: firstPlace,
    last: lastPlace,
    tell: span =>
      mergeEvents(
        sets.map(set => set.tell(span)),
        inDirection(mergedOrder(reversed), span.isAscending),
      ),
    series: (from, to) => [
      ...mergeEvents(
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

/** Sets, and what is made of them. */
type Crossing = {
  readonly sets: readonly SetEvents[]
  readonly reversed: readonly boolean[]
  /** Whether something is in it that is in these of its sets. */
  readonly isMember: (held: ReadonlySet<number>) => boolean
}

/** What came to a combination and went from it of one entry of its first set, from all that happened to it there. */
function tellEntry(group: readonly HistoryEvent[], { from, to, isAscending }: Span, crossing: Crossing) {
  const { sets, reversed, isMember } = crossing
  const [entry] = group as readonly [HistoryEvent]
  const whole = { from: { ...entry, ts: Number(LAST_MICROS) }, to: { ...entry, ts: 0 } }
  const span = { from: { ...from, action: isAscending ? 'add' : 'remove' } as const, to, isAscending }
  const order = mergedOrder(reversed)
  const own = filterEvents(group, span, order)
  if (own === 'none') return []
  const others = sets.slice(1).map(set => filterEvents(set.series(whole.from, whole.to), span, order))
  const held = new Set<number>()
  const runs = [own, ...others].map((filter, i): readonly HistoryEvent[] => {
    if (filter === 'none') return []
    const events = filter === 'all' ? (sets[i] as SetEvents).series(whole.from, whole.to) : filter.events
    const told = filter === 'all' && isAscending ? events.toReversed() : events
    const [first] = told
    // What is seen to go first was there before; of all of it nothing is seen.
    if (filter === 'all' || (first !== undefined && isArrival(first.action) !== isAscending)) held.add(i)
    return told
  })
  return [...crossings(mergeHeads(runs, inDirection(order, isAscending)), held, isMember, isAscending)]
}

/** What came to an intersection or a difference and went from it, worked out from what happened to its sets. */
export function crossEvents(
  kind: 'intersection' | 'difference',
  sets: readonly SetEvents[],
  reversed: readonly boolean[],
): SetEvents {
  const isMember = (held: ReadonlySet<number>): boolean => memberships[kind](held, sets.length)
  const crossing: Crossing = { sets, reversed, isMember }
  const [source] = sets as readonly [SetEvents]
  return {
    reversed,
    isFiltered: sets.some(set => set.isFiltered),
    first: firstPlace,
    last: lastPlace,
    tell: span =>
      mergeEvents(
        groupSeries(source.series(everything.from, everything.to), reversed).map(group =>
          tellEntry(group, span, crossing),
        ),
        inDirection(mergedOrder(reversed), span.isAscending),
      ),
    series: (from, to) =>
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
