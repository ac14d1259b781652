/** A slow loop stops its peer: nothing piles up on the way, nothing is lost, no other stream waits (RFC 9113 §5.2). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Client, q, type StreamEvent } from '../src/index.ts'
import './support/leaks.ts'
import { beginStream, type PeerRequest, servePeer, startLine, versionLine } from './support/peer.ts'

/** A loss throws: these tests look at the one end of a stream. */
const noResume = { resume: false } as const

const expr = q.Documents(q.Collection('c'))
const eventCount = 10_000
const text = 'x'.repeat(8 * 1024)
const lineOf = (n: number) => versionLine(n + 2, { n, text }) + '\r\n'

/** What may be under way: the windows of RFC 9113 §5.2, what Node buffers at both ends, some flushes to be split. */
const aheadLimitBytes = 2 * 1024 * 1024
const heapLimitBytes = 16 * 1024 * 1024
/** Turns of the event loop after which a peer that could write would have written. */
const stillTurns = 100

/** Writes the events as fast as the client lets it, and counts what went out. */
class Writer {
  sent = 0
  sentBytes = 0
  readonly #count: number

  constructor(count: number) {
    this.#count = count
  }

  async write(request: PeerRequest): Promise<void> {
    beginStream(request, [startLine(1)])
    const { stream } = request
    while (this.sent < this.#count && !stream.destroyed) {
      const line = lineOf(this.sent)
      const mayGoOn = stream.write(line)
      this.sent++
      this.sentBytes += line.length
      if (!mayGoOn) await canGoOn(stream)
    }
  }

  /** Resolves when nothing has been written for a while. */
  async standsStill(): Promise<void> {
    for (let turns = 0, before = this.sent; turns < stillTurns; turns++) {
      await turn()
      if (this.sent !== before) turns = 0
      before = this.sent
    }
  }
}

function canGoOn(stream: PeerRequest['stream']): Promise<void> {
  return new Promise(resolve => {
    const goOn = () => {
      stream.off('drain', goOn).off('close', goOn)
      resolve()
    }
    stream.on('drain', goOn).on('close', goOn)
  })
}

/** A client of a peer that writes `count` events to each stream; `writers` has one for each, in their order. */
async function withWriters(count: number, run: (client: Client, writers: readonly Writer[]) => Promise<void>) {
  const writers: Writer[] = []
  const peer = await servePeer(request => {
    const writer = new Writer(count)
    writers.push(writer)
    void writer.write(request)
  })
  const client = new Client({ endpoint: peer.endpoint, secret: 's' })
  try {
    await run(client, writers)
  } finally {
    await client.close()
    await peer.close()
  }
}

function dataOf(event: StreamEvent<'action' | 'document'> | undefined): { n: number; text: string } {
  assert.ok(event?.type === 'version')
  return event.event.document.data as { n: number; text: string }
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What is held after a collection, in bytes: objects, and the buffers beside them. */
function measureHeld(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

describe('a slow loop over 10,000 large events', () => {
  test('holds its peer back and its memory flat, and gets every event in order', () =>
    withWriters(eventCount, async (client, writers) => {
      let received = 0
      let receivedBytes = 0
      let base = 0
      for await (const event of client.stream(expr, undefined, noResume)) {
        const [writer] = writers as [Writer]
        if (event.type === 'start') {
          // The longest wait first: all that the peer can send meanwhile stays within the bound.
          await writer.standsStill()
          base = measureHeld()
          continue
        }
        const data = dataOf(event)
        assert.equal(data.n, received)
        assert.equal(data.text.length, text.length)
        receivedBytes += lineOf(received++).length
        await turn()
        const aheadBytes = writer.sentBytes - receivedBytes
        assert.ok(aheadBytes < aheadLimitBytes, `the peer is ${aheadBytes} bytes ahead at event ${received}`)
        if (received % 1_000 === 0) {
          const grownBytes = measureHeld() - base
          assert.ok(grownBytes < heapLimitBytes, `${grownBytes} bytes more are held at event ${received}`)
        }
        if (received === eventCount) break
      }
      assert.equal(received, eventCount)
      assert.equal(writers[0]!.sent, eventCount)
    }))

  test('that reads in batches holds its peer back as well', () =>
    withWriters(eventCount, async (client, writers) => {
      const numbers: number[] = []
      for await (const batch of client.stream(expr, undefined, noResume).batches()) {
        await writers[0]!.standsStill()
        const isFirst = numbers.length === 0
        for (const event of batch) if (event.type !== 'start') numbers.push(dataOf(event).n)
        const ahead = writers[0]!.sent - numbers.length
        assert.ok(ahead * text.length < aheadLimitBytes, `the peer is ${ahead} events ahead`)
        if (!isFirst && numbers.length > 500) break
      }
      assert.deepEqual(
        numbers,
        Array.from(numbers, (_, i) => i),
      )
    }))
})

describe('a stream that nobody reads', () => {
  test('does not hold up another one on its connection', () =>
    withWriters(200, async (client, writers) => {
      const still = client.stream(expr, undefined, noResume)[Symbol.asyncIterator]()
      await still.next()
      await writers[0]!.standsStill()
      assert.ok(writers[0]!.sent < 200)
      const read: number[] = []
      for await (const event of client.stream(expr, undefined, noResume)) {
        if (event.type !== 'start') read.push(dataOf(event).n)
        if (read.length === 200) break
      }
      assert.equal(client.health().streams.sessions, 1)
      const late: number[] = []
      while (late.length < 200) late.push(dataOf((await still.next()).value).n)
      assert.deepEqual(late, read)
      await still.return!()
    }))
})
