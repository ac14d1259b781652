/** The peers of `fauna-streams/testing` do what they are told and nothing else, as plain clients of Node see it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2, type ClientHttp2Stream } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { Client, q } from '../src/index.ts'
import {
  encodeFrame,
  errorCode,
  errorLine,
  type Frame,
  type EventExchange,
  type FrameConnection,
  type FramePeer,
  frameFlag,
  frameType,
  serveEvents,
  serveFrames,
  setLine,
  settingId,
  splitAt,
  splitEvery,
  versionLine,
} from '../src/testing/index.ts'
import { FrameReader } from '../src/testing/frame.ts'
import { FrameClient } from './support/frame-client.ts'
import './support/leaks.ts'

const portOf = (peer: FramePeer) => Number(new URL(peer.endpoint).port)

/** Runs with a client of Node's, and destroys it at the end. */
async function withHttp2(peer: FramePeer, run: (session: ClientHttp2Session) => Promise<void>): Promise<void> {
  const session = connectHttp2(peer.endpoint)
  session.on('error', () => undefined)
  try {
    await run(session)
  } finally {
    session.destroy()
  }
}

/** Runs with a client that sees every frame. */
async function withFrameClient(
  peer: FramePeer,
  options: { readonly window?: number; readonly givesBack?: boolean },
  run: (client: FrameClient) => Promise<void>,
): Promise<void> {
  const client = await FrameClient.open({ port: portOf(peer), secret: 's', ...options })
  try {
    await run(client)
  } finally {
    client.close()
  }
}

/** Runs with a client that sees only bytes. */
async function withSocket(peer: FramePeer, run: (socket: Socket) => Promise<void>): Promise<void> {
  const socket = connect(portOf(peer), '127.0.0.1')
  socket.on('error', () => undefined)
  try {
    await run(socket)
  } finally {
    socket.destroy()
  }
}

const preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  encodeFrame(frameType.settings, 0, 0, Buffer.alloc(0)),
])

/** All that a stream is told, to its end. */
async function readAll(stream: ClientHttp2Stream): Promise<string> {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  await once(stream, 'close')
  return text
}

