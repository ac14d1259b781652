/** The schemas of lines are compiled to code; where a process forbids that, they judge the same. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import './support/leaks.ts'

const script = fileURLToPath(new URL('support/read-lines.ts', import.meta.url))

async function readLines(...flags: readonly string[]): Promise<{ isForbidden: boolean; read: number; bad: number }> {
  const args = [...flags, '--import', import.meta.resolve('tsx'), script]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as { isForbidden: boolean; read: number; bad: number }
}

test('every recorded line is judged the same where code may not be made of text', async () => {
  const usual = await readLines()
  assert.deepEqual([usual.isForbidden, usual.bad], [false, 1])
  assert.ok(usual.read > 1_000)
  const forbidden = await readLines('--disallow-code-generation-from-strings')
  assert.deepEqual(forbidden, { ...usual, isForbidden: true })
})
