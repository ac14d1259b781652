// Facts about the real server that cannot be replayed as exchanges: each is read from its file, and the embedded
// server honours it.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { startLocal } from '../src/local/index.ts'
import type { LocalOptions, LocalServer } from '../src/local/index.ts'
import { MAX_QUEUED_TRANSACTIONS } from '../src/local/live-stream.ts'
import { FrameClient } from './support/frame-client.ts'
import type { FrameClientOptions } from './support/frame-client.ts'
import { frameType } from '../src/testing/index.ts'
import type { Frame } from '../src/testing/index.ts'
import { create, doc, update } from './support/local-service.ts'
import { scenarioPath } from './support/replay.ts'

type RecordedFrame = {
  readonly type?: string
  readonly flags: number
  readonly stream: number
  readonly length: number
  readonly settings?: Readonly<Record<string, number>>
  readonly data?: string
  readonly note?: string
}
type Part = {
  readonly kind: string
  readonly note?: string
  readonly frames?: readonly RecordedFrame[]
  readonly summary?: { readonly bytesReceived: number; readonly framesNotData: readonly RecordedFrame[] }
  readonly events?: number
  readonly last?: string
  readonly end?: readonly RecordedFrame[]
  readonly request?: { readonly body: Record<string, unknown> }
  readonly response?: {
    readonly status: number
    readonly body?: string
    readonly chunks?: readonly { readonly data: string }[]
  }
}
type Recording = { readonly facts: readonly string[]; readonly parts: readonly Part[] }

function readRecording(name: string): Recording {
  return JSON.parse(readFileSync(scenarioPath(name), 'utf8')) as Recording
}

function partsOf(name: string, kind: string): Part[] {
  const parts = readRecording(name).parts.filter(part => part.kind === kind)
  assert.ok(parts.length > 0, `${name} has no ${kind}`)
  return parts
}

/** The part of frames with a note that begins so; without one the first. */
function framesOf(name: string, note = ''): Part & { readonly frames: readonly RecordedFrame[] } {
  const part = partsOf(name, 'frames').find(one => (one.note ?? '').startsWith(note))
  assert.ok(part, `${name} has no frames "${note}"`)
  return { ...part, frames: part.frames ?? [] }
}

type Connect = (more?: Partial<FrameClientOptions>) => Promise<FrameClient>

/** A server with a collection `c`, a client that writes, and how to connect more that see their frames. */
async function begin(
  t: TestContext,
  options: LocalOptions = {},
): Promise<{ server: LocalServer; writer: FrameClient; connect: Connect }> {
  const server = await startLocal(options)
  t.after(() => server.close())
  const connect: Connect = async more => {
    const client = await FrameClient.open({ port: server.port, secret: server.secret, ...more })
    t.after(() => client.close())
    return client
  }
  const writer = await connect()
  await writer.ask({ create_collection: { object: { name: 'c' } } })
  return { server, writer, connect }
}

/** Opens a stream and waits for its `start`. */
async function follow(client: FrameClient, expression: object): Promise<number> {
  const stream = client.request('/stream', expression)
  await client.until(() => client.textOf(stream).endsWith('\n'))
  return stream
}

/** A frame as the recordings have it: what is not about time or content. */
function outline({ type, flags, payload }: Frame): object {
  return { type, flags, isEmpty: payload.length === 0 }
}

function recordedOutline({ type = '', flags, length }: RecordedFrame): object {
  const names: Readonly<Record<string, number>> = { DATA: 0, HEADERS: 1, SETTINGS: 4, PING: 6 }
  return { type: names[type], flags, isEmpty: length === 0 }
}

const linesOf = (text: string): string[] => text.split('\r\n').slice(0, -1)
const set = { documents: { collection: 'c' } }

test('frames-opening: SETTINGS, PING and the frames of a stream are as recorded', async t => {
  const { frames } = framesOf('frames-opening')
  const { writer, connect } = await begin(t)
  const fresh = await connect()
  const stream = await follow(fresh, doc('c', 1))
  await writer.ask(create('c', 1, { n: 1 }))
  await fresh.until(() => linesOf(fresh.textOf(stream)).length === 2)
  fresh.ping('0123456789abcdef')
  await fresh.until(() => fresh.frames.some(({ type }) => type === frameType.ping))
  fresh.reset(stream)
  await writer.ask(update('c', 1, { n: 2 }))
  const second = await follow(fresh, doc('c', 1))
  await writer.ask(update('c', 1, { n: 3 }))
  await fresh.until(() => linesOf(fresh.textOf(second)).length === 2)

  // Node says with a WINDOW_UPDATE, and not by silence, how much a connection may send; the recordings have none.
  const seen = fresh.frames.filter(({ type }) => type !== frameType.windowUpdate)
  assert.deepEqual(seen.map(outline), frames.map(recordedOutline))
  const announced = seen[0]?.payload ?? Buffer.alloc(0)
  const values = Array.from({ length: announced.length / 6 }, (_, i) => [
    announced.readUInt16BE(i * 6),
    announced.readUInt32BE(i * 6 + 2),
  ])
  assert.deepEqual(Object.fromEntries(values), frames[0]?.settings)
})

