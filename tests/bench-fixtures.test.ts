// The bytes of the bench: the right number of events, framed as the real server frames them, the same for the same seed,
// and sent whole. A bench over wrong bytes measures nothing.
import './support/uncovered.ts'
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:http2'
import { readEventSlowly } from '../src/events/decode.ts'
import { cutPieces, fieldsOf, makeEvents, makeEventsV10, type Shape } from './bench/events.ts'
import { drawFlames } from './bench/flames.ts'
import { compareCosts, measureRounds, summarize } from './bench/measure.ts'
import { serveFrom, startServer } from './bench/process.ts'
import { makePages } from './bench/pages.ts'
import { drawChart, type Report, toMarkdown, toTable } from './bench/report.ts'
import { workloads } from './bench/workloads.ts'
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

test('every shape has lines that are events, of the kind and size that its name says', () => {
  for (const shape of Object.keys(fieldsOf) as Shape[]) {
    const text = makeEvents({ count: 50, seed: 5, shape, bytesEach: 2_000 }).toString()
    const lines = text.split('\r\n').slice(1, -1)
    assert.equal(lines.length, 50)
    for (const line of lines) {
      const event = readEventSlowly(line)
      assert.equal(event.type, shape === 'set' ? 'set' : 'version')
      assert.deepEqual(Object.keys((event as { event: object }).event), [...fieldsOf[shape]])
      if (shape === 'sized') assert.equal(line.length + 2, 2_000)
      if (shape === 'foreign') assert.match(line, /\p{Script=Cyrillic}/u)
    }
  }
})

test('the newer driver is sent as many events, each about as long', () => {
  const lines = makeEventsV10({ count: 1_000, seed: 5 }).toString().trimEnd().split('\n')
  assert.equal(lines.length, 1_001)
  for (const line of lines) JSON.parse(line)
  const ratio = lines.join('\n').length / makeEvents({ count: 1_000, seed: 5 }).toString().length
  assert.ok(ratio > 0.85 && ratio < 1.15, `${ratio}`)
})

test('a server that is told to sends each event in a frame of its own', async () => {
  const server = await startServer({ count: 300, seed: 3, after: 'open', pace: 'each' }, { pin: false })
  const session = connect(server.endpoint)
  try {
    const stream = session.request({ ':method': 'POST', ':path': '/stream' })
    stream.end('{}')
    const chunks: string[] = []
    let bytes = 0
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk.toString())
      bytes += chunk.length
      if (bytes === server.bytes) break
    }
    // A frame that TCP cuts comes in two.
    assert.equal(chunks.filter(chunk => chunk.endsWith('\r\n')).length, 301)
  } finally {
    session.destroy()
    await server.stop()
  }
})

test('an event a millisecond tells when it was sent, by the clock that all processes share', async () => {
  const server = await startServer({ count: 1, seed: 3, after: 'open', pace: 'timed' }, { pin: false })
  const session = connect(server.endpoint)
  try {
    const begun = process.hrtime.bigint() / 1000n
    const stream = session.request({ ':method': 'POST', ':path': '/stream' })
    stream.end('{}')
    let text = ''
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      text += chunk.toString()
      if (text.split('\n').length > 4) break
    }
    const sent = [...text.matchAll(/"sent":(\d+)/g)].map(([, micros]) => BigInt(micros!))
    assert.ok(sent.length >= 2)
    assert.ok(sent.every(micros => micros > begun && micros < process.hrtime.bigint() / 1000n))
  } finally {
    session.destroy()
    await server.stop()
  }
})

test('a distance is a proxy to the server', async () => {
  const server = await startServer({ count: 10, seed: 3, after: 'end' }, { pin: false })
  const proxy = await serveFrom(server.endpoint, 2)
  const session = connect(proxy.endpoint)
  try {
    const stream = session.request({ ':method': 'POST', ':path': '/stream' })
    stream.end('{}')
    let bytes = 0
    for await (const chunk of stream as AsyncIterable<Buffer>) bytes += chunk.length
    assert.equal(bytes, server.bytes)
  } finally {
    session.destroy()
    await proxy.stop()
    await server.stop()
  }
})

test('the chart and the page hold what was measured', () => {
  const cost = { elapsed: summarize([4]), cpu: summarize([3]) }
  const target = { label: 'faster', of: ['ours', 'official'], by: 'elapsed', floor: 2 } as const
  const outcomes = [{ ...target, workload: 'bulk', ratio: summarize([3]), isReached: true }]
  const result = {
    workload: workloads[0]!,
    bytesEach: 355,
    costs: { ours: cost, official: cost },
    outcomes,
    hitRate: 1,
  }
  const report = {
    node: 'v20',
    cpu: 'a processor',
    seed: 1,
    results: [result],
    facts: [{ name: 'growth of a slow loop', value: 1, unit: 'MiB' }],
  }
  assert.match(drawChart(report), /prefers-color-scheme: dark/)
  assert.match(drawChart(report), />fauna-streams<[\s\S]*>3\.0</)
  assert.match(toMarkdown(report), /fauna-streams \| 4\.00 \(4\.00–4\.00\) \| 3\.00/)
  assert.match(toMarkdown(report), /growth of a slow loop \| 1\.00 MiB/)
  assert.match(toTable(result), /faster: × 3\.00 \(3\.00–3\.00\); at least 2/)
})

test('the pages are what bench.json says', async () => {
  const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8')
  const pages = await makePages(JSON.parse(await read('bench.json')) as Report, await read('README.md'))
  assert.deepEqual(Object.keys(pages), ['README.md', 'docs/bench.svg', 'docs/performance.md'])
  for (const [path, text] of Object.entries(pages)) assert.equal(await read(path), text, path)
})

test('a flame graph has a box for each function, as wide as its share', () => {
  const frame = (functionName: string) => ({
    functionName,
    scriptId: '1',
    url: 'file:///x/events/a.ts',
    lineNumber: 1,
    columnNumber: 1,
  })
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2] },
      { id: 2, callFrame: frame('read'), children: [3] },
      { id: 3, callFrame: frame('parse<T>') },
    ],
    startTime: 0,
    endTime: 1,
    samples: [2, 3, 3, 3],
  }
  const svg = drawFlames(profile, '4 samples')
  assert.match(svg, /<title>read events\/a\.ts:2 100\.0 %<\/title>/)
  assert.match(svg, /<title>parse&lt;T&gt; events\/a\.ts:2 75\.0 %<\/title><rect width="900\.0"/)
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
  const course = { endpoint: 'http://127.0.0.1', count: 10, bytes: 100, shape: 'orders' as const }
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
