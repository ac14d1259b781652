/** How far a peer may send ahead of us (RFC 9113 §5.2): what the distance needs, within what paused loops may hold. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerHttp2Session } from 'node:http2'
import { describe, test } from 'node:test'
import { Client, OptionError, q } from '../src/index.ts'
import { serveProxy, startLine, versionLine } from '../src/testing/index.ts'
import { defaultReceiveBufferBytes, type Windowed, Windows } from '../src/transport/windows.ts'
import { ManualTime } from './support/clock.ts'
import './support/leaks.ts'
import { beginStream, servePeer } from './support/peer.ts'

const kib = 1024
const mib = kib * kib
const restMs = 10_000

/** A connection whose PINGs are answered when the test says so. */
class FakeConnection implements Windowed {
  canSound = true
  sounds = 0
  readonly sizes: [stream: number, connection: number][] = []
  #answer: (() => void) | undefined
  #apply: (() => void) | undefined

  sound(answered: () => void): boolean {
    if (!this.canSound) return false
    this.sounds++
    this.#answer = answered
    return true
  }

  setWindows(streamBytes: number, connectionBytes: number, applied: () => void): void {
    this.sizes.push([streamBytes, connectionBytes])
    this.#apply = applied
  }

  answer(): void {
    const answer = this.#answer
    this.#answer = undefined
    answer?.()
  }

  apply(): void {
    const apply = this.#apply
    this.#apply = undefined
    apply?.()
  }
}

function open(receiveBufferBytes = defaultReceiveBufferBytes) {
  const time = new ManualTime()
  const connection = new FakeConnection()
  const windows = new Windows(connection, time, receiveBufferBytes)
  windows.share(1)
  /** Half a window comes, and then, a round trip of a PING later and each further one, so many bytes, up to a window. */
  const measure = (bytes: number, roundTripMs = 20): void => {
    const { streamBytes } = windows
    windows.received(streamBytes / 2)
    time.pass(roundTripMs)
    connection.answer()
    for (let came = bytes; came < streamBytes; came += bytes) {
      windows.received(bytes)
      time.pass(roundTripMs)
    }
    windows.received(bytes)
    connection.apply()
  }
  return { time, connection, windows, measure }
}

describe('the windows of a connection', () => {
  test('begin with 256 KiB a stream and 1 MiB for all of them', () => {
    const { windows } = open()
    assert.deepEqual([windows.streamBytes, windows.connectionBytes], [256 * kib, mib])
  })

  test('do not measure before half a window came', () => {
    const { windows, connection } = open()
    windows.received(128 * kib - 1)
    assert.equal(connection.sounds, 0)
    windows.received(1)
    assert.equal(connection.sounds, 1)
  })

  test('double with each round trip that they filled faster than before, up to the bound', () => {
    const { windows, connection, measure } = open(4 * mib)
    for (let i = 0; i < 10; i++) measure(windows.streamBytes)
    assert.deepEqual(connection.sizes, [
      [512 * kib, mib],
      [mib, 2 * mib],
      [2 * mib, 4 * mib],
      [4 * mib, 8 * mib],
    ])
    assert.equal(connection.sounds, 4, 'nothing is measured at the bound')
  })

  test('double where half of one comes each round trip: it is given back by halves', () => {
    const { windows, measure } = open()
    measure(128 * kib)
    assert.equal(windows.streamBytes, 512 * kib)
  })

  test('stay where a quarter of one comes each round trip: the peer has no more to say', () => {
    const { windows, measure } = open()
    for (let i = 0; i < 5; i++) measure(64 * kib)
    assert.equal(windows.streamBytes, 256 * kib)
  })

  test('stay where there is no distance', () => {
    const { windows, measure } = open()
    for (let i = 0; i < 5; i++) measure(256 * kib, 0)
    assert.equal(windows.streamBytes, 256 * kib)
  })

  test('stay where more on its way comes no faster', () => {
    const { windows, measure } = open()
    measure(256 * kib, 10)
    assert.equal(windows.streamBytes, 512 * kib)
    for (let i = 0; i < 5; i++) measure(512 * kib, 17)
    assert.equal(windows.streamBytes, 512 * kib)
    measure(512 * kib, 16)
    assert.equal(windows.streamBytes, mib)
  })

  test('measure one round trip at a time, and none before the peer has the windows', () => {
    const { windows, connection, time } = open()
    windows.received(mib)
    windows.received(mib)
    assert.equal(connection.sounds, 1)
    time.pass(1)
    connection.answer()
    assert.deepEqual(connection.sizes, [[512 * kib, mib]])
    windows.received(mib)
    assert.equal(connection.sounds, 1)
    connection.apply()
    windows.received(mib)
    assert.equal(connection.sounds, 2)
  })

  test('rest for 10 s after 16 round trips without gain: a steady stream is not one of PINGs', () => {
    const { connection, measure, time } = open()
    for (let i = 0; i < 40; i++) measure(256 * kib, 0)
    assert.equal(connection.sounds, 16)
    time.pass(restMs - 1)
    measure(256 * kib, 0)
    assert.equal(connection.sounds, 16)
    time.pass(1)
    for (let i = 0; i < 40; i++) measure(256 * kib, 0)
    assert.equal(connection.sounds, 32)
  })

  test('go on where no PING can be sent', () => {
    const { windows, connection, measure } = open()
    connection.canSound = false
    measure(256 * kib)
    connection.canSound = true
    measure(256 * kib)
    assert.equal(windows.streamBytes, 512 * kib)
  })

  test('are lowered as streams open, to a share of the bound, never below 64 KiB', () => {
    const { windows, connection } = open()
    for (let streams = 2; streams <= 64; streams++) windows.share(streams)
    assert.deepEqual(connection.sizes, [])
    for (let streams = 65; streams <= 1_000; streams++) windows.share(streams)
    assert.deepEqual(connection.sizes, [
      [128 * kib, mib],
      [64 * kib, mib],
    ])
  })

  test('grow again when streams have closed, where the distance needs it', () => {
    const { windows, connection, measure } = open()
    windows.share(100)
    connection.apply()
    windows.share(1)
    assert.equal(windows.streamBytes, 128 * kib)
    measure(128 * kib)
    assert.equal(windows.streamBytes, 256 * kib)
  })

  test('begin smaller where the bound is', () => {
    assert.equal(open(100_000).windows.streamBytes, 64 * kib)
    assert.equal(open(200_000).windows.streamBytes, 128 * kib)
  })
})

