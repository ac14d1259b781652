/**
 * Whatever bytes a peer sends, a loop ends with a `FaunaError`, after a bounded number of openings, and has told nothing
 * but lines that came. The seed stands in each test's name; `SEED=…` gives the same bytes again.
 *
 * An unhandled rejection and an uncaught exception fail the test that runs, as `node --test` has it.
 */
import './support/uncovered.ts'
import { isUtf8 } from 'node:buffer'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readEvent } from '../src/events/decode.ts'
import { Client, FaunaError, type GapEvent, q, type StreamEvent } from '../src/index.ts'
import {
  encodeFrame,
  errorCode,
  type Frame,
  type FrameConnection,
  frameFlag,
  frameType,
  serveFrames,
  startLine,
  versionLine,
} from '../src/testing/index.ts'
import { encodeNumbers, encodeSettings } from '../src/testing/frame.ts'
import { encodeHeaders } from '../src/testing/hpack.ts'
import './support/leaks.ts'
import { damage, disorder, pick, type Random, randomBytes } from './support/mutations.ts'
import { readRecordedStreams } from './support/recorded.ts'
import { makeRandom, readSeed } from './support/seed.ts'

const { seed } = readSeed()
const maxAttempts = 3
/** The first opening, the retries, and one replay at once: what else there is needs an event that was told. */
const maxOpenings = 1 + maxAttempts + 1
/** A connection on which nothing goes on any more is cut after this, in milliseconds: no case waits for ever. */
const patienceMs = 300
/** Node stops reading after some broken frames and says nothing: a PING without an answer ends that, in milliseconds. */
const pingMs = 20
/** A case takes some milliseconds; one that takes this long hangs. */
const hangMs = 20_000

/** What a peer does in one case, each time it is asked. */
type Plan = {
  /** Sends the beginning of a connection. Default: SETTINGS as they should be. */
  readonly begin?: (connection: FrameConnection) => void
  /** Answers a stream; gives the bytes that its DATA carries, and whether it ended the answer after all of them. */
  readonly play: (connection: FrameConnection, streamId: number) => Answered
}

type Answered = { readonly body: Buffer; readonly isWhole: boolean }

type Outcome = {
  readonly answered: readonly Answered[]
  /** The lines of the events that were told, in order. */
  readonly lines: readonly string[]
  readonly connections: number
}

/** The lines of a body, as the format has it: LF ends one, a CR before it and empty lines do not count. */
function splitLines(body: Buffer): string[] {
  const lines = body.toString('latin1').split('\n').slice(0, -1)
  const whole = lines.map(line => (line.endsWith('\r') ? line.slice(0, -1) : line))
  return whole.filter(line => line !== '').map(line => toText(Buffer.from(line, 'latin1')))
}

/** A line that is not UTF-8 is none that can be told. */
function toText(line: Buffer): string {
  return isUtf8(line) ? line.toString('utf8') : 'not UTF-8'
}

/** Follows a stream of the peer to its end, which must be an error; checks each event on its way. */
async function follow(plan: Plan, resume: 'live' | false): Promise<Outcome> {
  const answered: Answered[] = []
  const peer = await serveFrames({
    ...(plan.begin && { connected: plan.begin }),
    requested: (connection, streamId) => void answered.push(plan.play(connection, streamId)),
    received: connection => watch(connection),
  })
  const lines: string[] = []
  const observed: unknown[] = []
  const told: (StreamEvent | GapEvent)[] = []
  const client = new Client({
    endpoint: peer.endpoint,
    secret: 's',
    connectTimeoutMs: patienceMs,
    startTimeoutMs: patienceMs,
    pingIntervalMs: pingMs,
    pingTimeoutMs: pingMs,
    backoff: { firstMs: 1, maxMs: 2, maxAttempts },
    observer({ responseRaw, responseContent }) {
      lines.push(responseRaw)
      observed.push(responseContent)
    },
  })
  const hang = new AbortController()
  const timer = setTimeout(() => hang.abort(new Error('the loop hangs')), hangMs)
  try {
    const stream = client.stream(q.Documents(q.Collection('c')), undefined, { resume, signal: hang.signal })
    stream.on('retry', () => {
      if (answered.length > maxOpenings + told.length) hang.abort(new Error('the loop opens its stream without end'))
    })
    for await (const event of stream) told.push(event as StreamEvent | GapEvent)
    assert.fail('the loop ended as if nothing had happened')
  } catch (error) {
    if (!(error instanceof FaunaError)) throw error
  } finally {
    clearTimeout(timer)
    await client.close()
    await peer.close()
  }
  const gaps = told.filter(event => event.type === 'gap')
  if (resume === false) assert.equal(gaps.length, 0)
  for (const gap of gaps) assert.ok(gap.after <= gap.until, `a gap from ${gap.after} to ${gap.until}`)
  // The observer is told of each event and its line; of a `start` that the loop is not given, too.
  const events = told.filter(event => event.type !== 'gap')
  const given: string[] = []
  for (const [i, event] of observed.entries()) {
    if (event !== events[given.length]) continue
    given.push(lines[i]!)
    assert.deepEqual(event, readEvent(lines[i]!))
  }
  assert.equal(given.length, events.length, 'an event was told that did not come in a line')
  return { answered, lines: given, connections: peer.connections.length }
}

