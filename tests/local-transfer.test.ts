// What an embedded server holds as newline-delimited JSON: an import of an export is equal, and mistakes name their line.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readJson } from '../src/local/json.ts'
import { exportLines } from '../src/local/transfer/exporting.ts'
import { importLines } from '../src/local/transfer/importing.ts'
import { ValueText, placeless } from '../src/local/transfer/text.ts'
import * as values from '../src/local/values.ts'
import { KeptStore, describeState, makeStore } from './support/kept-store.ts'
import { create, doc } from './support/local-service.ts'
import { RandomWorld, answersTo } from './support/random-world.ts'
import { makeRandom, readSeed } from './support/seed.ts'

const { seed } = readSeed()
/** Random worlds, and what is asked of each. */
const [runs, requests] = [4, 150]

async function importInto(lines: Iterable<string>, now?: () => number): Promise<KeptStore> {
  const kept = await KeptStore.open(undefined, now)
  importLines(lines, kept.store, () => makeStore(now))
  return kept
}

test(`an import of an export answers everything as before (SEED=${seed})`, async () => {
  const random = makeRandom(seed)
  for (let run = 0; run < runs; run++) {
    let time = 1_700_000_000_000
    let isStopped = false
    const now = (): number => (isStopped ? time : (time += Math.floor(random() * 500)))
    const kept = await KeptStore.open(undefined, now)
    // Sets that an index took from a collection which is gone, or from an expired version, follow from nothing that is
    // left, nor does that an index missed what was written in the transaction that made it.
    const world = new RandomWorld(random, { isPlain: true })
    for (let i = 0; i < requests; i++) kept.send(world.next())
    const lines = [...exportLines(kept.store)]
    for (const line of lines) assert.ok(!line.includes('\n') && JSON.parse(line) instanceof Object)
    const again = await importInto(lines, now)
    // Where functions stood in their requests is not told, only where things are in them.
    assert.deepEqual(describeState(again.store.state, placeless), describeState(kept.store.state, placeless))
    assert.deepEqual([...exportLines(again.store)].slice(1).toSorted(), lines.slice(1).toSorted())
    time += 10_000
    isStopped = true
    // Both clocks stand behind this time, and both say the same from here on.
    assert.deepEqual(
      answersTo(question => again.send(question)),
      answersTo(question => kept.send(question)),
    )
  }
})

test('a name that one function had and another has now is of that one', async () => {
  const kept = await KeptStore.open()
  const body = { query: { lambda: [], expr: 1 } }
  const make = (name: string): unknown => kept.ask({ create_function: { object: { name, body } } })
  const rename = (from: string, to: string): unknown =>
    kept.ask({ update: { function: from }, params: { object: { name: to } } })
  make('a')
  rename('a', 'c')
  make('a')
  rename('a', 'b')
  rename('c', 'a')
  const again = await importInto([...exportLines(kept.store)])
  assert.deepEqual(describeState(again.store.state, placeless), describeState(kept.store.state, placeless))
})

test('every value is read back from its text exactly', async () => {
  const kept = await KeptStore.open()
  kept.ask({ create_collection: { object: { name: 'c' } } })
  const text = new ValueText(kept.store, kept.store.root)
  const scalar = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.integer({ min: 0xd7f0, max: 0xe010 }).map(code => String.fromCharCode(code)) }),
    fc.uint8Array().map(bytes => new values.Bytes(bytes)),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(nanoseconds => new values.Time(nanoseconds)),
    fc.integer({ min: -1_000_000, max: 4_000_000 }).map(days => new values.CalendarDate(days)),
    fc.uuid().map(uuid => new values.Uuid(uuid)),
    fc
      .tuple(fc.nat(2), fc.constantFrom(1, 2, 7, 1024, 1025), fc.bigInt({ min: 0n, max: 2000n }))
      .map(([database, number, id]) => new values.Ref(database, number, id)),
  )
  const { value } = fc.letrec<{ value: values.Value }>(tie => ({
    value: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie('value')),
      fc
        .array(fc.tuple(fc.oneof(fc.string(), fc.constantFrom('@ref', '@exact', '@obj', '@ts')), tie('value')))
        .map(entries => new Map(entries)),
    ),
  }))
  fc.assert(
    fc.property(value, one => {
      assert.deepStrictEqual(text.read(readJson(Buffer.from(text.write(one)))), one)
    }),
    { numRuns: 500 },
  )
})

