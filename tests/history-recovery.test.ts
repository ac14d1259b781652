/** `resume: 'history'`: what was missed is read back, as the events that it would have been (protocol.md F.5, F.6). */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { End } from '../src/end.ts'
import { type Field, q, type StreamEvent } from '../src/index.ts'
import { History } from '../src/stream/history.ts'
import type { QueryAnswer } from '../src/stream/link.ts'
import { encode } from '../src/values/index.ts'
import { FakeLink } from './support/fake-link.ts'
import { cut, inHistory, Record, sets, thing, type World } from './support/history-world.ts'

const allFields: readonly Field[] = ['action', 'document', 'diff', 'prev', 'index']

type Plan = {
  readonly expr: unknown
  readonly fields?: readonly Field[]
  readonly pageSize?: number
  /** Before the wire is cut; while it is down. Each ends with the transaction that is waited for. */
  readonly before: (world: World) => Promise<number>
  readonly missed: (world: World) => Promise<number>
}

/** Follows twice, cuts one of the two, and gives what each told after its `start`. */
async function followTwice(world: World, { expr, fields = allFields, pageSize = 1_000, before, missed }: Plan) {
  const follow = (client: World['client']) => {
    const stream = client.stream(expr, fields, { pageSize })
    return { stream, record: new Record<StreamEvent>(stream) }
  }
  const lossy = follow(world.client)
  const twin = follow(world.twin)
  const both = [lossy.record, twin.record]
  await Promise.all(both.map(record => record.until(events => events.length > 0)))
  const first = await before(world)
  await Promise.all(both.map(record => record.txn(first)))
  world.proxy.refuse()
  await cut(world, lossy.stream)
  const last = await missed(world)
  world.proxy.heal()
  await Promise.all(both.map(record => record.txn(last)))
  await Promise.all([lossy, twin].map(({ stream }) => stream.close()))
  assert.equal(await lossy.record.ended, undefined)
  return { told: lossy.record.events.slice(1), twin: twin.record.events.slice(1), lost: first }
}

/** Events by transaction, those of one in an order of their own: a set has none. */
function byTxn(events: readonly StreamEvent[]): unknown[] {
  const plain = events.map(event => {
    const { recovered: _, ...rest } = event as { readonly recovered?: true; readonly txn: number }
    return { txn: rest.txn, text: JSON.stringify(sortKeys(JSON.parse(encode(rest)))) }
  })
  return plain.toSorted((a, b) => a.txn - b.txn || (a.text < b.text ? -1 : 1)).map(({ text }) => text)
}

function sortKeys(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(sortKeys)
  if (typeof json !== 'object' || json === null) return json
  const entries = Object.entries(json).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, value]) => [key, sortKeys(value)]))
}

function assertSame({ told, twin, lost }: Awaited<ReturnType<typeof followTwice>>, least: number): void {
  assert.deepEqual(byTxn(told), byTxn(twin))
  const txns = told.map(event => (event as { readonly txn: number }).txn)
  assert.deepEqual(
    txns,
    txns.toSorted((a, b) => a - b),
  )
  const recovered = told.filter(event => (event as { readonly recovered?: true }).recovered)
  assert.ok(recovered.length >= least, `${recovered.length} events were recovered`)
  for (const event of recovered) assert.ok((event as { readonly txn: number }).txn > lost)
}

const one = thing(1)

/** Every kind of write that a document knows. */
async function writeAll({ write }: World): Promise<number> {
  await write(q.Update(one, { data: { a: 2, n: { y: [1, 2, { z: null }] } } }))
  await write(q.Update(one, { data: { b: null, n: { x: null } } }))
  await write(q.Update(one, {}))
  await write(q.Replace(one, { data: { c: q.Date('2020-02-02') } }))
  await write(q.Replace(one, { data: {} }))
  await write(q.Update(one, { data: { big: 9007199254740993n } }))
  await write(q.Update(one, { ttl: q.TimeAdd(q.Now(), 9, 'days') }))
  await write(q.Update(one, { ttl: null }))
  await write(q.Delete(one))
  await write(q.Do(q.Create(one, { data: { v: 1 } }), q.Delete(one)))
  await write(q.Create(one, { data: { v: 2 } }))
  await write(q.Do(q.Update(one, { data: { v: 3 } }), q.Update(one, { data: { w: 4 } })))
  await write(q.Do(q.Delete(one), q.Create(one, { data: { v: 5 } })))
  return write(q.Update(one, { data: { last: true } }))
}

