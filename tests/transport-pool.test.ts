/** Which connection an exchange goes on: as many as are needed, none that is closing, never one too many on one. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Client, q } from '../src/index.ts'
import { systemTime } from '../src/time.ts'
import type { WireRequest } from '../src/transport/exchange.ts'
import { Session } from '../src/transport/session.ts'
import { type Connect, withClients } from './support/clients.ts'
import {
  type FrameConnection,
  type FramePeer,
  frameType,
  type FramePeerOptions,
  serveFrames,
} from '../src/testing/index.ts'
import './support/leaks.ts'
import { ManualTime } from './support/clock.ts'
import { beginFrames, serveTcp } from './support/peer.ts'

/** A loss throws: these tests look at the one end of a stream. */
const noResume = { resume: false } as const

const expr = q.Documents(q.Collection('c'))
const maxConcurrentStreams = 3
const noError = 0

async function withPeer(
  options: FramePeerOptions,
  run: (peer: FramePeer, connect: Connect) => Promise<void>,
): Promise<void> {
  await withClients(await serveFrames({ requested: beginFrames, ...options }), run)
}

/** The loops of each client, held while it lives: a loop that nobody holds is collected, and its stream closed. */
const held = new WeakMap<Client, unknown[]>()

/** Opens so many streams at once, and gives what leaves each again. */
async function openStreams(client: Client, count: number): Promise<(() => Promise<unknown>)[]> {
  const loops = Array.from({ length: count }, () => client.stream(expr, undefined, noResume)[Symbol.asyncIterator]())
  held.set(client, [...(held.get(client) ?? []), ...loops])
  await Promise.all(loops.map(loop => loop.next()))
  return loops.map(loop => () => loop.return!())
}

/** Lowers what the first connection allows; resolves when the client knows. */
async function lower(peer: FramePeer, limit: number): Promise<void> {
  const [first] = peer.connections
  const settings = first!.received(frameType.settings).length
  first!.settings([[maxConcurrentStreams, limit]])
  await peer.until(() => first!.received(frameType.settings).length > settings)
}

/** How many requests each connection got. */
function requestsOf(peer: FramePeer): number[] {
  return peer.connections.map(connection => connection.received(frameType.headers).length)
}

describe('streams', () => {
  test('beyond what the peer allows on one connection open more connections, and all are open at once', () =>
    withPeer({ maxConcurrentStreams: 2 }, async (peer, connect) => {
      const client = connect()
      await openStreams(client, 5)
      assert.equal(client.health().streams.exchanges, 5)
      for (const requests of requestsOf(peer)) assert.ok(requests <= 2)
    }))

  test('share a connection up to the limit of the client, and use its places again', () =>
    withPeer({}, async (peer, connect) => {
      const client = connect({ maxStreamsPerSession: 3 })
      const leave = await openStreams(client, 4)
      assert.deepEqual(requestsOf(peer), [3, 1])
      await Promise.all(leave.map(leaveOne => leaveOne()))
      while (client.health().streams.exchanges + client.health().streams.closing > 0) await turn()
      await openStreams(client, 3)
      assert.equal(peer.connections.length, 2)
    }))

  test('keep to a limit that the peer lowers while they are open', () =>
    withPeer({ maxConcurrentStreams: 10 }, async (peer, connect) => {
      const client = connect()
      await openStreams(client, 1)
      await lower(peer, 1)
      await openStreams(client, 1)
      assert.deepEqual(requestsOf(peer), [1, 1])
    }))

  test('and queries have connections of their own, so that no query waits behind streams', () => {
    const connections: FrameConnection[] = []
    const respond = (connection: FrameConnection, id: number) => {
      connections.push(connection)
      if (connection === connections[0]) return beginFrames(connection, id)
      connection.respond(id)
      connection.data(id, '{"resource":1}', true)
    }
    return withPeer({ maxConcurrentStreams: 1, requested: respond }, async (_peer, connect) => {
      const client = connect()
      await openStreams(client, 1)
      assert.equal(await client.query(q.Now()), 1)
      assert.equal(await client.query(q.Now()), 1)
      assert.equal(connections[1], connections[2])
      const { streams, queries } = client.health()
      assert.deepEqual(
        { streams, queries },
        {
          streams: { sessions: 1, exchanges: 1, closing: 0, waiting: 0 },
          queries: { sessions: 1, exchanges: 0, closing: 0, waiting: 0 },
        },
      )
    })
  })
})

