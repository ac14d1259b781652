/** What subscribers of `node:diagnostics_channel` are told. */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { type ChannelMessages, Client, q, QueryError, StreamError, TransportError } from '../src/index.ts'
import { begin, channelNames, end, tell } from '../src/observe.ts'
import { errorLine, serveEvents, versionLine } from '../src/testing/index.ts'
import { withClients } from './support/clients.ts'
import { hearing } from './support/hearing.ts'
import { cut, inHistory, Record as Told, thing, things } from './support/history-world.ts'

const ref = q.Ref(q.Collection('orders'), 'the-id')
const secret = 'fnSECRET'

/** Adds headers to every request while a test runs. */
async function adding(headers: Record<string, string>, run: () => Promise<void>): Promise<void> {
  const listener = (message: unknown) => {
    Object.assign((message as ChannelMessages['fauna-streams:request']).headers, headers)
  }
  subscribe('fauna-streams:request', listener)
  await run().finally(() => unsubscribe('fauna-streams:request', listener))
}

describe('the channels', () => {
  test('tell the life of a stream, in order', () =>
    hearing(async heard => {
      const peer = await serveEvents({ lines: [versionLine(1_700_000_000_000_001)] })
      await using client = new Client({ endpoint: peer.endpoint, secret, backoff: { firstMs: 1, maxMs: 1 } })
      const stream = client.stream(ref, undefined, { resume: 'live' })
      const loop = stream[Symbol.asyncIterator]()
      for (let events = 0; events < 2; events++) await loop.next()
      peer.streams[0]!.reset(8)
      assert.equal((await loop.next()).value?.type, 'gap')
      await stream.close()
      await client.close()
      await peer.close()
      const opening = ['opening:start', 'request', 'opening:end', 'stream:state', 'stream:start']
      const isTold = (name: string) => !name.startsWith('session:')
      assert.deepEqual(heard.names.filter(isTold), [
        'client:open',
        'stream:state',
        ...opening,
        'stream:lost',
        'stream:retry',
        'stream:state',
        ...opening,
        'stream:gap',
        'stream:state',
        'stream:close',
        'client:close',
      ])
      assert.deepEqual(
        heard.of('session:open').map(({ kind }) => kind),
        ['stream'],
      )
      assert.deepEqual(heard.of('session:close'), [{ endpoint: peer.endpoint, kind: 'stream', error: undefined }])
      assert.deepEqual(
        heard.of('stream:state').map(({ before, state }) => `${before} → ${state}`),
        ['idle → connecting', 'connecting → open', 'open → connecting', 'connecting → open', 'open → closed'],
      )
      const [{ stream: told }] = heard.of('stream:close') as [ChannelMessages['fauna-streams:stream:close']]
      assert.deepEqual([told.kind, told.collection, told.index], ['document', 'orders', undefined])
      assert.deepEqual(told.health(), stream.health())
    }))

  test('name a stream by its collection or index, never by an id, a term or a secret', () =>
    hearing(async heard => {
      await withClients(await serveEvents(), async (_, connect) => {
        const client = connect({ secret })
        const exprs = [ref, q.Match(q.Index('by_owner'), 'ada'), q.Documents(things), q.Let({ x: ref }, q.Var('x'))]
        for (const expr of exprs) {
          for await (const event of client.stream(expr, undefined, { resume: false })) if (event) break
        }
      })
      const names = heard.of('stream:close').map(({ stream: { kind, collection, index } }) => [kind, collection, index])
      assert.deepEqual(names, [
        ['document', 'orders', undefined],
        ['set', undefined, 'by_owner'],
        ['set', 'things', undefined],
        ['expression', undefined, undefined],
      ])
      const text = inspect(heard.all, { depth: 10, showHidden: true })
      assert.doesNotMatch(text, /fnSECRET|the-id|ada/)
    }))

  test('tell a query and how it ended: answered, refused, cut off, given up', () =>
    hearing(async heard => {
      const peer = await serveEvents({
        query(exchange) {
          const code = peer.queries.length
          if (code === 1) exchange.respond(200, { resource: 7 })
          if (code === 2)
            exchange.respond(400, { errors: [{ code: 'invalid ref', description: 'none', position: [] }] })
          if (code === 3) exchange.connection.close('fin')
          if (code === 4) gaveUp.abort()
        },
      })
      const gaveUp = new AbortController()
      await withClients(peer, async (_, connect) => {
        const client = connect()
        assert.equal(await client.query(1), 7)
        await assert.rejects(client.query(1), QueryError)
        await assert.rejects(client.query(1), TransportError)
        await assert.rejects(client.query(1, { signal: gaveUp.signal }), { name: 'AbortError' })
      })
      const [answered, refused, lost, aborted] = heard.of('query:end')
      assert.deepEqual([answered!.error, answered!.statusCode, answered!.isAborted], [undefined, 200, undefined])
      assert.deepEqual([refused!.error instanceof QueryError, refused!.statusCode], [true, 400])
      assert.deepEqual([lost!.error instanceof TransportError, lost!.statusCode], [true, undefined])
      assert.deepEqual([aborted!.error, aborted!.isAborted], [undefined, true])
      assert.deepEqual(heard.of('query:start'), heard.of('query:end'))
      assert.equal(heard.of('query:start')[0], answered)
      assert.equal(heard.of('request')[0]!.operation, answered)
    }))

  test('tell how an opening ended: open, refused, ended by an error, cut off, closed', () =>
    hearing(async heard => {
      const peer = await serveEvents({
        script(exchange, index) {
          if (index === 0) exchange.start()
          if (index === 1) exchange.respond(404, { errors: [{ code: 'instance not found', description: 'none' }] })
          if (index === 2) exchange.start(errorLine('permission denied', 'lost'))
          if (index === 3) exchange.connection.close('fin')
          if (index === 4) void last.close()
        },
      })
      let last: { close(): Promise<void> } = { close: async () => undefined }
      await withClients(peer, async (_, connect) => {
        for (let index = 0; index < 5; index++) {
          const stream = connect().stream(ref, undefined, { resume: false })
          last = stream
          await stream[Symbol.asyncIterator]()
            .next()
            .catch(() => undefined)
        }
      })
      const [open, refused, told, lost, closed] = heard.of('opening:end')
      assert.deepEqual([open!.txn, open!.statusCode, open!.error], [peer.streams[0]!.txn, 200, undefined])
      assert.deepEqual([refused!.error instanceof QueryError, refused!.statusCode], [true, 404])
      assert.deepEqual([told!.error instanceof StreamError, told!.statusCode], [true, 200])
      assert.ok(lost!.error instanceof TransportError)
      assert.deepEqual([closed!.isAborted, closed!.error], [true, undefined])
      assert.deepEqual(heard.of('opening:start'), heard.of('opening:end'))
    }))

  test('tell the query that tries a new secret, and the opening that takes over', () =>
    hearing(async heard => {
      const peer = await serveEvents({ lines: [versionLine(1_800_000_000_000_000)] })
      await withClients(peer, async (_, connect) => {
        const client = connect()
        const stream = client.stream(ref)
        const loop = stream[Symbol.asyncIterator]()
        for (let events = 0; events < 2; events++) await loop.next()
        const tried = heard.of('query:end').length
        const waiting = loop.next()
        const rotating = client.rotateSecret('fnNEW')
        const line = versionLine(1_800_000_000_000_001)
        const successor = await peer.opened(1)
        for (const exchange of [peer.streams[0]!, successor]) await exchange.send(line)
        assert.equal((await waiting).value?.type, 'version')
        await stream.close()
        await rotating
        const [trial] = heard.of('query:end').slice(tried)
        assert.deepEqual([trial!.statusCode, trial!.parent], [200, undefined])
        assert.deepEqual(
          heard.of('opening:end').map(({ number, error }) => [number, error]),
          [
            [1, undefined],
            [2, undefined],
          ],
        )
        assert.equal(heard.of('stream:lost').length, 0)
      })
    }))

  test('tell what is read after a loss, and of each query what it was sent for', () =>
    inHistory(async world => {
      await world.write(q.Create(thing(1), { data: {} }))
      const stream = world.client.stream(thing(1))
      const record = new Told(stream)
      await record.until(events => events.length > 0)
      const after = stream.lastTxn!
      await hearing(async heard => {
        world.proxy.refuse()
        await cut(world, stream)
        const last = await world.write(q.Update(thing(1), { data: { a: 1 } }))
        world.proxy.heal()
        await record.txn(last)
        while (heard.of('catch-up:end').length === 0) await new Promise(setImmediate)
        const [catchUp] = heard.of('catch-up:end')
        assert.deepEqual(
          [catchUp!.kind, catchUp!.after, catchUp!.events, catchUp!.error],
          ['missed', after, 1, undefined],
        )
        assert.ok(catchUp!.until >= last)
        const parents = heard.of('query:end').filter(({ client }) => client.endpoint === world.proxy.endpoint)
        assert.deepEqual(
          parents.map(({ parent }) => parent === catchUp),
          [true],
        )
        assert.ok(heard.of('opening:end').every(({ number }) => number > 1))
        await stream.close()
      })
    }))

  test('tell why what was missed cannot be read', () =>
    inHistory(async world => {
      const stream = world.client.stream(thing(1), undefined, { onGap: 'yield' })
      const record = new Told(stream)
      await record.until(events => events.length > 0)
      await hearing(async heard => {
        world.proxy.refuse()
        await cut(world, stream)
        world.pass(3_600_000)
        world.proxy.heal()
        await record.until(events => events.some(({ type }) => type === 'gap'))
        assert.equal(heard.of('catch-up:end')[0]!.reason, 'retention')
        assert.equal(heard.of('stream:gap')[0]!.reason, 'retention')
        await stream.close()
      })
    }))

  test('make nothing where nobody subscribes, and tell who subscribes to the end alone', () => {
    const make = () =>
      ({ type: 'query', client: { endpoint: '', health: () => ({}) as never }, parent: undefined }) as const
    assert.equal(
      begin('query', () => assert.fail()),
      undefined,
    )
    tell('client:open', () => assert.fail())
    const ends: unknown[] = []
    const listener = (message: unknown) => ends.push(message)
    subscribe('fauna-streams:query:end', listener)
    const operation = begin('query', make)
    end(operation, { statusCode: 200 })
    unsubscribe('fauna-streams:query:end', listener)
    assert.deepEqual(ends, [operation])
    assert.equal(operation?.statusCode, 200)
    assert.equal(new Set(channelNames).size, channelNames.length)
  })
})

