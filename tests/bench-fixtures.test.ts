// The bytes of the bench: the right number of events, framed as the real server frames them, the same for the same seed,
// and sent whole. A bench over wrong bytes measures nothing.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:http2'
import { cutPieces, makeEvents } from './bench/events.ts'
import { compareCosts, measureRounds, summarize } from './bench/measure.ts'
import { startServer } from './bench/process.ts'
import './support/leaks.ts'

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

interface Event {
  readonly type: string
  readonly txn: number
  readonly event: { readonly action: string; readonly document: { readonly ts: number; readonly data: object } }
}

test('a start line and the given number of events, each line closed by CR LF, times rising', () => {
  const lines = makeEvents({ count: 500, seed: 7 }).toString().split('\r\n')
  assert.equal(lines.pop(), '')
  assert.ok(lines.every(line => !line.includes('\n')))
  const [start, ...events] = lines.map(line => JSON.parse(line) as Event)
  assert.deepEqual(Object.keys(start ?? {}), ['type', 'txn', 'event'])
  assert.equal(start?.type, 'start')
  assert.equal(start?.event, start?.txn)
  assert.equal(events.length, 500)
  let last = start?.txn ?? 0
  for (const { type, txn, event } of events) {
    assert.equal(type, 'version')
    assert.ok(txn > last)
    assert.equal(event.document.ts, txn)
    assert.deepEqual(Object.keys(event), ['action', 'document'])
    last = txn
  }
})

test('an event has about 350 bytes, and some hold escapes and letters of more than a byte', () => {
  const bytes = makeEvents({ count: 10_000, seed: 1 })
  const each = bytes.length / 10_000
  assert.ok(each > 340 && each < 360, `${each} bytes`)
  assert.match(bytes.toString(), /東京/)
  assert.match(bytes.toString(), /\\"24/)
})

test('the same seed gives the same bytes, on every machine; another one gives others', () => {
  assert.equal(
    hash(makeEvents({ count: 1000, seed: 1 })),
    'd93dc31ca16bbef53228c75588566ed8dbfa732be177f44f3370c1b1fb8236f3',
  )
  assert.notEqual(hash(makeEvents({ count: 1000, seed: 2 })), hash(makeEvents({ count: 1000, seed: 1 })))
})

test('pieces are of the given size but for the last, and together are the bytes', () => {
  const bytes = makeEvents({ count: 100, seed: 1 })
  const pieces = [...cutPieces(bytes, 1000)]
  assert.ok(pieces.slice(0, -1).every(piece => piece.length === 1000))
  assert.deepEqual(Buffer.concat(pieces), bytes)
})

test('the server sends these bytes and then ends the stream when it is told to', async () => {
  const options = { count: 2000, seed: 3 }
  const server = await startServer({ ...options, after: 'end' }, { pin: false })
  const session = connect(server.endpoint)
  try {
    const stream = session.request({ ':method': 'POST', ':path': '/stream' })
    stream.end('{}')
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(stream, 'end')
    const received = Buffer.concat(chunks)
    assert.equal(received.length, server.bytes)
    assert.equal(hash(received), hash(makeEvents(options)))
  } finally {
    session.destroy()
    await server.stop()
  }
})

test('rounds begin with another contender each, and the first one is not counted', async () => {
  const order: string[] = []
  const contender = (name: string) => ({ name, run: async () => void order.push(name) })
  const course = { endpoint: 'http://127.0.0.1', count: 10, bytes: 100 }
  const costs = await measureRounds({ a: contender('a'), b: contender('b') }, course, 2)
  assert.deepEqual(order, ['a', 'b', 'b', 'a', 'a', 'b'])
  assert.equal(costs.a.length, 2)
  assert.equal(costs.b.length, 2)
})

test('a summary is the median and the ends, and ratios are taken round by round', () => {
  assert.deepEqual(summarize([10, 2, 4]), { median: 4, low: 2, high: 10 })
  assert.deepEqual(summarize([4, 1, 2, 3]), { median: 2.5, low: 1, high: 4 })
  assert.throws(() => summarize([]), RangeError)
  const costs = (elapsed: readonly number[]) => elapsed.map(value => ({ elapsed: value, cpu: 1 }))
  const ratios = compareCosts(costs([2, 30, 400]), costs([1, 10, 100]), 'elapsed')
  assert.deepEqual(ratios, { median: 3, low: 2, high: 4 })
})
