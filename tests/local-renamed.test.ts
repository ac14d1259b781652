// The embedded server holds rules, not recorded answers: with every name, id and value of the user's replaced, in the
// requests and in the recorded answers alike, every exchange is still equal. `SEED=…` repeats a run.
import './support/uncovered.ts'
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeRenaming, renameScenario, renameText } from './support/renaming.ts'
import { renameCorpus, type Corpus, type Renamed } from './support/renaming-corpus.ts'
import {
  accessScenarios,
  assertReplays,
  corpusPath,
  replayFiles,
  scenarioPath,
  slowScenarios,
  streamScenarios,
} from './support/replay.ts'
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

const everything: Renamed = { ids: true, fields: true }
/** What of the files of the corpus is renamed: where queries compute with ids, or with fields of objects, these stay. */
const corpora: Readonly<Record<string, Renamed>> = {
  access: everything,
  calls: { ids: false, fields: true },
  collections: everything,
  compare: { ids: true, fields: false },
  control: everything,
  convert: { ids: false, fields: false },
  documents: { ids: false, fields: true },
  format: everything,
  history: everything,
  http: everything,
  literals: everything,
  numbers: everything,
  paginate: { ids: false, fields: true },
  schema: everything,
  select: { ids: false, fields: false },
  strings: everything,
  time: everything,
  versions: { ids: true, fields: false },
}

/** How many answers differ without any renaming: those that `local-corpus.test.ts` counts too. */
const knownDifferences: Readonly<Record<string, number>> = { versions: 1 }

/** An offset that leaves ids below the numbers of collections, so that refs keep their order. */
const MAX_CORPUS_ID_OFFSET = 9

/** Drawn before anything runs, so that a seed always gives the same. */
const renamings = new Map([...renamed, ...slowScenarios].map(name => [name, makeRenaming(random)]))

const corpusRenamings = new Map(
  Object.keys(corpora).map(name => [
    name,
    { ...makeRenaming(random), idOffset: 1 + Math.floor(random() * MAX_CORPUS_ID_OFFSET) },
  ]),
)

/** Renames a file of the corpus, replays the copy, and counts what differs. */
async function replayRenamed(name: string): Promise<{ differing: number; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'renamed-'))
  try {
    const corpus = JSON.parse(await readFile(corpusPath(name), 'utf8')) as Corpus
    const copy = renameCorpus(corpus, corpusRenamings.get(name)!, corpora[name] ?? everything)
    assert.ok(JSON.stringify(copy) !== JSON.stringify(corpus), 'nothing was renamed')
    const path = join(folder, `${name}.json`)
    await writeFile(path, JSON.stringify(copy))
    const { equal, all, output } = await replayFiles([path])
    return { differing: all - equal, output }
  } finally {
    await rm(folder, { recursive: true })
  }
}

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

/** Most of a replay is waiting: some queries read the state of a second ago. */
const CONCURRENCY = 6

test(
  `every query of the renamed corpus is answered as before (SEED=${seed})`,
  { concurrency: CONCURRENCY },
  async context => {
    const checks = Object.keys(corpora).map(name =>
      context.test(name, async () => {
        const { differing, output } = await replayRenamed(name)
        assert.ok(differing <= (knownDifferences[name] ?? 0), output)
      }),
    )
    await Promise.all(checks)
  },
)
