/** Checkpoints: where a stream is, kept between runs; a crash repeats the transaction in hand at most. */
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type CheckpointStore, FaunaError, GapError, q } from '../src/index.ts'
import { memoryStore } from '../src/stores/index.ts'
import { Saver } from '../src/stream/checkpoint.ts'
import { Mark } from '../src/stream/cursor.ts'
import { startLine, setLine, versionLine } from '../src/testing/index.ts'
import { ManualTime } from './support/clock.ts'
import { bytes, FakeLink, streamOver } from './support/fake-link.ts'
import { inHistory, Record, thing, things } from './support/history-world.ts'

const one = thing(1)
const create = (id: number, data: object) => q.Create(thing(id), { data })

/** A store that says how often it was asked, and what it holds. */
class Notes implements CheckpointStore {
  saves: string[] = []
  loads = 0

  async load(): Promise<string | undefined> {
    this.loads++
    return this.saves.at(-1)
  }

  async save(cursor: string): Promise<void> {
    this.saves.push(cursor)
  }

  get txns(): number[] {
    return this.saves.map(cursor => (JSON.parse(cursor) as { txn: number }).txn)
  }
}

/** A loop over lines that have come at once. */
const overLines = (lines: readonly string[], options: Parameters<typeof streamOver>[1] = {}, time?: ManualTime) =>
  streamOver(new FakeLink([{ chunks: lines.map(line => bytes(`${line}\r\n`)) }], time && { time }), options)

