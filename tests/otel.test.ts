/** `fauna-streams/otel` with the real SDK: what its exporters get, and what arrives on the wire. */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { hrTimeToMilliseconds } from '@opentelemetry/core'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { Client, q, QueryError } from '../src/index.ts'
import type { ObservedStream } from '../src/observe.ts'
import { metricUnits } from '../src/otel/metrics.ts'
import { registerOtel } from '../src/otel/index.ts'
import { errorLine, serveEvents, setLine, versionLine } from '../src/testing/index.ts'
import { findClosedPort } from './support/peer.ts'
import { withClients } from './support/clients.ts'
import { cut, inHistory, Record as Told, thing, things } from './support/history-world.ts'
import { measured, type Value } from './support/telemetry.ts'

const ref = q.Ref(q.Collection('orders'), 'the-id')
const openSpan = 'fauna.stream.open'
const catchUpSpan = 'fauna.stream.catch_up'
const querySpan = 'fauna.query'

const idOf = (span: ReadableSpan): string => span.spanContext().spanId
const linksOf = (span: ReadableSpan): string[] => span.links.map(link => link.context.spanId)
/** The value of a metric with these attributes. */
const pick = (values: readonly Value[] | undefined, of: Readonly<Record<string, unknown>> = {}): number | undefined =>
  values?.find(({ attributes }) => Object.entries(of).every(([key, value]) => attributes[key] === value))?.value

