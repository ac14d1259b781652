/** What a loop holds, and that it lets go of it: on the peer, and in this process. */
import './support/uncovered.ts'
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Client, q } from '../src/index.ts'
import { type FrameConnection, type FramePeer, frameType, serveFrames } from '../src/testing/index.ts'
import { withClients } from './support/clients.ts'
import './support/leaks.ts'
import { beginFrames, startLine } from './support/peer.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const expr = q.Documents(q.Collection('c'))
const cancel = 8

/** Runs a test with a client of a peer. */
async function withPeer(
  run: (client: Client, peer: FramePeer) => Promise<void>,
  requested: (connection: FrameConnection, id: number) => void = beginFrames,
): Promise<void> {
  await withClients(await serveFrames({ requested }), (peer, connect) => run(connect(), peer))
}

/** Resolves when the peer has seen so many exchanges reset, each with CANCEL. */
async function untilReset(peer: FramePeer, count: number): Promise<void> {
  const resets = () => peer.connections.flatMap(connection => connection.received(frameType.reset))
  await peer.until(() => resets().length >= count)
  for (const { payload } of resets()) assert.equal(payload.readUInt32BE(0), cancel)
}

/** Begins a loop and loses it: nothing but the client and the peer know of it any more. */
async function lose(client: Client): Promise<void> {
  const loop = client.stream(expr)[Symbol.asyncIterator]()
  await loop.next()
}

describe('a loop', () => {
  test('that was left without a word is collected, and its stream with it', () =>
    withPeer(async (client, peer) => {
      await lose(client)
      assert.equal(client.health().streams.exchanges, 1)
      while (client.health().streams.exchanges > 0) {
        collect()
        await turn()
      }
      await untilReset(peer, 1)
    }))

  test('that waits is not collected', () =>
    withPeer(async (client, peer) => {
      const told: string[] = []
      void (async () => {
        for await (const event of client.stream(expr)) told.push(event.type)
      })()
      while (told.length < 1) await turn()
      for (let i = 0; i < 20; i++) {
        collect()
        await turn()
      }
      peer.connections[0]!.data(1, '{"type":"new","txn":2,"event":{}}\r\n')
      while (told.length < 2) await turn()
      assert.deepEqual(told, ['start', 'unknown'])
    }))

  test('leaves no listener on the signal that it was given, however it ended', () =>
    withPeer(async (client, peer) => {
      const controller = new AbortController()
      const { signal } = controller
      for await (const _event of client.stream(expr, undefined, { signal })) break
      const aborted = client.stream(expr, undefined, { signal })
      for await (const _event of aborted) {
        assert.equal(getEventListeners(signal, 'abort').length, 1)
        aborted.controller.abort()
      }
      const closed = client.stream(expr, undefined, { signal })
      for await (const _event of closed) await closed.close()
      await untilReset(peer, 3)
      assert.deepEqual(getEventListeners(signal, 'abort'), [])
    }))
})

test('the heap stays flat over 10,000 openings', () => {
  // The peer ends each stream after its start: our own resets are few on purpose.
  const answer = (connection: FrameConnection, id: number) => {
    connection.respond(id)
    connection.data(id, startLine(1) + '\r\n', true)
    connection.frames.length = 0
  }
  return withPeer(async client => {
    const openMany = async (count: number) => {
      for (let i = 0; i < count; i += 50) {
        await Promise.all(
          Array.from({ length: 50 }, async () => {
            for await (const _event of client.stream(expr)) break
          }),
        )
      }
      for (let i = 0; i < 10; i++) {
        collect()
        await turn()
      }
      return process.memoryUsage().heapUsed
    }
    const before = await openMany(2_000)
    const after = await openMany(8_000)
    const grownBytes = after - before
    // The peer of this same process keeps what it was asked, some hundred bytes a request.
    assert.ok(grownBytes / 8_000 < 2_000, `${Math.round(grownBytes / 8_000)} bytes an opening stayed`)
  }, answer)
})
