/** `exact: true`: the stream says when, history says what (protocol.md F.9). */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Bytes, OptionError, q } from '../src/index.ts'
import { cut, inHistory, Record, thing, things } from './support/history-world.ts'

const one = thing(1)
const values = q.Match(q.Index('by_k_v'), 1)
const create = (id: number, data: object) => q.Create(thing(id), { data })

type Told = { readonly type: string; readonly event?: unknown }
type Change = { readonly action: string; readonly document: { readonly ref: { readonly id: string } } }

/** Events in words: `add 1`. */
function words(events: readonly Told[]): string[] {
  return events.flatMap(({ type, event }) => {
    if (type === 'start') return []
    const { action, document } = event as Change
    return [`${action} ${document.ref.id}`]
  })
}

describe('an exact stream of a set', { concurrency: 2 }, () => {
  test('is true where a transaction writes a document twice; the plain one is not', () =>
    inHistory(async ({ client, write }) => {
      await write(create(1, { k: 1, v: 1 }))
      const streams = [client.stream(values, undefined, { exact: true }), client.stream(values)]
      const [exact, plain] = streams.map(stream => new Record<Told>(stream))
      await Promise.all([exact, plain].map(record => record!.until(events => events.length === 1)))
      await write(q.Do(q.Update(one, { data: { v: 2 } }), q.Update(one, { data: { v: 3 } })))
      await write(q.Do(create(2, { k: 1, v: 1 }), q.Delete(thing(2))))
      await write(q.Do(q.Update(one, { data: { k: 9 } }), q.Update(one, { data: { k: 1 } })))
      const last = await write(create(3, { k: 1, v: 1 }))
      await Promise.all([exact, plain].map(record => record!.txn(last)))
      await Promise.all(streams.map(stream => stream.close()))
      assert.deepEqual(words(exact!.events), ['remove 1', 'add 1', 'add 3'])
      assert.notDeepEqual(words(plain!.events).toSorted(), words(exact!.events).toSorted())
      assert.ok(exact!.events.every(event => !('recovered' in event)))
    }))

  test('gives whole transactions, removes first', () =>
    inHistory(async ({ client, write }) => {
      const stream = client.stream(values, undefined, { exact: true, pageSize: 2 })
      const batches: string[][] = []
      let last = Number.POSITIVE_INFINITY
      for await (const events of stream.batches({ by: 'txn' })) {
        batches.push(words(events))
        if (events[0]?.type === 'start') {
          await write(q.Do(...[1, 2, 3, 4, 5].map(id => create(id, { k: 1, v: id }))))
          last = await write(q.Do(create(6, { k: 1, v: 6 }), q.Update(one, { data: { v: 9 } }), q.Delete(thing(2))))
        } else if (events.some(event => 'txn' in event && event.txn >= last)) break
      }
      assert.deepEqual(batches[1], ['add 1', 'add 2', 'add 3', 'add 4', 'add 5'])
      assert.deepEqual(batches[2]?.slice(0, 2).toSorted(), ['remove 1', 'remove 2'])
      assert.deepEqual(batches[2]?.slice(2).toSorted(), ['add 1', 'add 6'])
      assert.equal(batches.length, 3)
    }))

  test('loses nothing when it is lost, and marks only what was missed', () =>
    inHistory(async world => {
      const stream = world.client.stream(values, undefined, { exact: true })
      const record = new Record<Told>(stream)
      await record.until(events => events.length === 1)
      await record.txn(await world.write(create(1, { k: 1, v: 1 })))
      world.proxy.refuse()
      await cut(world, stream)
      await world.write(q.Update(one, { data: { v: 2 } }))
      await world.write(q.Delete(one))
      world.proxy.heal()
      await record.txn(await world.write(create(2, { k: 1, v: 1 })))
      await stream.close()
      assert.deepEqual(words(record.events), ['add 1', 'remove 1', 'add 1', 'remove 1', 'add 2'])
      assert.deepEqual(
        record.events.slice(1, 5).map(event => 'recovered' in event),
        [false, true, true, true],
      )
    }))

  test('passes on a change of the past, which history tells at another time', () =>
    inHistory(async ({ client, write }) => {
      await write(create(1, { k: 1, v: 1 }))
      const stream = client.stream(one, ['action'], { exact: true })
      const record = new Record<Told>(stream)
      await record.until(events => events.length === 1)
      await write(q.Insert(one, q.TimeSubtract(q.Now(), 1, 'minute'), 'create', { data: { v: 0 } }))
      await record.until(events => events.length === 3)
      await record.txn(await write(q.Update(one, { data: { v: 2 } })))
      await stream.close()
      const types = record.events.map(({ type }) => type)
      assert.deepEqual(types, ['start', 'history_rewrite', 'history_rewrite', 'version'])
      for (const { event } of record.events.slice(1)) assert.deepEqual(Object.keys(event as object), ['action'])
    }))
})

