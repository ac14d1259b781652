/** A client and the embedded server: what was committed is what is read, and what the loops tell. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startLocal, type LocalServer } from '../src/local/index.ts'
import {
  Client,
  type DocumentVersion,
  FaunaTime,
  type HistoryRewriteEvent,
  q,
  QueryError,
  type Ref,
  type SetEvent,
  type StartEvent,
  TransportError,
  type VersionEvent,
} from '../src/index.ts'
import './support/leaks.ts'

type Data = { readonly n: number; readonly customer?: string | null }
type Document = DocumentVersion<Data>

const orders = q.Collection('orders')
const order = q.Ref(orders, '1')
const allFields = ['action', 'document', 'diff', 'prev', 'index'] as const
type AllFields = (typeof allFields)[number]

type World = {
  readonly server: LocalServer
  readonly client: Client
  connect(): Client
  write(expr: unknown): Promise<Document>
}

/** A server with the collection `orders` and the index `by_customer`, and clients of it; all gone in the end. */
async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const server = await startLocal()
  const clients: Client[] = []
  const connect = () => {
    const client = new Client({ endpoint: server.endpoint, secret: server.secret })
    clients.push(client)
    return client
  }
  try {
    const client = connect()
    await client.query(q.CreateCollection({ name: 'orders' }))
    await client.query(
      q.CreateIndex({
        name: 'by_customer',
        source: orders,
        terms: [{ field: ['data', 'customer'] }],
        values: [{ field: ['data', 'n'] }, { field: ['ref'] }],
      }),
    )
    await run({ server, client, connect, write: async expr => (await client.query(expr)) as Document })
  } finally {
    await Promise.all(clients.map(client => client.close()))
    await server.close()
  }
}

/** A loop that has begun: `start` has come. */
async function follow<E extends { readonly type: string }>(stream: AsyncIterable<E>) {
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<E, undefined>
  const first = await iterator.next()
  assert.equal(first.value?.type, 'start')
  return {
    start: first.value as E & StartEvent,
    take: async (count: number): Promise<E[]> => {
      const events: E[] = []
      while (events.length < count) {
        const { value, done } = await iterator.next()
        if (done) assert.fail(`the loop ended after ${events.length} of ${count} events`)
        events.push(value)
      }
      return events
    },
    next: () => iterator.next(),
    leave: () => iterator.return!(),
  }
}

describe('a stream of a document', () => {
  test('tells every commit, in order, with every field', () =>
    inWorld(async ({ client, write }) => {
      const created = await write(q.Create(order, { data: { n: 1, customer: 'ada' } }))
      const loop = await follow(client.stream<AllFields, Data>(order, allFields))
      assert.equal(loop.start.txn, loop.start.event)
      assert.ok(loop.start.txn > created.ts)
      const updated = await write(q.Update(order, { data: { n: 2, customer: null } }))
      await write(q.Delete(order))
      const again = await write(q.Create(order, { data: { n: 3 } }))
      const [change, removal, birth] = (await loop.take(3)) as VersionEvent<AllFields, Data>[]
      await loop.leave()

      assert.deepEqual(change, {
        type: 'version',
        txn: updated.ts,
        event: {
          action: 'update',
          document: updated,
          diff: { ref: created.ref, ts: updated.ts, data: { n: 2, customer: null } },
          prev: created,
        },
      })
      assert.equal(removal!.event.action, 'delete')
      assert.deepEqual(removal!.event.prev, updated)
      assert.ok(removal!.txn > updated.ts && removal!.txn < again.ts)
      assert.equal(birth!.event.action, 'create')
      assert.deepEqual(birth!.event.document, again)
      assert.equal(birth!.txn, again.ts)
      assert.equal(client.lastTxn! >= again.ts, true)
    }))

  test('tells only the fields that were asked for', () =>
    inWorld(async ({ client, write }) => {
      await write(q.Create(order, { data: { n: 1 } }))
      const loop = await follow(client.stream(order, ['diff']))
      const updated = await write(q.Update(order, { data: { n: 2 } }))
      const [event] = await loop.take(1)
      await loop.leave()
      assert.deepEqual(event, {
        type: 'version',
        txn: updated.ts,
        event: { diff: { ref: updated.ref, ts: updated.ts, data: { n: 2 } } },
      })
    }))

  test('tells a change of its past as history_rewrite', () =>
    inWorld(async ({ client, write }) => {
      const created = await write(q.Create(order, { data: { n: 1 } }))
      const loop = await follow(client.stream(order, ['action', 'document']))
      await write(q.Insert(order, created.ts - 1000, 'create', { data: { n: 0 } }))
      const events = await loop.take(2)
      await loop.leave()
      // The version above it is told anew, since it is an update now.
      const type = 'history_rewrite'
      const { txn } = events[0] as HistoryRewriteEvent
      const inserted = { ref: created.ref, ts: created.ts - 1000, data: { n: 0 } }
      assert.ok(txn > created.ts)
      assert.deepEqual(events, [
        { type, txn, event: { action: 'update', document: created } },
        { type, txn, event: { action: 'create', document: inserted } },
      ])
    }))
})