describe('spans', () => {
  test('of an opening and its reopening after a cut: each its own, the later linked to the earlier', () =>
    measured(async telemetry => {
      await withClients(await serveEvents(), async (peer, connect) => {
        const stream = connect({ backoff: { firstMs: 1, maxMs: 1 } }).stream(ref, undefined, { resume: 'live' })
        const loop = stream[Symbol.asyncIterator]()
        await loop.next()
        peer.connections[0]!.close('rst')
        assert.equal((await loop.next()).value?.type, 'gap')
        const [first, second] = telemetry.spans(openSpan)
        assert.equal(first!.kind, SpanKind.CLIENT)
        assert.deepEqual(first!.attributes, {
          'server.address': '127.0.0.1',
          'server.port': Number(new URL(peer.endpoint).port),
          'fauna.stream.kind': 'document',
          'db.collection.name': 'orders',
          'fauna.stream.opening.number': 1,
          'http.response.status_code': 200,
          'fauna.stream.txn': peer.streams[0]!.txn,
        })
        assert.equal(second!.attributes['fauna.stream.opening.number'], 2)
        assert.deepEqual([linksOf(first!), linksOf(second!)], [[], [idOf(first!)]])
        assert.deepEqual([first!.status.code, second!.status.code], [SpanStatusCode.UNSET, SpanStatusCode.UNSET])
        await stream.close()
      })
    }))

  test('of a refused, a failed and a closed opening: error, error, and none', () =>
    measured(async telemetry => {
      const peer = await serveEvents({
        script(exchange, index) {
          if (index === 0) exchange.respond(404, { errors: [{ code: 'instance not found', description: 'ada' }] })
          if (index === 1) exchange.start(errorLine('permission denied', 'ada'))
          if (index === 2) gaveUp.abort()
        },
      })
      const gaveUp = new AbortController()
      await withClients(peer, async (_, connect) => {
        for (let index = 0; index < 3; index++) {
          const stream = connect().stream(ref, undefined, { resume: false, signal: gaveUp.signal })
          await stream[Symbol.asyncIterator]()
            .next()
            .catch(() => undefined)
        }
      })
      await using away = new Client({ endpoint: `http://127.0.0.1:${await findClosedPort()}`, secret: 'x' })
      await assert.rejects(away.stream(ref, undefined, { resume: false })[Symbol.asyncIterator]().next())
      const [refused, told, closed, failed] = telemetry.spans(openSpan)
      const error = SpanStatusCode.ERROR
      assert.deepEqual(refused!.status, { code: error, message: 'instance not found' })
      assert.equal(refused!.attributes['http.response.status_code'], 404)
      assert.equal(refused!.events[0]!.attributes!['exception.message'], 'instance not found')
      assert.equal(told!.attributes['error.type'], 'permission denied')
      assert.deepEqual([closed!.status.code, closed!.attributes['fauna.aborted']], [SpanStatusCode.UNSET, true])
      assert.deepEqual([failed!.status.code, failed!.attributes['error.type']], [error, 'connect_failed'])
      assert.match(String(failed!.events[0]!.attributes!['exception.message']), /ECONNREFUSED/)
    }))

  test('of queries: in what the caller does, with the code of a refusal, and how long they took', () =>
    measured(async telemetry => {
      const peer = await serveEvents({
        query(exchange) {
          if (peer.queries.length === 1) exchange.respond(200, { resource: 1 })
          else exchange.respond(400, { errors: [{ code: 'transaction aborted', description: 'ada', position: [] }] })
        },
      })
      await withClients(peer, async (_, connect) => {
        const client = connect()
        const parent = telemetry.tracerProvider.getTracer('app').startSpan('request')
        await context.with(trace.setSpan(context.active(), parent), async () => {
          await client.query(q.Now())
          await assert.rejects(client.query(q.Abort('ada')), QueryError)
        })
        parent.end()
        const [good, bad] = telemetry.spans(querySpan)
        for (const span of [good!, bad!]) {
          assert.equal(span.parentSpanContext?.spanId, parent.spanContext().spanId)
          assert.equal(span.kind, SpanKind.CLIENT)
          assert.equal(span.attributes['db.operation.name'], 'query')
          assert.ok(hrTimeToMilliseconds(span.duration) > 0)
        }
        assert.equal(good!.status.code, SpanStatusCode.UNSET)
        assert.deepEqual(bad!.status, { code: SpanStatusCode.ERROR, message: 'transaction aborted' })
        assert.equal(bad!.attributes['error.type'], 'transaction aborted')
      })
    }))

  test('of a catch-up: linked to the reopening before it, parent of its queries', () =>
    inHistory(async world => {
      await world.write(q.Create(thing(1), { data: {} }))
      await measured(async telemetry => {
        const stream = world.client.stream(thing(1))
        const record = new Told(stream)
        await record.until(events => events.length > 0)
        world.proxy.refuse()
        await cut(world, stream)
        await world.write(q.Update(thing(1), { data: { a: 1 } }))
        const last = await world.write(q.Update(thing(1), { data: { a: 2 } }))
        world.proxy.heal()
        await record.txn(last)
        while (telemetry.spans(catchUpSpan).length === 0) await new Promise(setImmediate)
        await stream.close()
        const [catchUp] = telemetry.spans(catchUpSpan)
        const opened = telemetry.spans(openSpan).filter(span => span.status.code === SpanStatusCode.UNSET)
        assert.equal(opened.length, 2)
        assert.deepEqual(linksOf(catchUp!), [idOf(opened[1]!)])
        assert.equal(catchUp!.kind, SpanKind.INTERNAL)
        assert.equal(catchUp!.attributes['fauna.catch_up.kind'], 'missed')
        assert.equal(catchUp!.attributes['fauna.catch_up.events'], 2)
        const reads = telemetry.spans(querySpan).filter(span => span.parentSpanContext?.spanId === idOf(catchUp!))
        assert.equal(reads.length, 1)
        assert.equal(reads[0]!.spanContext().traceId, catchUp!.spanContext().traceId)
      })
    }))

  test('of a catch-up that cannot be had: an error with the reason', () =>
    inHistory(async world => {
      await measured(async telemetry => {
        const stream = world.client.stream(q.Documents(things), undefined, { onGap: 'yield' })
        const record = new Told(stream)
        await record.until(events => events.length > 0)
        world.proxy.refuse()
        await cut(world, stream)
        world.pass(3_600_000)
        world.proxy.heal()
        await record.until(events => events.some(({ type }) => type === 'gap'))
        await stream.close()
        const [catchUp] = telemetry.spans(catchUpSpan)
        assert.equal(catchUp!.status.code, SpanStatusCode.ERROR)
        assert.equal(catchUp!.attributes['fauna.gap.reason'], 'retention')
      })
    }))

  test('and metrics hold no secret, id, term or document, whatever the server says', () =>
    measured(async telemetry => {
      const data = { name: 'ada' }
      const peer = await serveEvents({
        lines: [versionLine(1_800_000_000_000_000, data), '{"ada": "no event"}'],
        query: exchange => exchange.respond(400, { errors: [{ code: 'transaction aborted', description: 'ada' }] }),
      })
      await withClients(peer, async (_, connect) => {
        const client = connect({ secret: 'fnSECRET' })
        await assert.rejects(client.query(q.Get(ref)))
        for (const expr of [ref, q.Match(q.Index('by_name'), 'ada')]) {
          const following = async () => {
            for await (const event of client.stream(expr, undefined, { resume: false })) assert.ok(event)
          }
          await assert.rejects(following, { code: 'bad_event' })
        }
      })
      const spans = telemetry
        .spans()
        .map(({ name, attributes, status, events }) => ({ name, attributes, status, events }))
      assert.ok(spans.length >= 3)
      const text = inspect([spans, await telemetry.read()], { depth: 20 })
      assert.match(text, /by_name/)
      assert.doesNotMatch(text, /ada|the-id|fnSECRET/)
    }))
})

