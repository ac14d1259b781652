/** `fauna-streams serve` as people meet it: what it says, what it logs, how it stops. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { describeServer } from '../src/cli/banner.ts'
import { describeExpression } from '../src/cli/brief.ts'
import { type Output } from '../src/cli/output.ts'
import { describeReport, RequestLog } from '../src/cli/request-log.ts'
import { Client, q } from '../src/index.ts'
import { type RequestReport, startLocal } from '../src/local/index.ts'
import './support/leaks.ts'
import { type Program, runProgram, startProgram } from './support/program.ts'

const main = 'src/cli/main.ts'
const secret = 'top-secret'

type Served = { readonly program: Program; readonly client: Client; readonly endpoint: string }

async function serve(t: TestContext, ...args: string[]): Promise<Served> {
  const program = startProgram(main, ['serve', '--port', '0', '--secret', secret, ...args])
  t.after(() => program.child.kill('SIGKILL'))
  const [endpoint] = await program.prints(/http:\S+\n/)
  const client = new Client({ endpoint: endpoint.trim(), secret })
  t.after(() => client.close())
  return { program, client, endpoint: endpoint.trim() }
}

/** The lines behind the banner. */
const logOf = (program: Program): string[] =>
  program.printed().split('as they come:\n\n')[1]?.trimEnd().split('\n') ?? []

describe('the banner of serve', { concurrency: true }, () => {
  test('fits on one screen of 80 columns', () => {
    const facts = { endpoint: 'http://127.0.0.1:65535', secret: 'secret', keeps: 'in memory', colors: false }
    const lines = describeServer(facts).split('\n')
    assert.ok(lines.length <= 24, `${lines.length} lines`)
    for (const line of lines) assert.ok(line.length < 80, line)
    assert.equal(stripVTControlCharacters(describeServer(facts)), describeServer(facts))
    assert.ok(describeServer({ ...facts, colors: true }).includes('\u001b[36mexport FAUNA_SECRET=secret\u001b'))
  })

  test('its commands work as they stand there, in their order', async t => {
    const { program } = await serve(t)
    await program.prints(/stops it/)
    const banner = program.printed()
    const env = Object.fromEntries([...banner.matchAll(/export (\w+)=(\S+)/g)].map(([, name, value]) => [name, value]))
    const commands = [...banner.matchAll(/npx fauna-streams (\w+) '([^']+)'/g)]
    assert.deepEqual(
      commands.map(([, command]) => command),
      ['query', 'tail', 'query'],
    )
    const [create, tail, write] = commands.map(
      ([, command = '', expression = '']) => [main, [command, expression], { env }] as const,
    )
    assert.equal((await runProgram(...create!)).code, 0)
    const tailing = startProgram(...tail!)
    t.after(() => tailing.child.kill('SIGKILL'))
    await tailing.prints(/"start"/)
    assert.equal((await runProgram(...write!)).code, 0)
    await tailing.prints(/"action":"add"/)
    tailing.child.kill('SIGINT')
    assert.equal((await tailing.finished).code, 0)
  })
})

