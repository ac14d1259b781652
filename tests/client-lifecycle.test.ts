/** What happens when openings, closings and refusals meet: nothing hangs, nothing stays, nothing is sent too late. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Client, FaunaError, q } from '../src/index.ts'
import { parseExact } from '../src/values/index.ts'
import { bytes, FakeLink, streamOver } from './support/fake-link.ts'
import { type Connect, withClients } from './support/clients.ts'
import './support/leaks.ts'
import { answer, beginStream, type Peer, type PeerRequest, servePeer, serveTcp, startLine } from './support/peer.ts'

/** A loss throws: these tests look at the one end of a stream. */
const noResume = { resume: false } as const

const expr = q.Documents(q.Collection('orders'))
const refused = '{"errors":[{"code":"unauthorized","description":"Unauthorized"}]}'
const denied = '{"errors":[{"position":[],"code":"permission denied","description":"Insufficient privileges."}]}'

async function withPeer(
  respond: (request: PeerRequest) => void,
  run: (peer: Peer, connect: Connect) => Promise<void>,
): Promise<void> {
  await withClients(await servePeer(respond), run)
}

/** What a query came to: its value, or the code of its error. */
async function outcomeOf(query: Promise<unknown>): Promise<unknown> {
  try {
    return await query
  } catch (error) {
    assert.ok(error instanceof FaunaError, String(error))
    return error.code
  }
}

describe('client.close()', () => {
  test('at any moment of a connection’s beginning harms nothing', () =>
    withPeer(
      request => answer(request, 200, '{"resource":1}'),
      async (_peer, connect) => {
        for (let turns = 0; turns < 12; turns++) {
          const client = connect()
          const outcome = outcomeOf(client.query(1))
          const ended = client.stream(expr, undefined, noResume)[Symbol.asyncIterator]().next()
          ended.catch(() => undefined)
          for (let i = 0; i < turns; i++) await turn()
          await client.close()
          assert.ok([1, 'client_closed'].includes((await outcome) as never), String(await outcome))
          await ended.catch(() => undefined)
        }
      },
    ))

  test('that races a query on an open connection sends nothing after it', () =>
    withPeer(
      request => answer(request, 200, '{"resource":1}'),
      async (peer, connect) => {
        for (let ticks = 0; ticks < 8; ticks++) {
          const client = connect()
          await client.query(1)
          const before = peer.requests.length
          const outcome = outcomeOf(client.query(2))
          for (let i = 0; i < ticks; i++) await Promise.resolve()
          await client.close()
          assert.equal(await outcome, 'client_closed')
          await turn()
          assert.equal(client.health().queries.sessions, 0)
          assert.ok(peer.requests.length <= before + 1)
        }
      },
    ))

  test('and abort get past a secret function that never answers', async () => {
    const client = new Client({ endpoint: 'http://127.0.0.1:1', secret: () => new Promise(() => undefined) })
    const controller = new AbortController()
    const stream = client.stream(expr, undefined, noResume)
    const next = stream[Symbol.asyncIterator]().next()
    const query = client.query(1, { signal: controller.signal })
    const waiting = outcomeOf(client.query(2))
    await turn()
    stream.controller.abort()
    controller.abort(new Error('enough'))
    assert.deepEqual(await next, { done: true, value: undefined })
    await assert.rejects(query, /enough/)
    await client.close()
    assert.equal(await waiting, 'client_closed')
  })
})

