// The embedded server answers recorded exchanges exactly as the real server did.
import './support/leaks.ts'
import { test } from 'node:test'
import { assertReplays, scenarioPath, slowScenarios, streamScenarios } from './support/replay.ts'

for (const name of streamScenarios) {
  test(`${name}: every exchange is equal to the recorded one`, () => assertReplays([scenarioPath(name)]))
}

for (const name of slowScenarios) {
  test(`${name}: every exchange is equal to the recorded one`, () => assertReplays([scenarioPath(name)]))
}
