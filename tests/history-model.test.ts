/**
 * The model of `resume: 'history'`, with the real parts: whatever is cut, stopped and begun anew, what was committed is
 * what was delivered. `SEED=…` repeats a run.
 */
import './support/uncovered.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeHistories, hasTriedEnough, runHistories } from './support/history-runs.ts'
import { runHistory } from './support/history-run.ts'
import './support/leaks.ts'
import { readSeed } from './support/seed.ts'

const runs = 24
const { seed } = readSeed()

if (process.env['SEED'] === undefined) {
  test(`each commit is delivered once, in order, whatever is cut or begun anew (SEED=${seed} and on)`, async t => {
    const summary = await runHistories({ first: seed, count: runs })
    t.diagnostic(describeHistories(summary))
    assert.ok(hasTriedEnough(summary), describeHistories(summary))
  })
} else {
  test(`the run of SEED=${seed} delivers each commit once, in order`, async () => {
    await runHistory(seed)
  })
}
