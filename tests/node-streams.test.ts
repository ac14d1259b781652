/** A stream in Node's and the web's streams: a slow reader stops the server, one that leaves ends the wire stream. */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ReadableStream } from 'node:stream/web'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Client, type EventStream, q, TransportError } from '../src/index.ts'
import { errorCode, type EventExchange, serveEvents, versionLine } from '../src/testing/index.ts'

const expr = q.Documents(q.Collection('c'))
const lineCount = 200
const text = 'x'.repeat(32 * 1024)
/** What may be ahead of a reader, in lines: the window, and what the streams in between buffer, 16 events each. */
const aheadLimit = 64
/** Turns of the event loop after which a peer that could send would have sent. */
const stillTurns = 50

/** Reads one event when told, and never one before. */
type Reader = {
  /** The next event; rejects with the error that ended the stream. */
  next(): Promise<unknown>
  leave(): Promise<unknown>
}

/** A writable that is done with an event when the next one is asked for. */
class Slow extends Writable {
  #taken: (() => void) | undefined
  #event: unknown

  constructor() {
    super({ objectMode: true, highWaterMark: 1 })
  }

  override _write(event: unknown, _encoding: BufferEncoding, done: () => void): void {
    this.#event = event
    this.#taken = done
    this.emit('event')
  }

  async next(): Promise<unknown> {
    if (this.#taken === undefined) await once(this, 'event')
    const done = this.#taken!
    this.#taken = undefined
    const event = this.#event
    done()
    return event
  }
}

function readPipeline(source: Readable | AsyncIterable<unknown>, stop: AbortController): Reader {
  const slow = new Slow()
  const done = pipeline(source, slow, { signal: stop.signal }).then(
    () => new Error('the pipeline ended'),
    (error: unknown) => error,
  )
  return {
    next: () => Promise.race([slow.next(), done.then(error => Promise.reject(error))]),
    leave: () => {
      stop.abort()
      return done
    },
  }
}

type Follow = (signal?: AbortSignal) => EventStream<unknown>

/** Each way to read a stream. */
const readers: { readonly [name: string]: (follow: Follow) => { stream: EventStream<unknown>; reader: Reader } } = {
  'Readable.from(stream)': follow => {
    const stream = follow()
    const readable = Readable.from(stream)
    const iterator = readable[Symbol.asyncIterator]()
    const leave = () => {
      readable.destroy()
      return once(readable, 'close')
    }
    return { stream, reader: { next: async () => (await iterator.next()).value as unknown, leave } }
  },
  'ReadableStream.from(stream)': follow => {
    const stream = follow()
    const reader = ReadableStream.from(stream).getReader()
    return { stream, reader: { next: async () => (await reader.read()).value, leave: () => reader.cancel() } }
  },
  'pipeline(Readable.from(stream), …, { signal })': follow => {
    const stream = follow()
    return { stream, reader: readPipeline(Readable.from(stream), new AbortController()) }
  },
  'pipeline(stream, …, { signal }) with the signal for both': follow => {
    const stop = new AbortController()
    const stream = follow(stop.signal)
    return { stream, reader: readPipeline(stream, stop) }
  },
}

const numberOf = (event: unknown) =>
  (event as { readonly event: { readonly document?: { readonly data: { readonly n: number } } } }).event.document?.data
    .n

/** Sends the lines as fast as the client lets it, and counts those that are out. */
function send(exchange: EventExchange): { readonly sent: number } {
  const progress = { sent: 0 }
  for (let n = 0; n < lineCount; n++) {
    void exchange.send(versionLine(exchange.txn + 1 + n, { n, text })).then(isSent => (progress.sent += Number(isSent)))
  }
  return progress
}

/** Resolves when nothing has been sent for a while. */
async function standsStill(progress: { readonly sent: number }): Promise<void> {
  for (let turns = 0, before = progress.sent; turns < stillTurns; turns++) {
    await turn()
    if (progress.sent !== before) turns = 0
    before = progress.sent
  }
}

for (const [name, open] of Object.entries(readers)) {
  describe(name, () => {
    const withReader = async (
      run: (parts: { stream: EventStream<unknown>; reader: Reader; exchange: EventExchange }) => Promise<void>,
    ) => {
      await using peer = await serveEvents()
      await using client = new Client({ endpoint: peer.endpoint, secret: 's', receiveBufferBytes: 64 * 1024 })
      const { stream, reader } = open(signal => client.stream(expr, undefined, { resume: false, signal }))
      const start = (await reader.next()) as { readonly type: string }
      assert.equal(start.type, 'start')
      await run({ stream, reader, exchange: await peer.opened() })
      await peer.until(() => peer.streams.every(({ isReset }) => isReset))
    }

    test('holds the server back while its reader rests, and gives every event in order', () =>
      withReader(async ({ stream, reader, exchange }) => {
        const progress = send(exchange)
        await standsStill(progress)
        assert.ok(progress.sent < aheadLimit, `${progress.sent} lines are out, and none was read`)
        for (let n = 0; n < lineCount; n++) {
          assert.equal(numberOf(await reader.next()), n)
          assert.ok(progress.sent <= n + aheadLimit, `${progress.sent} lines are out at line ${n}`)
        }
        await reader.leave()
        assert.equal(stream.state, 'closed')
      }))

    test('ends the wire stream when its reader leaves: at once, though nothing comes', () =>
      withReader(async ({ stream, reader }) => {
        const waiting = reader.next().catch(() => undefined)
        await reader.leave()
        await waiting
        assert.equal(stream.state, 'closed')
      }))

    test('ends the wire stream when its reader leaves, while the server waits for room', () =>
      withReader(async ({ stream, reader, exchange }) => {
        const progress = send(exchange)
        await standsStill(progress)
        await reader.leave()
        assert.equal(stream.state, 'closed')
      }))

    test('fails with the error of the stream', () =>
      withReader(async ({ stream, reader, exchange }) => {
        exchange.reset(errorCode.internalError)
        await assert.rejects(reader.next(), TransportError)
        assert.equal(stream.state, 'closed')
      }))
  })
}