const watched = new WeakSet<FrameConnection>()

/** Cuts a connection when its time has come. */
function watch(connection: FrameConnection): void {
  if (watched.has(connection)) return
  watched.add(connection)
  const timer = setTimeout(() => connection.close('rst'), patienceMs)
  connection.socket.once('close', () => clearTimeout(timer))
}

/** The lines that were told are some of those that came, each told as often as it came at most, in their order. */
function assertCame({ lines, answered, connections }: Outcome): void {
  const came = answered.flatMap(({ body }) => splitLines(body))
  let at = 0
  for (const line of lines) {
    const found = came.indexOf(line, at)
    assert.notEqual(found, -1, `told, and not sent: ${line}`)
    at = found + 1
  }
  assert.ok(answered.length <= maxOpenings + lines.length, `${answered.length} openings`)
  assert.ok(connections <= maxOpenings + lines.length, `${connections} connections`)
}

/** The lines that can be read, up to the first that cannot, or that is an error of the server. */
function readable(lines: readonly string[]): string[] {
  const end = lines.findIndex(line => {
    try {
      return readEvent(line).type === 'error'
    } catch {
      return true
    }
  })
  return end === -1 ? [...lines] : lines.slice(0, end)
}

/** Without resuming nothing in between is left out; where the answer ended after all of it, nothing is missing. */
function assertUnbroken({ lines, answered }: Outcome): void {
  assert.ok(answered.length <= 2, `${answered.length} openings`)
  const [answer] = answered
  const owed = answer ? readable(splitLines(answer.body)) : []
  assert.deepEqual(lines, answer?.isWhole ? owed : owed.slice(0, lines.length))
}

/** Runs a plan many times, each with numbers of its own. */
function fuzz(name: string, runs: number, makePlan: (random: Random) => Plan): void {
  for (const resume of [false, 'live'] as const) {
    test(`${name}, resume ${resume} (${runs} runs, SEED=${seed})`, { timeout: 60_000 }, async () => {
      for (let run = 0; run < runs; run++) {
        try {
          const outcome = await follow(makePlan(makeRandom(seed + run * 7_919)), resume)
          assertCame(outcome)
          if (resume === false) assertUnbroken(outcome)
        } catch (error) {
          throw new Error(`run ${run} of SEED=${seed}: ${(error as Error).message}`, { cause: error })
        }
      }
    })
  }
}

/** Sends a body and ends the answer in one of the ways there are. */
function answerWith(connection: FrameConnection, streamId: number, body: Buffer, random: Random): Answered {
  connection.respond(streamId)
  const how = pick(random, 4)
  void connection.write(streamId, body, how === 0)
  if (how === 1) connection.reset(streamId, pick(random, 14))
  if (how === 2) connection.close('fin')
  if (how === 3) connection.close('rst')
  return { body, isWhole: how === 0 }
}

const nothing: Answered = { body: Buffer.alloc(0), isWhole: false }

describe('random bytes', () => {
  fuzz('in place of the peer’s SETTINGS', 25, random => ({
    begin(connection) {
      connection.sendBytes(randomBytes(random, 1 + pick(random, 200)))
      connection.close('fin')
    },
    play: () => nothing,
  }))

  fuzz('in place of an answer', 10, random => ({
    play(connection) {
      connection.sendBytes(randomBytes(random, 1 + pick(random, 200)))
      connection.close('fin')
      return nothing
    },
  }))

  fuzz('in the body of an answer', 10, random => ({
    play(connection, streamId) {
      const noise = randomBytes(random, pick(random, 200))
      const isStarted = random() < 0.5
      const body = isStarted ? Buffer.concat([Buffer.from(`${startLine(1)}\r\n`), noise]) : noise
      return answerWith(connection, streamId, body, random)
    },
  }))
})

describe('a recorded stream that was damaged', () => {
  const maxBytes = 100_000
  const recorded = readRecordedStreams().filter(({ status, bytes }) => status === 200 && bytes.length <= maxBytes)

  fuzz('in its bytes', 100, random => ({
    play(connection, streamId) {
      const { bytes } = recorded[pick(random, recorded.length)]!
      return answerWith(connection, streamId, damage(bytes, random, pick(random, 4)), random)
    },
  }))

  fuzz('in the order of its lines', 50, random => ({
    play(connection, streamId) {
      const { lines } = recorded[pick(random, recorded.length)]!
      const text = disorder(lines, random, pick(random, 4)).map(line => `${line}\r\n`)
      return answerWith(connection, streamId, Buffer.from(text.join('')), random)
    },
  }))
})

