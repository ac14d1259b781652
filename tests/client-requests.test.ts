/** What a client sends, and what it makes of the answers. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Client, type RequestResult } from '../src/index.ts'
import { ProtocolError, QueryError, StateError, TransportError } from '../src/errors.ts'
import { type Connect, withClients } from './support/clients.ts'
import { systemTime } from '../src/time.ts'
import './support/leaks.ts'
import { answer, beginStream, type Peer, type PeerRequest, servePeer, startLine, versionLine } from './support/peer.ts'

/** A loss throws: these tests look at the one end of a stream. */
const noResume = { resume: false } as const

const expr = { toJSON: () => ({ documents: { collection: 'orders' } }) }

async function withPeer(
  respond: (request: PeerRequest) => void,
  run: (peer: Peer, connect: Connect) => Promise<void>,
): Promise<void> {
  await withClients(await servePeer(respond), run)
}

/** Takes `count` events and leaves the loop. */
async function take<E>(stream: AsyncIterable<E>, count: number): Promise<E[]> {
  const events: E[] = []
  for await (const event of stream) if (events.push(event) === count) break
  return events
}

describe('a stream', () => {
  test('is a POST to /stream with the wire JSON and the headers of the protocol', () =>
    withPeer(
      request => beginStream(request, [startLine(5)]),
      async (peer, connect) => {
        const client = connect({ queryTimeoutMs: 500, headers: { 'X-Mine': 'yes', Authorization: 'mine' } })
        await take(client.stream(expr, ['action', 'diff'], noResume), 1)
        const [{ headers, body }] = peer.requests as [PeerRequest]
        assert.equal(headers[':method'], 'POST')
        assert.equal(headers[':path'], '/stream?fields=action%2Cdiff')
        assert.equal(body, '{"documents":{"collection":"orders"}}')
        assert.equal(headers['authorization'], 'Bearer fnSECRET')
        assert.equal(headers['x-faunadb-api-version'], '4')
        assert.equal(headers['x-query-timeout'], '500')
        assert.equal(headers['x-mine'], 'yes')
        assert.equal('x-last-seen-txn' in headers, false)
      },
    ))

  test('names no fields where none were asked for', () =>
    withPeer(
      request => beginStream(request, [startLine(5)]),
      async (peer, connect) => {
        await take(connect().stream(expr, undefined, noResume), 1)
        assert.equal(peer.requests[0]!.headers[':path'], '/stream')
      },
    ))

  test('raises lastTxn by its headers and its events, and the next request sends it', () =>
    withPeer(
      request => beginStream(request, [startLine(1700000000000005), versionLine(1700000000000009)]),
      async (peer, connect) => {
        const client = connect()
        assert.equal(client.lastTxn, undefined)
        await take(client.stream(expr, undefined, noResume), 1)
        assert.equal(client.lastTxn, 1700000000000005)
        await take(client.stream(expr, undefined, noResume), 2)
        assert.equal(client.lastTxn, 1700000000000009)
        assert.equal(peer.requests[1]!.headers['x-last-seen-txn'], '1700000000000005')
      },
    ))

  test('is reset with CANCEL when the loop is left, and when it is aborted while idle', () =>
    withPeer(
      request => beginStream(request, [startLine(5)]),
      async (peer, connect) => {
        const client = connect()
        const closed = (i: number) =>
          new Promise<number>(resolve => {
            const { stream } = peer.requests[i]!
            stream.once('close', () => resolve(stream.rstCode))
          })
        const first = client.stream(expr, undefined, noResume)
        const iterator = first[Symbol.asyncIterator]()
        await iterator.next()
        const left = closed(0)
        await iterator.return!()
        assert.equal(await left, 8)

        const second = client.stream(expr, undefined, noResume)
        const idle = second[Symbol.asyncIterator]()
        await idle.next()
        const aborted = closed(1)
        const pending = idle.next()
        await second.close()
        assert.deepEqual(await pending, { done: true, value: undefined })
        assert.equal(await aborted, 8)
      },
    ))

  test('shares one connection with others, and queries have their own', () =>
    withPeer(
      request => {
        if (request.headers[':path'] === '/') answer(request, 200, '{"resource":1}')
        else beginStream(request, [startLine(5)])
      },
      async (peer, connect) => {
        const client = connect()
        const loops = [client.stream(expr, undefined, noResume), client.stream(expr, undefined, noResume)].map(stream =>
          stream[Symbol.asyncIterator](),
        )
        await Promise.all(loops.map(loop => loop.next()))
        assert.equal(peer.sessions.size, 1)
        await client.query(1)
        assert.equal(peer.sessions.size, 2)
        const { streams, queries } = client.health()
        assert.deepEqual(
          { streams, queries },
          {
            streams: { sessions: 1, exchanges: 2, closing: 0, waiting: 0 },
            queries: { sessions: 1, exchanges: 0, closing: 0, waiting: 0 },
          },
        )
        for (const loop of loops) await loop.return!()
      },
    ))

  test('past maxStreamsPerSession opens another connection', () =>
    withPeer(
      request => beginStream(request, [startLine(5)]),
      async (peer, connect) => {
        const client = connect({ maxStreamsPerSession: 2 })
        const loops = Array.from({ length: 5 }, () => client.stream(expr, undefined, noResume)[Symbol.asyncIterator]())
        await Promise.all(loops.map(loop => loop.next()))
        assert.equal(peer.sessions.size, 3)
        for (const loop of loops) await loop.return!()
      },
    ))

  test('refused by the server throws the QueryError of its body', () =>
    withPeer(
      request =>
        answer(
          request,
          400,
          '{"errors":[{"position":["a",0],"code":"invalid argument","description":"Expected a Ref.","failures":[{"field":["data"],"code":"invalid type","description":"Bad."}]}]}',
        ),
      async (_peer, connect) => {
        await assert.rejects(take(connect().stream(expr, undefined, noResume), 1), (error: unknown) => {
          assert.ok(error instanceof QueryError)
          assert.equal(error.code, 'invalid argument')
          assert.equal(error.status, 400)
          assert.deepEqual(error.position, ['a', 0])
          assert.equal(error.description, 'Expected a Ref.')
          assert.deepEqual(error.failures, [{ field: ['data'], code: 'invalid type', description: 'Bad.' }])
          assert.equal(error.retryable, false)
          assert.match(
            error.message,
            /POST \/stream at http:\/\/127\.0\.0\.1:\d+: HTTP 400: invalid argument at \[a, 0\]/,
          )
          return true
        })
      },
    ))

  for (const how of ['fin', 'rst'] as const) {
    test(`whose connection is cut (${how}) throws a TransportError: it never looks like a normal end`, () =>
      withPeer(
        request => beginStream(request, [startLine(5)]),
        async (peer, connect) => {
          const iterator = connect().stream(expr, undefined, noResume)[Symbol.asyncIterator]()
          await iterator.next()
          const pending = iterator.next()
          peer.cut(how)
          await assert.rejects(pending, (error: unknown) => {
            assert.ok(error instanceof TransportError)
            assert.equal(error.code, 'connection_lost')
            assert.equal(error.retryable, true)
            return true
          })
        },
      ))
  }

  test('that the server ends throws a TransportError', () =>
    withPeer(
      request => {
        beginStream(request, [startLine(5)])
        request.stream.end()
      },
      async (_peer, connect) => {
        await assert.rejects(take(connect().stream(expr, undefined, noResume), 9), {
          name: 'TransportError',
          code: 'server_closed',
        })
      },
    ))

  test('gets a new secret from its function when the old one is refused, once', () =>
    withPeer(
      request => {
        if (request.headers['authorization'] === 'Bearer new') beginStream(request, [startLine(5)])
        else answer(request, 401, '{"errors":[{"code":"unauthorized","description":"Unauthorized"}]}')
      },
      async (peer, connect) => {
        const secrets = ['old', 'new']
        const client = connect({ secret: async () => secrets.shift()! })
        assert.equal((await take(client.stream(expr, undefined, noResume), 1)).length, 1)
        assert.equal(peer.requests.length, 2)
        const refused = connect({ secret: () => 'other' })
        await assert.rejects(take(refused.stream(expr, undefined, noResume), 1), {
          name: 'QueryError',
          code: 'unauthorized',
          status: 401,
        })
        assert.equal(peer.requests.length, 4)
      },
    ))
})

