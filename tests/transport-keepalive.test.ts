/** A peer that is gone without a word is noticed (RFC 9113 §6.7): here with time that only the test moves. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client, type DefaultField, q, type StreamEvent } from '../src/index.ts'
import { KeepAlive, type Pingable } from '../src/transport/keepalive.ts'
import { ManualTime } from './support/clock.ts'
import { type FramePeer, frameType, serveFrames } from '../src/testing/index.ts'
import './support/leaks.ts'
import { beginFrames, versionLine } from './support/peer.ts'

/** A loss throws: these tests look at the one end of a stream. */
const noResume = { resume: false } as const

const intervalMs = 15_000
const timeoutMs = 10_000

/** A peer that counts PINGs and answers none. */
class FakePeer implements Pingable {
  lastHeardAt: number
  canPing = true
  pings = 0
  readonly gaveUp: number[] = []

  constructor(now: number) {
    this.lastHeardAt = now
  }

  ping(): boolean {
    if (this.canPing) this.pings++
    return this.canPing
  }

  giveUp(waitedMs: number): void {
    this.gaveUp.push(waitedMs)
  }
}

function watch() {
  const time = new ManualTime()
  const peer = new FakePeer(time.now())
  const keepAlive = new KeepAlive(peer, time, intervalMs, timeoutMs)
  keepAlive.start()
  const hear = () => (peer.lastHeardAt = time.now())
  return { time, peer, keepAlive, hear }
}

describe('a keep-alive', () => {
  test('pings when nothing came for the interval, not before', () => {
    const { time, peer } = watch()
    time.pass(intervalMs - 1)
    assert.equal(peer.pings, 0)
    time.pass(1)
    assert.equal(peer.pings, 1)
  })

  test('does not ping while the peer is heard', () => {
    const { time, peer, hear } = watch()
    for (let i = 0; i < 20; i++) {
      time.pass(intervalMs - 1)
      hear()
    }
    assert.equal(peer.pings, 0)
    time.pass(intervalMs)
    assert.equal(peer.pings, 1)
  })

  test('gives the peer up when nothing comes within the timeout after a PING, once', () => {
    const { time, peer } = watch()
    time.pass(intervalMs + timeoutMs - 1)
    assert.deepEqual(peer.gaveUp, [])
    time.pass(1)
    assert.deepEqual(peer.gaveUp, [timeoutMs])
    time.pass(10 * intervalMs)
    assert.deepEqual(peer.gaveUp, [timeoutMs])
    assert.equal(time.pending, 0)
  })

  test('goes on watching when the PING was answered, or anything else came after it', () => {
    const { time, peer, hear } = watch()
    time.pass(intervalMs)
    time.pass(timeoutMs - 1)
    hear()
    time.pass(intervalMs)
    assert.deepEqual(peer.gaveUp, [])
    time.pass(intervalMs)
    assert.equal(peer.pings, 2)
    time.pass(timeoutMs)
    assert.deepEqual(peer.gaveUp, [timeoutMs])
  })

  test('that cannot ping now tries again', () => {
    const { time, peer } = watch()
    peer.canPing = false
    time.pass(3 * intervalMs)
    assert.deepEqual([peer.pings, peer.gaveUp], [0, []])
    peer.canPing = true
    time.pass(intervalMs)
    assert.equal(peer.pings, 1)
  })

  test('that was stopped does nothing any more, also while it waits for an answer', () => {
    for (const passedMs of [0, intervalMs]) {
      const { time, peer, keepAlive } = watch()
      time.pass(passedMs)
      const { pings } = peer
      keepAlive.stop()
      assert.equal(time.pending, 0)
      time.pass(10 * intervalMs)
      assert.deepEqual([peer.pings, peer.gaveUp], [pings, []])
    }
  })

  test('has one timer, however often it is started, and can be started again', () => {
    const { time, peer, keepAlive } = watch()
    keepAlive.start()
    assert.equal(time.pending, 1)
    keepAlive.stop()
    keepAlive.start()
    time.pass(intervalMs)
    assert.equal(peer.pings, 1)
  })
})

/** A stream that is open over a peer of frames, with the test's time. */
async function openStream(run: (open: { time: ManualTime; peer: FramePeer; client: Client; next: Next }) => unknown) {
  const time = new ManualTime()
  const peer = await serveFrames({
    requested: beginFrames,
  })
  const client = new Client({ endpoint: peer.endpoint, secret: 's', time })
  try {
    const iterator = client.stream(q.Documents(q.Collection('c')), undefined, noResume)[Symbol.asyncIterator]()
    await iterator.next()
    await run({ time, peer, client, next: () => iterator.next() })
  } finally {
    await client.close()
    await peer.close()
  }
}
type Next = () => Promise<IteratorResult<StreamEvent<DefaultField>, undefined>>

const timedOut = { name: 'TransportError', code: 'ping_timeout', message: /waited 10000 ms/ }