describe('a checkpoint', { concurrency: 2 }, () => {
  test('is saved when the loop asks for what comes after a transaction', async () => {
    const store = new Notes()
    const stream = overLines([startLine(1), versionLine(5), versionLine(7)], { checkpoint: store })
    const seen: number[][] = []
    for await (const event of stream) {
      seen.push(store.txns)
      if ('txn' in event && event.txn === 7) break
    }
    assert.deepEqual(seen, [[], [1], [1, 5]])
    assert.deepEqual(store.txns, [1, 5], 'what was in hand at the break is not saved')
  })

  test('is saved once for a transaction of several events, with all of them', async () => {
    const store = new Notes()
    const lines = [startLine(1), setLine(5, { id: '1' }), setLine(5, { id: '2' }), setLine(6, { id: '3' })]
    const iterator = overLines(lines, { checkpoint: store })[Symbol.asyncIterator]()
    for (let i = 0; i < 4; i++) await iterator.next()
    assert.deepEqual(store.txns, [1, 5])
    // It waits, and the transaction at 6 may have more: what was told of it is in the cursor.
    const pending = iterator.next()
    await new Promise(setImmediate)
    const last = JSON.parse(store.saves.at(-1)!) as { txn: number; isComplete: boolean; keys: string[] }
    assert.deepEqual([last.txn, last.isComplete, last.keys.length], [6, false, 1])
    await iterator.return?.()
    await pending
  })

  test('is saved once for an array of batches()', async () => {
    const store = new Notes()
    const iterator = overLines([startLine(1), versionLine(5), versionLine(7)], { checkpoint: store }).batches()
    await iterator.next()
    assert.deepEqual(store.txns, [])
    const pending = iterator.next()
    await new Promise(setImmediate)
    assert.deepEqual(store.txns, [7])
    await iterator.return?.()
    await pending
  })

  test('is saved no more often than the interval, and in the end all the same', async () => {
    const store = new Notes()
    const time = new ManualTime()
    const lines = [startLine(1), ...[5, 6, 7].map(txn => versionLine(txn))]
    const options = { checkpoint: store, checkpointIntervalMs: 1_000 }
    const iterator = overLines(lines, options, time)[Symbol.asyncIterator]()
    for (let i = 0; i < 4; i++) await iterator.next()
    const pending = iterator.next()
    await new Promise(setImmediate)
    assert.deepEqual(store.txns, [1])
    time.pass(1_000)
    await new Promise(setImmediate)
    assert.deepEqual(store.txns, [1, 7])
    await iterator.return?.()
    await pending
  })

  test('that waits for the interval knows the collection of its time, not one that was made anew since', async () => {
    const store = new Notes()
    const time = new ManualTime()
    let existedAt = 1
    const saver = new Saver({ store, intervalMs: 1_000, of: 'x', time, existedAt: () => existedAt })
    const markAt = (txn: number) => new Mark(txn, true, [], [])
    await saver.save(markAt(5))
    assert.equal(saver.isDue(markAt(6)), false)
    existedAt = 7
    time.pass(1_000)
    await new Promise(setImmediate)
    const kept = store.saves.map(cursor => JSON.parse(cursor) as { txn: number; existedAt: number })
    assert.deepEqual(
      kept.map(({ txn, existedAt }) => [txn, existedAt]),
      [
        [5, 1],
        [6, 1],
      ],
    )
  })

  test('goes on where the last run was, each transaction once', () =>
    inHistory(async ({ client, write }) => {
      const checkpoint = memoryStore()
      const told: number[] = []
      let started = () => undefined as void
      const isOpen = new Promise<void>(resolve => (started = resolve))
      const run = async (count: number) => {
        for await (const event of client.stream(q.Documents(things), undefined, { checkpoint })) {
          started()
          if (event.type !== 'set') continue
          // It is left with the next one in hand, which is not saved, and comes again.
          if (count-- === 0) return
          told.push(event.txn)
        }
      }
      const first = run(2)
      const written: number[] = []
      await isOpen
      for (let id = 1; id <= 6; id++) written.push(await write(create(id, {})))
      await first
      await run(1)
      await run(2)
      assert.deepEqual(told, written.slice(0, 5))
    }))

  test('of a set knows which events of its last transaction were told', () =>
    inHistory(async ({ client, write }) => {
      const txn = await write(q.Do(create(1, {}), create(2, {}), create(3, {})))
      const store = new Notes()
      const stream = client.stream(q.Documents(things), undefined, { checkpoint: store, since: txn - 1 })
      const record = new Record(stream)
      await record.until(events => events.length === 4)
      await stream.close()
      const cursor = JSON.parse(store.saves.at(-1)!) as object
      const keys = ['1', '3'].map(id => {
        const ref = {
          '@ref': { id, collection: { '@ref': { id: 'things', collection: { '@ref': { id: 'collections' } } } } },
        }
        return `set${JSON.stringify(['add', ref, txn, null])}`
      })
      await store.save(JSON.stringify({ ...cursor, txn, isComplete: false, keys }))
      const again = client.stream(q.Documents(things), undefined, { checkpoint: store })
      const rest = new Record(again)
      await rest.until(events => events.length === 2)
      await again.close()
      const [missed] = rest.events
      assert.ok(missed?.type === 'set')
      assert.equal(missed.event.document.ref.id, '2')
    }))

  test('that is older than history is a GapError', () =>
    inHistory(async ({ client, write, pass }) => {
      const checkpoint = memoryStore()
      const stream = client.stream(one, undefined, { checkpoint })
      const record = new Record(stream)
      await record.until(events => events.length === 1)
      await stream.close()
      pass(16 * 60_000)
      await write(create(1, {}))
      const error = await new Record(client.stream(one, undefined, { checkpoint })).ended
      assert.ok(error instanceof GapError)
      assert.equal(error.reason, 'retention')
    }))

  const refused: [string, string, string][] = [
    ['of another expression', '{"version":1,"of":"x","txn":1,"isComplete":true,"keys":[]}', 'checkpoint_mismatch'],
    ['of another version', '{"version":2,"of":"x","txn":1,"isComplete":true,"keys":[]}', 'bad_checkpoint'],
    ['that is half a cursor', '{"version":1,"of":"x","txn":1,"isCom', 'bad_checkpoint'],
    ['that is nothing', '', 'bad_checkpoint'],
    ['with a time that is none', '{"version":1,"of":"x","txn":"1","isComplete":true,"keys":[]}', 'bad_checkpoint'],
    ['with keys that are none', '{"version":1,"of":"x","txn":1,"isComplete":true,"keys":[1]}', 'bad_checkpoint'],
  ]
  for (const [what, cursor, code] of refused) {
    test(`${what} ends the loop with ${code}, before anything is sent`, async () => {
      const link = new FakeLink([])
      const stream = streamOver(link, { checkpoint: { load: async () => cursor, save: async () => undefined } })
      await assert.rejects(stream[Symbol.asyncIterator]().next(), (error: unknown) => {
        assert.ok(error instanceof FaunaError)
        assert.equal(error.code, code)
        return true
      })
      assert.equal(link.opened, 0)
      assert.equal(stream.state, 'closed')
    })
  }

  test('whose fields are others is another one', async () => {
    const store = new Notes()
    await inHistory(async ({ client }) => {
      for (const [fields, isRefused] of [
        [['action', 'diff'], false],
        [['diff', 'action'], false],
        [['action'], true],
      ] as const) {
        const iterator = client.stream(one, fields, { checkpoint: store })[Symbol.asyncIterator]()
        await iterator.next().then(
          () => assert.ok(!isRefused),
          () => assert.ok(isRefused),
        )
        if (isRefused) continue
        const pending = iterator.next()
        while (store.saves.length === 0) await new Promise(setImmediate)
        await iterator.return?.()
        await pending
      }
    })
  })

  const failure = new Error('the disk is full')
  const rejecting = { load: async () => undefined, save: () => Promise.reject(failure) }
  test('that cannot be saved ends the loop with that error; nothing more is told', async () => {
    const told: string[] = []
    await assert.rejects(async () => {
      const lines = [startLine(1), versionLine(5), versionLine(6)]
      for await (const event of overLines(lines, { checkpoint: rejecting })) told.push(event.type)
    }, failure)
    assert.deepEqual(told, ['start'])
  })

  test('that cannot be saved beside the loop ends it at its next event', async () => {
    const time = new ManualTime()
    let saves = 0
    const checkpoint = {
      load: async () => undefined,
      save: async () => (saves++ > 0 ? Promise.reject(failure) : undefined),
    }
    const lines = [startLine(1), ...[5, 6, 7].map(txn => versionLine(txn))]
    const iterator = overLines(lines, { checkpoint, checkpointIntervalMs: 10 }, time)[Symbol.asyncIterator]()
    for (let i = 0; i < 3; i++) await iterator.next()
    time.pass(10)
    await new Promise(setImmediate)
    await assert.rejects(async () => {
      for (;;) await iterator.next()
    }, failure)
  })

  for (const call of ['load', 'save'] as const) {
    test(`whose ${call} is never answered keeps no loop that is aborted`, async () => {
      const never = new Promise<undefined>(() => undefined)
      const store = { load: async () => undefined, save: async () => undefined, [call]: () => never }
      const stream = overLines([startLine(1), versionLine(5)], { checkpoint: store })
      const iterator = stream[Symbol.asyncIterator]()
      if (call === 'save') await iterator.next()
      const pending = iterator.next()
      await new Promise(setImmediate)
      stream.controller.abort()
      assert.deepEqual(await pending, { done: true, value: undefined })
    })
  }

  test('that cannot be loaded ends the loop with that error', async () => {
    const checkpoint = { load: () => Promise.reject(failure), save: async () => undefined }
    const iterator = overLines([startLine(1)], { checkpoint })[Symbol.asyncIterator]()
    await assert.rejects(iterator.next(), failure)
  })
})