describe('a request', () => {
  test('is told with its headers, whatever of HPACK the client uses, and its body', async () => {
    await using peer = await serveFrames({ requested: (connection, id) => connection.respond(id, 200, {}, true) })
    await withHttp2(peer, async session => {
      const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join('')
      const sent: Record<string, string>[] = Array.from({ length: 60 }, (_, i) => ({
        ':path': `/stream?fields=action,diff&n=${i}`,
        ':method': 'POST',
        authorization: `Bearer ${'fn'.repeat(i)}`,
        // Enters the tables and pushes others out; long enough for lengths of several bytes.
        [`x-name-${i % 7}`]: `${printable}${i}`.repeat(1 + (i % 5)),
      }))
      for (const [i, headers] of sent.entries()) {
        const stream = session.request(headers)
        stream.end(`body ${i}`)
        await readAll(stream)
      }
      const requests = peer.connections[0]!.requests
      assert.equal(requests.length, sent.length)
      for (const [i, { headers, body }] of requests.entries()) {
        assert.equal(body, `body ${i}`)
        assert.deepEqual({ ...headers, ...sent[i] }, headers)
      }
    })
  })

  test('whose body is longer than every window comes whole', async () => {
    const body = 'x'.repeat(1_000_000)
    await using peer = await serveFrames({ requested: (connection, id) => connection.respond(id, 200, {}, true) })
    await withHttp2(peer, async session => {
      const stream = session.request({ ':method': 'POST' })
      stream.end(body)
      await readAll(stream)
      assert.equal(peer.connections[0]!.requests[0]!.body, body)
    })
  })

  test('may have padding, a priority, and its headers in several frames', async () => {
    await using peer = await serveFrames()
    await withSocket(peer, async socket => {
      const { padded, priority, endStream, endHeaders } = frameFlag
      // `:method: POST`, and `:path: /` of the static table.
      const first = Buffer.of(2, 0, 0, 0, 0, 0, 0x83, 0xff, 0xff)
      const frames = [
        encodeFrame(frameType.headers, padded | priority, 1, first),
        encodeFrame(frameType.continuation, endHeaders, 1, Buffer.of(0x84)),
        encodeFrame(frameType.data, padded | endStream, 1, Buffer.from('\u0003bodyxxx')),
      ]
      socket.resume()
      socket.write(Buffer.concat([preface, ...frames]))
      await peer.until(() => peer.connections[0]?.requests.length === 1)
      const headers = { ':method': 'POST', ':path': '/' }
      assert.deepEqual(peer.connections[0]!.requests, [{ streamId: 1, headers, body: 'body' }])
    })
  })

  const noHpack = {
    'an entry that no table has': [0xff, 0xff, 0x7f],
    'an entry that has left the table': [0x40, 1, 0x61, 1, 0x62, 0x20, 0xbe],
    'a text that is cut off': [0x00, 5, 0x61],
    'a Huffman code that is cut off': [0x00, 0x81, 0xfe, 0],
    'an integer without an end': [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  }
  for (const [what, bytes] of Object.entries(noHpack)) {
    test(`with headers that are no HPACK, as ${what}, is answered with GOAWAY COMPRESSION_ERROR`, async () => {
      await using peer = await serveFrames()
      await withSocket(peer, async socket => {
        const flags = frameFlag.endHeaders | frameFlag.endStream
        const received = readUntil(socket, seen => seen.includes('HPACK'))
        socket.write(Buffer.concat([preface, encodeFrame(frameType.headers, flags, 1, Buffer.from(bytes))]))
        assert.ok((await received).includes(Buffer.of(0, 0, 0, errorCode.compressionError)))
        assert.deepEqual(peer.connections[0]!.requests, [])
      })
    })
  }
})

/** What a socket reads until a check holds or it ends. */
function readUntil(socket: Socket, check: (bytes: Buffer) => boolean, chunks: Buffer[] = []): Promise<Buffer> {
  return new Promise(resolve => {
    const look = () => {
      const bytes = Buffer.concat(chunks)
      if (check(bytes)) resolve(bytes)
    }
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      look()
    })
    socket.once('close', () => resolve(Buffer.concat(chunks)))
  })
}

describe('an answer has', () => {
  test('any status, any headers, data, and trailers', async () => {
    await using peer = await serveFrames({
      requested(connection, id) {
        connection.respond(id, 418, { 'x-kind': 'teapot', 'x-long': 'é'.repeat(300) })
        connection.data(id, 'short ')
        connection.data(id, 'and stout')
        connection.headers(id, { 'x-trailer': 'spout' }, true)
      },
    })
    await withHttp2(peer, async session => {
      const stream = session.request({})
      const [headers] = await once(stream, 'response')
      assert.equal(headers[':status'], 418)
      assert.equal(headers['x-kind'], 'teapot')
      assert.equal(headers['x-long'].length, 300)
      const trailers = once(stream, 'trailers')
      assert.equal(await readAll(stream), 'short and stout')
      assert.equal((await trailers)[0]['x-trailer'], 'spout')
    })
  })

  test('an end of any code', async () => {
    for (const code of [...Object.values(errorCode), 0xbeef]) {
      await using peer = await serveFrames({
        requested: (connection, id) => {
          connection.respond(id)
          connection.reset(id, code)
        },
      })
      await withFrameClient(peer, {}, async client => {
        const stream = client.request('/', null)
        await client.until(() => client.of(stream).some(({ type }) => type === frameType.reset))
        assert.equal(client.of(stream).at(-1)!.payload.readUInt32BE(), code)
      })
    }
  })

  test('pieces as they are cut, each read alone, in their order', async () => {
    for (const split of [splitEvery(), splitEvery(7), splitAt(3, 12)]) {
      await using peer = await serveFrames({ split, connected: () => undefined })
      await withSocket(peer, async socket => {
        const chunks: Buffer[] = []
        const text = 'é ✔ 😀 \r\n'.repeat(3)
        const received = readUntil(socket, bytes => bytes.includes('end'), chunks)
        socket.write(preface)
        await peer.until(() => peer.connections[0]?.frames.length === 1)
        const [connection] = peer.connections
        connection!.sendBytes(text)
        connection!.split = undefined
        connection!.sendBytes('end')
        const bytes = await received
        // Before them comes the acknowledgement of the client's SETTINGS.
        assert.equal(bytes.subarray(9).toString(), text + 'end')
        const expected = [...split(Buffer.from(text))].length
        assert.ok(chunks.length >= Math.min(expected, 3), `${chunks.length} reads of ${expected} pieces`)
      })
    }
  })
})