describe('a document with bytes, which the server cannot render in an event', { concurrency: 2 }, () => {
  test('is told by an exact stream', () =>
    inHistory(async ({ client, write }) => {
      const stream = client.stream(one, ['action', 'document'], { exact: true })
      const record = new Record(stream)
      await record.until(events => events.length === 1)
      await write(create(1, { b: new Bytes('AQID') }))
      await record.txn(await write(q.Update(one, { data: { b: new Bytes('BAUG') } })))
      await record.txn(await write(q.Update(one, { data: { b: null } })))
      await stream.close()
      const told = record.events.slice(1).map(event => event.type === 'version' && event.event.document.data?.['b'])
      assert.deepEqual(told, [new Bytes('AQID'), new Bytes('BAUG'), undefined])
    }))

  test('is told by any other, which then says only when, and says so', () =>
    inHistory(async ({ client, write }) => {
      const stream = client.stream(one)
      const warnings: string[] = []
      stream.on('warning', ({ code }) => warnings.push(code))
      const record = new Record(stream)
      await record.until(events => events.length === 1)
      await record.txn(await write(create(1, { b: new Bytes('AQID') })))
      for (const text of ['BAUG', 'BwgJ', 'AQID']) {
        await record.txn(await write(q.Update(one, { data: { b: new Bytes(text) } })))
      }
      await stream.close()
      const told = record.events
        .slice(1)
        .map(event => event.type === 'version' && String(event.event.document.data?.['b']))
      assert.equal(new Set(told.slice(0, 3)).size, 3)
      assert.equal(told.length, 4)
      assert.deepEqual(warnings, ['exact_forced'])
    }))
})

test('a change of the past of a set that holds bytes, of which the server tells no values, is a hole', () =>
  inHistory(async ({ client, write }) => {
    const stream = client.stream(values, ['action', 'index'], { onGap: 'yield' })
    const record = new Record<Told>(stream)
    await record.until(events => events.length === 1)
    for (const [i, text] of ['AQID', 'BAUG'].entries()) {
      await record.txn(await write(create(i + 1, { k: 1, v: new Bytes(text) })))
    }
    await write(q.Insert(thing(9), q.TimeSubtract(q.Now(), 1, 'minute'), 'create', { data: { k: 1, v: 5 } }))
    await record.txn(await write(create(7, { k: 1, v: 7 })))
    await stream.close()
    assert.deepEqual(
      record.events.map(({ type }) => type),
      ['start', 'set', 'set', 'gap', 'set'],
    )
  }))

test('what reads history is refused beside what reads none', () =>
  inHistory(async ({ client }) => {
    const refused = (run: () => unknown) => assert.throws(run, OptionError)
    refused(() => client.stream(things, undefined, { exact: true, resume: 'live' }))
    refused(() => client.stream(things, undefined, { snapshot: true, since: 1 }))
    refused(() => client.stream(q.Documents(things)).batches({ by: 'txn' }))
    refused(() => client.stream(q.Get(one)).batches({ by: 'txn' }))
    const stream = client.stream(one)
    await stream.batches({ by: 'txn' }).return?.()
  }))
