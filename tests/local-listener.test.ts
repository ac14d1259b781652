// The embedded server's port: both versions of HTTP, flow control, limits, and peers that misbehave.
import './support/leaks.ts'
import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as requestHttp1, Agent, type IncomingMessage } from 'node:http'
import { connect as connectHttp2, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { connect, type Socket } from 'node:net'
import {
  listen,
  type Handle,
  type Listener,
  type ReplyStream,
  type StartTimer,
  type WireRequest,
} from '../src/local/listener.ts'
import { Service } from '../src/local/service.ts'

const JSON_TYPE = { 'content-type': 'application/json;charset=utf-8' }
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

type Timer = { callback: () => void; delayMs: number; isCancelled: boolean }

/** A listener that is closed when the test ends; with `timers` nothing times out unless the test says so. */
async function start(t: TestContext, handle: Handle, timers?: Timer[]): Promise<Listener> {
  const startTimer: StartTimer = (callback, delayMs) => {
    const timer = { callback, delayMs, isCancelled: false }
    timers?.push(timer)
    return () => (timer.isCancelled = true)
  }
  const listener = await listen({ host: '127.0.0.1', port: 0, handle, ...(timers ? { startTimer } : {}) })
  t.after(() => listener.close())
  return listener
}

function openSession(t: TestContext, { port }: Listener): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  t.after(() => session.destroy())
  return session
}