test('a frame may be sent in halves, with anything between', async () => {
  await using peer = await serveFrames({ connected: connection => (connection.acknowledges = false) })
  await withSocket(peer, async socket => {
    const frame = encodeFrame(frameType.data, frameFlag.endStream, 1, Buffer.from('whole'))
    const half = readUntil(socket, bytes => bytes.length >= 11)
    socket.write(preface)
    await peer.until(() => peer.connections[0]?.frames.length === 1)
    peer.connections[0]!.sendBytes(frame.subarray(0, 11))
    assert.deepEqual(await half, frame.subarray(0, 11))
    const rest = readUntil(socket, bytes => bytes.length >= 3)
    peer.connections[0]!.sendBytes(frame.subarray(11))
    assert.deepEqual(await rest, frame.subarray(11))
  })
})

describe('a connection', () => {
  test('announces any SETTINGS, and changes them', async () => {
    const settings = [
      [settingId.maxConcurrentStreams, 3],
      [0xbeef, 1],
    ] as const
    await using peer = await serveFrames({ settings })
    await withHttp2(peer, async session => {
      const [first] = await once(session, 'remoteSettings')
      assert.equal(first.maxConcurrentStreams, 3)
      peer.connections[0]!.settings([[settingId.maxConcurrentStreams, 0]])
      const [second] = await once(session, 'remoteSettings')
      assert.equal(second.maxConcurrentStreams, 0)
    })
  })

  test('says GOAWAY with any code, last stream and words', async () => {
    await using peer = await serveFrames({
      requested: connection => connection.goaway(17, errorCode.enhanceYourCalm, 'too_many_pings'),
    })
    await withHttp2(peer, async session => {
      session.request({}).on('error', () => undefined)
      const [code, lastStreamId, words] = await once(session, 'goaway')
      assert.deepEqual([code, lastStreamId, String(words)], [errorCode.enhanceYourCalm, 17, 'too_many_pings'])
    })
  })

  test('acknowledges PING and SETTINGS unless it is told not to', async () => {
    for (const acknowledges of [true, false]) {
      await using peer = await serveFrames({
        connected(connection) {
          connection.acknowledges = acknowledges
          connection.settings()
        },
      })
      await withFrameClient(peer, {}, async client => {
        client.ping('0102030405060708')
        await peer.until(() => peer.connections[0]?.received(frameType.ping).length === 1)
        peer.connections[0]!.goaway(0, errorCode.noError)
        await client.until(() => client.frames.some(({ type }) => type === frameType.goaway))
        const acknowledged = client.frames.filter(({ flags }) => flags === frameFlag.ack).map(({ type }) => type)
        assert.deepEqual(acknowledged, acknowledges ? [frameType.settings, frameType.ping] : [])
      })
    }
  })

  test('sends any frame, and bytes that are none', async () => {
    await using peer = await serveFrames({
      connected(connection) {
        connection.send(0xfe, 0x55, 7, Buffer.from('unheard of'))
        connection.ping(Buffer.from('12345678'))
        connection.windowUpdate(0, 5)
        connection.sendBytes(Buffer.alloc(64, 0xff))
      },
    })
    await withSocket(peer, async socket => {
      const received = readUntil(socket, bytes => bytes.includes(Buffer.alloc(64, 0xff)))
      socket.write(preface)
      const frames = [
        encodeFrame(0xfe, 0x55, 7, Buffer.from('unheard of')),
        encodeFrame(frameType.ping, 0, 0, Buffer.from('12345678')),
        encodeFrame(frameType.windowUpdate, 0, 0, Buffer.of(0, 0, 0, 5)),
      ]
      assert.ok((await received).subarray(0).indexOf(Buffer.concat([...frames, Buffer.alloc(64, 0xff)])) === 0)
    })
  })

  test('ends with FIN after all that was sent, or with RST', async () => {
    for (const how of ['fin', 'rst'] as const) {
      await using peer = await serveFrames({ split: splitEvery(), connected: () => undefined })
      await withSocket(peer, async socket => {
        let error: NodeJS.ErrnoException | undefined
        socket.once('error', (cause: NodeJS.ErrnoException) => (error = cause))
        const received = readUntil(socket, () => false)
        socket.write(preface)
        await peer.until(() => peer.connections[0]?.frames.length === 1)
        peer.connections[0]!.sendBytes('goodbye')
        peer.connections[0]!.close(how)
        assert.equal((await received).toString().endsWith('goodbye'), how === 'fin')
        assert.equal(error?.code, how === 'fin' ? undefined : 'ECONNRESET')
        await peer.until(() => peer.connections[0]!.isClosed)
      })
    }
  })

  test('that does not begin with the preface of HTTP/2 is cut off', async () => {
    await using peer = await serveFrames()
    await withSocket(peer, async socket => {
      socket.resume()
      const closed = once(socket, 'close')
      socket.write('GET / HTTP/1.1\r\n\r\n')
      await closed
      assert.deepEqual(peer.connections[0]!.frames, [])
    })
  })
})

