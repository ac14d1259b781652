// What the embedded server keeps in a folder: whole after a crash at any byte, equal after a restart, damage told.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import {
  closeSync,
  cpSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import * as fc from 'fast-check'
import { StateError } from '../src/errors.ts'
import { sourceOfFunction } from '../src/local/function-sources.ts'
import { continueFilling } from '../src/local/index-builds.ts'
import { ByteWriter } from '../src/local/log/byte-writer.ts'
import { ByteReader } from '../src/local/log/byte-reader.ts'
import { classes } from '../src/local/log/value-format.ts'
import { FILE_HEADER } from '../src/local/log/frames.ts'
import { readLog } from '../src/local/log/reading.ts'
import { replayRecord } from '../src/local/log/records.ts'
import { RESERVED_MICROS } from '../src/local/clock.ts'
import { pathOf, relativeTo } from '../src/local/position.ts'
import type { Position } from '../src/local/position.ts'
import * as values from '../src/local/values.ts'
import { KeptStore, describeState, makeStore } from './support/kept-store.ts'
import { create, doc, update } from './support/local-service.ts'
import { RandomWorld, answersTo } from './support/random-world.ts'
import { makeRandom, readSeed } from './support/seed.ts'

const { seed } = readSeed()
/** Random worlds, and what is asked of each between two restarts. */
const [runs, requests] = [3, 100]
const folders: string[] = []

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'data-'))
  folders.push(folder)
  return folder
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** The folder as it is now, under another name: what a crash at this moment leaves. */
function crash(folder: string): string {
  const copy = makeFolder()
  cpSync(folder, copy, { recursive: true })
  return copy
}

/** A log with some transactions of every size, and the states behind each of them. */
async function makeLog(): Promise<{ folder: string; log: Buffer; states: string[][] }> {
  const folder = makeFolder()
  const kept = await KeptStore.open(folder)
  const requests = [
    { create_collection: { object: { name: 'c', history_days: 30 } } },
    {
      create_index: {
        object: { name: 'i', source: { collection: 'c' }, terms: [{ object: { field: ['data', 'n'] } }], active: true },
      },
    },
    create('c', 1, { n: 1, text: 'x'.repeat(100) }),
    [update('c', 1, { n: 2 }), create('c', 2, { n: 2 })],
    { delete: doc('c', 1) },
    { create_key: { object: { role: 'server' } } },
  ]
  const states = [describeState(kept.store.state)]
  for (const request of requests) {
    kept.ask(request)
    await kept.settle()
    states.push(describeState(kept.store.state))
  }
  await kept.close()
  return { folder, log: readFileSync(join(folder, 'log')), states }
}

/** Reads a log without its folder. */
function replay(path: string, size: number): { state: string[]; records: number; end: number } {
  const store = makeStore()
  const file = openSync(path, 'r')
  try {
    const frames = readLog(file, size, path)
    for (let records = 0; ; records++) {
      const { value, done } = frames.next()
      if (done === true) return { state: describeState(store.state), records, end: value }
      replayRecord(value.record, store.state)
    }
  } finally {
    closeSync(file)
  }
}

test('every class of values has its row in the format, with all of its fields', () => {
  const all = Object.values(values).filter(value => typeof value === 'function' && String(value).startsWith('class '))
  assert.ok(all.length > 10)
  assert.deepEqual(new Set(classes.map(([type]) => type)), new Set(all))
  for (const [type, fields] of new Map(classes)) {
    const instance = Reflect.construct(type, fields) as object
    assert.deepEqual(new Set(Object.keys(instance)), new Set(fields), type.name)
    assert.deepEqual(Object.values({ ...instance }).toSorted(), [...fields].toSorted(), type.name)
  }
})

test('a place in history that a log of before holds is read', () => {
  const writer = new ByteWriter()
  for (const byte of [14, 12]) writer.byte(byte)
  for (const field of [5n, 'add', undefined, []]) writer.value(field)
  const place = new ByteReader(writer.bytes).value<values.EventPlace>()
  assert.deepEqual(place, new values.EventPlace(5n, 'add', undefined, []))
})

