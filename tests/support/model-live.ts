/** The oracle of `resume: 'live'`: nothing altered, nothing twice, nothing out of order, and no hole that was not told. */
import assert from 'node:assert/strict'
import type { GapEvent } from '../../src/index.ts'
import type { Commit, LogKind } from './model-log.ts'
import type { ModelRecord, ToldEvent, Verdict } from './model.ts'

/**
 * Walks along what was told. Each event must be the next commit; only those may be passed over that a gap names (after
 * `after`, up to and including `until`) or that are not after the first `start`.
 */
export function checkLive({ kind, commits, told, signalled }: ModelRecord): Verdict {
  const [start, ...rest] = told
  assert.ok(start?.type === 'start', 'the loop begins with a start')
  let position = start.txn
  /** Up to here commits need not be told. */
  let forgiven = start.txn
  let next = 0
  const verdict = { events: 0, gaps: 0, missed: 0 }
  for (const event of rest) {
    if (event.type === 'gap') {
      assert.equal(event.after, position, 'a gap begins where the loop was')
      assertBounds(kind, event)
      position = forgiven = event.until
      verdict.gaps++
    } else {
      const passed = countPassed(commits.slice(next), event, forgiven)
      // What lies before the first start is no loss.
      verdict.missed += commits.slice(next, next + passed).filter(({ txn }) => txn > start.txn).length
      next += passed
      position = assertSame(event, commits[next++], `after ${position}`)
      assert.ok(position >= (kind === 'set' ? forgiven : forgiven + 1), `${position} was given up at ${forgiven}`)
      verdict.events++
    }
  }
  assert.equal(next, commits.length, 'the last commit was told')
  const gaps = rest.filter(event => event.type === 'gap').map(({ after, until }) => ({ after, until }))
  const signals = signalled.map(({ after, until }) => ({ after, until }))
  assert.deepEqual(gaps, signals, 'each gap is signalled as well')
  return verdict
}

/** Of a set's last transaction a part may be missing: a gap may begin and end there. */
function assertBounds(kind: LogKind, { after, until }: GapEvent): void {
  assert.ok(kind === 'set' ? after <= until : after < until, `a gap from ${after} to ${until}`)
}

/** How many commits an event passes over that may be. */
function countPassed(commits: readonly Commit[], event: ToldEvent, forgiven: number): number {
  const isTold = ({ txn, id }: Commit) =>
    (event.type === 'version' || event.type === 'set') && event.txn === txn && event.event.document.ref.id === id
  const passed = commits.findIndex(commit => commit.txn > forgiven || isTold(commit))
  return passed === -1 ? commits.length : passed
}

/** Gives the event's transaction time. */
function assertSame(event: ToldEvent, commit: Commit | undefined, where: string): number {
  assert.ok(event.type === 'version' || event.type === 'set', `${event.type} ${where}`)
  const { action, document } = event.event
  const data = event.type === 'version' ? event.event.document.data : undefined
  const actual = { txn: event.txn, action, id: document.ref.id, ts: document.ts, data }
  const expected = commit && {
    txn: commit.txn,
    action: commit.action,
    id: commit.id,
    ts: commit.txn,
    data: commit.data,
  }
  assert.deepEqual(actual, expected, `${where}: not the commit that is owed: lost, repeated or altered`)
  return event.txn
}
