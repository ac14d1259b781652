/** Whatever ends an exchange is told truthfully, though Node tells five of these as a normal end (RFC 9113 §5.4, §6.8). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Client, type DefaultField, q, type StreamEvent, TransportError } from '../src/index.ts'
import { ManualTime } from './support/clock.ts'
import { type FrameConnection, type FramePeer, frameType, serveFrames } from '../src/testing/index.ts'
import './support/leaks.ts'
import { beginFrames, versionLine } from './support/peer.ts'

/** A loss throws: these tests look at the one end of a stream. */
const noResume = { resume: false } as const

const expr = q.Documents(q.Collection('c'))
const pingIntervalMs = 15_000
const pingTimeoutMs = 10_000
const noError = 0
const internalError = 2
const refusedStream = 7
const cancel = 8
const enhanceYourCalm = 11

/** The first line and a half of the next one. */
const halfLine = versionLine(2).slice(0, 20)

async function withPeer(
  requested: (connection: FrameConnection, streamId: number) => void,
  run: (client: Client, peer: FramePeer, time: ManualTime) => Promise<void>,
): Promise<void> {
  const time = new ManualTime()
  const peer = await serveFrames({ requested })
  const client = new Client({ endpoint: peer.endpoint, secret: 's', time, pingIntervalMs, pingTimeoutMs })
  try {
    await run(client, peer, time)
  } finally {
    await client.close()
    await peer.close()
  }
}

type Events = StreamEvent<DefaultField>[]

/** Reads a stream to its end: what came, and the error that ended it. */
async function readAll(client: Client, events: Events = []): Promise<{ events: Events; error: TransportError }> {
  try {
    for await (const event of client.stream(expr, undefined, noResume)) events.push(event)
  } catch (error) {
    assert.ok(error instanceof TransportError, String(error))
    return { events, error }
  }
  return assert.fail('the loop ended as if nothing had happened')
}

type Fault = {
  readonly what: string
  readonly code: TransportError['code']
  readonly message: RegExp
  readonly outcome?: TransportError['outcome']
  cause(connection: FrameConnection, streamId: number): void
}

const resets: Fault[] = [
  { rstCode: noError, name: 'NO_ERROR', code: 'server_closed' },
  { rstCode: 1, name: 'PROTOCOL_ERROR', code: 'stream_reset' },
  { rstCode: internalError, name: 'INTERNAL_ERROR', code: 'stream_reset' },
  { rstCode: 3, name: 'FLOW_CONTROL_ERROR', code: 'stream_reset' },
  { rstCode: 5, name: 'STREAM_CLOSED', code: 'stream_reset' },
  { rstCode: refusedStream, name: 'REFUSED_STREAM', code: 'refused' },
  { rstCode: cancel, name: 'CANCEL', code: 'stream_reset' },
  { rstCode: enhanceYourCalm, name: 'ENHANCE_YOUR_CALM', code: 'stream_reset' },
  { rstCode: 0xbeef, name: 'error code 0xbeef', code: 'stream_reset' },
].map(({ rstCode, name, code }) => ({
  what: `RST_STREAM ${name}`,
  code: code as Fault['code'],
  message: rstCode === noError ? /the server ended the answer/ : new RegExp(name),
  outcome: rstCode === refusedStream ? 'not_processed' : 'unknown',
  cause: (connection, id) => connection.reset(id, rstCode),
}))