describe('the log of serve', { concurrency: true }, () => {
  test('has a line for each request, and for each stream two; no secret is in it', async t => {
    const { program, client, endpoint } = await serve(t)
    await client.query(q.CreateCollection({ name: 'users' }))
    const loop = client.stream(q.Documents(q.Collection('users')), ['action', 'index'], { resume: false })
    const events = loop[Symbol.asyncIterator]()
    await events.next()
    const credentials = { password: 'top-secret-password' }
    await client.query(q.Create(q.Ref(q.Collection('users'), '7'), { data: { mail: 'me' }, credentials }))
    await events.next()
    await loop.close()
    await program.prints(/ended/)
    await assert.rejects(client.query(q.Login(q.Ref(q.Collection('users'), '7'), { password: 'top-secret-guess' })))
    await assert.rejects(client.query(q.KeyFromSecret('top-secret-key')))
    const other = new Client({ endpoint, secret: 'top-secret-other' })
    await assert.rejects(other.query(q.Now()))
    await other.close()
    await program.prints(/unauthorized/)
    const lines = logOf(program).map(line =>
      line.replace(/\d\d:\d\d:\d\d {2}/, '').replace(/ +[\d.]+ (ms|s)\b/, ' TIME'),
    )
    assert.deepEqual(lines, [
      'POST /        201 TIME  CreateCollection({ name: "users" })',
      'POST /stream  open          #1  Documents(Collection("users"))  fields action,index',
      'POST /        201 TIME  Create(Ref(Collection("users"), "7"), { … })',
      'POST /stream  ended         #1  1 event in TIME  Documents(Collection("users"))  fields action,index',
      'POST /        400 TIME  authentication failed  Login(Ref(Collection("users"), "7"), { … })',
      'POST /        400 TIME  instance not found  KeyFromSecret(…)',
      'POST /        401 TIME  unauthorized  Now()',
    ])
    assert.doesNotMatch(lines.join('\n'), /top-secret/)
    assert.equal(stripVTControlCharacters(program.printed()), program.printed())
  })

  test('--quiet prints the endpoint and nothing else', async t => {
    const { program, client, endpoint } = await serve(t, '--quiet')
    assert.equal(await client.query(q.Add(1, 2)), 3)
    program.child.kill('SIGINT')
    const { code, stdout, stderr } = await program.finished
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `${endpoint}\n`, stderr: '' })
  })

  test('goes on answering when nobody reads the log any more', async t => {
    const { program, client } = await serve(t)
    program.child.stdout?.destroy()
    for (let i = 0; i < 10; i++) assert.equal(await client.query(q.Add(i, 1)), i + 1)
    program.child.kill('SIGINT')
    assert.equal((await program.finished).code, 0)
  })
})

/** What a log gets from a request. */
function makeReport(expression: unknown, more: object = {}): RequestReport {
  const request = { method: 'POST', path: '/', body: Buffer.from(JSON.stringify(expression)) }
  return { kind: 'answered', request, status: 200, code: undefined, durationMs: 1.25, ...more } as RequestReport
}

const now = new Date(2026, 0, 2, 3, 4, 5)

describe('a line of the log', () => {
  const documents = { paginate: { documents: { collection: 'orders' } } }

  test('is cut to the width of a terminal, colours not counted', () => {
    for (const columns of [40, 60, 79, 80]) {
      const plain = describeReport(makeReport(documents), { columns, colors: false, now })
      assert.ok(plain.length <= columns, plain)
      const colored = describeReport(makeReport(documents), { columns, colors: true, now })
      assert.equal(stripVTControlCharacters(colored), plain)
      assert.notEqual(colored, plain)
    }
    const whole = '03:04:05  POST /        200       1.3 ms  Paginate(Documents(Collection("orders")))'
    assert.equal(describeReport(makeReport(documents), { colors: false, now }), whole)
  })

  test('tells success, refusal and failure by colour', () => {
    const colors = [200, 404, 500].map(status => {
      const line = describeReport(makeReport(documents, { status }), { colors: true, now })
      return line.split(String(status))[0]?.slice(-3)
    })
    assert.deepEqual(colors, ['32m', '33m', '31m'])
  })

  test('moves no cursor, whatever a client sends', () => {
    const report = makeReport({ collection: '\u001b[2J' }, { code: 'a\rb' })
    const line = describeReport({ ...report, request: { ...report.request, path: '/\u0007' } }, { colors: false, now })
    assert.doesNotMatch(line, /\p{Cc}/u)
  })

  test('a reader that is slow misses lines, and is told how many', () => {
    const written: string[] = []
    const output = { writableLength: 0, isTTY: false, on: () => {}, write: (text: string) => written.push(text) }
    const log = new RequestLog(output as unknown as Output)
    output.writableLength = 2 ** 30
    for (let i = 0; i < 3; i++) log.write(makeReport(documents))
    assert.deepEqual(written, [])
    output.writableLength = 0
    log.write(makeReport(documents))
    assert.match(written.join(''), /^… 3 lines left out: [^\n]+\n[^\n]+Paginate[^\n]+\n$/)
  })
})

