/** What the history of a set is, and how it is taken apart into those of its entries. */
import { compareEntries } from './entries.ts'
import { firstPlace, lastPlace, opposite, seriesOrder } from './history-events.ts'
import type { CompareEvents, HistoryEvent, Span } from './history-events.ts'

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

/** All of history, of every entry: from the last place to the first, as series go. */
export const everything = { from: lastPlace, to: firstPlace }

/** An order, or its opposite downwards. */
export function inDirection(order: CompareEvents, isAscending: boolean): CompareEvents {
  return isAscending ? order : opposite(order)
}

/** The order of entries: values and documents. */
function compareByEntry(a: HistoryEvent, b: HistoryEvent, reversed: readonly boolean[]): number {
  return compareEntries({ ...a, ttl: undefined }, { ...b, ttl: undefined }, reversed)
}

/** The order of series, with documents told apart. */
export function byEntry(reversed: readonly boolean[]): CompareEvents {
  const order = seriesOrder(reversed)
  return (a, b) => compareByEntry(a, b, reversed) || order(a, b)
}

/** The entries of a set, each with all that happened to it, the latest first. */
export function groupSeries(series: readonly HistoryEvent[], reversed: readonly boolean[]): HistoryEvent[][] {
  const groups: HistoryEvent[][] = []
  for (const event of series) {
    const group = groups.at(-1)
    const [latest] = group ?? []
    if (latest !== undefined && compareByEntry(latest, event, reversed) === 0) group?.push(event)
    else groups.push([event])
  }
  return groups
}
