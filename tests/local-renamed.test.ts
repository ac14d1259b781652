// The embedded server holds rules, not recorded answers: with every name, id and value of the user's replaced, in the
// requests and in the recorded answers alike, every exchange is still equal. `SEED=…` repeats a run.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeRenaming, renameScenario, renameText } from './support/renaming.ts'
import { assertReplays, scenarioPath, streamScenarios } from './support/replay.ts'
import { readSeed } from './support/seed.ts'

const { seed, random } = readSeed()

/** `values` writes objects as lists of pairs, in which a renaming cannot tell a key from a value. */
const renamed = streamScenarios.filter(name => name !== 'values')

test('a renaming changes what a user chose, the same everywhere, and nothing else', () => {
  const renaming = { prefix: 'zz', idOffset: 1000, valueOffset: 10 }
  const request = '{"create":{"ref":{"collection":"users"},"id":"7"},"params":{"object":{"data":{"object":{"n":1}}}}}'
  assert.equal(
    renameText(request, renaming),
    '{"create":{"ref":{"collection":"zzusers"},"id":"1007"},"params":{"object":{"data":{"object":{"zzn":11}}}}}',
  )
})

test(`every exchange of the renamed scenarios is equal (SEED=${seed})`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'renamed-'))
  try {
    const files = renamed.map(name => join(folder, `${name}.json`))
    for (const [i, name] of renamed.entries()) {
      const file = JSON.parse(await readFile(scenarioPath(name), 'utf8')) as Parameters<typeof renameScenario>[0]
      await writeFile(files[i] ?? '', JSON.stringify(renameScenario(file, makeRenaming(random))))
    }
    await assertReplays(files)
  } finally {
    await rm(folder, { recursive: true })
  }
})