describe('traceparent', () => {
  const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/

  test('arrives with each request, and names the span of its query or opening', () =>
    measured(async telemetry => {
      await withClients(await serveEvents(), async (peer, connect) => {
        const client = connect()
        const parent = telemetry.tracerProvider.getTracer('app').startSpan('request')
        const stream = client.stream(ref)
        await context.with(trace.setSpan(context.active(), parent), async () => {
          await client.query(1)
          await stream[Symbol.asyncIterator]().next()
        })
        const [query] = telemetry.spans(querySpan)
        const sent = [peer.queries[0]!, peer.streams[0]!].map(({ request }) => request.headers['traceparent'] ?? '')
        const ids = sent.map(header => pattern.exec(header)?.slice(1))
        assert.deepEqual(ids[0], [parent.spanContext().traceId, idOf(query!)])
        while (telemetry.spans(openSpan).length === 0) await new Promise(setImmediate)
        assert.deepEqual(ids[1], [parent.spanContext().traceId, idOf(telemetry.spans(openSpan)[0]!)])
        await stream.close()
      })
    }))

  test('carries the tracestate with it', () =>
    measured(async telemetry => {
      const remote = await import('@opentelemetry/core').then(({ TraceState }) => new TraceState('vendor=1'))
      await withClients(await serveEvents(), async (peer, connect) => {
        const spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1, traceState: remote }
        await context.with(trace.setSpanContext(context.active(), spanContext), () => connect().query(1))
        const { headers } = peer.queries[0]!.request
        assert.match(headers['traceparent']!, new RegExp(`^00-a{32}-${idOf(telemetry.spans(querySpan)[0]!)}-01$`))
        assert.equal(headers['tracestate'], 'vendor=1')
      })
    }))

  test('is not sent with propagate: false', () =>
    measured(
      async () => {
        await withClients(await serveEvents(), async (peer, connect) => {
          await connect().query(1)
          assert.equal(peer.queries[0]!.request.headers['traceparent'], undefined)
        })
      },
      { propagate: false },
    ))
})

describe('metrics', () => {
  test('are what health() tells, of streams that have ended too', () =>
    measured(async telemetry => {
      const peer = await serveEvents({ lines: [versionLine(1_800_000_000_000_000)] })
      await withClients(peer, async (_, connect) => {
        const client = connect()
        const streams = [1, 2].map(id => client.stream(q.Ref(q.Collection('orders'), String(id))))
        const set = client.stream(q.Match(q.Index('by_name'), 'x'))
        // Held to the end: a loop that nobody holds any more is closed when it is collected.
        const loops = [...streams, set].map(stream => stream[Symbol.asyncIterator]())
        for (const loop of loops) await loop.next()
        for (const loop of loops.slice(0, streams.length)) await loop.next()
        const orders = { 'db.collection.name': 'orders', 'fauna.stream.kind': 'document' }
        const open = await telemetry.read()
        const valueOf = (name: string, of = {}) => pick(open.get(name)?.values, of)
        assert.equal(valueOf('fauna.stream.events', orders), 4)
        assert.equal(valueOf('fauna.stream.events', { 'fauna.index.name': 'by_name' }), 1)
        assert.equal(valueOf('fauna.stream.bytes', orders), streams[0]!.health().bytes + streams[1]!.health().bytes)
        assert.equal(valueOf('fauna.stream.count', { ...orders, 'fauna.stream.state': 'open' }), 2)
        assert.equal(valueOf('fauna.stream.count', { ...orders, 'fauna.stream.state': 'connecting' }), 0)
        assert.equal(valueOf('fauna.stream.lag', orders), 0)
        assert.equal(valueOf('fauna.client.sessions', { 'fauna.session.kind': 'stream' }), 1)
        const active = { 'fauna.session.kind': 'stream', 'fauna.exchange.state': 'active' }
        assert.equal(valueOf('fauna.client.exchanges', active), 3)
        assert.equal(valueOf('fauna.session.streams'), 3)
        assert.equal(valueOf('fauna.stream.opening.duration', orders), 2)
        for (const stream of streams) await stream.close()
        const closed = await telemetry.read()
        assert.equal(pick(closed.get('fauna.stream.events')?.values, orders), 4)
        const openState = { ...orders, 'fauna.stream.state': 'open' }
        assert.equal(pick(closed.get('fauna.stream.count')?.values, openState), 0)
        assert.equal(pick(closed.get('fauna.stream.lag')?.values, orders), 0)
        await set.close()
        for (const loop of loops) while (!(await loop.next()).done);
        await client.close()
        const over = await telemetry.read()
        for (const name of ['fauna.client.sessions', 'fauna.client.exchanges', 'fauna.session.streams']) {
          const values = over.get(name)!.values.map(({ value }) => value)
          assert.deepEqual([...new Set(values)], [0], name)
        }
        assert.equal(pick(over.get('fauna.stream.events')?.values, orders), 4)
      })
    }))

  test('count losses, reopenings, gaps and failed queries', () =>
    measured(async telemetry => {
      const lines = [setLine(1_700_000_000_000_500)]
      const refusal = { errors: [{ code: 'invalid ref', description: 'none' }] }
      const peer = await serveEvents({ lines, query: exchange => exchange.respond(400, refusal) })
      await withClients(peer, async (_, connect) => {
        const client = connect({ backoff: { firstMs: 1, maxMs: 1 } })
        const stream = client.stream(q.Documents(things), undefined, { resume: 'live' })
        const loop = stream[Symbol.asyncIterator]()
        for (let events = 0; events < 2; events++) await loop.next()
        peer.streams[0]!.end()
        assert.equal((await loop.next()).value?.type, 'gap')
        await assert.rejects(client.query(1))
        const told = await telemetry.read()
        for (const name of ['losses', 'reconnects', 'gaps'])
          assert.equal(pick(told.get(`fauna.stream.${name}`)?.values), 1)
        assert.equal(pick(told.get('db.client.operation.duration')?.values, { 'error.type': 'invalid ref' }), 1)
        await stream.close()
      })
    }))

  test('have the names and units of the table', () =>
    inHistory(async world => {
      await measured(async telemetry => {
        const client = world.connect()
        await client.query(q.Now())
        const stream = client.stream(q.Documents(things), undefined, { snapshot: true })
        const record = new Told(stream)
        await record.until(events => events.some(({ type }) => type === 'synced'))
        while (telemetry.spans(catchUpSpan).length === 0) await new Promise(setImmediate)
        const told = await telemetry.read()
        const units = [...told].map(([name, { unit }]) => [name, unit])
        assert.deepEqual(units.sort(), metricUnits.map(row => [...row]).sort())
        await stream.close()
      })
    }))
})