test('what people write stands there as on the wire', async () => {
  const kept = await KeptStore.open()
  kept.ask({ create_collection: { object: { name: 'c' } } })
  kept.ask(create('c', 1, { n: 1, big: { to_integer: '9007199254740993' }, other: doc('c', 2) }))
  const line = [...exportLines(kept.store)].find(text => text.startsWith('{"collection":"c"'))
  const ref = '{"@ref":{"id":"2","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}}'
  assert.match(line ?? '', /^\{"collection":"c","id":"1","ts":\d+,"data":\{"n":1,"big":9007199254740993,"other":/)
  assert.ok(line?.includes(ref) === true, line ?? 'none')
})

test('a file that somebody wrote is read as Create would have it', async () => {
  const kept = await importInto([
    '{"schema": "collections", "fields": {"name": "orders"}}',
    '',
    '{"schema": "indexes", "fields": {"name": "by_state", "active": true, "source": {"@ref": {"id": "orders", "collection": {"@ref": {"id": "collections"}}}}, "terms": [{"field": ["data", "state"]}]}}',
    '{"collection": "orders", "id": 7, "data": {"state": "new", "at": {"@ts": "2026-01-01T00:00:00Z"}}}',
    '{"collection": "orders", "data": {"state": "new"}}',
    '{"schema": "functions", "fields": {"name": "f", "body": {"@query": {"lambda": "x", "expr": {"add": [{"var": "x"}, 1]}}}}}',
  ])
  assert.equal(kept.ask({ count: { match: { index: 'by_state' }, terms: 'new' } }), 2)
  assert.equal(kept.ask({ select: ['history_days'], from: { get: { collection: 'orders' } } }), 0)
  assert.equal(kept.ask({ call: { function: 'f' }, arguments: 1 }), 2)
  assert.equal(kept.ask({ exists: doc('orders', 7) }), true)
})

test('a mistake names its line, and then nothing is imported', async () => {
  const good = ['{"schema":"collections","fields":{"name":"c"}}', '{"collection":"c","id":"1","data":{}}']
  const mistakes: readonly (readonly [line: string, reason: RegExp])[] = [
    ['{"collection":"c",', /it is no JSON/],
    ['[]', /a line is an object/],
    ['{"collection":"d","data":{}}', /there is no collection "d"/],
    ['{"schema":"nothing","fields":{}}', /there is no schema "nothing"/],
    ['{"schema":"collections","fields":{"name":"a b"}}', /name: The name a b uses invalid characters/],
    ['{"schema":"collections","fields":{"name":"c"}}', /Collection already exists/],
    ['{"collection":"c","id":"1","data":{}}', /Document already exists/],
    ['{"collection":"c","id":"x","data":{}}', /"id" is a whole number/],
    ['{"collection":"c","id":"3","ts":-1,"data":{}}', /"ts" is a whole number from 0/],
    ['{"collection":"c","data":{"@ts":"yesterday"}}', /Invalid time/],
    ['{"collection":"c","database":9,"data":{}}', /There is no database 9/],
    ['{"documents":"c"}', /it says neither "collection" nor "schema"/],
    ['{"format":"fauna-streams export","version":2}', /the format is not "fauna-streams export" of version 1/],
  ]
  for (const [line, reason] of mistakes) {
    const kept = await KeptStore.open()
    const before = describeState(kept.store.state)
    assert.throws(
      () => importLines([...good, line], kept.store, makeStore),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'bad_import')
        assert.match(error.message, /^line 3: /)
        assert.match(error.message, reason)
        return true
      },
      line,
    )
    assert.deepEqual(describeState(kept.store.state), before)
  }
})

test('a server that has data already takes none', async () => {
  const kept = await KeptStore.open()
  kept.ask({ create_collection: { object: { name: 'c' } } })
  assert.throws(() => importLines([], kept.store, makeStore), { code: 'bad_import', message: /has data already/ })
})