test('values come back from their bytes as they were', () => {
  const scalar = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
    fc.double(),
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.integer({ min: 0xd7f0, max: 0xe010 }).map(code => String.fromCharCode(code)) }),
    fc.uint8Array().map(bytes => new values.Bytes(bytes)),
    fc.bigInt().map(nanoseconds => new values.Time(nanoseconds)),
    fc.tuple(fc.nat(), fc.nat(), fc.bigInt()).map(([database, number, id]) => new values.Ref(database, number, id)),
  )
  const { value } = fc.letrec(tie => ({
    value: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie('value')),
      fc.array(fc.tuple(fc.string(), tie('value'))).map(entries => new Map(entries)),
      fc.dictionary(
        fc.string().filter(key => key !== '__proto__'),
        tie('value'),
        { noNullPrototype: true },
      ),
    ),
  }))
  fc.assert(
    fc.property(fc.array(value), all => {
      const writer = new ByteWriter()
      for (const one of all) writer.value(one)
      const reader = new ByteReader(writer.bytes)
      for (const one of all) assert.deepStrictEqual(reader.value(), one)
      assert.ok(reader.isAtEnd)
    }),
    { numRuns: 300 },
  )
})

test('the places of a function stay the same ones', () => {
  const outer: Position = { up: null, key: 'query' }
  const inner: Position = { up: outer, key: 'expr' }
  const body: values.Expression = { kind: 'literal', value: 1n, at: inner }
  const writer = new ByteWriter()
  writer.value(new values.Lambda('x', body, new Map(), '4', outer))
  const lambda = new ByteReader(writer.bytes).value<values.Lambda>()
  assert.deepEqual(pathOf(relativeTo(lambda.body.at, lambda.at)), ['expr'])
})