describe('a peer that allows 100 exchanges on a connection', () => {
  test('gets 150 streams on two connections, and answers a query beside them', () => {
    const seen = new Set<FrameConnection>()
    const respond = (connection: FrameConnection, id: number) => {
      seen.add(connection)
      if (seen.size <= 2) return beginFrames(connection, id)
      connection.respond(id)
      connection.data(id, '{"resource":1}', true)
    }
    return withPeer({ maxConcurrentStreams: 100, requested: respond }, async (peer, connect) => {
      const client = connect({ maxStreamsPerSession: 1_000 })
      await openStreams(client, 150)
      assert.deepEqual(requestsOf(peer), [100, 50])
      assert.equal(client.health().streams.exchanges, 150)
      assert.equal(await client.query(q.Now()), 1)
      assert.deepEqual(requestsOf(peer), [100, 50, 1])
    })
  })
})

describe('a peer that allows nothing for now', () => {
  test('keeps a request waiting, which is counted, until it allows one', () =>
    withPeer({ maxConcurrentStreams: 0 }, async (peer, connect) => {
      const client = connect()
      const opened = openStreams(client, 2)
      while (client.health().streams.waiting < 2) await turn()
      assert.equal(peer.connections.length, 1)
      peer.connections[0]!.settings([[maxConcurrentStreams, 10]])
      await opened
      assert.deepEqual(requestsOf(peer), [2])
      assert.equal(client.health().streams.waiting, 0)
    }))

  test('on a connection that carries streams gets no more of them there: they open another one', () =>
    withPeer({ maxConcurrentStreams: 10 }, async (peer, connect) => {
      const client = connect()
      await openStreams(client, 1)
      await lower(peer, 0)
      await openStreams(client, 2)
      assert.deepEqual(requestsOf(peer), [1, 2])
    }))

  test('is tried on a new connection the next time', () => {
    let connections = 0
    const connected = (connection: FrameConnection) => connection.settings([[maxConcurrentStreams, connections++]])
    return withPeer({ connected }, async (peer, connect) => {
      const time = new ManualTime()
      const client = connect({ time, connectTimeoutMs: 500 })
      const refused = openStreams(client, 1)
      while (client.health().streams.waiting < 1) await turn()
      time.pass(500)
      await assert.rejects(refused, { code: 'no_place' })
      await openStreams(client, 1)
      assert.deepEqual(requestsOf(peer), [0, 1])
    })
  })

  test('is given up after connectTimeoutMs, and nothing was sent', () =>
    withPeer({ maxConcurrentStreams: 0 }, async (peer, connect) => {
      const time = new ManualTime()
      const client = connect({ time, connectTimeoutMs: 500 })
      const opened = openStreams(client, 1)
      while (client.health().streams.waiting < 1) await turn()
      time.pass(500)
      await assert.rejects(opened, { code: 'no_place', outcome: 'not_processed' })
      assert.deepEqual(requestsOf(peer), [0])
    }))
})

describe('our own resets', () => {
  test('stay below 150 in 30 s on a connection; what is let go beyond that waits, unread, on a retired connection', () =>
    withPeer({}, async (peer, connect) => {
      const time = new ManualTime()
      const client = connect({ time, maxStreamsPerSession: 1_000, pingIntervalMs: 10_000_000 })
      const leave = await openStreams(client, 200)
      await Promise.all(leave.slice(0, 199).map(leaveOne => leaveOne()))
      const [first] = peer.connections
      const resets = () => first!.received(frameType.reset).length
      await peer.until(() => resets() === 149)
      assert.deepEqual(client.health().streams, { sessions: 1, exchanges: 1, closing: 50, waiting: 0 })
      // New ones go elsewhere.
      await openStreams(client, 1)
      assert.deepEqual(requestsOf(peer), [200, 1])
      time.pass(30_000)
      await peer.until(() => resets() === 199)
      while (client.health().streams.closing > 0) await turn()
      await leave[199]!()
      await peer.until(() => first!.isClosed)
    }))

  test('beyond that wait for nothing where nobody reads on the connection any more: it is closed', () =>
    withPeer({}, async (peer, connect) => {
      const client = connect({ maxStreamsPerSession: 1_000 })
      const leave = await openStreams(client, 200)
      await Promise.all(leave.map(leaveOne => leaveOne()))
      await peer.until(() => peer.connections[0]!.isClosed)
      while (client.health().streams.sessions > 0) await turn()
    }))
})