test('frames-idle: a stream without events sends no frame, then one of an event each', async t => {
  const { frames } = framesOf('frames-idle')
  assert.deepEqual(readRecording('frames-idle').facts, ['frames while idle: 0'])
  const { writer, connect } = await begin(t)
  const idle = await connect()
  await follow(idle, doc('c', 1))
  await follow(idle, set)
  const before = idle.frames.length
  // Whatever a timer or a turn of the event loop would send comes before the answer to a PING.
  await writer.ask({ now: null })
  idle.ping('0000000000000000')
  await idle.until(() => idle.frames.length > before)
  assert.deepEqual(
    idle.frames.slice(before).map(({ type }) => type),
    [frameType.ping],
  )
  await writer.ask(create('c', 1, {}))
  await idle.until(() => idle.frames.length >= before + 3)
  assert.deepEqual(idle.frames.slice(before + 1).map(outline), frames.slice(-2).map(recordedOutline))
})

test('frames-large: an event is cut at 16,384 bytes, and two are never in one frame', async t => {
  const sizes = framesOf('frames-large').frames as unknown as { bytes?: number; frames: number; total: number }[]
  assert.match(readRecording('frames-large').facts[0] ?? '', /one DATA frame up to 16 384 bytes/)
  const { writer, connect } = await begin(t)
  // A window that is no limit: where it is one, events are cut there too.
  const reader = await connect({ window: 2 ** 31 - 1 })
  const stream = await follow(reader, doc('c', 1))
  for (const { bytes = 0, frames, total } of sizes.filter(({ bytes }) => bytes !== undefined && bytes <= 1_048_576)) {
    const before = reader.of(stream).length
    const length = reader.textOf(stream).length
    const write = before === 2 ? create : update
    await writer.ask(write('c', 1, { text: 'x'.repeat(bytes) }))
    await reader.until(() => reader.textOf(stream).slice(length).endsWith('\n'))
    const came = reader.of(stream).slice(before)
    const cameBytes = came.reduce((sum, { payload }) => sum + payload.length, 0)
    assert.ok(Math.abs(cameBytes - total) < 100, `${cameBytes} bytes, as recorded ${total}`)
    assert.equal(came.length, Math.ceil(cameBytes / 16_384))
    assert.ok(frames - came.length <= 1)
    assert.ok(came.slice(0, -1).every(({ payload }) => payload.length === 16_384))
  }
})

test('frames-slow-reader, frames-fast-writer: who falls 4,096 transactions behind gets the error instead of the queue', async t => {
  const { summary } = framesOf('frames-slow-reader', 'stalled')
  const { last = '' } = framesOf('frames-slow-reader', 'after')
  assert.equal(framesOf('frames-fast-writer', 'after').last, last)
  assert.match(last, new RegExp(`accumulating ${MAX_QUEUED_TRANSACTIONS} items`))
  const window = Number(summary?.bytesReceived)
  const { writer, connect } = await begin(t)
  const slow = await connect({ window, givesBack: false })
  const stream = await follow(slow, set)
  // The server keeps some events beside those that count: those that are being sent.
  for (let i = 0; i < MAX_QUEUED_TRANSACTIONS + 200; i++) await writer.ask(create('c', i + 1, {}))
  assert.equal(slow.textOf(stream).length, window)
  assert.deepEqual(
    slow.of(stream).filter(({ type }) => type !== frameType.headers && type !== frameType.data),
    [],
  )
  slow.give(stream, 2 ** 30)
  await slow.until(() => slow.hasEnded(stream))
  const lines = linesOf(slow.textOf(stream))
  assert.equal(lines.at(-1), last)
  assert.ok(lines.length < 200, `${lines.length} lines came`)
  assert.deepEqual(outline(slow.of(stream).at(-1) as Frame), { type: frameType.data, flags: 1, isEmpty: true })
})