describe('write', () => {
  /** The lengths of the DATA frames that have come, once everything that was sent until now has. */
  async function readLengths(peer: FramePeer, client: FrameClient, stream: number): Promise<number[]> {
    const pings = () => client.frames.filter(({ type, flags }) => type === frameType.ping && flags === 0).length
    const before = pings()
    peer.connections[0]!.ping()
    await client.until(() => pings() > before)
    return client.of(stream).flatMap(({ type, payload }) => (type === frameType.data ? [payload.length] : []))
  }

  const respond = { requested: (connection: FrameConnection, id: number) => connection.respond(id) }

  test('sends what the window of the stream lets it, and goes on when it is given more', async () => {
    await using peer = await serveFrames(respond)
    const options = { window: 100, givesBack: false }
    await withFrameClient(peer, options, async client => {
      const stream = client.request('/', null)
      await peer.until(() => peer.connections[0]?.requests.length === 1)
      const [connection] = peer.connections
      const sent = [connection!.write(stream, 'a'.repeat(150)), connection!.write(stream, 'b'.repeat(100))]
      sent.push(connection!.write(stream, '', true))
      assert.deepEqual(await readLengths(peer, client, stream), [100])
      const give = async (bytes: number) => {
        const updates = connection!.received(frameType.windowUpdate).length
        client.give(stream, bytes)
        await peer.until(() => connection!.received(frameType.windowUpdate).length > updates)
        return readLengths(peer, client, stream)
      }
      assert.deepEqual(await give(30), [100, 30])
      assert.deepEqual(await give(60), [100, 30, 20, 40])
      assert.ok(!client.hasEnded(stream))
      // The last one is empty: it ends the answer.
      assert.deepEqual(await give(1_000), [100, 30, 20, 40, 60, 0])
      assert.ok(client.hasEnded(stream))
      assert.equal(client.textOf(stream), 'a'.repeat(150) + 'b'.repeat(100))
      assert.deepEqual(await Promise.all(sent), [true, true, true])
    })
  })

  test('sends no frame longer than the client takes; data() sends what it is given, whatever the windows say', async () => {
    await using peer = await serveFrames(respond)
    await withFrameClient(peer, { window: 50_000, givesBack: false }, async client => {
      const stream = client.request('/', null)
      await peer.until(() => peer.connections[0]?.requests.length === 1)
      assert.equal(await peer.connections[0]!.write(stream, 'x'.repeat(40_000)), true)
      assert.deepEqual(await readLengths(peer, client, stream), [16_384, 16_384, 7_232])
      peer.connections[0]!.data(stream, 'y'.repeat(16_384))
      assert.deepEqual((await readLengths(peer, client, stream)).at(-1), 16_384)
    })
  })

  test('honours the window of the whole connection, however wide those of its streams are', async () => {
    await using peer = await serveFrames({
      connected: () => undefined,
      requested(connection, id) {
        void connection.write(id, 'x'.repeat(50_000))
        connection.ping()
      },
    })
    await withSocket(peer, async socket => {
      const wide = encodeFrame(frameType.settings, 0, 0, Buffer.of(0, settingId.initialWindowSize, 0, 0xff, 0xff, 0xff))
      const request = (id: number) => encodeFrame(frameType.headers, 0x5, id, Buffer.of(0x83, 0x84))
      const isPing = ({ type }: Frame) => type === frameType.ping
      const frames: Frame[] = []
      const reader = new FrameReader()
      const pinged = readUntil(socket, () => frames.filter(isPing).length === 2)
      socket.prependListener('data', (chunk: Buffer) => frames.push(...reader.read(chunk)))
      socket.write(Buffer.concat([preface, wide, request(1), request(3)]))
      await pinged
      const lengthOf = (id: number) =>
        frames.reduce((sum, frame) => sum + (frame.type === 0 && frame.streamId === id ? frame.payload.length : 0), 0)
      assert.deepEqual([lengthOf(1), lengthOf(3)], [50_000, 15_535])
      socket.write(encodeFrame(frameType.windowUpdate, 0, 0, Buffer.of(0, 0, 0xff, 0xff)))
      while (lengthOf(3) < 50_000) await once(socket, 'data')
    })
  })

  test('gives a client that reads all of it', async () => {
    const text = 'x'.repeat(3_000_000)
    await using peer = await serveFrames({
      requested(connection, id) {
        connection.respond(id)
        void connection.write(id, text, true)
      },
    })
    await withHttp2(peer, async session => {
      const streams = [session.request({}), session.request({})]
      assert.deepEqual(await Promise.all(streams.map(readAll)), [text, text])
    })
  })

  test('tells that a client which resets the stream, or is gone, was not sent all', async () => {
    await using peer = await serveFrames(respond)
    await withFrameClient(peer, { window: 10, givesBack: false }, async client => {
      const [first, second] = [client.request('/', null), client.request('/', null)]
      await peer.until(() => peer.connections[0]?.requests.length === 2)
      const sent = [first, second].map(stream => peer.connections[0]!.write(stream, 'x'.repeat(20)))
      client.reset(first)
      assert.equal(await sent[0], false)
      client.close()
      assert.equal(await sent[1], false)
    })
  })
})