/** The DATA of a stream in these bytes, as a reader sees it that knows no rules: a frame may be cut off by the end. */
function dataIn(bytes: Buffer, streamId: number): Buffer {
  const data: Buffer[] = []
  for (let at = 0; at + 9 <= bytes.length;) {
    const end = at + 9 + bytes.readUIntBE(at, 3)
    const [type, flags] = [bytes[at + 3]!, bytes[at + 4]!]
    const isOurs = (bytes.readUInt32BE(at + 5) & 0x7fffffff) === streamId
    const payload = bytes.subarray(at + 9, end)
    if (type === frameType.data && isOurs) data.push(stripPadding({ type, flags, streamId, payload }))
    at = end
  }
  return Buffer.concat(data)
}

function stripPadding({ flags, payload }: Frame): Buffer {
  return (flags & frameFlag.padded) === 0 ? payload : payload.subarray(1, payload.length - (payload[0] ?? 0))
}

/** A good answer, as frames, among others that a peer may send at any time. */
function answerFrames(streamId: number, random: Random): Buffer[] {
  const text = [startLine(1), versionLine(2), versionLine(3), versionLine(4)].map(line => `${line}\r\n`).join('')
  const data: Buffer[] = []
  for (let at = 0; at < text.length;) {
    const to = at + 1 + pick(random, 120)
    data.push(encodeFrame(frameType.data, 0, streamId, Buffer.from(text.slice(at, to))))
    at = to
  }
  const others = [
    encodeFrame(frameType.ping, 0, 0, Buffer.alloc(8)),
    encodeFrame(frameType.settings, 0, 0, encodeSettings([[1 + pick(random, 6), pick(random, 70_000)]])),
    encodeFrame(frameType.windowUpdate, 0, pick(random, 2) * streamId, encodeNumbers(pick(random, 70_000))),
    encodeFrame(frameType.goaway, 0, 0, encodeNumbers(pick(random, 4), pick(random, 14))),
    encodeFrame(frameType.reset, 0, streamId, encodeNumbers(pick(random, 14))),
    encodeFrame(frameType.pushPromise, frameFlag.endHeaders, streamId, encodeNumbers(2)),
    encodeFrame(frameType.continuation, 0, streamId, Buffer.alloc(0)),
    encodeFrame(10 + pick(random, 246), pick(random, 256), pick(random, 4), randomBytes(random, pick(random, 40))),
  ]
  for (let i = pick(random, 3); i > 0; i--)
    data.splice(pick(random, data.length), 0, others[pick(random, others.length)]!)
  return [encodeFrame(frameType.headers, frameFlag.endHeaders, streamId, encodeHeaders({ ':status': '200' })), ...data]
}

/** Sends these bytes and ends the connection. */
function sendLast(connection: FrameConnection, streamId: number, bytes: Buffer): Answered {
  connection.sendBytes(bytes)
  connection.close('fin')
  return { body: dataIn(bytes, streamId), isWhole: false }
}

describe('frames that were damaged', () => {
  fuzz('in their bytes', 40, random => ({
    play(connection, streamId) {
      const bytes = Buffer.concat(answerFrames(streamId, random))
      return sendLast(connection, streamId, damage(bytes, random, pick(random, 4)))
    },
  }))

  fuzz('in their order', 25, random => ({
    play(connection, streamId) {
      const frames = disorder(answerFrames(streamId, random), random, pick(random, 4))
      return sendLast(connection, streamId, Buffer.concat(frames))
    },
  }))

  fuzz('in a head', 30, random => ({
    play(connection, streamId) {
      const frames = answerFrames(streamId, random)
      const at = pick(random, frames.length)
      frames[at] = Buffer.concat([damage(frames[at]!.subarray(0, 9), random, 1), frames[at]!.subarray(9)])
      return sendLast(connection, streamId, Buffer.concat(frames))
    },
  }))

  fuzz('at the beginning of a connection', 15, random => ({
    begin(connection) {
      const frame = encodeFrame(frameType.settings, 0, 0, encodeSettings([[1 + pick(random, 6), pick(random, 70_000)]]))
      connection.sendBytes(damage(frame, random, 1 + pick(random, 3)))
      if (random() < 0.8) connection.close('fin')
    },
    play(connection, streamId) {
      return sendLast(connection, streamId, Buffer.concat(answerFrames(streamId, random)))
    },
  }))
})

test('a peer that plays well is told whole: the fuzz tests would see a line that is missing', async () => {
  const body = Buffer.from([startLine(1), versionLine(2)].map(line => `${line}\r\n`).join(''))
  const outcome = await follow(
    {
      play(connection, streamId) {
        connection.respond(streamId)
        connection.data(streamId, body)
        connection.reset(streamId, errorCode.internalError)
        return { body, isWhole: true }
      },
    },
    false,
  )
  assert.deepEqual(outcome.lines, [startLine(1), versionLine(2)])
  assertUnbroken(outcome)
})
