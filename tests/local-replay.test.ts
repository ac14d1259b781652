// The embedded server answers recorded exchanges exactly as the real server did.
import './support/leaks.ts'
import { test } from 'node:test'
import { accessScenarios, assertReplays, scenarioPath, slowScenarios, streamScenarios } from './support/replay.ts'

for (const name of [...streamScenarios, ...accessScenarios, ...slowScenarios]) {
  test(`${name}: every exchange is equal to the recorded one`, () => assertReplays([scenarioPath(name)]))
}
