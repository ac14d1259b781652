/** What cannot be read back is said, once, with its bounds and a reason (protocol.md F.4, F.7, F.9). */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type EventStream, type GapEvent, GapError, q, QueryError, type StreamEvent } from '../src/index.ts'
import { cut, inHistory, Record, thing, things, type World } from './support/history-world.ts'

type Told = StreamEvent<'action' | 'document'> | GapEvent

const one = thing(1)
const minutes = 60_000
const create = (id: number, data: object) => q.Create(thing(id), { data })

type Loss = {
  readonly record: Record<Told>
  readonly stream: EventStream<Told>
  /** The transaction that was told before the loss; the `start` after it. */
  readonly after: number
  readonly until: number
  readonly gaps: string[]
}

/** A stream that told one transaction, was lost while `act` ran, and came back. */
async function lose(
  world: World,
  expr: unknown,
  onGap: 'throw' | 'yield',
  act: (world: World) => Promise<unknown>,
  options: { readonly client?: World['client']; readonly fields?: readonly ('action' | 'document')[] } = {},
): Promise<Loss> {
  const { client = world.client, fields = ['action', 'document'] } = options
  const stream: EventStream<Told> = client.stream(expr, fields, { onGap })
  const starts: number[] = []
  const gaps: string[] = []
  const isBack = new Promise<void>(resolve => {
    stream.on('start', ({ txn }) => {
      if (starts.push(txn) === 2) resolve()
    })
  })
  stream.on('gap', ({ after, until, reason }) => gaps.push(`${after}-${until} ${reason}`))
  const record = new Record(stream)
  await record.until(events => events.length > 0)
  const after = await world.write(q.Do(create(1, { k: 1, v: 1 })))
  await record.txn(after)
  world.proxy.refuse()
  await cut(world, stream)
  await act(world)
  world.proxy.heal()
  await isBack
  return { record, stream, after, until: starts[1]!, gaps }
}

async function assertThrows({ record, after, until, gaps }: Loss, reason: string): Promise<void> {
  const error = await record.ended
  assert.ok(error instanceof GapError, String(error))
  assert.deepEqual([error.code, error.after, error.until, error.reason], ['gap', after, until, reason])
  assert.deepEqual(gaps, [`${after}-${until} ${reason}`])
  assert.deepEqual(
    record.events.map(({ type }) => type),
    record.events.length === 2 ? ['start', record.events[1]!.type] : [],
  )
}

/** It has one hole, and goes on behind it. */
async function assertYields({ record, stream, after, until, gaps }: Loss, world: World, reason: string): Promise<void> {
  await record.txn(
    await world.write(create(7, { k: 1, v: 7 })).then(() => world.write(q.Update(one, { data: { z: 1 } }))),
  )
  await stream.close()
  assert.equal(await record.ended, undefined)
  assert.deepEqual(record.events[2], { type: 'gap', after, until, reason })
  assert.equal(record.events.filter(({ type }) => type === 'gap').length, 1)
  assert.deepEqual(gaps, [`${after}-${until} ${reason}`])
  assert.equal(record.events.at(-1)?.type, 'version')
}

const expressions = {
  'a document': one,
  'documents()': q.Documents(things),
  'an index': q.Match(q.Index('by_k'), 1),
  'an index with values': q.Match(q.Index('by_k_v'), 1),
}

describe('a loss that is longer than history', { concurrency: 2 }, () => {
  const wait = async ({ write, pass }: World) => {
    await write(q.Update(one, { data: { v: 2 } }))
    pass(16 * minutes)
    await write(q.Update(one, { data: { v: 3 } }))
  }
  for (const [name, expr] of Object.entries(expressions)) {
    test(`of ${name} throws one GapError with its bounds`, () =>
      inHistory(async world => assertThrows(await lose(world, expr, 'throw', wait), 'retention')))
  }

  test("is one gap event with onGap: 'yield', and the stream goes on", () =>
    inHistory(async world => assertYields(await lose(world, one, 'yield', wait), world, 'retention')))

  test('is none where the collection keeps more', () =>
    inHistory(async world => {
      await world.write(q.Update(things, { history_days: 1 }))
      const { record, stream, gaps } = await lose(world, one, 'throw', wait)
      await record.txn(await world.write(q.Update(one, { data: { v: 4 } })))
      await stream.close()
      assert.deepEqual(gaps, [])
      assert.equal(record.events.length, 5)
    }))
})

