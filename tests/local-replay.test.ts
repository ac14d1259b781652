// The embedded server answers recorded exchanges exactly as the real server did.
import './support/leaks.ts'
import { test } from 'node:test'
import { accessScenarios, assertReplays, scenarioPath, slowScenarios, streamScenarios } from './support/replay.ts'

/** Each has a server of its own, so they may run side by side; most of the slow one is waiting. */
const CONCURRENCY = 4

/** How much faster than time a clock goes that makes up for a slow machine. */
const SPEED = 1.1

/**
 * A key of `authorization-lost` lives for twelve seconds; the machine of the recording was over them before the next
 * write because it was slow, not because anybody waited. This clock makes up for it.
 */
function fastClock(): () => number {
  const begin = Date.now()
  return () => begin + (Date.now() - begin) * SPEED
}

test('every exchange is equal to the recorded one', { concurrency: CONCURRENCY }, async context => {
  const names = [...slowScenarios, ...streamScenarios, ...accessScenarios]
  await Promise.all([
    context.test('authorization-lost', () => assertReplays([scenarioPath('authorization-lost')], { now: fastClock() })),
    ...names.map(name => context.test(name, () => assertReplays([scenarioPath(name)]))),
  ])
})