async function openSocket(t: TestContext, { port }: Listener): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function readText(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function ask(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body = '',
): Promise<[number, string, object]> {
  const stream = session.request({ ':method': 'POST', ...headers }, { endStream: body === '' })
  if (body !== '') stream.end(body)
  const [answer] = (await once(stream, 'response')) as [Record<string, string | number>]
  return [Number(answer[':status']), await readText(stream), answer]
}

async function askHttp1(listener: Listener, options: object, body = ''): Promise<[IncomingMessage, string]> {
  const request = requestHttp1({ port: listener.port, host: '127.0.0.1', method: 'POST', agent: false, ...options })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return [response, await readText(response)]
}

/** Splits raw HTTP/2 bytes into frames. */
function splitFrames(bytes: Buffer): { type: number; flags: number; stream: number; payload: Buffer }[] {
  const frames = []
  for (let at = 0; at + 9 <= bytes.length;) {
    const length = bytes.readUIntBE(at, 3)
    const payload = bytes.subarray(at + 9, at + 9 + length)
    frames.push({ type: bytes[at + 3] ?? 0, flags: bytes[at + 4] ?? 0, stream: bytes.readUInt32BE(at + 5), payload })
    at += 9 + length
  }
  return frames
}

/** A frame as it is on the wire. */
function makeFrame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.set([type, flags], 3)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const SETTINGS = makeFrame(4, 0, 0)
/** HEADERS of `POST /` over http for authority `x`, by HPACK's static table (indexes 3, 4, 6 and 1); END_HEADERS. */
const openStream = (stream: number, flags: number): Buffer =>
  makeFrame(1, flags | 4, stream, Buffer.of(0x83, 0x84, 0x86, 0x41, 1, 0x78))

const echo: Handle = ({ method, path, headers, body, version }, reply) =>
  reply.send(
    200,
    JSON_TYPE,
    JSON.stringify({ method, path, tag: headers['x-tag'], body: Buffer.from(body).toString(), version }),
  )

test('one port answers HTTP/2 with prior knowledge and HTTP/1.1', async t => {
  const listener = await start(t, echo)
  const session = openSession(t, listener)
  const [status, body, headers] = await ask(session, { ':path': '/stream?a=%20b', 'x-tag': 'T' }, '{"é":1}')
  assert.equal(status, 200)
  assert.deepEqual(JSON.parse(body), { method: 'POST', path: '/stream?a=%20b', tag: 'T', body: '{"é":1}', version: 2 })
  assert.deepEqual(Object.keys(headers), [':status', 'content-type', 'content-length'])
  const [response, text] = await askHttp1(listener, { path: '/stream?a=%20b', headers: { 'X-Tag': 'T' } }, '{"é":1}')
  assert.equal(response.statusCode, 200)
  assert.deepEqual(JSON.parse(text), { method: 'POST', path: '/stream?a=%20b', tag: 'T', body: '{"é":1}', version: 1 })
  assert.equal(response.headers['content-length'], String(text.length + 1))
  assert.deepEqual(
    Object.keys(response.headers).filter(name => name === 'date' || name === 'keep-alive'),
    [],
  )
})

test('HTTP/2 takes paths, methods and header values that HTTP/1.1 would not, as they are', async t => {
  const listener = await start(t, echo)
  const session = openSession(t, listener)
  for (const path of ['//stream', '/stream#x', '/stream?fields=,', '/%73tream']) {
    assert.equal(JSON.parse((await ask(session, { ':path': path }))[1]).path, path)
  }
  for (const method of ['post', 'FOO', 'PATCH']) {
    assert.equal(JSON.parse((await ask(session, { ':method': method, ':path': '/' }))[1]).method, method)
  }
  assert.equal(JSON.parse((await ask(session, { ':path': '/', 'x-tag': '' }))[1]).tag, '')
})

test('a request without a body says so: of length 0, and on HTTP/2 only where frames of data come all the same', async t => {
  // NET/http/HttpRequestHandler.scala: a whole request in its headers has a body, which is empty.
  const listener = await start(t, ({ hasBody }, reply) => reply.send(200, JSON_TYPE, String(hasBody)))
  const session = openSession(t, listener)
  const askData = async (headers: object): Promise<string> => {
    const stream = session.request({ ':method': 'POST', ...headers }, { endStream: false })
    stream.end()
    return readText(stream)
  }
  const [, whole] = await ask(session, { ':path': '/' })
  const [, none] = await askHttp1(listener, { headers: { 'content-length': 0 } })
  const [, some] = await askHttp1(listener, { headers: { 'content-length': 1 } }, 'x')
  const empty = await askData({})
  assert.deepEqual(
    [whole, empty, await askData({ 'content-length': '0' }), none, some],
    ['true', 'true', 'false', 'false', 'true'],
  )
})

test('an answer to HEAD measures the body and does not send it', async t => {
  const listener = await start(t, (_request, reply) => reply.send(405, { allow: 'POST' }, 'twelve bytes'))
  const session = openSession(t, listener)
  const [status, body, headers] = await ask(session, { ':method': 'HEAD', ':path': '/' })
  assert.deepEqual([status, body, (headers as { 'content-length': string })['content-length']], [405, '', '12'])
  const [response, text] = await askHttp1(listener, { method: 'HEAD', path: '/' })
  assert.deepEqual([response.statusCode, text, response.headers['content-length']], [405, '', '12'])
})

test('HTTP/1.1 connections are kept for the next request, also a pipelined one', async t => {
  const listener = await start(t, echo)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const ports = new Set<number | undefined>()
  agent.on('free', (socket: Socket) => ports.add(socket.localPort))
  for (const path of ['/one', '/two', '/three']) {
    const [response, text] = await askHttp1(listener, { agent, path }, 'x')
    assert.equal(response.statusCode, 200)
    assert.equal(JSON.parse(text).path, path)
  }
  assert.equal(ports.size, 1)
  const socket = await openSocket(t, listener)
  socket.write('GET /1 HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  assert.deepEqual((await readText(socket)).match(/"path":"[^"]+"/g), ['"path":"/1"', '"path":"/2"'])
})

test('the first bytes may come one by one', async t => {
  const listener = await start(t, echo)
  for (const [text, expected] of [
    ['POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi', '"body":"hi"'],
    ['PRI? / HTTP/1.1\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
  ] as const) {
    const socket = await openSocket(t, listener)
    socket.setNoDelay(true)
    for (const character of text.slice(0, 30)) await new Promise(resolve => socket.write(character, resolve))
    socket.write(text.slice(30))
    assert.match(await readText(socket), new RegExp(expected.replaceAll(/[.?]/g, '\\$&')))
  }
  const socket = await openSocket(t, listener)
  socket.setNoDelay(true)
  for (const character of PREFACE) await new Promise(resolve => socket.write(character, resolve))
  socket.write(SETTINGS)
  const [first] = (await once(socket, 'data')) as [Buffer]
  assert.equal(splitFrames(first)[0]?.type, constants.NGHTTP2_FLAG_ACK + 3)
})

test('the settings announced are the two of the real server', async t => {
  const listener = await start(t, echo)
  const socket = await openSocket(t, listener)
  socket.write(Buffer.concat([Buffer.from(PREFACE), SETTINGS]))
  const [first] = (await once(socket, 'data')) as [Buffer]
  const [settings] = splitFrames(first)
  assert.equal(settings?.payload.toString('hex'), '00037fffffff000600002000')
})

/** A stream that the test writes to. */
async function openReply(t: TestContext): Promise<{ listener: Listener; opened: Promise<ReplyStream> }> {
  const { promise: opened, resolve } = withResolvers<ReplyStream>()
  const listener = await start(t, (_request, reply) => resolve(reply.stream(200, JSON_TYPE)))
  return { listener, opened }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>(settle => (resolve = settle))
  return { promise, resolve }
}

test('headers of a stream leave at once, each event is one DATA frame, and the end is an empty one', async t => {
  const { listener, opened } = await openReply(t)
  const socket = await openSocket(t, listener)
  const received: Buffer[] = []
  socket.on('data', (chunk: Buffer) => received.push(chunk))
  socket.write(Buffer.concat([Buffer.from(PREFACE), SETTINGS, openStream(1, 1)]))
  const frames = () => splitFrames(Buffer.concat(received)).filter(({ stream }) => stream === 1)
  const until = async (count: number): Promise<void> => {
    while (frames().length < count) await once(socket, 'data')
  }
  const stream = await opened
  await until(1)
  assert.equal(frames()[0]?.type, 1)
  for (const text of ['one\r\n', 'two\r\n', 'three\r\n']) stream.write(text)
  stream.end()
  await until(5)
  assert.deepEqual(
    frames()
      .slice(1)
      .map(({ type, flags, payload }) => [type, flags, payload.toString()]),
    [
      [0, 0, 'one\r\n'],
      [0, 0, 'two\r\n'],
      [0, 0, 'three\r\n'],
      [0, 1, ''],
    ],
  )
})

test('on HTTP/1.1 each event is one chunk', async t => {
  const { listener, opened } = await openReply(t)
  const socket = await openSocket(t, listener)
  socket.write('POST /stream HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
  const [head] = (await once(socket, 'data')) as [Buffer]
  assert.match(head.toString(), /^HTTP\/1\.1 200 OK\r\n[^]*transfer-encoding: chunked\r\n[^]*\r\n$/i)
  const stream = await opened
  for (const text of ['one\r\n', 'héé\r\n']) stream.write(text)
  stream.end()
  assert.equal(await readText(socket), '5\r\none\r\n\r\n7\r\nhéé\r\n\r\n0\r\n\r\n')
})

test('a peer that does not read holds the writer back, and reading lets it go on', async t => {
  const { listener, opened } = await openReply(t)
  const session = openSession(t, listener)
  const request = session.request({ ':method': 'POST', ':path': '/' }, { endStream: true }) as ClientHttp2Stream
  request.pause()
  const stream = await opened
  const drained = withResolvers<void>()
  stream.onDrain(drained.resolve)
  const event = 'x'.repeat(1000)
  let count = 0
  // The window is 65,535 bytes; with what may wait, a hundred events are more than enough to be told to stop.
  for (let hasRoom = true; hasRoom; count++) {
    hasRoom = stream.write(event)
    await new Promise(setImmediate)
    assert.ok(count < 200)
  }
  request.resume()
  let size = 0
  request.on('data', (chunk: Buffer) => (size += chunk.length))
  await drained.promise
  assert.equal(stream.write('last'), true)
  stream.end()
  await once(request, 'end')
  assert.equal(size, count * event.length + 4)
})

test('a stream is told when the peer resets it, leaves, or half-closes the connection', async t => {
  const streams: ReplyStream[] = []
  const { promise: bothOpen, resolve } = withResolvers<void>()
  const listener = await start(t, (_request, reply) => {
    if (streams.push(reply.stream(200, JSON_TYPE)) === 2) resolve()
  })
  const session = openSession(t, listener)
  const requests = [0, 1].map(() => session.request({ ':method': 'POST', ':path': '/' }, { endStream: true }))
  for (const request of requests) request.on('error', () => {})
  await bothOpen
  const closed = streams.map(stream => new Promise<void>(done => stream.onClose(done)))
  requests[0]?.close(constants.NGHTTP2_CANCEL)
  await Promise.race(closed)
  assert.deepEqual(streams.map(({ isClosed }) => isClosed).sort(), [false, true])
  session.destroy()
  await Promise.all(closed)
  for (const stream of streams) {
    assert.equal(stream.write('too late'), false)
    stream.end()
    stream.reset()
    await new Promise<void>(done => stream.onClose(done))
  }
  for (const hello of [
    Buffer.concat([Buffer.from(PREFACE), SETTINGS, openStream(1, 1)]),
    'GET / HTTP/1.1\r\nhost: x\r\n\r\n',
  ]) {
    const { listener: other, opened } = await openReply(t)
    const socket = await openSocket(t, other)
    socket.write(hello)
    const stream = await opened
    socket.resume().end()
    await new Promise<void>(done => stream.onClose(done))
  }
})

test('a stream can be cut off: RST_STREAM(CANCEL), or the end of the connection', async t => {
  const { listener, opened } = await openReply(t)
  const session = openSession(t, listener)
  const request = session.request({ ':method': 'POST', ':path': '/' }, { endStream: true })
  request.on('error', () => {})
  ;(await opened).reset()
  await once(request, 'close')
  assert.equal(request.rstCode, constants.NGHTTP2_CANCEL)
  const second = await openReply(t)
  const http1 = requestHttp1({ port: second.listener.port, host: '127.0.0.1', agent: false })
  http1.on('error', () => {})
  http1.end()
  const [response] = (await once(http1, 'response')) as [IncomingMessage]
  ;(await second.opened).reset()
  await assert.rejects(readText(response), { code: 'ECONNRESET' })
})

test('a handler that throws is answered with 500, or with a reset once the answer has begun', async t => {
  const listener = await start(t, async ({ path }, reply) => {
    if (path === '/late') reply.stream(200, JSON_TYPE).write('begun')
    if (path === '/twice') reply.send(200, JSON_TYPE, '1')
    if (path === '/twice') reply.send(200, JSON_TYPE, '2')
    await Promise.reject(new Error('broken'))
  })
  const session = openSession(t, listener)
  const [status, body, headers] = await ask(session, { ':path': '/' })
  assert.equal(status, 500)
  const description = 'The embedded server has a fault of its own, please report it: Error: broken'
  assert.deepEqual(JSON.parse(body), { errors: [{ code: 'internal server error', description }] })
  assert.equal((headers as { 'content-length': string })['content-length'], String(body.length))
  const [response, text] = await askHttp1(listener, { path: '/' })
  assert.deepEqual([response.statusCode, text], [500, body])
  const request = session.request({ ':method': 'POST', ':path': '/late' }, { endStream: true })
  request.on('error', () => {}).resume()
  await once(request, 'close')
  assert.equal(request.rstCode, constants.NGHTTP2_CANCEL)
})

test('a body of 8 MiB is taken, a larger one is answered with 413', async t => {
  const listener = await start(t, ({ body }, reply) => reply.send(200, JSON_TYPE, String(body.length)))
  const session = openSession(t, listener)
  const limit = 8 * 1024 * 1024
  assert.deepEqual((await ask(session, { ':path': '/' }, 'x'.repeat(limit))).slice(0, 2), [200, String(limit)])
  const tooLarge =
    '{\n  "errors": [\n    {\n      "code": "request too large",\n      "description": "Request entity is too large"\n    }\n  ]\n}\n'
  assert.deepEqual((await ask(session, { ':path': '/' }, 'x'.repeat(limit + 1))).slice(0, 2), [413, tooLarge])
  const [response, text] = await askHttp1(listener, { path: '/' }, 'x'.repeat(limit + 1))
  assert.deepEqual([response.statusCode, text], [413, tooLarge])
  const huge = session.request({ ':method': 'POST', ':path': '/' })
  huge.on('error', () => {}).resume()
  huge.end(Buffer.alloc(3 * limit))
  await new Promise<void>(done => huge.once('close', done))
  assert.equal(huge.rstCode, constants.NGHTTP2_ENHANCE_YOUR_CALM)
  assert.equal((await ask(openSession(t, listener), { ':path': '/' }))[0], 200)
})

test('a body that stops coming is answered with 408 after 60 seconds of silence', async t => {
  const timers: Timer[] = []
  const requests: WireRequest[] = []
  const listener = await start(
    t,
    (request, reply) => {
      requests.push(request)
      reply.send(200, JSON_TYPE, '1')
    },
    timers,
  )
  const fire = (): void => {
    const [timer, ...others] = timers.filter(({ isCancelled }) => !isCancelled)
    assert.deepEqual([timer?.delayMs, others.length], [60_000, 0])
    timer?.callback()
  }
  const timedOut = '{ "error": "request timeout: Client timed out." }\n'
  const session = openSession(t, listener)
  const request = session.request({ ':method': 'POST', ':path': '/' })
  request.on('error', () => {})
  request.write('half')
  while (timers.length < 2) await new Promise(setImmediate)
  fire()
  const [headers] = (await once(request, 'response')) as [{ ':status': number }]
  assert.deepEqual([headers[':status'], await readText(request)], [408, timedOut])
  if (!request.closed) await once(request, 'close')
  assert.equal(request.rstCode, constants.NGHTTP2_CANCEL)

  timers.length = 0
  const socket = await openSocket(t, listener)
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf')
  while (timers.length < 2) await new Promise(setImmediate)
  fire()
  assert.match(
    await readText(socket),
    /^HTTP\/1\.1 408 Request Timeout\r\n[^]*\r\n\r\n\{ "error": "request timeout: Client timed out\." \}\n$/,
  )

  timers.length = 0
  assert.equal((await ask(session, { ':path': '/' }, 'whole'))[0], 200)
  assert.ok(timers.every(({ isCancelled }) => isCancelled))
  assert.deepEqual(
    requests.map(({ body }) => Buffer.from(body).toString()),
    ['whole'],
  )
})

test('whatever a peer does, the next one is served', async t => {
  const listener = await start(t, echo)
  const hello = Buffer.concat([Buffer.from(PREFACE), SETTINGS])
  const nonsense: (string | Buffer)[] = [
    '\0\x01\x02garbage',
    'GET / HTTP/9.9\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n',
    `GET / HTTP/1.1\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`,
    'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    Buffer.concat([hello, Buffer.alloc(64, 0xff)]),
    Buffer.concat([hello, makeFrame(1, 4, 1, Buffer.of(0xff, 0xff, 0xff))]),
    Buffer.concat([hello, makeFrame(0, 0, 7, Buffer.from('data for nobody'))]),
    Buffer.concat([hello, makeFrame(8, 0, 0, Buffer.alloc(4))]),
  ]
  for (const bytes of nonsense) {
    const socket = await openSocket(t, listener)
    socket.write(bytes)
    await new Promise<void>(done => socket.once('data', () => done()).once('close', () => done()))
    socket.destroy()
  }
  const unfinished: (string | Buffer)[] = [
    '',
    'P',
    PREFACE.slice(0, 20),
    'POST / HT',
    'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf',
    Buffer.concat([hello, openStream(1, 0), makeFrame(0, 0, 1, Buffer.from('half'))]),
    Buffer.concat([hello, openStream(1, 0), makeFrame(3, 0, 1, Buffer.of(0, 0, 0, 8))]),
  ]
  for (const bytes of unfinished) {
    for (const leave of ['end', 'resetAndDestroy', 'destroy'] as const) {
      const socket = await openSocket(t, listener)
      if (bytes.length > 0) await new Promise(resolve => socket.write(bytes, resolve))
      socket.resume()[leave]()
      if (!socket.closed) await new Promise<void>(done => socket.once('close', () => done()))
    }
  }
  assert.equal((await ask(openSession(t, listener), { ':path': '/' }))[0], 200)
  assert.equal((await askHttp1(listener, { path: '/' }))[0].statusCode, 200)
})

test('closing sends what was written, ends every connection, and takes no new ones', async t => {
  const { listener, opened } = await openReply(t)
  const idle = await openSocket(t, listener)
  const session = openSession(t, listener)
  const request = session.request({ ':method': 'POST', ':path': '/' }, { endStream: true })
  request.on('error', () => {})
  const stream = await opened
  stream.write('last words')
  stream.end()
  const words = readText(request)
  const idleClosed = once(idle.resume(), 'close')
  await listener.close()
  assert.equal(await words, 'last words')
  assert.equal(stream.isClosed, true)
  await idleClosed
  const refused = connect(listener.port, '127.0.0.1')
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
})

test('connections can be cut off while the port stays open', async t => {
  const { listener, opened } = await openReply(t)
  const session = openSession(t, listener)
  session.request({ ':method': 'POST', ':path': '/' }, { endStream: true }).on('error', () => {})
  const stream = await opened
  const gone = new Promise<void>(done => stream.onClose(done))
  listener.destroyConnections()
  await gone
  await openSocket(t, listener)
})

test('a port that is taken is an error of listen', async t => {
  const { port } = await start(t, echo)
  await assert.rejects(listen({ host: '127.0.0.1', port, handle: echo }), { code: 'EADDRINUSE' })
})

test('a fault of the server behind a wait for what a client has seen is answered with 500 too', async t => {
  let isBroken = false
  const now = (): number => {
    if (isBroken) throw new Error('on purpose')
    return 1_700_000_000_000
  }
  const timers: (() => void)[] = []
  const startTimer: StartTimer = run => {
    timers.push(run)
    return () => {}
  }
  const service = new Service({ secret: 's', quirks: true, maxStreams: 1, startDelayMs: 0, now, startTimer })
  const listener = await start(t, (request, reply) => {
    const waiting = service.handle(request, reply)
    isBroken = true
    // As a timer does: outside of the handler, where nobody catches what is thrown.
    setImmediate(() => timers.forEach(run => run()))
    return waiting
  })
  const headers = { authorization: 'Bearer s', 'x-last-seen-txn': '1700000001000000' }
  const request = openSession(t, listener).request({ ':method': 'POST', ':path': '/', ...headers })
  request.end('{"now":null}')
  const [answer] = (await once(request, 'response')) as [Record<string, unknown>]
  request.resume()
  assert.equal(answer[':status'], 500)
  assert.equal(timers.length, 1)
})
