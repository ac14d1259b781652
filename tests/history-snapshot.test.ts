/** `snapshot: true`: the state first, exactly at `start`, then its changes (protocol.md F.8). */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AnyEvent } from '../src/events/types.ts'
import { q, QueryError } from '../src/index.ts'
import { cut, inHistory, Record, sets, thing, things, type World } from './support/history-world.ts'
import { makeRandom, readSeed } from './support/seed.ts'

const one = thing(1)
const minutes = 60_000
const create = (id: number, data: object) => q.Create(thing(id), { data })
const types = (events: readonly AnyEvent[]) => events.map(({ type }) => type)

/** What a loop with any fields tells. */
const recordOf = (stream: AsyncIterable<unknown>) => new Record(stream as AsyncIterable<AnyEvent>)

/** Folds a set as its reader does: entries by ref and values. */
function fold(events: readonly AnyEvent[]): Set<string> {
  const held = new Set<string>()
  for (const event of events) {
    if (event.type === 'reset') held.clear()
    if (event.type !== 'snapshot' && event.type !== 'set') continue
    const { document, index } = event.event
    const key = `${document?.ref.id} ${JSON.stringify(index?.values)}`
    if (event.type === 'snapshot' || event.event.action === 'add') held.add(key)
    else held.delete(key)
  }
  return held
}

describe('a snapshot of a document', { concurrency: 2 }, () => {
  test('is its version, or null where there is none', () =>
    inHistory(async ({ client, write }) => {
      const stream = client.stream(one, undefined, { snapshot: true })
      const record = recordOf(stream)
      await record.until(events => events.length === 3)
      await record.txn(await write(create(1, { a: 1 })))
      await stream.close()
      assert.deepEqual(types(record.events), ['start', 'snapshot', 'synced', 'version'])
      const [start, absent, synced] = record.events
      assert.ok(absent?.type === 'snapshot' && start?.type === 'start' && synced?.type === 'synced')
      assert.deepEqual([absent.event, absent.txn, synced.txn], [{ document: null }, start.txn, start.txn])
      const again = client.stream(one, undefined, { snapshot: true })[Symbol.asyncIterator]()
      await again.next()
      const { value } = await again.next()
      assert.ok(value?.type === 'snapshot')
      assert.deepEqual(value.event.document, await client.query(q.Get(one)))
      await again.return?.()
    }))
})

