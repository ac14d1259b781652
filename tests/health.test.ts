/** What is counted of streams and clients, and how far a loop is said to be behind. */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { q } from '../src/index.ts'
import type { End } from '../src/end.ts'
import type { AnyEvent } from '../src/events/types.ts'
import { type Counters, makeCounters } from '../src/health.ts'
import { serveEvents, startLine, versionLine } from '../src/testing/index.ts'
import { ManualTime } from './support/clock.ts'
import { bytes, type FakeAnswer, FakeLink, type FakeOptions, streamOver } from './support/fake-link.ts'
import { cut, inHistory, Record, thing, type World } from './support/history-world.ts'
import { withClients } from './support/clients.ts'

const cutOff: End = { how: 'cut' }
const beganAt = 1_700_000_000_000

/** The transaction time of so many milliseconds after the clock began. */
const txnAt = (ms: number): number => (beganAt + ms) * 1_000

function tells(lines: readonly string[], end?: End): FakeAnswer {
  return { chunks: lines.map(line => bytes(line + '\r\n')), ...(end && { end }) }
}

function follow(answers: FakeAnswer[], options: FakeOptions = {}) {
  const time = new ManualTime(beganAt)
  const link = new FakeLink(answers, { time })
  const stream = streamOver<AnyEvent>(link, { resume: 'live', ...options })
  const loop = stream[Symbol.asyncIterator]()
  /** The next event, however long the waits before it are. */
  const next = async (): Promise<AnyEvent | undefined> => {
    const settled = loop.next()
    const isSettled = settled.then(() => true)
    while (!(await Promise.race([isSettled, turn(false)]))) time.pass(100)
    return (await settled).value
  }
  return { time, link, stream, loop, next }
}

function countersOf(health: Counters): Counters {
  return Object.fromEntries(Object.keys(makeCounters()).map(name => [name, health[name as keyof Counters]])) as Counters
}

describe('a stream counts', () => {
  test('what its loop got, the bytes of it, and nothing before the first event', async () => {
    const lines = [startLine(10), versionLine(11), versionLine(12)]
    const { stream, next } = follow([tells(lines)])
    assert.deepEqual(countersOf(stream.health()), makeCounters())
    for (let told = 1; told <= lines.length; told++) {
      await next()
      assert.equal(stream.health().events, told)
    }
    assert.equal(stream.health().bytes, lines.join('\r\n').length + 2)
    await stream.close()
    assert.equal(stream.health().events, lines.length)
  })

  test('losses, reopenings, and events that came a second time', async () => {
    const first = tells([startLine(10), versionLine(11), versionLine(12)], cutOff)
    const behind = tells([startLine(11), versionLine(12), versionLine(13)], cutOff)
    const { stream, next } = follow([first, behind, tells([startLine(20), versionLine(21)])])
    const told: unknown[] = []
    for (let i = 0; i < 6; i++) told.push((await next())?.type)
    assert.deepEqual(told, ['start', 'version', 'version', 'version', 'gap', 'version'])
    const { bytes: _, ...counted } = countersOf(stream.health())
    assert.deepEqual(counted, { events: 6, reconnects: 2, losses: 2, duplicates: 1, gaps: 1, recovered: 0 })
    await stream.close()
  })

  test('each failed attempt as a loss, and only an opening as a reconnect', async () => {
    const busy: FakeAnswer = { status: 503, chunks: [bytes('{"error":"busy"}')], end: { how: 'finished' } }
    const { stream, next } = follow([
      tells([startLine(10)], cutOff),
      busy,
      busy,
      tells([startLine(10), versionLine(11)]),
    ])
    await next()
    await next()
    const { reconnects, losses } = stream.health()
    assert.deepEqual({ reconnects, losses }, { reconnects: 1, losses: 3 })
    await stream.close()
  })

  test('batches as the events in them', async () => {
    const link = new FakeLink([tells([startLine(10), versionLine(11), versionLine(12)])])
    const stream = streamOver<AnyEvent>(link)
    for await (const events of stream.batches()) {
      assert.equal(stream.health().events, events.length)
      if (events.some(event => 'txn' in event && event.txn === 12)) break
    }
    assert.equal(stream.health().events, 3)
  })

  test('what was read back after a loss, as it is told', () =>
    inHistory(async (world: World) => {
      await world.write(q.Create(thing(1), { data: {} }))
      const stream = world.client.stream(thing(1))
      const record = new Record(stream)
      await record.until(events => events.length > 0)
      world.proxy.refuse()
      await cut(world, stream)
      await world.write(q.Update(thing(1), { data: { a: 1 } }))
      const last = await world.write(q.Update(thing(1), { data: { a: 2 } }))
      world.proxy.heal()
      await record.txn(last)
      const { recovered, reconnects, gaps, events } = stream.health()
      assert.deepEqual({ recovered, reconnects, gaps, events }, { recovered: 2, reconnects: 1, gaps: 0, events: 3 })
      await stream.close()
      assert.equal(world.client.health().recovered, 2)
    }))
})

