/** docs/terminal.svg is what `tail` writes: drawn anew it is the same. */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { runProgram } from './support/program.ts'

/** The text of each line of the picture, where it stands, and in which style; what a system says of a lost connection is its own. */
const toLines = (svg: string) =>
  svg
    .replaceAll(/(read|connect) E[A-Z]+/g, 'E')
    .split('\n')
    .map(line => (/! (lost|failed)/.test(line) ? line.replaceAll(/textLength="[^"]+"/g, '') : line))

test('the picture of the terminal in the README is what tail writes', async () => {
  const { code, stdout, stderr } = await runProgram('scripts/terminal.ts', ['--print'], { env: { TZ: 'Asia/Tokyo' } })
  assert.deepEqual([code, stderr], [0, ''])
  assert.deepEqual(toLines(stdout), toLines(await readFile(new URL('../docs/terminal.svg', import.meta.url), 'utf8')))
  assert.match(stdout, /↺/)
})
