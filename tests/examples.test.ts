/** Each example runs as it stands, prints what it is about, and ends by itself. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { Client, q } from '../src/index.ts'
import { startLocal } from '../src/local/index.ts'
import './support/leaks.ts'
import { runProgram } from './support/program.ts'

/** What an example prints, whole where it can be foretold. */
const outputs: Readonly<Record<string, string | readonly RegExp[]>> = {
  quickstart: 'add: espresso\n',
  fields: [
    /^create {3}\{\n {2}document: \{ name: 'flat white', price: 3 \},\n {2}diff: \{ name: 'flat white', price: 3 \},/,
    /prev: undefined\n\}\nupdate {3}\{\n {2}document: \{ name: 'flat white', price: 4 \},\n {2}diff: \{ price: 4 \},/,
    /diff: \{ price: null \},\n {2}prev: \{ name: 'flat white', price: 4 \}\n\}\ndelete {3}\{/,
    /diff: undefined,\n {2}prev: \{ name: 'flat white' \}\n\}\n$/,
  ],
  abort: `break: the loop ended
controller.abort(): the loop ended
close(): the loop ended
controller.abort(reason): the loop threw Error: the bar is closed
signal, aborted: the loop ended
AbortSignal.timeout(100): the loop threw TimeoutError: The operation was aborted due to timeout
`,
  observer: [
    /POST \/stream\?fields=action,document 200 after \d+ ms\n {2}asked Documents\(.+\)\n {2}got {3}\{"type":"start",/,
    /POST \/ 201 after \d+ ms\n {2}asked Create\(.+ristretto.+\)\n {2}got {3}\{"resource":/,
    /got {3}\{"type":"set","txn":\d+,"event":\{"action":"add"/,
    /POST \/ 404 after \d+ ms[^]*\nQueryError: .+ HTTP 404: instance not found: Document not found\.\n$/,
  ],
  'faunadb-expressions': `created: macchiato\nupdate: { name: 'cortado' }\n`,
}

/** Files beside the examples: what they share, and the story of `npm start`, which has its own test. */
const others = ['coffee-bar', 'cuts', 'event-lines', 'server', 'start']

function check(stdout: string, expected: string | readonly RegExp[]): void {
  if (typeof expected === 'string') assert.equal(stdout, expected)
  else for (const pattern of expected) assert.match(stdout, pattern)
}

describe('examples', { concurrency: true }, () => {
  for (const [name, expected] of Object.entries(outputs)) {
    test(`${name} prints what it is about`, async () => {
      const { code, stdout, stderr } = await runProgram(`examples/${name}.ts`)
      assert.equal(stderr, '')
      check(stdout, expected)
      assert.equal(code, 0)
    })
  }
})

test('every example is checked here', async () => {
  const files = await readdir(new URL('../examples/', import.meta.url))
  assert.deepEqual(files.sort(), [...Object.keys(outputs), ...others].map(name => `${name}.ts`).sort())
})

test('npm run demo:cuts shows that what was committed is what was delivered', async () => {
  const { code, stdout, stderr } = await runProgram('examples/cuts.ts', ['2'])
  assert.equal(stderr, '')
  const [, committed, delivered] =
    /committed +(\d+) +delivered +(\d+) [^\n]*closed\n\nNothing was lost\./.exec(stdout) ?? []
  assert.ok(Number(committed) > 0, stdout)
  assert.equal(delivered, committed)
  assert.equal(code, 0)
})

test('examples use the server that the environment names, may run again, and leave no document there', async () => {
  await using server = await startLocal({ secret: 'other' })
  const options = { env: { FAUNA_ENDPOINT: server.endpoint, FAUNA_SECRET: 'other' } }
  for (const name of ['quickstart', 'quickstart', ...Object.keys(outputs)]) {
    const { code, stdout, stderr } = await runProgram(`examples/${name}.ts`, [], options)
    assert.equal(stderr, '')
    check(stdout, outputs[name] ?? '')
    assert.equal(code, 0)
  }
  await using client = new Client({ endpoint: server.endpoint, secret: 'other' })
  assert.equal(await client.query(q.Count(q.Documents(q.Collection('fauna_streams_examples')))), 0)
})