describe('an expression in a few words', () => {
  const ref = {
    '@ref': { id: '1', collection: { '@ref': { id: 'orders', collection: { '@ref': { id: 'collections' } } } } },
  }
  const cases: readonly (readonly [expression: unknown, text: string])[] = [
    [{ get: ref }, 'Get(Ref(Collection("orders"), "1"))'],
    [{ get: { ref: { collection: 'orders' }, id: '1' } }, 'Get(Ref(Collection("orders"), "1"))'],
    [
      { paginate: { match: { index: 'by_mail' }, terms: 'a@b' }, size: 5 },
      'Paginate(Match(Index("by_mail"), …), { size: 5 })',
    ],
    [{ map: { lambda: 'x', expr: { var: 'x' } }, collection: [1, 2, 3, 4] }, 'Map([1, 2, 3, …], Lambda(…))'],
    [{ let: [{ x: 'text' }], in: { get: { var: 'x' } } }, 'Let({ … }, Get(Var("x")))'],
    [{ create_key: { object: { role: 'admin' } } }, 'CreateKey({ … })'],
    [{ create_index: { object: { name: 'by_k', source: ref } } }, 'CreateIndex({ name: "by_k", … })'],
    [{ identify: ref, password: 'p' }, 'Identify(Ref(Collection("orders"), "1"), …)'],
    [{ quote: { password: 'p' } }, 'Quote(…)'],
    ['a text', '…'],
    [['a', 'b'], '[…, …]'],
    [{ '@ts': '2026-01-01T00:00:00Z' }, '…'],
  ]
  for (const [expression, text] of cases) {
    test(text, () => assert.equal(describeExpression(Buffer.from(JSON.stringify(expression))), text))
  }

  test('what is no JSON, nothing, or long is told so', () => {
    assert.equal(describeExpression(Buffer.from('{')), '(no JSON)')
    assert.equal(describeExpression(Buffer.alloc(0)), '')
    assert.equal(describeExpression(Buffer.alloc(100 * 1024, ' ')), '(100 KiB)')
  })
})

test('serve ends at once at a second signal, while it waits for a peer that does not read', async t => {
  const { program, endpoint } = await serve(t, '--quiet')
  const port = Number(new URL(endpoint).port)
  const peer = connect(port, '127.0.0.1')
  t.after(() => peer.destroy())
  peer.on('error', () => {})
  await once(peer, 'connect')
  const body = JSON.stringify('x'.repeat(7 * 1024 * 1024))
  const head = `POST / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret}\r\ncontent-length: ${body.length}\r\n\r\n`
  for (let i = 0; i < 4; i++) peer.write(head + body)
  await once(peer, 'readable')
  program.child.kill('SIGINT')
  while (await isListening(port)) await new Promise(resolve => setTimeout(resolve, 5))
  program.child.kill('SIGINT')
  const { code, signal } = await program.finished
  assert.deepEqual({ code, signal }, { code: null, signal: 'SIGINT' })
})

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return isOpen
}

test('onRequest is told of requests and streams; what it throws harms none of them', async t => {
  const reports: RequestReport[] = []
  const thrown: unknown[] = []
  t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => {
    assert.throws(run)
    thrown.push(run)
  })
  const server = await startLocal({
    onRequest: report => {
      reports.push(report)
      throw new Error('a mistake of the listener')
    },
  })
  const client = new Client({ endpoint: server.endpoint, secret: server.secret })
  assert.equal(await client.query(q.Add(1, 2)), 3)
  await client.query(q.CreateCollection({ name: 'orders' }))
  const stream = client.stream(q.Documents(q.Collection('orders')), ['action'], { resume: false })
  const loop = stream[Symbol.asyncIterator]()
  await loop.next()
  server.endStreams({ code: 'time out', description: 'a test' })
  await assert.rejects(loop.next())
  await client.close()
  await server.close()
  assert.deepEqual(
    reports.map(report => [report.kind, report.request.path.split('?')[0], 'code' in report ? report.code : undefined]),
    [
      ['answered', '/', undefined],
      ['answered', '/', undefined],
      ['opened', '/stream', undefined],
      ['ended', '/stream', 'time out'],
    ],
  )
  assert.equal(thrown.length, reports.length)
})
