// The embedded server holds rules, not recorded answers: with every name, id and value of the user's replaced, in the
// requests and in the recorded answers alike, every exchange is still equal. `SEED=…` repeats a run.
import './support/uncovered.ts'
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { corpora, testRenamedCorpora } from './support/renamed-corpora.ts'
import { makeRenaming, renameScenario, renameText } from './support/renaming.ts'
import { accessScenarios, assertReplays, scenarioPath, slowScenarios, streamScenarios } from './support/replay.ts'
import { readSeed } from './support/seed.ts'

const { seed, random } = readSeed()

/** `values` writes objects as lists of pairs, in which a renaming cannot tell a key from a value. */
const renamed = [...streamScenarios, ...accessScenarios].filter(name => name !== 'values')

test('a renaming changes what a user chose, the same everywhere, and nothing else', () => {
  const renaming = { prefix: 'zz', idOffset: 1000, valueOffset: 10 }
  const request = '{"create":{"ref":{"collection":"users"},"id":"7"},"params":{"object":{"data":{"object":{"n":1}}}}}'
  assert.equal(
    renameText(request, renaming),
    '{"create":{"ref":{"collection":"zzusers"},"id":"1007"},"params":{"object":{"data":{"object":{"zzn":11}}}}}',
  )
})

/** Drawn before anything runs, so that a seed always gives the same. */
const renamings = new Map([...renamed, ...slowScenarios].map(name => [name, makeRenaming(random)]))

/** Renames scenarios and replays the copies. */
async function assertRenamedReplay(names: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'renamed-'))
  try {
    for (const name of names) {
      const file = JSON.parse(await readFile(scenarioPath(name), 'utf8')) as Parameters<typeof renameScenario>[0]
      const copy = renameScenario(file, renamings.get(name) ?? makeRenaming(random))
      await writeFile(join(folder, `${name}.json`), JSON.stringify(copy))
    }
    await assertReplays([folder])
  } finally {
    await rm(folder, { recursive: true })
  }
}

test(`every exchange of the renamed scenarios is equal (SEED=${seed})`, { concurrency: true }, async context => {
  await Promise.all([
    context.test('those that take no time', () => assertRenamedReplay(renamed)),
    context.test('those that wait until documents have expired', () => assertRenamedReplay(slowScenarios)),
  ])
})

/** So many files of the corpus are tried here; all of them in `npm run proofs`. */
const corporaTried = 4
const shuffled = corpora.map(name => ({ name, order: random() })).sort((a, b) => a.order - b.order)

testRenamedCorpora(
  shuffled.slice(0, corporaTried).map(({ name }) => name),
  { seed, random },
)