test('too-many-streams: one more than the limit opens; the next gets the error in-band; documents() does not count', async t => {
  const { facts } = readRecording('too-many-streams')
  const [limit] = /20/.exec((readRecording('too-many-streams') as unknown as { about: string }).about) ?? []
  const [, all, started, error] =
    /^of (\d+) document streams (\d+) start; .* only (\{.*\}), END_STREAM/.exec(facts[0] ?? '') ?? []
  const { writer, connect } = await begin(t, { maxStreams: Number(limit) })
  await writer.ask(create('c', 1, {}))
  const client = await connect()
  const streams: number[] = []
  for (let i = 0; i < Number(all); i++) streams.push(await follow(client, doc('c', 1)))
  const isStarted = (stream: number): boolean => client.textOf(stream).startsWith('{"type":"start"')
  assert.equal(streams.filter(isStarted).length, Number(started))
  const refused = streams.filter(stream => !isStarted(stream))
  await client.until(() => refused.every(stream => client.hasEnded(stream)))
  for (const stream of refused) assert.equal(client.textOf(stream), `${error}\r\n`)

  for (const stream of streams.slice(0, 5)) client.reset(stream)
  for (let i = 0; i < 3; i++) assert.ok(isStarted(await follow(client, doc('c', 1))))
  const sets: number[] = []
  for (let i = 0; i < 5; i++) sets.push(await follow(client, set))
  await writer.ask(create('c', 2, {}))
  await client.until(() => sets.every(stream => linesOf(client.textOf(stream)).length === 2))
  assert.ok(sets.every(isStarted))
})

test('start-swallowed: nothing above start.txn is missing, beside a writer without pause', async t => {
  assert.match(readRecording('start-swallowed').facts[0] ?? '', /Nothing above start.txn is missing/)
  const count = partsOf('start-swallowed', 'stream').length
  const { writer, connect } = await begin(t, { startDelayMs: 5 })
  const client = await connect()
  const written: number[] = []
  const opened: number[] = []
  const isStarted = (): boolean => opened.length === count && opened.every(stream => client.textOf(stream) !== '')
  const write = async (expression: object): Promise<void> => {
    const { resource } = JSON.parse(await writer.ask(expression)) as { resource: { ts: number } }
    written.push(resource.ts)
  }
  await write(create('c', 1, { n: 0 }))
  for (let n = 1; !isStarted(); n++) {
    if (opened.length < count) opened.push(client.request('/stream', doc('c', 1)))
    await write(update('c', 1, { n }))
  }
  await write(update('c', 1, { n: -1 }))
  await client.until(() => opened.every(stream => client.textOf(stream).includes(`"txn":${written.at(-1)}`)))
  for (const stream of opened) {
    const [start = 0, ...txns] = linesOf(client.textOf(stream)).map(line => (JSON.parse(line) as { txn: number }).txn)
    assert.deepEqual(
      txns,
      written.filter(ts => ts > start),
    )
  }
})

test('stop-sigterm: streams end without an error, and every acknowledged write was delivered', async t => {
  const { frames } = framesOf('stop-sigterm', 'SIGTERM')
  const ends = frames.filter(({ type, flags }) => type === 'DATA' && flags === 1)
  const { server, writer, connect } = await begin(t)
  const client = await connect()
  const streams = [await follow(client, doc('c', 1)), await follow(client, set)]
  await writer.ask(create('c', 1, {}))
  for (let n = 0; n < 20; n++) await writer.ask(update('c', 1, { n }))
  await server.stop()
  await client.until(() => client.ending !== undefined)
  assert.equal(client.ending, 'FIN')
  const lasts = streams.map(stream => client.of(stream).at(-1) as Frame)
  assert.deepEqual(lasts.map(outline), ends.map(recordedOutline))
  assert.deepEqual(
    streams.map(stream => linesOf(client.textOf(stream)).length),
    [22, 2],
  )
  assert.ok(streams.every(stream => !client.textOf(stream).includes('"type":"error"')))
  await assert.rejects(connect(), { code: 'ECONNREFUSED' })
})

test('stop-sigkill: the connection is gone, without GOAWAY and without the end of a stream', async t => {
  const { frames } = framesOf('stop-sigkill', 'SIGKILL')
  const after = frames.slice(frames.findIndex(({ note }) => note === 'SIGKILL') + 1)
  assert.deepEqual(
    after.map(({ note }) => note),
    ['FIN from the server', 'socket closed'],
  )
  const { server, writer, connect } = await begin(t)
  // It sends nothing of itself: a socket that is closed with bytes unread is reset, and sends no FIN.
  const client = await connect({ givesBack: false })
  const streams = [await follow(client, doc('c', 1)), await follow(client, set)]
  await writer.ask(create('c', 1, {}))
  await client.until(() => streams.every(stream => linesOf(client.textOf(stream)).length === 2))
  const before = client.frames.length
  await server.stop({ grace: false })
  await client.until(() => client.ending !== undefined)
  assert.equal(client.ending, 'FIN')
  assert.equal(client.frames.length, before)
  await assert.rejects(connect(), { code: 'ECONNREFUSED' })
  await server.start()
  assert.match(await (await connect()).ask({ exists: doc('c', 1) }), /true/)
})