describe('a stream of a set', () => {
  test('of all documents tells who comes and who goes', () =>
    inWorld(async ({ client, write }) => {
      const loop = await follow(client.stream(q.Documents(orders), allFields))
      const one = await write(q.Create(order, { data: { n: 1 } }))
      await write(q.Update(order, { data: { n: 2 } }))
      const two = await write(q.Create(q.Ref(orders, '2'), { data: { n: 2 } }))
      await write(q.Delete(order))
      const events = (await loop.take(3)) as SetEvent[]
      await loop.leave()
      assert.deepEqual(
        events.map(({ type, event }) => [type, event.action, event.document.ref.id]),
        [
          ['set', 'add', '1'],
          ['set', 'add', '2'],
          ['set', 'remove', '1'],
        ],
      )
      assert.deepEqual(
        events.slice(0, 2).map(({ txn }) => txn),
        [one.ts, two.ts],
      )
    }))

  test('of a match tells the entries with their terms and values', () =>
    inWorld(async ({ client, write }) => {
      const loop = await follow(client.stream(q.Match(q.Index('by_customer'), 'ada'), allFields))
      await write(q.Create(q.Ref(orders, '9'), { data: { n: 9, customer: 'bob' } }))
      const added = await write(q.Create(order, { data: { n: 1, customer: 'ada' } }))
      const moved = await write(q.Update(order, { data: { customer: 'bob' } }))
      const [add, remove] = (await loop.take(2)) as SetEvent[]
      await loop.leave()
      for (const [event, action, txn] of [
        [add, 'add', added.ts],
        [remove, 'remove', moved.ts],
      ] as const) {
        assert.equal(event!.txn, txn)
        assert.equal(event!.event.action, action)
        assert.deepEqual(event!.event.document.ref, added.ref)
        assert.deepEqual(event!.event.index.ref, await client.query(q.Index('by_customer')))
        assert.deepEqual(event!.event.index.terms, ['ada'])
        assert.deepEqual(event!.event.index.values, [1, added.ref])
      }
    }))
})

describe('a query', () => {
  test('that the server refuses is a QueryError with code, status, description and position', () =>
    inWorld(async ({ client }) => {
      await assert.rejects(client.query(q.Let({ it: q.Get(order) }, q.Var('it'))), (error: unknown) => {
        assert.ok(error instanceof QueryError)
        assert.equal(error.code, 'instance not found')
        assert.equal(error.status, 404)
        assert.deepEqual(error.position, ['let', 0, 'it'])
        assert.match(error.message, /POST \/ at http.*HTTP 404: instance not found at \[let, 0, it\]/)
        return true
      })
    }))

  test('with invalid data tells each failure with its field', () =>
    inWorld(async ({ client }) => {
      await assert.rejects(client.query(q.CreateCollection({ name: 7, history_days: 'x' })), (error: unknown) => {
        assert.ok(error instanceof QueryError)
        assert.equal(error.code, 'validation failed')
        assert.deepEqual(error.failures.map(({ field }) => field.join('.')).sort(), ['history_days', 'name'])
        return true
      })
    }))

  test('of a stream that cannot be is thrown by the loop, with what the server says', () =>
    inWorld(async ({ client }) => {
      const run = async () => {
        for await (const _event of client.stream(q.Add(1, 2)));
      }
      await assert.rejects(run(), (error: unknown) => error instanceof QueryError && error.status === 400)
    }))

  const values: readonly (readonly [string, unknown])[] = [
    ['the largest integer', 9223372036854775807n],
    ['the smallest integer', -9223372036854775808n],
    ['the first integer that a number cannot hold', 9007199254740993n],
    ['the last that it can', Number.MAX_SAFE_INTEGER],
    ['a time with nanoseconds', new FaunaTime('2024-05-01T12:00:00.123456789Z')],
    ['a time before 1970', new FaunaTime('1969-12-31T23:59:59.999999999Z')],
    ['text beyond ASCII', 'é ✔ 😀 "\\\n'],
    ['a double', 0.1],
    ['keys that look like tags', { '@ts': 'no time', plain: [] }],
  ]
  for (const [what, value] of values) {
    test(`${what} comes back as it went, from a query and from a stream`, () =>
      inWorld(async ({ client, write }) => {
        await write(q.Create(order, { data: { n: 0 } }))
        const loop = await follow(client.stream(order, ['document']))
        const updated = await write(q.Update(order, { data: { value } }))
        const [event] = await loop.take(1)
        await loop.leave()
        const expected = { n: 0, value }
        assert.deepEqual(updated.data, expected)
        assert.deepEqual(((await client.query(q.Get(order))) as Document).data, expected)
        assert.ok(event?.type === 'version')
        assert.deepEqual(event.event.document.data, expected)
      }))
  }
})