const create = (id: number, data: object) => q.Create(thing(id), { data })

/** Entries that come, go and change; transactions of several documents. */
async function writeEntries({ write }: World): Promise<number> {
  await write(q.Do(...[10, 11, 12, 13, 14].map(id => create(id, { k: 1, v: id }))))
  await write(q.Update(thing(10), { data: { v: 100 } }))
  await write(q.Do(q.Update(thing(11), { data: { k: 2 } }), q.Delete(thing(12)), create(15, { k: 1, v: [1, 2, 3] })))
  await write(q.Update(thing(13), { data: { other: true } }))
  await write(q.Update(thing(11), { data: { k: 1 } }))
  await write(q.Update(thing(14), { ttl: q.TimeAdd(q.Now(), 9, 'days') }))
  return write(create(16, { k: 1, v: 16 }))
}

describe('a document that was missed is told as its uncut twin tells it', { concurrency: 2 }, () => {
  for (const pageSize of [1, 2, 1_000]) {
    test(`with all fields, in pages of ${pageSize}`, () =>
      inHistory(async world => {
        const before = ({ write }: World) => write(q.Create(one, { data: { a: 1, b: 'x', n: { x: 1, y: 2 } } }))
        assertSame(await followTwice(world, { expr: one, pageSize, before, missed: writeAll }), 14)
      }))
  }

  for (const fields of [['action'], ['diff'], ['prev'], ['document', 'prev']] satisfies Field[][]) {
    test(`with ${fields.join(' and ')}`, () =>
      inHistory(async world => {
        const before = ({ write }: World) => write(q.Create(one, { data: { a: 1 } }))
        const both = await followTwice(world, { expr: one, fields, before, missed: writeAll })
        assertSame(both, 14)
        assert.deepEqual(Object.keys((both.told[3] as { event: object }).event), fields)
      }))
  }

  test('where it did not exist before', () =>
    inHistory(async world => {
      const before = ({ write }: World) => write(create(1, {})).then(() => write(q.Delete(one)))
      assertSame(await followTwice(world, { expr: one, before, missed: ({ write }) => write(create(1, { a: 1 })) }), 1)
    }))
})

describe('a set that was missed is told as its uncut twin tells it', { concurrency: 2 }, () => {
  for (const [name, expr] of Object.entries(sets)) {
    for (const pageSize of [1, 3, 1_000]) {
      test(`${name}, in pages of ${pageSize}`, () =>
        inHistory(async world => {
          const before = ({ write }: World) => write(create(9, { k: 1, v: 9 }))
          assertSame(await followTwice(world, { expr, pageSize, before, missed: writeEntries }), 7)
        }))
    }
  }

  for (const fields of [['action'], ['document'], ['index']] satisfies Field[][]) {
    test(`with ${fields.join()} alone`, () =>
      inHistory(async world => {
        const before = ({ write }: World) => write(create(9, { k: 1, v: 9 }))
        const expr = q.Match(q.Index('by_k_v'), 1)
        assertSame(await followTwice(world, { expr, fields, before, missed: writeEntries }), 7)
      }))
  }
})