describe('a snapshot of a set', { concurrency: 2 }, () => {
  const { seed } = readSeed()
  for (const [name, expr] of Object.entries(sets)) {
    test(`(${name}) and what follows it under a writer is the state at the end (SEED=${seed})`, () =>
      inHistory(async world => {
        const random = makeRandom(seed)
        const pick = (count: number) => Math.floor(random() * count)
        await world.write(q.Do(...Array.from({ length: 60 }, (_, i) => create(i + 1, { k: 1, v: i % 7 }))))
        const stream = world.client.stream(expr, ['action', 'document', 'index'], { snapshot: true, pageSize: 3 })
        const record = recordOf(stream)
        await record.until(events => events.length > 0)
        const isSynced = () => record.events.some(({ type }) => type === 'synced')
        for (let id = 100; id < 110 || !isSynced(); id++) {
          const ref = thing(1 + pick(60))
          const change = [
            q.Delete(ref),
            q.Update(ref, { data: { v: pick(7) } }),
            q.Update(ref, { data: { k: pick(2) } }),
          ]
          await world.write(q.Do(create(id, { k: 1, v: id }), q.If(q.Exists(ref), change[pick(3)]!, null)))
        }
        await record.txn(await world.write(create(999, { k: 1, v: 9 })))
        await stream.close()
        const state = world.twin.stream(expr, ['action', 'document', 'index'], { snapshot: true })
        const end = recordOf(state)
        await end.until(events => events.at(-1)?.type === 'synced')
        await state.close()
        assert.deepEqual([...fold(record.events)].toSorted(), [...fold(end.events)].toSorted())
        const members = record.events.filter(({ type }) => type === 'snapshot')
        assert.equal(members.length, 60)
        assert.ok(members.every(event => event.type === 'snapshot' && event.event.document?.data?.['k'] === 1))
        assert.ok(record.events.some(({ type }) => type === 'set'))
      }))
  }

  test('goes on where it was after the wire was cut between its pages', () =>
    inHistory(async world => {
      await world.write(q.Do(...Array.from({ length: 20 }, (_, i) => create(i + 1, { k: 1 }))))
      const stream = world.client.stream(q.Documents(things), undefined, { snapshot: true, pageSize: 1 })
      const told: AnyEvent[] = []
      for await (const event of stream) {
        told.push(event as AnyEvent)
        if (told.length === 5) {
          await cut(world, { on: (_: 'lost', run: () => void) => setImmediate(run) } as never)
          await world.write(q.Do(q.Delete(thing(20)), create(21, { k: 1 })))
        }
        if (fold(told).has('21 undefined')) break
      }
      const expected = ['start', ...Array<string>(20).fill('snapshot'), 'synced']
      assert.deepEqual(types(told).slice(0, 22), expected)
      assert.equal(fold(told).size, 20)
    }))

  test('has each member under its own name, whichever documents have expired, also between its pages', () =>
    inHistory(async world => {
      const expr = q.Match(q.Index('by_k_v'), 1)
      const mortal = { ttl: q.TimeAdd(q.Now(), 1, 'minute') }
      const make = (id: number, v: number, more: object) => q.Create(thing(id), { data: { k: 1, v }, ...more })
      for (const [gone, rest] of [
        [[3], '1:1 2:2 4:4 5:4'],
        [[3, 4], '1:1 2:2 5:4'],
        [[2, 3, 4, 5], '1:1'],
      ] as const) {
        const isGone = (id: number) => (gone as readonly number[]).includes(id)
        await world.write(q.Map(q.Paginate(q.Documents(things)), q.Lambda('x', q.Delete(q.Var('x')))))
        for (const id of [1, 2, 3, 4, 5]) await world.write(make(id, Math.min(id, 4), isGone(id) ? mortal : {}))
        const expire = async () => {
          world.pass(2 * minutes)
          await world.write(create(99, {}))
        }
        if (isGone(2)) await expire()
        const told: string[] = []
        for await (const event of world.twin.stream(expr, ['document', 'index'], { snapshot: true, pageSize: 2 })) {
          if (event.type === 'synced') break
          if (event.type === 'snapshot') told.push(`${event.event.document?.ref.id}:${event.event.index?.values}`)
          if (event.type === 'snapshot' && told.length === 2) await expire()
        }
        assert.equal(told.join(' '), rest)
      }
    }))

  test('of one member names that one, however long ago it came', () =>
    inHistory(async world => {
      await world.write(q.Create(thing('12345678901234567'), { data: { k: 1, v: 'é' } }))
      world.pass(20 * minutes)
      await world.write(create(2, {}))
      const stream = world.twin.stream(q.Match(q.Index('by_k_v'), 1), ['document', 'index'], { snapshot: true })
      const told: unknown[] = []
      for await (const event of stream) {
        if (event.type === 'synced') break
        if (event.type === 'snapshot') told.push(event.event.document?.ref.id, event.event.document?.data)
      }
      assert.deepEqual(told, ['12345678901234567', { k: 1, v: 'é' }])
    }))

  test('of one member names that one, whatever comes while it is read', () =>
    inHistory(async world => {
      await world.write(create(1, { k: 1, v: 1 }))
      const stream = world.client.stream(q.Match(q.Index('by_k_v'), 1), undefined, { snapshot: true, exact: true })
      const told: (string | undefined)[] = []
      for await (const event of stream) {
        if (event.type === 'start') await world.write(q.Do(create(2, { k: 1, v: 1 }), q.Delete(one)))
        if (event.type === 'snapshot') told.push(event.event.document?.ref.id)
        if (event.type === 'synced') break
      }
      assert.deepEqual(told, ['1'])
    }))

  test('begins anew, with a reset, where its time is no longer kept', () =>
    inHistory(async world => {
      await world.write(q.Do(...[1, 2, 3].map(id => create(id, {}))))
      const stream = world.client.stream(q.Documents(things), undefined, { snapshot: true, pageSize: 2 })
      const told: AnyEvent[] = []
      for await (const event of stream) {
        told.push(event as AnyEvent)
        if (told.length === 3) {
          world.pass(16 * minutes)
          await world.write(q.Delete(one))
        }
        if (event.type === 'synced') break
      }
      assert.deepEqual(types(told), ['start', 'snapshot', 'snapshot', 'reset', 'snapshot', 'snapshot', 'synced'])
      assert.deepEqual([...fold(told)], ['2 undefined', '3 undefined'])
    }))

  test('is told anew, with a reset, where changes were missed that cannot be had', () =>
    inHistory(async world => {
      await world.write(create(1, {}))
      const stream = world.client.stream(q.Documents(things), undefined, { snapshot: true })
      const gaps: string[] = []
      stream.on('gap', ({ reason }) => gaps.push(reason))
      const record = recordOf(stream)
      await record.until(events => events.length === 3)
      world.proxy.refuse()
      await cut(world, stream)
      await world.write(q.Do(q.Delete(one), create(2, {})))
      world.pass(16 * minutes)
      world.proxy.heal()
      await record.until(events => events.length === 6)
      await record.txn(await world.write(create(3, {})))
      await stream.close()
      const expected = ['start', 'snapshot', 'synced', 'reset', 'snapshot', 'synced', 'set']
      assert.deepEqual(types(record.events), expected)
      assert.deepEqual([...fold(record.events)].toSorted(), ['2 undefined', '3 undefined'])
      assert.deepEqual(gaps, ['retention'])
    }))

  test('is not told anew where a listener closes the stream at the hole', () =>
    inHistory(async world => {
      const stream = world.client.stream(q.Documents(things), undefined, { snapshot: true })
      stream.on('gap', () => stream.controller.abort())
      const record = recordOf(stream)
      await record.until(events => events.length === 2)
      world.proxy.refuse()
      await cut(world, stream)
      world.pass(16 * minutes)
      await world.write(create(1, {}))
      world.proxy.heal()
      assert.equal(await record.ended, undefined)
      assert.deepEqual(types(record.events), ['start', 'synced'])
    }))

  test('that a key may not read ends the loop with the refusal', () =>
    inHistory(async (world: World) => {
      const { secret } = (await world.read(q.CreateKey({ role: 'client' }))) as { secret: string }
      const stream = world.connect({ secret }).stream(q.Match(q.Index('by_k'), 1), undefined, { snapshot: true })
      const error = await recordOf(stream).ended
      assert.ok(error instanceof QueryError)
      assert.equal(error.code, 'permission denied')
    }))
})
