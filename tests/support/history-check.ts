/** The oracle of `resume: 'history'`: what was told is what was committed, in order, each event once. */
import assert from 'node:assert/strict'
import { type HistoryCommit, listEvents } from './history-commits.ts'
import type { Follower, Segment, ToldEvent } from './history-follower.ts'

/** What was compared. */
export type HistoryVerdict = { readonly events: number; readonly recovered: number }

/** What the server sends where no fields are named (protocol.md B.1). */
const defaultFields = ['action', 'document']

/** How often each event is owed or was told, by transaction time. */
type Counts = Map<number, Map<string, number>>

/** Compares; throws where an event is missing, told twice, altered or out of order. */
export function checkHistory(
  { options, segments }: Follower,
  commits: readonly HistoryCommit[],
  last: number,
): HistoryVerdict {
  const first = segments[0]?.events[0]
  assert.ok(first?.type === 'start', 'the first loop begins with a start')
  const owed: Counts = new Map()
  for (const commit of commits) {
    if (commit.txn <= first.txn || commit.txn > last) continue
    for (const event of listEvents(commit, options.target, options.fields ?? defaultFields)) {
      count(owed, event.txn as number, event)
    }
  }
  const told: Counts = new Map()
  let position = 0
  const inHand = new Set(segments.map(segment => segment.inHand))
  for (const [i, segment] of segments.entries()) {
    const mine: Counts = new Map()
    for (const event of checkSegment(segment, i === 0)) {
      assert.ok(event.txn >= position, `${event.txn} was told after ${position}, loop ${i}`)
      position = event.txn
      const { recovered: _, ...plain } = event
      const times = count(mine, event.txn, plain)
      const due = owed.get(event.txn)?.get(canonical(plain)) ?? 0
      assert.ok(times <= due, `told ${times} times, committed ${due} times, in loop ${i}: ${JSON.stringify(event)}`)
      const timesInAll = count(told, event.txn, plain)
      assert.ok(timesInAll <= due || inHand.has(event.txn), `told again in loop ${i}: ${JSON.stringify(event)}`)
    }
  }
  for (const [txn, events] of owed) {
    for (const [event, times] of events) {
      const toldTimes = told.get(txn)?.get(event) ?? 0
      assert.ok(toldTimes >= times, `told ${toldTimes} times, committed ${times} times: ${event}`)
    }
  }
  const all = segments.flatMap(({ events }) => events).filter(({ type }) => type !== 'start')
  return { events: all.length, recovered: all.filter(({ recovered }) => recovered).length }
}

/** The changes of a loop. Its one `start` comes first, or after what happened up to it, if the loop lives so long. */
function checkSegment({ events }: Segment, isFirst: boolean): readonly ToldEvent[] {
  const at = events.findIndex(({ type }) => type === 'start')
  const start = events[at]
  if (isFirst) assert.equal(at, 0, 'the first loop begins with its start')
  for (const { txn, recovered } of start === undefined ? events : events.slice(0, at)) {
    assert.ok(recovered && txn <= (start?.txn ?? txn), `${txn} stands before the start, which was missed`)
  }
  for (const { txn } of start === undefined ? [] : events.slice(at + 1)) {
    assert.ok(txn > start!.txn, `${txn} stands after the start, ${start!.txn}`)
  }
  const changes = events.filter((_, i) => i !== at)
  for (const { type } of changes) assert.ok(type === 'version' || type === 'set', `a ${type}`)
  return changes
}

/** Counts one more of these; gives how many there are. */
function count(counts: Counts, txn: number, event: unknown): number {
  const events = counts.get(txn) ?? new Map<string, number>()
  counts.set(txn, events)
  const key = canonical(event)
  const times = (events.get(key) ?? 0) + 1
  events.set(key, times)
  return times
}

/** The same text for the same value, whatever the order of its keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  )
}
