// The recorded fixtures are all there, byte for byte: a clone alone runs every test, and a missing file is a failure.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareHashes, hashFiles, readList, transcriptsFolder } from './support/fixtures.ts'
import './support/leaks.ts'

test('every recorded fixture is there and has the bytes of the list', async () => {
  const listed = await readList()
  for (const folder of ['streams/', 'history/', 'fql/', 'replay.mjs']) {
    assert.ok(
      Object.keys(listed).some(name => name.startsWith(folder)),
      `the list holds nothing of ${folder}`,
    )
  }
  assert.deepEqual(compareHashes(listed, await hashFiles(transcriptsFolder)), [])
})

test('a fixture that is missing, changed or not in the list is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fixtures-'))
  try {
    for (const name of ['same', 'changed', 'gone']) await writeFile(join(folder, name), name)
    const listed = await hashFiles(folder)
    assert.equal(listed['same'], '0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5')
    await writeFile(join(folder, 'changed'), 'other bytes')
    await rm(join(folder, 'gone'))
    await writeFile(join(folder, 'added'), '')
    const problems = compareHashes(listed, await hashFiles(folder))
    assert.deepEqual(problems, ['changed has changed', 'gone is missing', 'added is not in the list'])
  } finally {
    await rm(folder, { recursive: true })
  }
})
