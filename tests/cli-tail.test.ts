/** `fauna-streams tail` and `query` as a user meets them: in a pipe, on a terminal, where something goes wrong. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { describeEvent, type TailEvent } from '../src/cli/lines.ts'
import type { Output } from '../src/cli/output.ts'
import { type Followed, StatusLine } from '../src/cli/status-line.ts'
import { Client, q, Ref } from '../src/index.ts'
import { startLocal, type LocalServer } from '../src/local/index.ts'
import './support/leaks.ts'
import { runProgram, startProgram } from './support/program.ts'

const main = 'src/cli/main.ts'
const root = fileURLToPath(new URL('../', import.meta.url))
const orders = q.Collection('orders')
const documents = 'Documents(Collection("orders"))'

let server: LocalServer
let client: Client
let where: readonly string[]

before(async () => {
  server = await startLocal()
  client = new Client({ endpoint: server.endpoint, secret: server.secret })
  where = ['--endpoint', server.endpoint, '--secret', server.secret]
  await client.query(q.CreateCollection({ name: 'orders' }))
  await client.query(q.Create(q.Ref(orders, '1'), { data: { state: 'waiting' } }))
})
after(async () => {
  await client.close()
  await server.close()
})

describe('query', { concurrency: true }, () => {
  test('prints the value as one would write it in JavaScript', async () => {
    const { code, stdout, stderr } = await runProgram(main, ['query', 'Get(Ref(Collection("orders"), "1"))', ...where])
    assert.equal(stderr, '')
    assert.match(stdout, /ref: Ref\(Collection\("orders"\), "1"\)[^]*data: \{ state: 'waiting' \}/)
    assert.equal(code, 0)
  })

  test('--json prints JSON of the wire on one line', async () => {
    const { stdout } = await runProgram(main, ['query', 'Ref(Collection("orders"), "1")', '--json', ...where])
    assert.match(stdout, /^\{"@ref":\{"id":"1","collection":\{"@ref":\{"id":"orders",[^\n]+\n$/)
  })

  test('takes JSON of the wire', async () => {
    const { stdout } = await runProgram(main, ['query', '{"add":[1,2]}', ...where])
    assert.equal(stdout, '3\n')
  })

  const mistakes: readonly (readonly [words: readonly string[], code: number, said: RegExp])[] = [
    [['query'], 2, /give an expression/],
    [['query', 'Now()', 'Now()'], 2, /give one expression/],
    [['query', 'Nowe()'], 2, /line 1, column 1: there is no function Nowe; did you mean Now\?\n {2}Nowe\(\)\n {2}\^/],
    [['query', 'Get(Ref(Collection("orders"), "2"))'], 5, /instance not found/],
    [['query', 'Now()', '--secret', 'wrong'], 4, /unauthorized/],
    [['query', 'Now()', '--endpoint', 'ftp://x'], 2, /--endpoint/],
    [['tail', documents, '--fields', 'acton'], 2, /"acton" is not a field/],
    [['tail', documents, '--since', 'yesterday'], 2, /--since: "yesterday" is no time/],
    [['tail', 'Documents(Collection("nothing"))'], 5, /invalid ref|undefined collection/i],
  ]
  for (const [words, code, said] of mistakes) {
    test(`${JSON.stringify(words.join(' '))} ends with exit code ${code} and says why`, async () => {
      const given = words.includes('--secret')
        ? ['--endpoint', server.endpoint]
        : words.includes('--endpoint')
          ? ['--secret', 's']
          : where
      const result = await runProgram(main, [...words, ...given])
      assert.match(result.stderr, said)
      assert.equal(result.stdout, '')
      assert.equal(result.code, code)
    })
  }

  test('a server that is not there ends a query with exit code 3', async () => {
    const result = await runProgram(main, ['query', 'Now()', '--endpoint', 'http://127.0.0.1:1', '--secret', 's'])
    assert.match(result.stderr, /^fauna-streams: /)
    assert.equal(result.code, 3)
  })

  test('--help lists the exit codes', async () => {
    const { stdout } = await runProgram(main, ['tail', '--help'])
    for (const code of ['0', '1', '2', '3', '4', '5', '6']) assert.match(stdout, new RegExp(`^ {2}${code} {3}\\S`, 'm'))
  })
})

describe('tail in a pipe', () => {
  test('prints one event a line as JSON, and ends with code 0 at Ctrl+C', async () => {
    const program = startProgram(main, ['tail', documents, ...where])
    await program.prints(/"type":"start"/)
    await client.query(q.Create(q.Ref(orders, '2'), { data: { state: 'new' } }))
    await program.prints(/"action":"add"/)
    program.child.kill('SIGINT')
    const { code, stdout } = await program.finished
    const events = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { type: string })
    assert.deepEqual(
      events.map(({ type }) => type),
      ['start', 'set'],
    )
    assert.equal(code, 0)
  })

  test('ends with code 0 when nobody reads any more', { timeout: 60_000 }, async () => {
    const program = [process.execPath, ...process.execArgv, join(root, main), 'tail', `'${documents}'`, ...where]
    const shell = spawn('bash', ['-c', `set -o pipefail; ${program.join(' ')} | head -1`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const stop = new AbortController()
    const writing = (async () => {
      for (let i = 1_000; !stop.signal.aborted; i++)
        await client.query(q.Create(q.Ref(orders, String(i)), { data: {} }))
    })()
    const code = await new Promise(resolve => shell.once('close', resolve))
    stop.abort()
    await writing
    assert.equal(code, 0)
  })

  test('--checkpoint goes on where it was stopped; --snapshot tells the state first', { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fauna-streams-tail-'))
    const words = ['tail', 'Ref(Collection("orders"), "1")', '--checkpoint', join(folder, 'place'), ...where]
    try {
      const first = startProgram(main, words)
      await first.prints(/"type":"start"/)
      await client.query(q.Update(q.Ref(orders, '1'), { data: { n: 1 } }))
      await first.prints(/"n":1/)
      first.child.kill('SIGTERM')
      assert.equal((await first.finished).code, 0)
      await client.query(q.Update(q.Ref(orders, '1'), { data: { n: 2 } }))
      const second = startProgram(main, words)
      await second.prints(/"n":2/)
      second.child.kill('SIGTERM')
      assert.match((await second.finished).stdout, /"n":2/)
      const third = startProgram(main, ['tail', 'Ref(Collection("orders"), "1")', '--snapshot', ...where])
      await third.prints(/"type":"snapshot"/)
      third.child.kill('SIGTERM')
      assert.equal((await third.finished).code, 0)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('a line of a terminal', () => {
  const ref = new Ref('101', new Ref('orders', Ref.native('collections')))
  const txn = 1_795_472_813_453_000
  const change = (action: string, more: object = {}): TailEvent =>
    ({
      type: 'version',
      txn,
      event: { action, document: { ref, ts: txn, data: { name: 'Ada', n: 1 } }, ...more },
    }) as unknown as TailEvent
  const plain = { columns: 80, colors: false }

  test('tells time, action, document and what it holds', () => {
    assert.match(
      describeEvent(change('create'), plain),
      /^\d\d:\d\d:53\.453 {2}\+ create {2}orders\/101 {18}\{ name: "Ada", n: 1 \}$/,
    )
    assert.match(describeEvent(change('delete'), plain), / − delete /)
  })

  test('tells what changed where that was asked for', () => {
    assert.match(describeEvent(change('update', { diff: { ref, data: { n: 2 } } }), plain), /changed \{ n: 2 \}$/)
  })

  test('tells a gap, and what was recovered', () => {
    const gap: TailEvent = { type: 'gap', after: txn, until: txn + 1_000_000, reason: 'expired' }
    assert.match(describeEvent(gap, { columns: 120, colors: false }), /! gap.*missed and not to be had \(expired\)/)
    assert.match(describeEvent({ ...change('add'), recovered: true } as TailEvent, plain), /↺/)
  })

  test('is never wider than the terminal, and holds no control character of a document', () => {
    const wild = { ref, ts: txn, data: { text: `\u001b[2J\u0007${'x'.repeat(500)}` } }
    for (const columns of [20, 40, 80, 200]) {
      const text = describeEvent(change('update', { document: wild }), { columns, colors: false })
      assert.ok([...text].length <= Math.max(columns, 60), text)
      assert.doesNotMatch(text, /\p{Cc}/u)
    }
  })

  test('has colours only where they are wanted', () => {
    assert.ok(describeEvent(change('create'), { columns: 80, colors: true }).includes('\u001b['))
  })
})

describe('the status line', () => {
  function watch(isTTY: boolean) {
    let written = ''
    const listeners = new Map<string, (value: never) => void>()
    const output = { isTTY, columns: 80, write: (text: string) => void (written += text) } as unknown as Output
    const stream = {
      state: 'open',
      on(signal: string, listener: (value: never) => void) {
        listeners.set(signal, listener)
        return this
      },
    } as unknown as Followed
    const status = new StatusLine(stream, output)
    const tell = (signal: string, value: unknown) => listeners.get(signal)!(value as never)
    return { status, tell, printed: () => written }
  }

  test('tells state, events and reconnects on a terminal, and takes itself away', () => {
    const { status, tell, printed } = watch(true)
    status.count({ type: 'unknown' })
    tell('lost', { error: new Error('cut off') })
    tell('state', 'open')
    status.clear()
    status[Symbol.dispose]()
    assert.match(printed(), /! lost: cut off\n/)
    assert.match(printed(), /open · 1 events · 1\/s · 1 reconnects/)
    assert.ok(printed().endsWith('\r\u001b[K'))
  })

  test('tells losses in a pipe too, and nothing else', () => {
    const { status, tell, printed } = watch(false)
    status.count({ type: 'unknown' })
    status.draw()
    tell('lost', { error: new Error('cut off') })
    tell('retry', { attempt: 2, delayMs: 1_500 })
    tell('recovered', { events: 3 })
    tell('state', 'open')
    status[Symbol.dispose]()
    assert.equal(
      printed(),
      '! lost: cut off\n! trying again in 1.5 s (attempt 2)\n! 3 events were missed, and are told now\n! connected again\n',
    )
  })
})