/** The windows that a peer is told, in order, and a wait for one that fits. */
function watchWindows(session: ServerHttp2Session) {
  const told: (number | undefined)[] = [session.remoteSettings.initialWindowSize]
  session.on('remoteSettings', settings => told.push(settings.initialWindowSize))
  const until = async (fits: (bytes: number) => boolean): Promise<void> => {
    while (!fits(told.at(-1) ?? 0)) await once(session, 'remoteSettings')
  }
  return { told, until }
}

describe('a client', () => {
  test(
    'at a distance lets a peer that always has more to say send further and further ahead',
    { timeout: 60_000 },
    async () => {
      const piece = Array.from({ length: 200 }, (_, i) =>
        versionLine(i + 2, { data: `{"text":"${'x'.repeat(2_000)}"}` }),
      )
      const text = piece.join('\r\n') + '\r\n'
      const peer = await servePeer(request => {
        beginStream(request, [startLine(1)])
        const more = (): void => {
          while (!request.stream.destroyed && request.stream.write(text));
          if (!request.stream.destroyed) request.stream.once('drain', more)
        }
        more()
      })
      const proxy = await serveProxy({ target: peer.endpoint })
      proxy.delay(10)
      const client = new Client({ endpoint: proxy.endpoint, secret: 's' })
      try {
        const stream = client.stream(q.Documents(q.Collection('orders')), undefined, { resume: false })
        let isEnough = false
        for await (const event of stream) {
          if (event.type === 'start') {
            const [session] = peer.sessions
            assert.ok(session)
            const { told, until } = watchWindows(session)
            assert.equal(told[0], 256 * kib)
            void until(bytes => bytes >= mib).then(() => (isEnough = true))
          }
          if (isEnough) break
        }
        assert.ok(isEnough)
      } finally {
        await client.close()
        await proxy.close()
        await peer.close()
      }
    },
  )

  test('tells its peer the share of each stream as they open', { timeout: 60_000 }, async () => {
    const peer = await servePeer(request => beginStream(request, [startLine(1)]))
    const client = new Client({ endpoint: peer.endpoint, secret: 's', receiveBufferBytes: mib })
    // Held to the end: a loop that nobody holds any more is closed when it is collected.
    const loops = Array.from({ length: 5 }, () =>
      client.stream(q.Documents(q.Collection('orders')))[Symbol.asyncIterator](),
    )
    try {
      for (const loop of loops) await loop.next()
      const [session] = peer.sessions
      assert.ok(session)
      await watchWindows(session).until(bytes => bytes === 128 * kib)
    } finally {
      for (const loop of loops) await loop.return?.()
      await client.close()
      await peer.close()
    }
  })

  test('refuses a bound below 64 KiB, or one that no window has', () => {
    for (const receiveBufferBytes of [0, 64 * kib - 1, 2 ** 31, 1.5, Number.NaN, '16 MiB' as unknown as number]) {
      assert.throws(
        () => new Client({ endpoint: 'http://localhost', secret: 's', receiveBufferBytes }),
        (error: unknown) => error instanceof OptionError && error.message.includes('receiveBufferBytes'),
      )
    }
  })
})
