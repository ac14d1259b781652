/** The corpus of recorded queries, asked again with other names, ids and values: the same rules give the answers. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeRenaming, type Renaming } from './renaming.ts'
import { type Corpus, renameCorpus, type Renamed } from './renaming-corpus.ts'
import { corpusPath, replayFiles } from './replay.ts'

const everything: Renamed = { ids: true, fields: true }
/** What of the files of the corpus is renamed: where queries compute with ids, or with fields of objects, these stay. */
const renamedParts: Readonly<Record<string, Renamed>> = {
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

/** The files of the corpus, by name. */
export const corpora: readonly string[] = Object.keys(renamedParts)

/** Renames a file of the corpus, replays the copy, and counts what differs. */
async function replayRenamed(name: string, renaming: Renaming): Promise<{ differing: number; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'renamed-'))
  try {
    const corpus = JSON.parse(await readFile(corpusPath(name), 'utf8')) as Corpus
    const copy = renameCorpus(corpus, renaming, renamedParts[name] ?? everything)
    assert.ok(JSON.stringify(copy) !== JSON.stringify(corpus), 'nothing was renamed')
    const path = join(folder, `${name}.json`)
    await writeFile(path, JSON.stringify(copy))
    const { equal, all, output } = await replayFiles([path])
    return { differing: all - equal, output }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Most of a replay is waiting: some queries read the state of a second ago. */
const CONCURRENCY = 6

/** Makes a test of each of these files; the renamings are drawn at once, so that a seed always gives the same. */
export function testRenamedCorpora(
  names: readonly string[],
  { seed, random }: { readonly seed: number; readonly random: () => number },
): void {
  const renamings = names.map(name => {
    const idOffset = 1 + Math.floor(random() * MAX_CORPUS_ID_OFFSET)
    return { name, renaming: { ...makeRenaming(random), idOffset } }
  })
  test(
    `every query of the renamed corpus is answered as before (SEED=${seed})`,
    { concurrency: CONCURRENCY },
    async context => {
      const checks = renamings.map(({ name, renaming }) =>
        context.test(name, async () => {
          const { differing, output } = await replayRenamed(name, renaming)
          assert.ok(differing <= (knownDifferences[name] ?? 0), output)
        }),
      )
      await Promise.all(checks)
    },
  )
}