describe('a signal', () => {
  test('that was aborted before makes a stream of a client that is closed, or throws its reason', () =>
    withPeer(
      () => undefined,
      async (peer, connect) => {
        const client = connect()
        const closed = client.stream(expr, undefined, { signal: AbortSignal.abort() })
        assert.equal(closed.state, 'closed')
        assert.deepEqual(await closed[Symbol.asyncIterator]().next(), { done: true, value: undefined })
        const reasoned = client.stream(expr, undefined, { signal: AbortSignal.abort(new Error('mine')) })
        await assert.rejects(reasoned[Symbol.asyncIterator]().next(), /mine/)
        assert.equal(peer.requests.length, 0)
      },
    ))

  test('may be shared by many streams and queries without a warning, and ends them all', () =>
    withPeer(
      request => beginStream(request, [startLine(1)]),
      async (_peer, connect) => {
        const warnings: Error[] = []
        const listener = (warning: Error) => warnings.push(warning)
        process.on('warning', listener)
        const client = connect()
        const { signal } = new AbortController()
        const controller = new AbortController()
        const loops = Array.from({ length: 40 }, () =>
          client.stream(expr, undefined, { signal: controller.signal })[Symbol.asyncIterator](),
        )
        const queries = Array.from({ length: 20 }, () => client.query(1, { signal: controller.signal }))
        const outcomes = Promise.allSettled(queries)
        for (const loop of loops) await loop.next()
        const pending = loops.map(loop => loop.next())
        controller.abort()
        for (const result of await Promise.all(pending)) assert.equal(result.done, true)
        await outcomes
        await turn()
        process.off('warning', listener)
        assert.equal(signal.aborted, false)
        assert.deepEqual(warnings, [])
      },
    ))
})

describe('a stream', () => {
  test('that is left while it is paused behind an answer that has ended is let go', async () => {
    const line = (i: number) => `{"type":"set","txn":${i + 2},"event":{"pad":"${'x'.repeat(1100)}"}}`
    let count = 0
    await withPeer(
      request => {
        beginStream(request, [startLine(1), ...Array.from({ length: count }, (_, i) => line(i))])
        request.stream.end()
      },
      async (peer, connect) => {
        const client = connect()
        // Between what the client reads ahead and that with its window on top: it has all, and is paused before the end.
        for (count = 300; count <= 480; count += 20) {
          const stream = client.stream(expr, undefined, noResume)
          const loop = stream[Symbol.asyncIterator]()
          await loop.next()
          const { stream: wire } = peer.requests.at(-1)!
          for (let i = 0; i < 200 && !wire.writableFinished; i++) await turn()
          for (let i = 0; i < 50; i++) await turn()
          await loop.return!()
          await stream.close()
          await turn()
          assert.equal(client.health().streams.exchanges, 0, `${count} lines`)
        }
      },
    )
  })

  test('refused with a body that never ends is told what came of it', async () => {
    await withPeer(
      request => {
        request.stream.respond({ ':status': 503 })
        request.stream.write('gateway')
      },
      async (_peer, connect) => {
        const client = connect({ startTimeoutMs: 300 })
        await assert.rejects(
          client.stream(expr, undefined, noResume)[Symbol.asyncIterator]().next(),
          (error: unknown) => {
            assert.ok(error instanceof FaunaError)
            assert.equal(error.code, 'bad_response')
            assert.match(error.message, /HTTP 503.*gateway/)
            return true
          },
        )
      },
    )
  })

  test('that is given up while it connects leaves no connection behind', async () => {
    let connected = () => undefined as void
    const arrived = new Promise<void>(resolve => (connected = resolve))
    let gone = () => undefined as void
    const left = new Promise<void>(resolve => (gone = resolve))
    const peer = await serveTcp(socket => {
      socket.once('data', () => connected())
      socket.once('close', () => gone())
      socket.resume()
    })
    const client = new Client({ endpoint: peer.endpoint, secret: 's' })
    try {
      const stream = client.stream(expr, undefined, noResume)
      const next = stream[Symbol.asyncIterator]().next()
      await arrived
      stream.controller.abort()
      assert.deepEqual(await next, { done: true, value: undefined })
      await left
    } finally {
      await client.close()
      await peer.close()
    }
  })

  test('that begins as another one gives the same connection up is made all the same', () =>
    withPeer(
      request => beginStream(request, [startLine(1)]),
      async (_peer, connect) => {
        for (let ticks = 0; ticks < 12; ticks++) {
          const client = connect()
          const [left, kept] = [client.stream(expr), client.stream(expr)]
          const [leaving, keeping] = [left[Symbol.asyncIterator](), kept[Symbol.asyncIterator]()]
          const last = leaving.next()
          await turn()
          const first = keeping.next()
          for (let i = 0; i < ticks; i++) await undefined
          left.controller.abort()
          assert.deepEqual(await last, { done: true, value: undefined })
          assert.equal((await first).done, false, `${ticks} ticks`)
          await client.close()
        }
      },
    ))

  test('that a listener aborts goes no further, and its signals keep their order', async () => {
    for (const at of ['connecting', 'open'] as const) {
      const link = new FakeLink([{ chunks: [bytes(startLine(1) + '\n')] }])
      const stream = streamOver(link)
      const told: string[] = []
      stream.on('start', () => told.push('start'))
      stream.on('close', () => told.push('close'))
      stream.on('state', state => {
        told.push(state)
        if (state === at) stream.controller.abort()
      })
      assert.deepEqual(await stream[Symbol.asyncIterator]().next(), { done: true, value: undefined })
      const expected =
        at === 'connecting' ? ['connecting', 'closed', 'close'] : ['connecting', 'open', 'closed', 'close']
      assert.deepEqual(told, expected)
      assert.equal(link.opened, at === 'connecting' ? 0 : 1)
    }
  })

  test('whose events are named as what every object has is passed on as unknown', async () => {
    for (const type of ['constructor', 'toString', '__proto__']) {
      const line = `{"type":"${type}","txn":7,"event":{}}`
      const link = new FakeLink([{ chunks: [bytes(line + '\n')] }])
      for await (const event of streamOver(link)) {
        assert.equal(event.type, 'unknown')
        break
      }
      assert.deepEqual(link.seen, [7])
    }
  })
})