describe('a peer that says too many PINGs', () => {
  test('is asked half as often from then on, whatever number of connections it said so on', () => {
    const time = new ManualTime()
    return withPeer({}, async (peer, connect) => {
      const client = connect({ time, maxStreamsPerSession: 1, pingIntervalMs: 1_000 })
      await openStreams(client, 3)
      for (const connection of peer.connections) {
        connection.goaway(1, 11, 'too_many_pings')
        connection.socket.end()
      }
      while (client.health().streams.sessions > 0) await turn()
      await openStreams(client, 1)
      const last = peer.connections.at(-1)!
      const pings = () => last.received(frameType.ping).length
      time.pass(1_500)
      await turn()
      assert.equal(pings(), 0)
      time.pass(600)
      await peer.until(() => pings() === 1)
    })
  })
})

describe('streams that come back together', () => {
  test('to a peer that takes no connection try it one connection at a time, ever more slowly', async () => {
    const time = new ManualTime()
    let connections = 0
    const peer = await serveTcp(socket => {
      connections++
      socket.resetAndDestroy()
    })
    const client = new Client({ endpoint: peer.endpoint, secret: 's', time })
    const loops = Array.from({ length: 1_000 }, () => client.stream(expr)[Symbol.asyncIterator]().next())
    for (let seconds = 0; seconds < 60; seconds++) {
      time.pass(1_000)
      for (let i = 0; i < 20; i++) await turn()
    }
    assert.ok(connections >= 3 && connections < 100, `${connections} connections in a minute`)
    await client.close()
    await Promise.all(loops)
    await peer.close()
  })
})

describe('a peer that says GOAWAY', () => {
  test('to each connection as it begins is given up after a few: it cannot make a client spin', () =>
    withPeer(
      {
        connected: connection => {
          connection.settings()
          connection.goaway(0, noError)
        },
      },
      async (peer, connect) => {
        const client = connect()
        const refused = { name: 'TransportError', code: 'refused', outcome: 'not_processed' }
        await assert.rejects(client.stream(expr, undefined, noResume)[Symbol.asyncIterator]().next(), refused)
        await assert.rejects(client.query(q.Now()), refused)
        assert.ok(peer.connections.length <= 8, `${peer.connections.length} connections were made`)
      },
    ))

  test('to an idle connection gets the next exchange on a new one', () =>
    withPeer({}, async (peer, connect) => {
      const client = connect()
      const [leave] = await openStreams(client, 1)
      await leave!()
      peer.connections[0]!.goaway(1, noError)
      await peer.until(() => peer.connections[0]!.isClosed)
      while (client.health().streams.sessions > 0) await turn()
      await openStreams(client, 1)
      assert.deepEqual(requestsOf(peer), [1, 1])
    }))
})

describe('a session', () => {
  const wire: WireRequest = { path: '/', headers: {}, body: '{}' }

  async function withSession(run: (session: Session, peer: FramePeer) => Promise<void>): Promise<void> {
    await withPeer({}, async peer => {
      const session = new Session({
        endpoint: new URL(peer.endpoint),
        tls: {},
        time: systemTime,
        connectTimeoutMs: 10_000,
        pingIntervalMs: 15_000,
        pingTimeoutMs: 10_000,
        maxExchanges: 10,
        receiveBufferBytes: 1 << 20,
        maySound: false,
        supposedLimit: Number.POSITIVE_INFINITY,
      })
      assert.equal(await session.ready, undefined)
      await run(session, peer)
      session.destroy()
      await session.closed
    })
  }

  test('that is closed refuses an exchange instead of throwing, and pings no more', () =>
    withSession(async session => {
      session.destroy()
      assert.equal(session.hasPlace, false)
      assert.equal(session.ping(), false)
      const end = session.open(wire)
      assert.equal('how' in end && end.how, 'refused')
    }))

  test('that is retired takes nothing more, and closes when its last exchange has ended', () =>
    withSession(async (session, peer) => {
      const exchange = session.open(wire)
      assert.ok(!('how' in exchange))
      assert.equal((await exchange.head)?.status, 200)
      session.retire()
      assert.equal(session.hasPlace, false)
      assert.equal(session.size, 1)
      peer.connections[0]!.data(1, '', true)
      assert.match(await exchange.text(), /start/)
      assert.deepEqual(await exchange.end, { how: 'finished' })
      await session.closed
    }))

  test('that is retired without exchanges closes at once', () =>
    withSession(async session => {
      session.retire()
      await session.closed
    }))
})