describe('until', () => {
  test('resolves when its check holds, and rejects when the peer is closed before', async () => {
    const peer = await serveFrames()
    const never = peer.until(() => false)
    await withSocket(peer, async socket => {
      socket.write(preface)
      await peer.until(() => peer.connections[0]?.received(frameType.settings).length === 1)
    })
    await peer.close()
    await assert.rejects(never, /the peer was closed/)
    await assert.rejects(
      peer.until(() => false),
      /the peer was closed/,
    )
  })

  test('rejects with what its check throws', async () => {
    await using peer = await serveFrames()
    const failing = peer.until(() => {
      if (peer.connections.length > 0) throw new Error('no such thing')
      return false
    })
    await withSocket(peer, () => assert.rejects(failing, /no such thing/))
  })
})

describe('a peer of streams', () => {
  for (const options of [{}, { since: 1_000 }, { snapshot: true }] as const) {
    test(`that answers no queries ends a stream that reads more than is sent (${JSON.stringify(options)})`, async () => {
      const peer = await serveEvents()
      const client = new Client({ endpoint: peer.endpoint, secret: 's', backoff: { firstMs: 1, maxMs: 1 } })
      const stream = client.stream(q.Documents(q.Collection('orders')), undefined, options)
      try {
        const following = (async () => {
          for await (const event of stream) if (event.type === 'start') peer.streams[0]!.reset(errorCode.internalError)
        })()
        await assert.rejects(following, { name: 'ProtocolError', code: 'bad_response', message: /without its `query`/ })
      } finally {
        await client.close()
        await peer.close()
      }
    })
  }

  const expr = q.Documents(q.Collection('c'))

  /** Runs with a client that does not resume. */
  async function withClient(peer: FramePeer, run: (client: Client) => Promise<void>): Promise<void> {
    await using client = new Client({ endpoint: peer.endpoint, secret: 'fnSECRET' })
    await run(client)
  }

  test('sends each stream its start and its lines, and what the test sends after them', async () => {
    await using peer = await serveEvents({ lines: [versionLine(1_700_000_000_000_001, { n: 1 })] })
    await withClient(peer, async client => {
      const events = client.stream(expr, undefined, { resume: false })[Symbol.asyncIterator]()
      const start = await events.next()
      const exchange = await peer.opened()
      assert.ok(start.value?.type === 'start')
      assert.equal(start.value.txn, exchange.txn)
      assert.equal((await events.next()).value?.type, 'version')
      const line = setLine(1_700_000_000_000_002, { id: '7', collection: 'orders', action: 'remove' })
      await exchange.write(line.slice(0, 10))
      await exchange.send(line.slice(10))
      const event = (await events.next()).value
      assert.ok(event?.type === 'set')
      assert.equal(event.event.action, 'remove')
      assert.equal(String(event.event.document.ref), 'Ref(Collection("orders"), "7")')
      assert.equal(exchange.request.headers['authorization'], 'Bearer fnSECRET')
      assert.match(exchange.request.headers[':path']!, /^\/stream/)
      await events.return!()
      await peer.until(() => exchange.isReset)
    })
  })

  const ends: Readonly<Record<string, (exchange: EventExchange) => void>> = {
    server_closed: exchange => exchange.end(),
    stream_reset: exchange => exchange.reset(errorCode.internalError),
    refused: exchange => exchange.connection.goaway(0, errorCode.noError),
    connection_lost: exchange => exchange.connection.close('fin'),
    'time out': exchange => exchange.send(errorLine('time out', 'Just a test.')),
    'permission denied': exchange =>
      exchange.respond(403, { errors: [{ code: 'permission denied', description: '' }] }),
  }
  for (const [code, end] of Object.entries(ends)) {
    test(`plays what a client tells as ${code}`, async () => {
      const script = (exchange: EventExchange) => {
        if (code !== 'permission denied') exchange.start()
        end(exchange)
      }
      await using peer = await serveEvents({ script })
      await withClient(peer, async client => {
        const read = async () => {
          for await (const _event of client.stream(expr, undefined, { resume: false }));
        }
        await assert.rejects(read(), { code })
      })
    })
  }

  test('counts streams, and answers queries as it is told', async () => {
    const indexes: number[] = []
    await using peer = await serveEvents({
      script(exchange, index) {
        indexes.push(index)
        exchange.start(null)
        exchange.reset(errorCode.cancel)
      },
      query: exchange => exchange.respond(200, { resource: JSON.parse(exchange.request.body) }),
    })
    await withClient(peer, async client => {
      for (let i = 0; i < 2; i++) {
        const events = client.stream(expr, undefined, { resume: false })[Symbol.asyncIterator]()
        await assert.rejects(events.next(), { code: 'stream_reset' })
      }
      assert.deepEqual(indexes, [0, 1])
      assert.equal(await client.query(42), 42)
      assert.equal(peer.queries.length, 1)
    })
  })

  test('answers queries with null where it is not told', async () => {
    await using peer = await serveEvents()
    await withClient(peer, async client => assert.equal(await client.query(42), null))
  })
})