/** Faults that may come at any time. */
const faults: Fault[] = [
  ...resets,
  {
    what: 'GOAWAY with an error code',
    code: 'connection_lost',
    message: /closed the session with ENHANCE_YOUR_CALM/,
    cause: (connection, id) => connection.goaway(id, enhanceYourCalm),
  },
  {
    what: 'GOAWAY with an error code, and FIN at once',
    code: 'connection_lost',
    message: /closed the session with INTERNAL_ERROR/,
    cause: (connection, id) => {
      connection.goaway(id, internalError)
      connection.socket.end()
    },
  },
  {
    what: 'GOAWAY whose last stream is below ours',
    code: 'refused',
    outcome: 'not_processed',
    message: /did not process the request \(GOAWAY NO_ERROR/,
    cause: connection => connection.goaway(0, noError),
  },
  {
    what: 'GOAWAY with an error code whose last stream is below ours',
    code: 'refused',
    outcome: 'not_processed',
    message: /did not process the request \(GOAWAY INTERNAL_ERROR/,
    cause: connection => connection.goaway(0, internalError),
  },
  {
    what: 'FIN',
    code: 'connection_lost',
    message: /the connection was cut/,
    cause: connection => void connection.socket.end(),
  },
  {
    what: 'RST of the connection',
    code: 'connection_lost',
    message: /the connection was cut.*ECONNRESET/,
    cause: connection => void connection.socket.resetAndDestroy(),
  },
]

const endOfAnswer: Fault = {
  what: 'END_STREAM',
  code: 'server_closed',
  message: /the server ended the answer/,
  cause: (connection, id) => connection.data(id, '', true),
}

describe('a stream that is ended by', () => {
  for (const { what, code, message, outcome = 'unknown', cause } of [...faults, endOfAnswer]) {
    for (const isMidLine of [false, true]) {
      test(`${what}${isMidLine ? ' in the middle of a line' : ''} throws ${code} after what came`, () =>
        withPeer(beginFrames, async (client, peer) => {
          const events: Events = []
          const reading = readAll(client, events)
          await peer.until(() => peer.connections[0]?.received(frameType.data).length === 1)
          const [connection] = peer.connections
          if (isMidLine) connection!.data(1, versionLine(2) + '\r\n' + halfLine)
          // RST of a connection takes along what was not read yet: the loop must have it first.
          while (events.length < (isMidLine ? 2 : 1)) await turn()
          cause(connection!, 1)
          const { error } = await reading
          assert.equal(error.code, code)
          assert.match(error.message, message)
          assert.equal(error.outcome, outcome)
          assert.equal(events.length, isMidLine ? 2 : 1)
          if (isMidLine && code !== 'refused') assert.match(error.message, /20 bytes of an unfinished line/)
        }))
    }
  }
})

describe('bytes that break the framing', () => {
  test('end a stream: by an error, or since nothing after them is heard', () =>
    withPeer(beginFrames, async (client, peer, time) => {
      const iterator = client.stream(expr, undefined, noResume)[Symbol.asyncIterator]()
      await iterator.next()
      const isTold = ({ code }: TransportError) => code === 'ping_timeout' || code === 'connection_lost'
      const ended = assert.rejects(iterator.next(), isTold)
      const [connection] = peer.connections
      connection!.socket.write(Buffer.alloc(64, 0xff))
      // Node 20 says nothing of them and stops listening; later versions make an error of them.
      await peer.until(() => connection!.isClosed || connection!.received(frameType.goaway).length > 0)
      time.pass(pingIntervalMs)
      time.pass(pingTimeoutMs)
      await ended
    }))
})

describe('a stream whose opening is ended by', () => {
  for (const { what, code, message, outcome = 'unknown', cause } of faults) {
    test(`${what} before the answer throws ${code}`, () =>
      withPeer(cause, async client => {
        const { events, error } = await readAll(client)
        assert.deepEqual(events, [])
        assert.equal(error.code, code)
        assert.match(error.message, message)
        assert.equal(error.outcome, outcome)
      }))
  }
})

describe('a query whose answer is ended by', () => {
  for (const { what, code, outcome = 'unknown', cause } of faults) {
    const isSentAgain = outcome === 'not_processed'
    test(`${what} is sent ${isSentAgain ? 'twice' : 'once'} and throws ${code}`, () => {
      let requests = 0
      const fail = (connection: FrameConnection, id: number) => {
        requests++
        cause(connection, id)
      }
      return withPeer(fail, async client => {
        await assert.rejects(client.query(q.Now()), { name: 'TransportError', code, outcome })
        assert.equal(requests, isSentAgain ? 2 : 1)
      })
    })
  }

  for (const { what, code, outcome = 'unknown', cause } of faults.filter(fault => fault.code !== 'server_closed')) {
    test(`${what} in the middle of its body throws ${code}`, () => {
      const answerHalf = (connection: FrameConnection, id: number) => {
        connection.respond(id)
        connection.data(id, '{"resource":')
        cause(connection, id)
      }
      return withPeer(answerHalf, async client => {
        await assert.rejects(client.query(q.Now()), { name: 'TransportError', code, outcome })
      })
    })
  }
})

describe('a query that was surely not processed', () => {
  test('is sent once more, and that is the answer', () => {
    let requests = 0
    const refuseFirst = (connection: FrameConnection, id: number) => {
      if (requests++ === 0) return connection.reset(id, refusedStream)
      connection.respond(id)
      connection.data(id, '{"resource":42}', true)
    }
    return withPeer(refuseFirst, async client => {
      assert.equal(await client.query(q.Now()), 42)
      assert.equal(requests, 2)
    })
  })
})

describe('GOAWAY without an error', () => {
  test('lets the stream go on; a new one goes on a new connection, and the old one closes after its last', () =>
    withPeer(beginFrames, async (client, peer) => {
      const first = client.stream(expr, undefined, noResume)[Symbol.asyncIterator]()
      await first.next()
      const [connection] = peer.connections
      connection!.goaway(1, noError)
      connection!.data(1, versionLine(2) + '\r\n')
      assert.equal((await first.next()).value?.type, 'version')
      const second = client.stream(expr, undefined, noResume)[Symbol.asyncIterator]()
      await second.next()
      assert.equal(peer.connections.length, 2)
      connection!.data(1, versionLine(3) + '\r\n')
      assert.equal((await first.next()).value?.type, 'version')
      assert.equal(client.health().streams.sessions, 2)
      await first.return!()
      await peer.until(() => connection!.isClosed)
      while (client.health().streams.sessions > 1) await turn()
      peer.connections[1]!.data(1, versionLine(4) + '\r\n')
      assert.equal((await second.next()).value?.type, 'version')
      await second.return!()
    }))
})

describe('a loop that is left', () => {
  test('resets its exchange with CANCEL, at once, also while nothing comes', () =>
    withPeer(beginFrames, async (client, peer) => {
      for await (const _event of client.stream(expr, undefined, noResume)) break
      const [connection] = peer.connections
      await peer.until(() => connection!.received(frameType.reset, 1).length === 1)
      assert.equal(connection!.received(frameType.reset, 1)[0]!.payload.readUInt32BE(), cancel)
    }))

  test('leaves the other streams of its connection alone', () =>
    withPeer(beginFrames, async (client, peer) => {
      const [stays, goes] = [client.stream(expr, undefined, noResume), client.stream(expr, undefined, noResume)].map(
        stream => stream[Symbol.asyncIterator](),
      )
      await Promise.all([stays!.next(), goes!.next()])
      const [connection] = peer.connections
      await goes!.return!()
      await peer.until(() => connection!.received(frameType.reset).length === 1)
      const [reset] = connection!.received(frameType.reset)
      connection!.data(reset!.streamId === 1 ? 3 : 1, versionLine(2) + '\r\n')
      assert.equal((await stays!.next()).value?.type, 'version')
      assert.equal(peer.connections.length, 1)
      await stays!.return!()
    }))
})
