// Proves tests/support/leaks.ts: small test files that leave something behind fail, and name it.
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import './support/leaks.ts'
import { bundle, uncovered } from './support/program.ts'

const leaks = pathToFileURL(bundle(join(import.meta.dirname, 'support/leaks.ts'))).href

interface Outcome {
  readonly code: number | null
  readonly output: string
}

/** Runs a test file with this body, as the runner would: in a process of its own. */
async function runTestFile(body: string): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'leaks-'))
  try {
    const file = join(folder, 'sample.test.mjs')
    await writeFile(file, `import { test, after } from 'node:test'\nimport '${leaks}'\n${body}\n`)
    // Without NODE_TEST_CONTEXT the file reports to us and not to the runner of this file.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const child = spawn(process.execPath, [file], {
      env: { ...env, ...uncovered },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const pipe of [child.stdout, child.stderr]) pipe.on('data', data => (output += String(data)))
    const code = await new Promise<number | null>(resolve => child.once('close', resolve))
    return { code, output }
  } finally {
    await rm(folder, { recursive: true })
  }
}

const listening = `
  import net from 'node:net'
  import { once } from 'node:events'
  const server = net.createServer(socket => socket.unref().resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connect = () => net.connect(server.address().port, '127.0.0.1')`

const leaking: Readonly<Record<string, readonly [body: string, named: RegExp]>> = {
  'a server': [`${listening}; test('it', () => {})`, /TCPServerWrap × 1/],
  'a socket': [
    `${listening}
     test('it', async () => { await once(connect(), 'connect') })
     after(() => server.close())`,
    /TCPSocketWrap × 1/,
  ],
  'a socket without a hold on the process': [
    `${listening}
     test('it', async () => { const socket = connect(); await once(socket, 'connect'); socket.unref() })
     after(() => server.close().unref())`,
    /socket 127\.0\.0\.1:\d+ to port \d+/,
  ],
  'a timer': [`test('it', () => void setTimeout(() => {}, 60_000))`, /Timeout × 1/],
  'a child process': [
    `import { spawn } from 'node:child_process'
     test('it', () => void spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] }))`,
    /ProcessWrap × 1/,
  ],
}

describe('the check for things left behind', { concurrency: true }, () => {
  for (const [what, [body, named]] of Object.entries(leaking)) {
    test(`fails a test file that leaves ${what} behind, and names it`, async () => {
      const { code, output } = await runTestFile(body)
      assert.equal(code, 1, output)
      assert.match(output, named)
    })
  }

  test('passes a test file that closes what it opened in a later hook', async () => {
    const { code, output } = await runTestFile(
      `${listening}
       test('it', async () => { await once(connect().end().resume(), 'close') })
       after(async () => { await new Promise(turn => setImmediate(turn)); server.close() })`,
    )
    assert.equal(code, 0, output)
  })
})