describe('a collection that is deleted', { concurrency: 2 }, () => {
  test('and made anew under its name is a hole', () =>
    inHistory(async world => {
      const remake = async ({ write }: World) => {
        await write(q.Delete(things))
        await write(q.CreateCollection({ name: 'things' }))
        await write(create(1, { k: 1 }))
      }
      await assertThrows(await lose(world, q.Documents(things), 'throw', remake), 'recreated')
    }))

  test('for good ends the loop with the server’s refusal', () =>
    inHistory(async world => {
      const stream = world.client.stream(q.Documents(things))
      const record = new Record(stream)
      await record.until(events => events.length > 0)
      world.proxy.refuse()
      await cut(world, stream)
      await world.write(q.Delete(things))
      world.proxy.heal()
      const error = await record.ended
      assert.ok(error instanceof QueryError)
      assert.equal(error.code, 'invalid ref')
    }))

  test('an index made anew under its name is a hole, too', () =>
    inHistory(async world => {
      const remake = async ({ write }: World) => {
        await write(q.Delete(q.Index('by_k')))
        await write(q.CreateIndex({ name: 'by_k', source: things, terms: [{ field: ['data', 'k'] }] }))
      }
      await assertThrows(await lose(world, q.Match(q.Index('by_k'), 1), 'throw', remake), 'recreated')
    }))
})

describe('a key without the right to history', { concurrency: 2 }, () => {
  const connectRole = async (world: World) => {
    const privileges = [{ resource: things, actions: { read: true } }]
    await world.write(q.CreateRole({ name: 'reader', privileges }))
    const { secret } = (await world.read(q.CreateKey({ role: q.Role('reader') }))) as { secret: string }
    return world.connect({ secret })
  }

  test('is warned at the first opening', () =>
    inHistory(async world => {
      const client = await connectRole(world)
      const stream = client.stream(one)
      const warned = new Promise(resolve => stream.on('warning', ({ code }) => resolve(code)))
      const record = new Record(stream)
      assert.equal(await warned, 'history_denied')
      await stream.close()
      assert.equal(await record.ended, undefined)
    }))

  test('has a hole at each loss', () =>
    inHistory(async world => {
      const client = await connectRole(world)
      const update = ({ write }: World) => write(q.Update(one, { data: { v: 2 } }))
      await assertThrows(await lose(world, one, 'throw', update, { client }), 'permission')
    }))
})

test('a right that changes again and again costs nothing: what each change withheld is read back', () =>
  inHistory(async world => {
    const grant = (more: object) => [{ resource: things, actions: { read: true, history_read: true, ...more } }]
    await world.write(q.CreateRole({ name: 'reader', privileges: grant({}) }))
    const { secret } = (await world.read(q.CreateKey({ role: q.Role('reader') }))) as { secret: string }
    const stream = world.connect({ secret }).stream(one)
    const record = new Record<Told>(stream)
    await record.until(events => events.length === 1)
    for (const more of [{ create: true }, { write: true }, { delete: true }]) {
      await world.write(q.Update(q.Role('reader'), { privileges: grant(more) }))
      const write = q.If(q.Exists(one), q.Update(one, {}), create(1, {}))
      await record.txn(await world.write(write))
    }
    await stream.close()
    assert.equal(record.events.length, 4)
  }))

describe('a document that has expired by the time it is read back', { concurrency: 2 }, () => {
  const expire = async ({ write, pass }: World) => {
    await write(q.Update(one, { ttl: q.TimeAdd(q.Now(), 1, 'minute') }))
    await write(q.Update(one, { data: { v: 2 } }))
    pass(2 * minutes)
  }

  test('is a hole', () =>
    inHistory(async world => {
      const loss = await lose(world, one, 'throw', expire)
      const error = await loss.record.ended
      assert.ok(error instanceof GapError, String(error))
      assert.deepEqual([error.after, error.reason], [loss.after, 'expired'])
      assert.ok(error.until > loss.after && error.until <= loss.until)
    }))

  test('is told where its contents were not asked for', () =>
    inHistory(async world => {
      const { record, stream } = await lose(world, one, 'throw', expire, { fields: ['action'] })
      await record.until(events => events.length === 4)
      await stream.close()
      assert.deepEqual(
        record.events.slice(2).map(event => (event.type === 'version' ? event.event.action : event.type)),
        ['update', 'update'],
      )
    }))
})
