/** Whatever ends a stream, a loop with `resume: 'live'` comes back and tells one hole; without resume it throws. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Client, type DefaultField, FaunaError, type GapEvent, q, type StreamEvent } from '../src/index.ts'
import {
  errorLine,
  type FrameConnection,
  frameType,
  serveFrames,
  startLine,
  versionLine,
} from '../src/testing/index.ts'
import { ManualTime } from './support/clock.ts'
import './support/leaks.ts'

const expr = q.Ref(q.Collection('c'), '1')
const line = (text: string) => text + '\r\n'
const inBand = (code: string) => line(errorLine(code, 'Said so.'))

type Cause = (connection: FrameConnection, streamId: number) => void

const codes = { NO_ERROR: 0, PROTOCOL_ERROR: 1, INTERNAL_ERROR: 2, REFUSED_STREAM: 7, CANCEL: 8, ENHANCE_YOUR_CALM: 11 }

const faults: Record<string, Cause> = {
  END_STREAM: (connection, id) => connection.data(id, '', true),
  'END_STREAM in the middle of a line': (connection, id) => connection.data(id, versionLine(3).slice(0, 20), true),
  ...Object.fromEntries(
    Object.entries(codes).map(([name, code]): [string, Cause] => [
      `RST_STREAM ${name}`,
      (connection, id) => connection.reset(id, code),
    ]),
  ),
  'GOAWAY with an error': (connection, id) => connection.goaway(id, codes.ENHANCE_YOUR_CALM),
  'GOAWAY that did not process the stream': connection => connection.goaway(0, codes.NO_ERROR),
  'GOAWAY, and FIN': (connection, id) => {
    connection.goaway(id, codes.NO_ERROR)
    connection.socket.end()
  },
  FIN: connection => void connection.socket.end(),
  'FIN in the middle of a line': (connection, id) => {
    connection.data(id, versionLine(3).slice(0, 20))
    connection.socket.end()
  },
  'RST of the connection': connection => void connection.socket.resetAndDestroy(),
  silence: connection => (connection.acknowledges = false),
  'bytes that are not HTTP/2': connection => {
    connection.acknowledges = false
    connection.socket.write('HTTP/1.1 502 Bad Gateway\r\n\r\n'.repeat(10))
  },
  'a frame that may not be there': connection => connection.send(frameType.data, 0, 0, Buffer.from('x')),
  'time out': (connection, id) => connection.data(id, inBand('time out'), true),
  'internal server error': (connection, id) => connection.data(id, inBand('internal server error'), true),
  'too many requests, with nothing after it': (connection, id) => connection.data(id, inBand('too many requests')),
  'permission denied': (connection, id) => connection.data(id, inBand('permission denied'), true),
}

type Events = (StreamEvent<DefaultField> | GapEvent)[]

/** Plays a fault after the first event, and then whole answers; gives what the loop got before it ended or had enough. */
async function play(cause: Cause, resume: 'live' | false): Promise<{ events: Events; error: unknown }> {
  let requests = 0
  const peer = await serveFrames({
    requested: (connection, id) => {
      const txn = requests++ === 0 ? 1 : 5
      connection.respond(id)
      connection.data(id, line(startLine(txn)) + line(versionLine(txn + 1)))
    },
  })
  const time = new ManualTime()
  const client = new Client({ endpoint: peer.endpoint, secret: 's', time })
  const events: Events = []
  try {
    const stream = client.stream(expr, undefined, { resume, onGap: 'yield' })
    const loop = (async () => {
      for await (const event of stream) {
        events.push(event)
        if (event.type === 'version' && event.txn === 6) break
      }
      return undefined
    })()
    const settled = loop.then(
      () => ({ error: undefined }),
      (error: unknown) => ({ error }),
    )
    while (events.length < 2) await turn()
    cause(peer.connections[0]!, 1)
    for (;;) {
      const end = await Promise.race([settled, turn(undefined)])
      if (end) return { events, error: end.error }
      time.pass(20)
    }
  } finally {
    await client.close()
    await peer.close()
  }
}

describe('after the first event', () => {
  for (const [what, cause] of Object.entries(faults)) {
    test(`${what}: resume: 'live' tells one hole and goes on`, async () => {
      const { events, error } = await play(cause, 'live')
      assert.equal(error, undefined)
      const words = events.map(event => (event.type === 'gap' ? `gap ${event.after}–${event.until}` : event.type))
      assert.deepEqual(words, ['start', 'version', 'gap 2–5', 'version'])
    })

    test(`${what}: resume: false throws`, async () => {
      const { events, error } = await play(cause, false)
      assert.ok(error instanceof FaunaError)
      assert.equal(events.length, 2)
    })
  }
})