describe('the lag', () => {
  test('is unknown before anything was told, and after the end', async () => {
    const { stream, loop } = follow([tells([startLine(txnAt(0))])])
    assert.equal(stream.health().lagMs, undefined)
    await loop.next()
    assert.equal(stream.health().lagMs, 0)
    await stream.close()
    assert.equal(stream.health().lagMs, undefined)
  })

  test('of a loop that waits is how late the last event came, however long nothing happens', async () => {
    const { stream, loop, time } = follow([tells([startLine(txnAt(-7))])])
    await loop.next()
    const waiting = loop.next()
    await turn()
    assert.equal(stream.health().lagMs, 7)
    time.pass(3_600_000)
    assert.equal(stream.health().lagMs, 7)
    await stream.close()
    await waiting
  })

  test('of a loop at work is the age of the event that it works on', async () => {
    const { stream, loop, time } = follow([tells([startLine(txnAt(0)), versionLine(txnAt(5)), versionLine(txnAt(9))])])
    await loop.next()
    time.pass(100)
    await loop.next()
    assert.equal(stream.health().lagMs, 95)
    time.pass(50)
    assert.equal(stream.health().lagMs, 145)
    await loop.next()
    assert.equal(stream.health().lagMs, 141)
    await stream.close()
  })

  test('of a stream that was lost counts from when the peer was last heard, not from the last event', async () => {
    const { stream, loop, time, link } = follow([tells([startLine(txnAt(0))]), { status: 200 }])
    await loop.next()
    const waiting = loop.next()
    await turn()
    time.pass(3_600_000)
    const [exchange] = link.exchanges
    exchange!.lastHeardAt = time.now() - 400
    exchange!.finish(cutOff)
    while (stream.state === 'open') await turn()
    assert.equal(stream.health().lagMs, 400)
    time.pass(1_000)
    assert.equal(stream.health().lagMs, 1_400)
    await stream.close()
    await waiting
  })

  test('of lines that lay here for long is their age, though an idle hour went before them', async () => {
    const { stream, loop, time, link } = follow([tells([startLine(txnAt(0))])])
    await loop.next()
    const hour = 3_600_000
    time.pass(hour)
    // While the loop's body ran, two events came.
    for (const ms of [hour - 600, hour - 500]) link.exchanges[0]!.push(bytes(versionLine(txnAt(ms)) + '\r\n'))
    await loop.next()
    assert.equal(stream.health().lagMs, 600)
    await loop.next()
    assert.equal(stream.health().lagMs, 500)
    await stream.close()
  })

  test('is never below 0 where the clock of the server is ahead', async () => {
    const { stream, loop } = follow([tells([startLine(txnAt(5_000))])])
    await loop.next()
    assert.equal(stream.health().lagMs, 0)
    await stream.close()
  })
})

describe('a client', () => {
  test('sums up its streams, those that have ended included, and tells what its connections carry', async () => {
    const peer = await serveEvents({ lines: [versionLine(1_800_000_000_000_000)], maxConcurrentStreams: 2 })
    await withClients(peer, async (_, connect) => {
      const client = connect()
      const { events, states, streamsPerSession, lagMs } = client.health()
      assert.deepEqual(
        { events, states, streamsPerSession },
        { events: 0, states: { connecting: 0, open: 0 }, streamsPerSession: [] },
      )
      assert.equal(lagMs, undefined)
      const streams = [1, 2, 3].map(id => client.stream(q.Ref(q.Collection('c'), String(id))))
      const loops = streams.map(stream => stream[Symbol.asyncIterator]())
      for (const loop of loops) assert.equal((await loop.next()).value?.type, 'start')
      for (const loop of loops) assert.equal((await loop.next()).value?.type, 'version')
      const open = client.health()
      assert.deepEqual(open.states, { connecting: 0, open: 3 })
      assert.deepEqual(open.streamsPerSession, [2, 1])
      assert.equal(open.events, 6)
      assert.equal(open.lastTxn, 1_800_000_000_000_000)
      assert.equal(open.lagMs, 0)
      for (const stream of streams) await stream.close()
      const closed = client.health()
      assert.deepEqual(closed.states, { connecting: 0, open: 0 })
      assert.deepEqual(countersOf(closed), countersOf(open))
      assert.ok(closed.bytes > 0)
    })
  })

  test('and a stream tell plain numbers and texts, which JSON can hold', async () => {
    await withClients(await serveEvents(), async (_, connect) => {
      const client = connect()
      const stream = client.stream(q.Ref(q.Collection('c'), '1'))
      await stream[Symbol.asyncIterator]().next()
      for (const health of [client.health(), stream.health()]) {
        assert.deepEqual(
          JSON.parse(JSON.stringify(health)),
          Object.fromEntries(Object.entries(health).filter(([, value]) => value !== undefined)),
        )
      }
      await stream.close()
    })
  })
})