describe('an expression that computes what is followed', { concurrency: 2 }, () => {
  const before = ({ write }: World) => write(create(1, { k: 1, v: 1, to: thing(1) }))
  const expressions = {
    'the ref of a version': q.Select('ref', q.Get(one)),
    'a version': q.Get(one),
    'a ref in a field': q.Select(['data', 'to'], q.Get(one)),
  }
  for (const [name, expr] of Object.entries(expressions)) {
    test(`${name} is followed as the first opening saw it`, () =>
      inHistory(async world => {
        await before(world)
        const update = ({ write }: World) => write(q.Update(one, { data: { v: 2, to: thing(2) } }))
        assertSame(await followTwice(world, { expr, before: update, missed: writeAll }), 13)
      }))
  }

  test('is followed on where a loss is only told', () =>
    inHistory(async world => {
      await before(world)
      const stream = world.client.stream(q.Select(['data', 'to'], q.Get(one)), ['document'], { resume: 'live' })
      const record = new Record<{ type: string; event?: unknown }>(stream)
      await record.until(events => events.length === 1)
      await world.write(q.Update(one, { data: { to: thing(2) } }))
      await record.until(events => events.length === 2)
      const isBack = new Promise<void>(resolve => stream.on('start', () => resolve()))
      await cut(world, stream)
      await isBack
      await world.write(create(2, {}))
      await world.write(q.Delete(one))
      await record.until(events => events.at(-1)?.type === 'version' && events.length > 3)
      await stream.close()
      const { document } = record.events.at(-1)!.event as { document: { ref: { id: string } } }
      assert.equal(document.ref.id, '1')
    }))

  test('a set made of computed terms', () =>
    inHistory(async world => {
      const expr = q.Let({ k: q.Add(0, 1) }, q.Match(q.Index('by_k_v'), q.Var('k')))
      assertSame(await followTwice(world, { expr, before, missed: writeEntries }), 7)
    }))
})

test('a version beside which its transaction changed the past is not told again after a loss', () =>
  inHistory(async world => {
    await world.write(q.Create(thing(1), { data: { v: 1 } }))
    const stream = world.client.stream(thing(1), ['action'])
    const record = new Record(stream)
    await record.until(events => events.length === 1)
    const insert = q.Insert(thing(1), q.TimeSubtract(q.Now(), 1, 'minute'), 'create', { data: { v: 0 } })
    await world.write(q.Do(q.Update(thing(1), { data: { v: 2 } }), insert))
    await record.until(events => events.length === 4)
    await cut(world, stream)
    await record.txn(await world.write(q.Delete(thing(1))))
    await stream.close()
    const types = record.events.map(({ type }) => type)
    assert.deepEqual(types, ['start', 'version', 'history_rewrite', 'history_rewrite', 'version'])
  }))

test('a page that was made smaller while the server was away grows again', async () => {
  const sizes: number[] = []
  const link = new FakeLink([])
  let txn = 0
  const answer = async (text: string): Promise<End | QueryAnswer> => {
    sizes.push(Number(/"size":(\d+)/.exec(text)![1]))
    if (sizes.length <= 12) return { how: 'cut' }
    txn += 10
    return { value: { remade: false, page: { data: [], after: { ts: txn } } }, text: '', txnTime: txn }
  }
  Object.assign(link, { query: answer })
  const history = new History(link, {
    body: '{"documents":{"collection":"c"}}',
    fields: ['action'],
    pageSize: 1_000,
    signal: new AbortController().signal,
  })
  const reading = history.catchUp({ txn: 1, isComplete: true, keys: [] }, 1_000_000, true)
  for (let i = 0; i < 100; i++) await reading.next()
  assert.deepEqual([sizes[0], sizes[1], sizes[12], sizes.at(-1)], [1_000, 500, 1, 1_000])
})

test('the signals tell a loss and what was read back; a start is told once', () =>
  inHistory(async world => {
    const stream = world.client.stream(one)
    const signals: string[] = []
    stream.on('lost', () => signals.push('lost'))
    stream.on('recovered', ({ events }) => signals.push(`recovered ${events}`))
    stream.on('state', state => signals.push(state))
    const record = new Record(stream)
    await record.until(events => events.length === 1)
    await record.txn(await world.write(create(1, {})))
    await cut(world, stream)
    await record.txn(await world.write(q.Update(one, {})))
    await stream.close()
    assert.deepEqual(
      record.events.map(({ type }) => type),
      ['start', 'version', 'version'],
    )
    assert.deepEqual(signals.slice(0, 3), ['connecting', 'open', 'lost'])
    assert.match(signals.join(), /connecting,open,(recovered [01],)?closed$/)
  }))