describe('lastTxn', () => {
  test('rises with what queries and streams have seen', () =>
    inWorld(async ({ client, connect, write }) => {
      const reader = connect()
      assert.equal(reader.lastTxn, undefined)
      await write(q.Create(order, { data: { n: 1 } }))
      const loop = await follow(reader.stream(order))
      assert.ok(reader.lastTxn! >= loop.start.txn)
      const updated = await write(q.Update(order, { data: { n: 2 } }))
      await loop.take(1)
      await loop.leave()
      assert.ok(reader.lastTxn! >= updated.ts)
      assert.ok(client.lastTxn! >= updated.ts)
    }))

  test('makes a read wait for it, and so see the writes before it', () =>
    inWorld(async ({ connect, write }) => {
      const reader = connect()
      await reader.query(q.Now())
      const aheadMs = 200
      reader.syncLastTxn((Date.now() + aheadMs) * 1000)
      const read = reader.query(q.Get(order))
      const created = await write(q.Create(order, { data: { n: 1 } }))
      assert.deepEqual(await read, created)
    }))
})

describe('many streams', () => {
  test('100 at once each get every event, in order', () =>
    inWorld(async ({ client, write }) => {
      const loops = await Promise.all(Array.from({ length: 100 }, () => follow(client.stream(q.Documents(orders)))))
      const committed: Ref[] = []
      for (let i = 0; i < 50; i++) committed.push((await write(q.Create(orders, { data: { n: i } }))).ref)
      const told = await Promise.all(loops.map(loop => loop.take(committed.length)))
      const expected = committed.map(ref => ref.id)
      for (const events of told) {
        assert.deepEqual(
          (events as SetEvent<'document'>[]).map(({ event }) => event.document.ref.id),
          expected,
        )
      }
      await Promise.all(loops.map(loop => loop.leave()))
    }))
})

describe('a server that is stopped and started again', () => {
  test("is a hole in a stream that resumes 'live', which goes on by itself", () =>
    inWorld(async ({ server, client, write }) => {
      const created = await write(q.Create(order, { data: { n: 1 } }))
      const loop = client.stream(order, undefined, { resume: 'live' })[Symbol.asyncIterator]()
      const start = await loop.next()
      assert.ok(start.value?.type === 'start')
      const next = loop.next()
      await server.stop()
      await server.start()
      const { value: gap } = await next
      assert.ok(gap?.type === 'gap')
      assert.deepEqual([gap.after, gap.reason], [start.value.txn, 'live'])
      assert.ok(gap.until >= created.ts)
      const updated = await write(q.Update(order, { data: { n: 2 } }))
      const { value: event } = await loop.next()
      assert.ok(event?.type === 'version')
      assert.equal(event.txn, updated.ts)
      await loop.return!()
    }))

  test('ends a stream that does not resume with a TransportError; a new one goes on with the same data', () =>
    inWorld(async ({ server, client, write }) => {
      const created = await write(q.Create(order, { data: { n: 1 } }))
      const before = await follow(client.stream(order, undefined, { resume: false }))
      const pending = before.next()
      await server.stop()
      await assert.rejects(pending, TransportError)
      await assert.rejects(client.query(q.Now()), TransportError)
      await server.start()
      assert.deepEqual(await client.query(q.Get(order)), created)
      const after = await follow(client.stream(order, ['document', 'prev']))
      const updated = await write(q.Update(order, { data: { n: 2 } }))
      assert.deepEqual(await after.take(1), [
        { type: 'version', txn: updated.ts, event: { document: updated, prev: created } },
      ])
      await after.leave()
    }))
})
