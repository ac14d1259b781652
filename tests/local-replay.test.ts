// The embedded server answers recorded exchanges exactly as the real server did.
import './support/leaks.ts'
import { test } from 'node:test'
import { accessScenarios, assertReplays, scenarioPath, slowScenarios, streamScenarios } from './support/replay.ts'

/** Each has a server of its own, so they may run side by side; most of the slow one is waiting. */
const CONCURRENCY = 3

test('every exchange is equal to the recorded one', { concurrency: CONCURRENCY }, async context => {
  const names = [...slowScenarios, ...streamScenarios, ...accessScenarios]
  await Promise.all(names.map(name => context.test(name, () => assertReplays([scenarioPath(name)]))))
})