describe('registerOtel', () => {
  test('finds clients and streams that were there before when something happens to them', async () => {
    await withClients(await serveEvents(), async (peer, connect) => {
      const client = connect({ pingIntervalMs: 5 })
      const stream = client.stream(ref)
      const loop = stream[Symbol.asyncIterator]()
      await loop.next()
      await measured(async telemetry => {
        const pinged = new Promise<void>(resolve => stream.on('ping', () => resolve()))
        await pinged
        const waiting = loop.next()
        await client.query(1)
        const told = await telemetry.read()
        assert.equal(pick(told.get('fauna.stream.count')?.values, { 'fauna.stream.state': 'open' }), 1)
        assert.equal(pick(told.get('fauna.client.sessions')?.values, { 'fauna.session.kind': 'stream' }), 1)
        await stream.close()
        await waiting
        assert.ok(peer.streams.length === 1)
      })
    })
  })

  test('hears nothing more once it is disabled, and may be disabled again', () =>
    measured(async telemetry => {
      await withClients(await serveEvents(), async (_, connect) => {
        const client = connect()
        await client.query(1)
        telemetry.registration.disable()
        telemetry.registration[Symbol.dispose]()
        await client.query(1)
        assert.equal(telemetry.spans(querySpan).length, 1)
        const told = await telemetry.read()
        assert.equal(told.get('fauna.client.sessions'), undefined)
      })
    }))

  test('ends the spans that are open when it is disabled', () =>
    measured(async telemetry => {
      let ask: (answer: () => void) => void
      const asked = new Promise<() => void>(resolve => (ask = resolve))
      const peer = await serveEvents({ query: exchange => ask(() => exchange.respond(200, { resource: 1 })) })
      await withClients(peer, async (_, connect) => {
        const answered = connect().query(1)
        const answer = await asked
        assert.equal(telemetry.spans(querySpan).length, 0)
        telemetry.registration.disable()
        assert.equal(telemetry.spans(querySpan).length, 1)
        answer()
        await answered
        assert.equal(telemetry.spans(querySpan).length, 1)
      })
    }))

  test('counts a stream once that is closed, though a ping of it is told late', () =>
    measured(async telemetry => {
      await withClients(await serveEvents(), async (_, connect) => {
        const closed = new Promise<{ stream: ObservedStream }>(resolve => {
          const hear = (message: unknown) => {
            unsubscribe('fauna-streams:stream:close', hear)
            resolve(message as { stream: ObservedStream })
          }
          subscribe('fauna-streams:stream:close', hear)
        })
        const stream = connect().stream(ref)
        await stream[Symbol.asyncIterator]().next()
        await stream.close()
        const { stream: told } = await closed
        channel('fauna-streams:stream:ping').publish({ stream: told, roundTripMs: 1 })
        assert.equal(pick((await telemetry.read()).get('fauna.stream.events')?.values), 1)
      })
    }))

  test('does without any SDK', async () => {
    const registration = registerOtel()
    await withClients(await serveEvents(), async (peer, connect) => {
      await connect().query(1)
      assert.equal(peer.queries[0]!.request.headers['traceparent'], undefined)
    })
    registration.disable()
  })
})
