// Recorded pages of history: cursors, catch-up, what expired, and what a transaction with several writes leaves.
import './support/leaks.ts'
import { test } from 'node:test'
import { assertReplays, historyPath, historyScenarios } from './support/replay.ts'

/** Each has a server of its own, so they may run side by side; most of it is waiting for documents to expire. */
const CONCURRENCY = 3

test('every page of history is equal to the recorded one', { concurrency: CONCURRENCY }, async context => {
  await Promise.all(historyScenarios.map(name => context.test(name, () => assertReplays([historyPath(name)]))))
})