describe('a secret function', () => {
  test('is asked once more after a permission denied, for queries and streams', () =>
    withPeer(
      request => {
        if (request.headers['authorization'] !== 'Bearer s2') answer(request, 403, denied)
        else if (request.headers[':path'] === '/') answer(request, 200, '{"resource":1}')
        else beginStream(request, [startLine(1)])
      },
      async (_peer, connect) => {
        for (const ask of [
          (client: Client) => client.query(1),
          (client: Client) => client.stream(expr, undefined, noResume)[Symbol.asyncIterator]().next(),
        ]) {
          const secrets = ['s1', 's2']
          await ask(connect({ secret: () => secrets.shift()! }))
          assert.deepEqual(secrets, [])
        }
      },
    ))

  test('is not asked again by late refusals of a secret that was replaced', () => {
    const waiting: PeerRequest[] = []
    return withPeer(
      request => {
        if (request.headers['authorization'] === 'Bearer s1') waiting.push(request)
        else answer(request, 200, '{"resource":1}')
      },
      async (_peer, connect) => {
        let asked = 0
        const client = connect({ secret: () => `s${++asked}` })
        const queries = Array.from({ length: 20 }, () => client.query(1))
        while (waiting.length < queries.length) await turn()
        // One after the other: each answer comes when the one before has been asked again.
        for (const [i, request] of waiting.entries()) {
          answer(request, 401, refused)
          await queries[i]
        }
        assert.equal(asked, 2)
      },
    )
  })
})

describe('values', () => {
  test('of many megabytes beside an integer beyond 2^53 are read exactly', () => {
    const text = 'é"\\'.repeat(4 * 1024 * 1024)
    const json = `{"text":${JSON.stringify(text)},"n":9007199254740993,"d":12345678901234567890.0}`
    const value = parseExact(json) as { text: string; n: bigint; d: number }
    assert.equal(value.n, 9007199254740993n)
    assert.equal(value.d, Number('12345678901234567890'))
    assert.equal(value.text, text)
  })
})

describe('tls', () => {
  for (const name of ['cert', 'key']) {
    test(`.${name} that cannot be read is an OptionError`, () => {
      const options = { endpoint: 'https://127.0.0.1:1', secret: 's', tls: { [name]: '-----BEGIN X-----\nnope' } }
      assert.throws(() => new Client(options), { name: 'OptionError', option: `tls.${name}` })
    })
  }
})