describe('a stream', () => {
  test('whose peer answers PINGs stays open, however long it is silent', () =>
    openStream(async ({ time, peer, next }) => {
      const pending = next()
      const [connection] = peer.connections
      for (let pings = 1; pings <= 5; pings++) {
        // The next one is due so long after the last answer.
        time.pass(pings === 1 ? intervalMs : intervalMs - timeoutMs)
        await peer.until(() => connection!.received(frameType.ping).length === pings)
        // The answer is on its way: a SETTINGS frame behind it is acknowledged when both were read.
        const settings = connection!.received(frameType.settings).length
        connection!.settings()
        await peer.until(() => connection!.received(frameType.settings).length > settings)
        time.pass(timeoutMs)
      }
      connection!.data(1, versionLine(2) + '\r\n')
      assert.equal((await pending).value?.type, 'version')
    }))

  test('whose peer does not answer a PING throws ping_timeout, and the connection is gone', () =>
    openStream(async ({ time, peer, next }) => {
      const [connection] = peer.connections
      connection!.acknowledges = false
      const pending = next()
      time.pass(intervalMs)
      await peer.until(() => connection!.received(frameType.ping).length === 1)
      time.pass(timeoutMs)
      await assert.rejects(pending, timedOut)
      await peer.until(() => connection!.isClosed)
    }))

  test('whose peer reads nothing any more throws ping_timeout', () =>
    openStream(async ({ time, peer, next }) => {
      peer.connections[0]!.socket.pause()
      const pending = next()
      time.pass(intervalMs)
      time.pass(timeoutMs)
      await assert.rejects(pending, timedOut)
    }))

  test('is watched also after the peer announced with GOAWAY that it will go', () =>
    openStream(async ({ time, peer, next }) => {
      const [connection] = peer.connections
      connection!.goaway(1, 0)
      connection!.data(1, versionLine(2) + '\r\n')
      assert.equal((await next()).value?.type, 'version')
      const pending = next()
      // Node sends no PING any more: an empty SETTINGS frame asks for the same sign of life.
      const settings = connection!.received(frameType.settings).length
      time.pass(intervalMs)
      await peer.until(() => connection!.received(frameType.settings).length === settings + 1)
      connection!.data(1, versionLine(3) + '\r\n')
      assert.equal((await pending).value?.type, 'version')
      time.pass(timeoutMs)
      connection!.acknowledges = false
      const last = next()
      time.pass(intervalMs)
      time.pass(timeoutMs)
      await assert.rejects(last, timedOut)
    }))

  test('leaves no timer when it is closed', () =>
    openStream(async ({ time, client }) => {
      assert.equal(time.pending, 1)
      await client.close()
      assert.equal(time.pending, 0)
    }))
})

test('a stream tells that its peer answered a PING, and lastHeardAt moves with it', async () => {
  const time = new ManualTime()
  const peer = await serveFrames({
    requested: beginFrames,
  })
  const client = new Client({ endpoint: peer.endpoint, secret: 's', time, pingIntervalMs: 5_000 })
  try {
    const stream = client.stream(q.Documents(q.Collection('c')), undefined, noResume)
    const pinged = new Promise<number>(resolve => stream.on('ping', ({ roundTripMs }) => resolve(roundTripMs)))
    const loop = stream[Symbol.asyncIterator]()
    await loop.next()
    const heardAt = stream.lastHeardAt!
    time.pass(5_000)
    assert.equal(await pinged, 0)
    assert.equal(stream.lastHeardAt, heardAt + 5_000)
    await loop.return!()
  } finally {
    await client.close()
    await peer.close()
  }
})

test('an opening that the peer does not begin to answer is given up after a minute, though it answers PINGs', async () => {
  const time = new ManualTime()
  const peer = await serveFrames({ requested: () => undefined })
  const client = new Client({ endpoint: peer.endpoint, secret: 's', time, pingIntervalMs: 1_000_000 })
  try {
    const stream = client.stream(q.Documents(q.Collection('c')), undefined, noResume)
    const opened = stream[Symbol.asyncIterator]().next()
    const isRejected = assert.rejects(opened, { code: 'start_timeout', message: /did not begin/ })
    await peer.until(() => peer.connections[0]?.received(frameType.headers).length === 1)
    time.pass(60_000)
    await isRejected
    await peer.until(() => peer.connections[0]!.received(frameType.reset).length === 1)
  } finally {
    await client.close()
    await peer.close()
  }
})

test('an abort ends the loop at once on a connection that garbage came on', async () => {
  const peer = await serveFrames({
    requested: beginFrames,
  })
  const client = new Client({ endpoint: peer.endpoint, secret: 's', time: new ManualTime() })
  try {
    const stream = client.stream(q.Documents(q.Collection('c')), undefined, { resume: 'live' })
    const loop = stream[Symbol.asyncIterator]()
    await loop.next()
    const pending = loop.next()
    peer.connections[0]!.socket.write(Buffer.alloc(64, 0xff))
    for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
    stream.controller.abort()
    assert.deepEqual(await pending, { done: true, value: undefined })
  } finally {
    await client.close()
    await peer.close()
  }
})
