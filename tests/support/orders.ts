/** Plays a small world in every order in which its parts can happen. */
import assert from 'node:assert/strict'
import type { AnyEvent } from '../../src/events/types.ts'
import type { EventStream } from '../../src/stream/stream.ts'
import { streamOver } from './fake-link.ts'
import { type TinyAction, TinyServer } from './tiny-server.ts'

/** How much happens, and to what kind of stream. */
export type Scope = {
  readonly isSet: boolean
  readonly commits: number
  readonly cuts: number
  readonly pageSize: number
  readonly isExact?: boolean
}

/** Plays one order: the choices that are given, then always the first. Says what could have been chosen at each point. */
async function play(scope: Scope, choices: readonly number[]): Promise<number[]> {
  const { isSet, pageSize, isExact = false } = scope
  const server = new TinyServer(isSet, scope)
  const options = { resume: 'history', onGap: 'throw', pageSize, exact: isExact, fields: ['action'] } as const
  const stream: EventStream<AnyEvent> = streamOver(server, options)
  const told: AnyEvent[] = []
  const loop = (async () => {
    for await (const event of stream) told.push(event)
  })()
  const counts: number[] = []
  const taken: TinyAction[] = []
  for (;;) {
    // Everything that does not wait for the server happens.
    await new Promise(setImmediate)
    const { actions } = server
    if (actions.length === 0) break
    const action = actions[choices[counts.length] ?? 0]!
    counts.push(actions.length)
    taken.push(action)
    server.act(action)
  }
  await stream.close()
  await loop
  check(server, told, taken)
  return counts
}

function check({ events }: TinyServer, told: readonly AnyEvent[], taken: readonly TinyAction[]): void {
  const [start, ...changes] = told
  const where = taken.join()
  if (start === undefined) return
  assert.ok(start.type === 'start', where)
  const owed = events.filter(({ txn }) => txn > start.txn).map(({ txn, action }) => `${txn} ${action}`)
  const got = changes.map(event => {
    assert.ok(event.type === 'set' || event.type === 'version', where)
    return `${event.txn} ${event.event.action}`
  })
  assert.deepEqual(got.toSorted(), owed.toSorted(), where)
  const txns = changes.map(event => ('txn' in event ? event.txn : 0))
  assert.deepEqual(
    txns,
    txns.toSorted((a, b) => a - b),
    where,
  )
}

/** Plays every order of a scope, and gives how many there are; throws at the first that is not told truly. */
export async function playAll(scope: Scope): Promise<number> {
  let choices: number[] = []
  for (let count = 1; ; count++) {
    const counts = await play(scope, choices)
    // The last point at which something else could have been chosen.
    let at = counts.length - 1
    while (at >= 0 && (choices[at] ?? 0) + 1 >= counts[at]!) at--
    if (at < 0) return count
    choices = [...Array.from({ length: at }, (_, i) => choices[i] ?? 0), (choices[at] ?? 0) + 1]
  }
}

/** A scope in words. */
export function describeScope({ isSet, isExact, commits, cuts, pageSize }: Scope): string {
  const what = `${isExact ? 'an exact ' : 'a '}${isSet ? 'set' : 'document'}`
  return `${what}, ${commits} commits, ${cuts} cuts, pages of ${pageSize}`
}
