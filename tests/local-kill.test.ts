// kill -9 at random moments: what was answered is there after a restart, what was not is there wholly or not at all.
import './support/uncovered.ts'
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runKills } from './support/kills.ts'
import { readSeed } from './support/seed.ts'

/** Hundreds are killed by `npm run proofs`; cuts at every byte are in local-log.test.ts. */
const kills = 20
const { seed, random } = readSeed()

test(
  `kill -9, ${kills} times, under the load of several writers: no answered transaction is lost, none is there by half (SEED=${seed})`,
  { timeout: 120_000 },
  async t => {
    const { answered, unanswered } = await runKills(kills, random)
    t.diagnostic(
      `${kills} kills, ${answered} answered transactions all there, ${unanswered} more that were not answered`,
    )
    assert.ok(answered > kills * 10)
  },
)
