/** The model of `resume: 'live'`: random faults at random moments, and nothing is lost silently. `SEED=…` repeats a run. */
import './support/uncovered.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import './support/leaks.ts'
import { checkLive } from './support/model-live.ts'
import { runModel } from './support/model.ts'
import { describeSummary, listUntried, runModels } from './support/model-runs.ts'
import { readSeed } from './support/seed.ts'

const runs = 200
const { seed } = readSeed()

if (process.env['SEED'] === undefined) {
  test(`whatever happens to a live stream, each commit is told once, in order, or lies in an announced gap (SEED=${seed} and on)`, async t => {
    const summary = await runModels({ first: seed, count: runs, oracle: checkLive })
    t.diagnostic(describeSummary(summary))
    assert.deepEqual(listUntried(summary), [], 'every kind of fault struck')
    assert.ok(summary.gaps > 0 && summary.missed > 0 && summary.events > summary.missed)
  })
} else {
  test(`the run of SEED=${seed} tells each commit once, in order, or in an announced gap`, async () => {
    await runModel(seed, checkLive)
  })
}