/** What JSON is made of, for maps. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  return value instanceof Map ? Object.fromEntries([...value].map(([key, item]) => [key, plain(item)])) : value
}

test('functions of before, whose refs, sets and quotes were expressions of their own, are read as the forms that mean the same', () => {
  const at = null
  const native = (id: string): object => ({ id, collection: undefined, database: undefined })
  const inside = (id: string, collection: object, database?: object): object => ({ id, collection, database })
  const orders = inside('orders', native('collections'))
  const shop = inside('shop', native('databases'))
  const ref = (of: object): object => ({ kind: 'ref', ref: of, at })
  const literal = (value: values.Value): object => ({ kind: 'literal', value, at })
  const matched = new Map([
    ['match', ref(inside('by_n', native('indexes')))],
    ['terms', literal(1n)],
  ])
  const items = [
    ref(inside('7', orders)),
    ref(inside('7', inside('orders', native('classes')), shop)),
    ref(inside('f', native('functions'), shop)),
    ref(inside('9', native('keys'))),
    { kind: 'set', form: 'match', parts: matched, at },
    { kind: 'form', name: 'quote', parts: new Map([['quote', literal('x')]]), at },
  ]
  const writer = new ByteWriter()
  writer.value(new values.Lambda('x', { kind: 'array', items, at } as never, new Map(), '4', at))
  const source = sourceOfFunction(new ByteReader(writer.bytes).value<values.Lambda>())
  const collection = { collection: 'orders' }
  assert.deepEqual(plain(source), {
    lambda: 'x',
    expr: [
      { ref: collection, id: '7' },
      { ref: { ...collection, scope: { database: 'shop' } }, id: '7' },
      { function: 'f', scope: { database: 'shop' } },
      { ref: { keys: null }, id: '9' },
      { match: { index: 'by_n' }, terms: 1n },
      'x',
    ],
  })
})

test('a log that is cut at any byte is read up to its last whole transaction', async () => {
  const { folder, log, states } = await makeLog()
  const path = join(folder, 'log')
  const file = openSync(path, 'r+')
  let last = states.length - 1
  const ends: number[] = []
  for (let size = log.length; size >= 0; size--) {
    ftruncateSync(file, size)
    const { state, records, end } = replay(path, size)
    if (end === size) ends.push(size)
    else assert.ok(end < size)
    // A byte less than a transaction, and it is gone; those before it are all there.
    assert.ok(records === last || (records === last - 1 && ends.includes(size + 1)), `${size}: ${records} of ${last}`)
    last = records
    assert.deepEqual(state, states[records])
  }
  closeSync(file)
  assert.equal(last, 0)
})

test('the folder of a log that was cut goes on from there', async () => {
  const { folder, log, states } = await makeLog()
  for (let size = 0; size < log.length; size += 1 + Math.floor(log.length / 25)) {
    const copy = crash(folder)
    writeFileSync(join(copy, 'log'), log.subarray(0, size))
    const cut = await KeptStore.open(copy)
    const found = states.findIndex(state => JSON.stringify(state) === JSON.stringify(describeState(cut.store.state)))
    assert.ok(found >= 0, `cut at ${size}`)
    cut.ask({ create_collection: { object: { name: 'after' } } })
    await cut.close()
    const again = await KeptStore.open(copy)
    assert.equal(again.ask({ exists: { collection: 'after' } }), true)
    await again.close()
  }
})

test('sectors that were never written before the power was lost are cut off', async () => {
  const { folder, log, states } = await makeLog()
  writeFileSync(join(folder, 'log'), Buffer.concat([log, Buffer.alloc(2000)]))
  const kept = await KeptStore.open(folder)
  assert.deepEqual(describeState(kept.store.state), states.at(-1))
  await kept.close()
  assert.equal(readFileSync(join(folder, 'log')).length, log.length)
})

test('a bit that is flipped anywhere is told, with the file and the byte where its transactions begin', async () => {
  const { folder, log } = await makeLog()
  const path = join(folder, 'log')
  for (let at = 0; at < log.length; at++) {
    const flipped = Buffer.from(log)
    flipped[at] = (log[at] ?? 0) ^ (1 << (at % 8))
    writeFileSync(path, flipped)
    assert.throws(
      () => replay(path, log.length),
      (error: unknown) => {
        assert.ok(error instanceof StateError)
        assert.equal(error.code, 'bad_data')
        assert.ok(error.message.includes(path))
        const told = Number(/ at byte (\d+)/.exec(error.message)?.[1] ?? 0)
        assert.ok(at < FILE_HEADER.length ? told === 0 : told <= at && told >= FILE_HEADER.length)
        return true
      },
      `byte ${at}`,
    )
  }
})

test('a damaged log is not touched', async () => {
  const { folder, log } = await makeLog()
  const damaged = Buffer.from(log)
  damaged[40] = (log[40] ?? 0) ^ 1
  writeFileSync(join(folder, 'log'), damaged)
  await assert.rejects(KeptStore.open(folder), { code: 'bad_data' })
  assert.deepEqual(readFileSync(join(folder, 'log')), damaged)
  // Nor is the folder held.
  writeFileSync(join(folder, 'log'), log)
  await (await KeptStore.open(folder)).close()
})

test('a log of an unknown version, or what is no log, is refused', async () => {
  const folder = makeFolder()
  writeFileSync(join(folder, 'log'), 'fauna-streams log 2\nwhatever follows')
  await assert.rejects(KeptStore.open(folder), { code: 'bad_data', message: /version that this program does not know/ })
  writeFileSync(join(folder, 'log'), '2026-01-01 started')
  await assert.rejects(KeptStore.open(folder), { code: 'bad_data', message: /no log of this server/ })
})

test(`whatever was done is there after a restart, and nothing else (SEED=${seed})`, async () => {
  const random = makeRandom(seed)
  for (let run = 0; run < runs; run++) {
    const folder = makeFolder()
    // The clock moves: indexes are built, documents expire.
    let time = 1_700_000_000_000
    let isStopped = false
    const now = (): number => (isStopped ? time : (time += Math.floor(random() * 500)))
    const world = new RandomWorld(random)
    let kept = await KeptStore.open(folder, now)
    for (let restarts = 0; restarts < 3; restarts++) {
      let done = 0
      for (let i = 0; i < requests; i++) if (kept.send(world.next()).status < 300) done++
      assert.ok(done > requests / 6, `${done} of ${requests} requests went well`)
      await kept.settle()
      const isCrash = random() < 0.5
      const left = isCrash ? crash(folder) : folder
      await kept.close()
      const again = await KeptStore.open(left, now)
      assert.deepEqual(describeState(again.store.state), describeState(kept.store.state))
      // Both are asked at one time, behind all that was reserved.
      time += 2000
      isStopped = true
      const before = answersTo(question => kept.send(question))
      assert.deepEqual(
        answersTo(question => again.send(question)),
        before,
      )
      isStopped = false
      if (isCrash) {
        await again.close()
        kept = await KeptStore.open(folder, now)
      } else kept = again
    }
    await kept.close()
  }
})

test('an index that was being filled when the process ended is filled on behind a restart', async () => {
  const folder = makeFolder()
  const kept = await KeptStore.open(folder)
  kept.ask({ create_collection: { object: { name: 'c' } } })
  const many = Array.from({ length: 1500 }, (_, i) => i)
  kept.ask({
    foreach: { lambda: 'n', expr: { create: { collection: 'c' }, params: { object: {} } } },
    collection: many,
  })
  kept.ask({ create_index: { object: { name: 'all', source: { collection: 'c' }, active: true } } })
  assert.equal(kept.store.state.fillings.size, 1)
  await kept.settle()
  const left = crash(folder)
  await kept.close()
  const again = await KeptStore.open(left)
  assert.equal(again.store.state.fillings.size, 1)
  continueFilling(again.store, () => false)
  assert.equal(again.ask({ count: { match: { index: 'all' } } }), many.length)
  await again.close()
  const third = await KeptStore.open(left)
  assert.equal(third.store.state.fillings.size, 0)
  assert.equal(third.ask({ count: { match: { index: 'all' } } }), many.length)
  await third.close()
})

test('a log that holds mostly what is gone is written anew at start, and holds the same', async () => {
  const folder = makeFolder()
  const kept = await KeptStore.open(folder)
  kept.ask({ create_collection: { object: { name: 'c' } } })
  const text = 'x'.repeat(10_000)
  for (let i = 0; i < 200; i++) {
    kept.ask(create('c', 1, { text, i }))
    kept.ask({ insert: doc('c', 1), ts: 1000 + i, action: 'create', params: { object: {} } })
    kept.ask({ remove: doc('c', 1), ts: 1000 + i, action: 'create' })
    kept.ask({ delete: { collection: 'c' } })
    kept.ask({ create_collection: { object: { name: 'c' } } })
  }
  kept.ask(create('c', 7, { kept: true }))
  await kept.close()
  const size = readFileSync(join(folder, 'log')).length
  const again = await KeptStore.open(folder)
  assert.deepEqual(describeState(again.store.state), describeState(kept.store.state))
  await again.close()
  assert.ok(readFileSync(join(folder, 'log')).length < size / 4)
  // A crash in the middle of that leaves the old one, and a piece of the new one that nobody reads.
  writeFileSync(join(folder, 'log.new'), 'fauna-streams log 1\nand a torn pie')
  const third = await KeptStore.open(folder)
  assert.deepEqual(describeState(third.store.state), describeState(kept.store.state))
  await third.close()
  assert.deepEqual(readdirSync(folder).toSorted(), ['clock', 'log'])
})

test('times and ids go on behind all that was given out, when the clock went back, and after a crash', async () => {
  const folder = makeFolder()
  let time = 1_800_000_000_000
  const now = (): number => time
  let kept = await KeptStore.open(folder, now)
  kept.ask({ create_collection: { object: { name: 'c' } } })
  const ids: bigint[] = []
  const times: number[] = []
  for (let i = 0; i < 6; i++) {
    const { ts } = kept.ask({ create: { collection: 'c' } }) as { ts: number }
    times.push(ts, kept.store.clock.snapshot())
    ids.push(BigInt(kept.ask({ new_id: null }) as string))
    await kept.settle()
    const left = i % 2 === 0 ? folder : crash(folder)
    await kept.close()
    time -= 86_400_000
    kept = await KeptStore.open(left, now)
    if (left !== folder) {
      await kept.close()
      kept = await KeptStore.open(folder, now)
    }
  }
  await kept.close()
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  assert.equal(new Set(times).size, times.length)
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => (a < b ? -1 : 1)),
  )
})

test('after a crash the clock is ahead by what was reserved at most', async () => {
  const folder = makeFolder()
  const now = (): number => 1_800_000_000_000
  const kept = await KeptStore.open(folder, now)
  const given = kept.store.clock.snapshot()
  const left = crash(folder)
  await kept.close()
  const again = await KeptStore.open(left, now)
  const first = again.store.clock.snapshot()
  assert.ok(first > given && first <= given + RESERVED_MICROS + 1)
  await again.close()
  // When it was closed, it goes on from there.
  const closed = await KeptStore.open(folder, now)
  assert.equal(closed.store.clock.snapshot(), given + 1)
  await closed.close()
})

test('a folder is used by one server at a time, and free when that is closed', async () => {
  const folder = makeFolder()
  const kept = await KeptStore.open(folder)
  await assert.rejects(KeptStore.open(folder), {
    name: 'StateError',
    code: 'data_in_use',
    message: new RegExp(`${folder} is in use by the process ${process.pid}`),
  })
  await kept.close()
  await (await KeptStore.open(folder)).close()
})