describe('a query', () => {
  test('is a POST to / and gives the decoded resource', () =>
    withPeer(
      request =>
        answer(request, 200, '{"resource":{"when":{"@ts":"2024-05-01T12:00:00.123456789Z"},"n":9223372036854775807}}', {
          'x-txn-time': '42',
        }),
      async (peer, connect) => {
        const client = connect()
        const value = (await client.query(expr)) as { when: unknown; n: bigint }
        assert.deepEqual(JSON.parse(JSON.stringify(value.when)), { '@ts': '2024-05-01T12:00:00.123456789Z' })
        assert.equal(value.n, 9223372036854775807n)
        assert.equal(client.lastTxn, 42)
        assert.equal(peer.requests[0]!.headers[':path'], '/')
        assert.equal(peer.requests[0]!.body, '{"documents":{"collection":"orders"}}')
      },
    ))

  test('whose answer is an error throws all of it', () =>
    withPeer(
      request =>
        answer(
          request,
          404,
          '{"errors":[{"position":[],"code":"instance not found","description":"Document not found."},{"position":["x"],"code":"brand new","description":"?"}]}',
        ),
      async (_peer, connect) => {
        await assert.rejects(connect().query(expr), (error: unknown) => {
          assert.ok(error instanceof QueryError)
          assert.equal(error.code, 'instance not found')
          assert.equal(error.errors.length, 2)
          assert.equal(error.errors[1]!.code, 'brand new')
          return true
        })
      },
    ))

  test('whose code this version does not know has the code unknown_error, and keeps the text', () =>
    withPeer(
      request => answer(request, 400, '{"errors":[{"code":"brand new","description":"?"}]}'),
      async (_peer, connect) => {
        await assert.rejects(connect().query(expr), (error: unknown) => {
          assert.ok(error instanceof QueryError)
          assert.equal(error.code, 'unknown_error')
          assert.match(error.message, /brand new/)
          return true
        })
      },
    ))

  test('answered by something else is a ProtocolError that quotes the first 200 characters', () =>
    withPeer(
      request => answer(request, 502, '<html>' + 'x'.repeat(500)),
      async (_peer, connect) => {
        await assert.rejects(connect().query(expr), (error: unknown) => {
          assert.ok(error instanceof ProtocolError)
          assert.equal(error.code, 'bad_response')
          assert.equal(error.received.length, 201)
          assert.match(error.message, /HTTP 502/)
          assert.match(error.message, /<html>/)
          return true
        })
      },
    ))

  for (const [what, body] of [
    ['nothing', ''],
    ['no JSON', 'fine'],
    ['no resource', '{"value":1}'],
  ] as const) {
    test(`answered 200 with ${what} is a ProtocolError`, () =>
      withPeer(
        request => answer(request, 200, body),
        async (_peer, connect) => {
          await assert.rejects(connect().query(expr), { name: 'ProtocolError', code: 'bad_response' })
        },
      ))
  }

  test('answered with the channel-level shape is a QueryError', () =>
    withPeer(
      request => answer(request, 408, '{\n  "error": "request timeout: Client timed out."\n}\n'),
      async (_peer, connect) => {
        await assert.rejects(connect().query(expr), {
          name: 'QueryError',
          code: 'request timeout',
          status: 408,
          retryable: true,
        })
      },
    ))

  test('cut after it was read is not sent again, and its outcome is unknown', () =>
    withPeer(
      () => undefined,
      async (peer, connect) => {
        const pending = connect().query(expr)
        while (peer.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
        peer.cut('fin')
        await assert.rejects(pending, { name: 'TransportError', outcome: 'unknown' })
        assert.equal(peer.requests.length, 1)
      },
    ))

  test('refused before it was processed is sent once more, then given up', () =>
    withPeer(
      request => request.stream.close(7),
      async (peer, connect) => {
        await assert.rejects(connect().query(expr), {
          name: 'TransportError',
          code: 'refused',
          outcome: 'not_processed',
        })
        assert.equal(peer.requests.length, 2)
      },
    ))

  test('that is aborted throws the reason and resets the exchange', () =>
    withPeer(
      () => undefined,
      async (peer, connect) => {
        const client = connect()
        const controller = new AbortController()
        const pending = client.query(expr, { signal: controller.signal })
        while (peer.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
        const closed = new Promise<number>(resolve => {
          const { stream } = peer.requests[0]!
          stream.once('close', () => resolve(stream.rstCode))
        })
        controller.abort(new Error('enough'))
        await assert.rejects(pending, /enough/)
        assert.equal(await closed, 8)
        await assert.rejects(client.query(expr, { signal: AbortSignal.abort(new Error('before')) }), /before/)
        assert.equal(peer.requests.length, 1)
      },
    ))

  test('with a secret function that fails is a TransportError whose cause is its error, and is asked again', () =>
    withPeer(
      request => answer(request, 200, '{"resource":1}'),
      async (peer, connect) => {
        const cause = new Error('vault is down')
        const answers = [Promise.reject(cause), Promise.resolve('good')]
        const client = connect({ secret: () => answers.shift()! })
        await assert.rejects(client.query(expr), {
          name: 'TransportError',
          code: 'secret_failed',
          outcome: 'not_processed',
          cause,
        })
        assert.equal(peer.requests.length, 0)
        assert.equal(await client.query(expr), 1)
      },
    ))

  test('asks a secret function once for all who wait', () =>
    withPeer(
      request => answer(request, 200, '{"resource":1}'),
      async (_peer, connect) => {
        let asked = 0
        const client = connect({
          secret: async () => {
            asked++
            await new Promise(resolve => setImmediate(resolve))
            return 'good'
          },
        })
        await Promise.all([client.query(1), client.query(2), client.query(3)])
        await client.query(4)
        assert.equal(asked, 1)
      },
    ))
})

describe('the observer', () => {
  test('is told of each query and each event', () =>
    withPeer(
      request => {
        if (request.headers[':path'] === '/') answer(request, 201, '{"resource":{"n":1}}', { 'x-txn-time': '9' })
        else beginStream(request, [startLine(5), versionLine(6)])
      },
      async (_peer, connect) => {
        const results: RequestResult[] = []
        const client = connect({ observer: result => results.push(result) })
        await client.query(expr)
        await take(client.stream(expr, ['document']), 2)
        const [query, start, version] = results
        assert.equal(results.length, 3)
        assert.deepEqual(
          { ...query, startTime: 0, endTime: 0, responseHeaders: query?.responseHeaders['x-txn-time'] },
          {
            method: 'POST',
            path: '/',
            query: {},
            requestRaw: '{"documents":{"collection":"orders"}}',
            requestContent: expr,
            responseRaw: '{"resource":{"n":1}}',
            responseContent: { n: 1 },
            statusCode: 201,
            responseHeaders: '9',
            startTime: 0,
            endTime: 0,
          },
        )
        assert.ok(query!.startTime > 0 && query!.endTime >= query!.startTime)
        assert.equal(start!.responseRaw, startLine(5))
        assert.deepEqual(start!.query, { fields: 'document' })
        assert.equal(start!.path, '/stream')
        assert.equal(start!.statusCode, 200)
        assert.equal(version!.responseRaw, versionLine(6))
        assert.equal((version!.responseContent as { txn: number }).txn, 6)
      },
    ))

  test('is told the errors of a refused query', () =>
    withPeer(
      request => answer(request, 400, '{"errors":[{"code":"bad request","description":"No."}]}'),
      async (_peer, connect) => {
        const results: RequestResult[] = []
        const client = connect({ observer: result => results.push(result) })
        await assert.rejects(client.query(expr), QueryError)
        assert.deepEqual(results[0]!.responseContent, [{ code: 'bad request', description: 'No.' }])
        assert.equal(results[0]!.statusCode, 400)
      },
    ))
})

describe('close()', () => {
  test('ends every stream normally, closes every connection, and refuses what comes after', () =>
    withPeer(
      request => beginStream(request, [startLine(5)]),
      async (peer, connect) => {
        const client = connect()
        const unused = client.stream(expr, undefined, noResume)
        const iterator = client.stream(expr, undefined, noResume)[Symbol.asyncIterator]()
        await iterator.next()
        const pending = iterator.next()
        await client.close()
        await client.close()
        assert.deepEqual(await pending, { done: true, value: undefined })
        while (peer.sessions.size > 0) await new Promise(resolve => setImmediate(resolve))
        const isClosed = (error: unknown) => error instanceof StateError && error.code === 'client_closed'
        assert.throws(() => client.stream(expr, undefined, noResume), isClosed)
        await assert.rejects(client.query(expr), isClosed)
        assert.deepEqual(await unused[Symbol.asyncIterator]().next(), { done: true, value: undefined })
      },
    ))

  test('tells a query that waits', () =>
    withPeer(
      () => undefined,
      async (peer, connect) => {
        const client = connect()
        const pending = client.query(expr)
        while (peer.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
        await Promise.all([client[Symbol.asyncDispose](), assert.rejects(pending, { code: 'client_closed' })])
      },
    ))
})

describe('a secret', () => {
  test('stands in no message, no inspection and no JSON of the client', () =>
    withPeer(
      request => answer(request, 401, '{"errors":[{"code":"unauthorized","description":"Unauthorized"}]}'),
      async (_peer, connect) => {
        const client = connect({ secret: 'fnHIDDEN' })
        const stream = client.stream(expr, undefined, noResume)
        const error = await client.query(expr).catch((e: unknown) => e)
        for (const text of [client, stream, error].flatMap(thing => [
          inspect(thing, { depth: 9, showHidden: true }),
          JSON.stringify(thing) ?? '',
        ])) {
          assert.equal(text.includes('fnHIDDEN'), false, text)
        }
      },
    ))
})

describe('syncLastTxn', () => {
  const client = new Client({ endpoint: 'http://127.0.0.1:1', secret: 's' })
  test('raises lastTxn and never lowers it', () => {
    client.syncLastTxn(1000)
    client.syncLastTxn(10)
    assert.equal(client.lastTxn, 1000)
  })
  test('takes the time of now, though the process slept and its own clock is an hour behind', () => {
    const time = { ...systemTime, now: () => Date.now() - 3_600_000 }
    const slept = new Client({ endpoint: 'http://127.0.0.1:1', secret: 's', time })
    slept.syncLastTxn(Date.now() * 1000)
    assert.throws(() => slept.syncLastTxn((Date.now() + 120_000) * 1000), { option: 'txn' })
  })
  for (const txn of [-1, 1.5, Number.NaN, 2 ** 53, (Date.now() + 120_000) * 1000]) {
    test(`refuses ${txn < 2 ** 53 && txn > 2e9 ? 'a time two minutes ahead' : txn}`, () => {
      assert.throws(() => client.syncLastTxn(txn), { name: 'OptionError', option: 'txn' })
      assert.equal(client.lastTxn, 1000)
    })
  }
})