describe('headers that a subscriber adds', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  test('are sent with queries and streams; those of the client win', async () => {
    await withClients(await serveEvents(), async (peer, connect) => {
      const client = connect({ headers: { 'x-app': 'mine' } })
      await adding({ traceparent, authorization: 'stolen', 'X-App': 'theirs' }, async () => {
        await client.query(1)
        await client.stream(ref)[Symbol.asyncIterator]().next()
      })
      for (const { request } of [peer.queries[0]!, peer.streams[0]!]) {
        assert.equal(request.headers['traceparent'], traceparent)
        assert.equal(request.headers['authorization'], `Bearer ${secret}`)
        assert.equal(request.headers['x-app'], 'theirs')
      }
      await client.query(1)
      assert.equal(peer.queries.at(-1)!.request.headers['traceparent'], undefined)
    })
  })

  test('and cannot be sent are an error of the subscriber: the request goes without them', async () => {
    const uncaught: unknown[] = []
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', error => uncaught.push(error))
    try {
      await withClients(await serveEvents(), async (peer, connect) => {
        await adding({ traceparent, connection: 'close' }, async () => {
          await connect({ headers: { 'x-app': 'mine' } }).query(1)
        })
        assert.equal(peer.queries[0]!.request.headers['traceparent'], undefined)
        assert.equal(peer.queries[0]!.request.headers['x-app'], 'mine')
      })
      assert.match(String(uncaught), /headers\.connection.*cannot be set/)
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
    }
  })
})
