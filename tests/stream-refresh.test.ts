/** A quiet stream keeps its place fresh: a loss after an idle hour is no hole, though history is short (protocol.md F.4). */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { q } from '../src/index.ts'
import { memoryStore } from '../src/stores/index.ts'
import { type EventPeer, serveEvents } from '../src/testing/index.ts'
import { type Connect, withClients } from './support/clients.ts'
import { LongTime } from './support/clock.ts'
import { cut, inHistory, Record, thing, things } from './support/history-world.ts'

const minutes = 60_000

for (const [name, expr] of Object.entries({ document: thing(1), set: q.Match(q.Index('by_k_v'), 1) })) {
  test(`a ${name} on which nothing happened for an hour is read back without a hole`, () =>
    inHistory(async world => {
      await world.write(q.Create(thing(1), { data: { k: 1, v: 1 } }))
      const time = new LongTime(minutes)
      const checkpoint = memoryStore()
      const stream = world.connect({ time }).stream(expr, undefined, { checkpoint })
      const record = new Record(stream)
      await record.txn(await world.write(q.Update(thing(1), { data: { v: 2 } })))
      for (let passed = 0; passed < 60; passed += 6) {
        world.pass(6 * minutes)
        const now = await world.write(q.Create(things, {}))
        const before = stream.lastTxn!
        time.pass(6 * minutes)
        while (stream.lastTxn === before) await new Promise(setImmediate)
        assert.ok(stream.lastTxn! >= now)
      }
      const kept = JSON.parse((await checkpoint.load())!) as { txn: number }
      assert.equal(kept.txn, stream.lastTxn)
      const told = record.events.length
      world.proxy.refuse()
      await cut(world, stream)
      const last = await world.write(q.Update(thing(1), { data: { v: 3 } }))
      world.proxy.heal()
      await record.txn(last)
      await stream.close()
      assert.equal(await record.ended, undefined)
      assert.ok(record.events.slice(told).every(event => 'recovered' in event))
    }))
}

for (const resource of [null, { page: { data: [null] } }]) {
  test(`a peer that answers ${JSON.stringify(resource)} for history leaves a quiet stream as it is`, async () => {
    const peer = await serveEvents({ query: exchange => exchange.respond(200, { resource }) })
    await withClients(peer, staysQuiet)
  })
}

async function staysQuiet(peer: EventPeer, connect: Connect): Promise<void> {
  const time = new LongTime(minutes)
  const client = connect({ time })
  const stream = client.stream(thing(1))
  const loop = stream[Symbol.asyncIterator]()
  await loop.next()
  const waiting = loop.next()
  await peer.until(() => peer.queries.length === 1)
  const before = stream.lastTxn
  time.pass(6 * minutes)
  await peer.until(() => peer.queries.length === 2)
  // Its answer comes after that to the one before.
  await client.query(1)
  assert.deepEqual([stream.state, stream.lastTxn], ['open', before])
  await stream.close()
  await waiting
}
