/** `client.live`: the members of a set, or a document, as they are now. */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AnyEvent } from '../src/events/types.ts'
import { type Change, type LiveView, q, QueryError, Ref } from '../src/index.ts'
import { applyEvent } from '../src/live/member.ts'
import { inHistory, thing, things, type World } from './support/history-world.ts'
import { makeRandom, readSeed } from './support/seed.ts'

const one = thing(1)
const create = (id: number, data: object) => q.Create(thing(id), { data })
const word = ({ type, ref, member }: Change) => `${type} ${ref.id} ${JSON.stringify(member?.entries)}`

/** Resolves when this is true of the view. */
function until<T>(view: LiveView<T>, check: () => boolean): Promise<void> {
  return new Promise(resolve => {
    const look = () => {
      if (!check()) return
      view.off('change', look)
      resolve()
    }
    view.on('change', look)
    look()
  })
}

const { seed } = readSeed()

describe('a live view', { concurrency: 2 }, () => {
  for (const exact of [undefined, false]) {
    test(`(exact: ${exact}) of a set is the set, whatever is written and cut (SEED=${seed})`, () =>
      inHistory(async (world: World) => {
        const random = makeRandom(seed)
        const pick = (count: number) => Math.floor(random() * count)
        await world.write(q.Do(...[1, 2, 3, 4].map(id => create(id, { k: 1, v: [id, 9] }))))
        const view = world.client.live(q.Match(q.Index('by_k_v'), 1), exact === undefined ? {} : { exact })
        await view.ready
        assert.equal(view.size, 4)
        for (let i = 0; i < 60; i++) {
          if (random() < 0.15) world.proxy.cut(random() < 0.5 ? 'fin' : 'rst')
          const ref = thing(1 + pick(9))
          const data = { k: pick(2), v: [pick(3), pick(3)] }
          await world.write(
            q.If(q.Exists(ref), [q.Delete(ref), q.Update(ref, { data })][pick(2)]!, q.Create(ref, { data })),
          )
        }
        await world.write(create(99, { k: 1, v: 'last' }))
        await until(view, () => view.has('99'))
        const ids = [...view.keys()].map(({ id }) => id).toSorted()
        const values = [...view.values()]
          .flatMap(({ entries }) => entries)
          .map(String)
          .toSorted()
        await view.close()
        await view.closed
        const page = (await world.read(q.Paginate(q.Match(q.Index('by_k_v'), 1)))) as { data: unknown[] }
        assert.deepEqual(values, page.data.map(String).toSorted())
        const refs = (await world.read(q.Paginate(q.Match(q.Index('by_k'), 1)))) as { data: Ref[] }
        assert.deepEqual(ids, refs.data.map(({ id }) => id).toSorted())
      }))
  }

  test('of a document is its version', () =>
    inHistory(async ({ client, write }) => {
      const view = client.live<{ a: number }>(one)
      await view.ready
      assert.equal(view.size, 0)
      await write(create(1, { a: 1 }))
      await until(view, () => view.size === 1)
      assert.equal(view.get('1')?.document?.data?.a, 1)
      await write(q.Update(one, { data: { a: 2 } }))
      await until(view, () => view.get('1')?.document?.data?.a === 2)
      await write(q.Delete(one))
      await until(view, () => !view.has('1'))
      assert.throws(() => view.has(q.Ref(q.Collection('orders'), '1') as never), { code: 'invalid_option' })
      await view.close()
    }))

  test('is true where a transaction writes a document twice, and changes once for a transaction', () =>
    inHistory(async ({ client, write }) => {
      await write(create(1, { k: 1, v: 1 }))
      const view = client.live(q.Match(q.Index('by_k_v'), 1))
      await view.ready
      const words: string[] = []
      view.on('change', change => words.push(word(change)))
      await write(q.Do(q.Update(one, { data: { v: 2 } }), q.Update(one, { data: { v: 3 } })))
      await write(q.Do(create(2, { k: 1, v: 1 }), q.Delete(thing(2))))
      await write(create(3, { k: 1, v: 1 }))
      await until(view, () => view.has('3'))
      await view.close()
      assert.deepEqual(words, ['change 1 [[3]]', 'add 3 [[1]]'])
    }))

  test('gives a loop the state, then changes, coalesced by member where it is slow', () =>
    inHistory(async ({ client, write }) => {
      await write(q.Do(create(1, { k: 1, v: 1 }), create(2, { k: 1, v: 2 })))
      const view = client.live(q.Match(q.Index('by_k_v'), 1))
      await view.ready
      const loop = view[Symbol.asyncIterator]()
      const first = await loop.next()
      assert.equal(first.value && word(first.value), 'add 1 [[1]]')
      for (const v of [10, 11, 12]) await write(q.Update(one, { data: { v } }))
      await write(create(5, { k: 1, v: 5 }))
      await write(q.Delete(thing(5)))
      await write(q.Delete(thing(2)))
      await write(create(3, { k: 1, v: 3 }))
      await until(view, () => view.has('3'))
      const words = []
      for (let i = 0; i < 2; i++) words.push(word((await loop.next()).value!))
      // The one that was never read and went is nothing; so is the one that came and went.
      assert.deepEqual(words, ['change 1 [[12]]', 'add 3 [[3]]'])
      const pending = loop.next()
      await view.close()
      assert.equal((await pending).done, true)
      assert.equal((await view[Symbol.asyncIterator]().next()).value?.type, 'add')
      assert.equal(view.size, 2)
    }))

  test('is listed anew where changes were missed that cannot be had; only the difference is told', () =>
    inHistory(async world => {
      await world.write(q.Do(...[1, 2, 3].map(id => create(id, {}))))
      const view = world.client.live(q.Documents(things))
      await view.ready
      const words: string[] = []
      view.on('change', change => words.push(`${change.type} ${change.ref.id}`))
      world.proxy.refuse()
      world.proxy.cut('rst')
      await world.write(q.Do(q.Delete(one), create(4, {})))
      world.pass(16 * 60_000)
      world.proxy.heal()
      await until(view, () => view.has('4'))
      await view.close()
      assert.deepEqual(words.toSorted(), ['add 4', 'remove 1'])
    }))

  test('that is refused rejects ready and closed, throws in its loops, and is nobody’s unhandled rejection', () =>
    inHistory(async ({ client }) => {
      const view = client.live(q.Documents(q.Collection('none')))
      const loop = view[Symbol.asyncIterator]().next()
      await assert.rejects(loop, QueryError)
      await assert.rejects(view.ready, QueryError)
      await assert.rejects(view.closed, QueryError)
      client.live(q.Documents(q.Collection('none')))
    }))

  test('that ends with an error, and has nobody who is told, is a warning of the process; else it is none', () =>
    inHistory(async ({ client }) => {
      const warnings: Error[] = []
      const hear = (warning: Error) => void (warning.name === 'FaunaStreamsWarning' && warnings.push(warning))
      process.on('warning', hear)
      try {
        const ways: readonly ((view: LiveView) => unknown)[] = [
          view => view.closed,
          view => view.ready,
          view => view.on('close', () => undefined),
          view => view[Symbol.asyncIterator]().next().catch(String),
          () => undefined,
        ]
        const held: unknown[] = []
        for (const way of ways) {
          const view = client.live(q.Documents(q.Collection('none')))
          held.push(way(view))
          await new Promise<void>(resolve => {
            const look = () => (client.health().states.connecting === 0 ? resolve() : setImmediate(look))
            look()
          })
        }
        await Promise.allSettled(held)
        await new Promise(setImmediate)
        assert.equal(warnings.length, 1)
        assert.match(String(warnings[0]), /a live view has ended: QueryError: .*'none'.* await its closed/)
      } finally {
        process.off('warning', hear)
      }
    }))

  test('ends with its signal', () =>
    inHistory(async ({ client }) => {
      const controller = new AbortController()
      const view = client.live(one, { signal: controller.signal })
      await view.ready
      controller.abort()
      await view.closed
      assert.ok(view.signal.aborted)
    }))
})

test('an entry of a transaction of thousands costs no look at all the others', () => {
  class Looked extends Map<string, number> {
    looks = 0;

    override *[Symbol.iterator]() {
      for (const entry of super[Symbol.iterator]()) {
        this.looks++
        yield entry
      }
      return undefined
    }
  }
  const [members, arrivals, count] = [new Map(), new Looked(), 1_000]
  const apply = (txn: number, action: string, id: number) => {
    const index = { terms: [], values: [] }
    const event = { action, document: { ref: new Ref(String(id), new Ref('c')), ts: txn }, index }
    applyEvent(members, { type: 'set', txn, event } as unknown as AnyEvent, arrivals)
  }
  for (const txn of [1, 2]) for (let id = 0; id < count; id++) apply(txn, 'add', id)
  assert.ok(arrivals.looks <= 4 * count, `${arrivals.looks} looks`)
  // One that came in this transaction stays; one of an earlier one goes.
  apply(2, 'remove', 1)
  apply(3, 'remove', 2)
  assert.deepEqual([members.size, arrivals.size], [count - 1, 0])
})
