/** The option `schema`: the data of documents is held to a Standard Schema, and the loop gets what that gives. */
import './support/leaks.ts'
import { type } from 'arktype'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { z } from 'zod'
import { type CheckpointStore, Client, OptionError, q, Ref, SchemaError, type StandardSchema } from '../src/index.ts'
import type { AnyEvent } from '../src/events/types.ts'
import { memoryStore } from '../src/stores/index.ts'
import { setLine, startLine, versionLine } from '../src/testing/index.ts'
import { bytes, FakeLink, type FakeOptions, streamOver } from './support/fake-link.ts'
import { cut, inHistory, Record, thing, things } from './support/history-world.ts'

const lines = (...texts: readonly string[]) => [{ chunks: texts.map(text => bytes(`${text}\r\n`)) }]
const over = (texts: readonly string[], options: FakeOptions) =>
  streamOver<AnyEvent>(new FakeLink(lines(...texts)), options)

/** What a loop gets until `count` events came, or its error. */
async function read(stream: AsyncIterable<AnyEvent>, count: number): Promise<{ got: AnyEvent[]; error?: unknown }> {
  const got: AnyEvent[] = []
  try {
    for await (const event of stream) if (got.push(event) === count) break
    return { got }
  } catch (error) {
    return { got, error }
  }
}

/** A stream of the client, whatever it tells. */
const readAny = (stream: AsyncIterable<unknown>, count: number) => read(stream as AsyncIterable<AnyEvent>, count)

/** What an event says of its document's data. */
const dataOf = (event: AnyEvent | undefined): unknown =>
  event && 'event' in event ? (event.event as { document?: { data?: unknown } }).document?.data : undefined

/** The same schema by three libraries: a state and a count, given as text and taken as a number. */
const libraries: { readonly [library: string]: StandardSchema } = {
  zod: z.object({ state: z.string(), count: z.string().transform(Number) }),
  valibot: v.object({ state: v.string(), count: v.pipe(v.string(), v.transform(Number)) }),
  arktype: type({ state: 'string', count: 'string.numeric.parse', '+': 'delete' }),
}

for (const [library, schema] of Object.entries(libraries)) {
  describe(`a schema of ${library}`, () => {
    test('gives the loop what it makes of the data', async () => {
      const { got } = await read(over([startLine(1), versionLine(2, { state: 'new', count: '7' })], { schema }), 2)
      assert.deepEqual(dataOf(got[1]), { state: 'new', count: 7 })
    })

    test('ends the loop with a SchemaError that names what does not fit, and holds the event as it came', async () => {
      const data = { state: 'new', count: 7 }
      const { got, error } = await read(over([startLine(1), versionLine(2, data), versionLine(3)], { schema }), 3)
      assert.equal(got.length, 1)
      assert.ok(error instanceof SchemaError)
      assert.equal(error.code, 'invalid_data')
      assert.equal(error.retryable, false)
      assert.deepEqual(
        error.issues.map(({ path }) => path),
        [['document', 'data', 'count']],
      )
      assert.match(
        error.message,
        /Ref\(Collection\("c"\), "1"\) at 2 does not fit the schema: document\.data\.count: .+; /,
      )
      assert.deepEqual(dataOf(error.event as AnyEvent), data)
    })

    test("gives an invalid event with onInvalid: 'yield', and goes on", async () => {
      const texts = [startLine(1), versionLine(2, { count: '7' }), versionLine(3, { state: 'new', count: '8' })]
      const { got } = await read(over(texts, { schema, onInvalid: 'yield' }), 3)
      const [, invalid, next] = got
      assert.ok(invalid?.type === 'invalid')
      assert.equal(invalid.txn, 2)
      assert.deepEqual(
        invalid.issues.map(({ path }) => path),
        [['document', 'data', 'state']],
      )
      assert.ok(invalid.event.type === 'version')
      assert.deepEqual(dataOf(invalid.event), { count: '7' })
      assert.deepEqual(dataOf(next), { state: 'new', count: 8 })
    })
  })
}

/** A schema by hand, with a record of what it was asked. */
function note(validate: (value: unknown) => unknown = value => ({ value })) {
  const asked: unknown[] = []
  const standard = {
    version: 1,
    vendor: 'test',
    validate(value: unknown) {
      asked.push(value)
      return validate(value)
    },
  }
  return { asked, schema: { '~standard': standard } as StandardSchema }
}

describe('a schema', () => {
  const ref = {
    '@ref': { id: '1', collection: { '@ref': { id: 'c', collection: { '@ref': { id: 'collections' } } } } },
  }
  const holding = (data: unknown) => ({ ref, ts: 2, ...(data === undefined ? {} : { data }) })
  const writeLine = (event: { readonly [place: string]: unknown }) =>
    JSON.stringify({
      type: 'version',
      txn: 2,
      event: Object.fromEntries(Object.entries(event).map(([place, data]) => [place, holding(data)])),
    })

  test('is asked for document.data and prev.data, and tells them apart', async () => {
    const { asked, schema } = note(value => ({ value: { seen: value } }))
    const line = writeLine({ document: { n: 1 }, diff: { n: 1 }, prev: { n: 0 } })
    const { got } = await read(over([startLine(1), line], { schema }), 2)
    assert.deepEqual(asked, [{ n: 1 }, { n: 0 }])
    const { event } = got[1] as unknown as { event: { [place: string]: { data: unknown } } }
    assert.deepEqual(
      [event['document']!.data, event['prev']!.data, event['diff']!.data],
      [{ seen: { n: 1 } }, { seen: { n: 0 } }, { n: 1 }],
    )
    const refuse = note(() => ({ issues: [{ message: 'no', path: [{ key: 'n' }] }] })).schema
    const { error } = await read(over([startLine(1), line], { schema: refuse }), 2)
    assert.ok(error instanceof SchemaError)
    assert.deepEqual(error.issues, [
      { message: 'no', path: ['document', 'data', 'n'] },
      { message: 'no', path: ['prev', 'data', 'n'] },
    ])
    assert.match(error.message, /document\.data\.n: no \(and 1 more in \.issues\)/)
  })

  test('gets values decoded', async () => {
    const { asked, schema } = note()
    const data = { by: ref }
    await read(over([startLine(1), versionLine(2, data)], { schema }), 2)
    assert.ok((asked[0] as { by: unknown }).by instanceof Ref)
  })

  test('is not asked where there is no data: a prev of a create, a document without any, a set', async () => {
    const { asked, schema } = note(() => ({ issues: [{ message: 'no' }] }))
    const bare = writeLine({ document: undefined, prev: undefined })
    const { got, error } = await read(over([startLine(1), bare, setLine(3)], { schema }), 3)
    assert.deepEqual([got.map(event => event.type), error, asked], [['start', 'version', 'set'], undefined, []])
  })

  test('whose answer is a promise is refused, also where the promise is rejected', async () => {
    for (const promise of [() => Promise.resolve({ value: 1 }), () => Promise.reject(new Error('late'))]) {
      const { schema } = note(promise)
      const { error } = await read(over([startLine(1), versionLine(2)], { schema, onInvalid: 'yield' }), 2)
      assert.ok(error instanceof OptionError)
      assert.equal(error.option, 'schema')
      assert.match(error.message, /asynchronously; give a synchronous one/)
    }
    const zod = z.object({ n: z.number().refine(async n => n > 0) })
    const { error } = await read(over([startLine(1), versionLine(2)], { schema: zod }), 2)
    assert.ok(error instanceof OptionError, String(error))
  })

  test('that throws ends the loop with what it threw', async () => {
    const thrown = new Error('from the schema')
    const { schema } = note(() => {
      throw thrown
    })
    const stream = over([startLine(1), versionLine(2)], { schema, onInvalid: 'yield' })
    assert.equal((await read(stream, 2)).error, thrown)
    assert.equal(stream.state, 'closed')
  })

  test('is asked once for an event, when its turn comes, in batches() too', async () => {
    const { asked, schema } = note(value => (asked.length < 3 ? { value } : { issues: [{ message: 'no' }] }))
    const stream = over([startLine(1), versionLine(2), versionLine(3), versionLine(4)], { schema })
    const batches: unknown[] = []
    await assert.rejects(async () => {
      for await (const events of stream.batches()) batches.push(events.map(event => 'txn' in event && event.txn))
    }, SchemaError)
    assert.deepEqual([batches, asked.length], [[[1, 2, 3]], 3])
  })

  test('that is none is an OptionError before anything is sent', async () => {
    await using client = new Client({ endpoint: 'http://127.0.0.1:1', secret: 's' })
    for (const schema of [{}, z.string, 'x', { '~standard': { version: 1 } }]) {
      const options = { schema: schema as unknown as StandardSchema }
      assert.throws(() => client.stream(thing(1), undefined, options), /schema: give a Standard Schema/)
    }
    assert.throws(() => client.stream(thing(1), undefined, { onInvalid: 'skip' as 'yield' }), /onInvalid: /)
  })
})

describe('what is read with queries is held to the schema too', { concurrency: 2 }, () => {
  const schema = z.object({ n: z.number().transform(n => n * 10) })
  const create = (id: number, data: object) => q.Create(thing(id), { data })

  test('a snapshot of a document and of the members of a set', () =>
    inHistory(async ({ client, write }) => {
      await write(create(1, { n: 1 }))
      for (const expr of [thing(1), q.Documents(things)]) {
        const stream = client.stream(expr, undefined, { schema, snapshot: true })
        const { got } = await readAny(stream, 3)
        assert.deepEqual(got.map(dataOf), [undefined, { n: 10 }, undefined])
      }
      await write(create(2, { n: 'two' }))
      const stream = client.stream(q.Documents(things), undefined, { schema, snapshot: true, onInvalid: 'yield' })
      const { got } = await readAny(stream, 4)
      assert.deepEqual(
        got.map(event => event.type),
        ['start', 'snapshot', 'invalid', 'synced'],
      )
      const { error } = await readAny(client.stream(thing(2), undefined, { schema, snapshot: true }), 3)
      assert.ok(error instanceof SchemaError)
      assert.equal((error.event as AnyEvent).type, 'snapshot')
    }))

  test('an event that was recovered after a loss, in exact streams as well', () =>
    inHistory(async world => {
      const { client, proxy, write } = world
      await write(create(1, { n: 1 }))
      for (const exact of [false, true]) {
        const stream = client.stream(thing(1), undefined, { schema, exact, onInvalid: 'yield' })
        const record = new Record(stream)
        await record.until(events => events.length === 1)
        for (const n of [2, 'x']) {
          proxy.refuse()
          await cut(world, stream)
          const txn = await write(q.Update(thing(1), { data: { n } }))
          proxy.heal()
          await record.txn(txn)
        }
        await stream.close()
        const [, recovered, invalid] = record.events
        assert.ok(recovered?.type === 'version' && recovered.recovered)
        assert.deepEqual(recovered.event.document.data, { n: 20 })
        assert.ok(invalid?.type === 'invalid' && invalid.event.type === 'version' && invalid.event.recovered)
      }
    }))
})

describe('a checkpoint and an event that does not fit', () => {
  const schema = z.object({ n: z.number() })
  const texts = [startLine(1), versionLine(5, { n: 5 }), versionLine(7, { n: 'seven' }), versionLine(9, { n: 9 })]
  const txnIn = async (store: CheckpointStore) => (JSON.parse((await store.load())!) as { txn: number }).txn

  test('what came before it is kept as done, it is not', async () => {
    const store = memoryStore()
    const { got, error } = await read(over(texts, { schema, checkpoint: store }), 4)
    assert.ok(error instanceof SchemaError)
    assert.equal(got.length, 2)
    assert.equal(await txnIn(store), 5)
  })

  test('with batches() it is not kept either, nor what came with it', async () => {
    const store = memoryStore()
    const stream = over(texts, { schema, checkpoint: store })
    await assert.rejects(async () => {
      for await (const _ of stream.batches()) continue
    }, SchemaError)
    assert.equal(await store.load(), undefined)
  })

  test("with onInvalid: 'yield' it is done when the loop asks for what comes after", async () => {
    const store = memoryStore()
    const { got } = await read(over(texts, { schema, checkpoint: store, onInvalid: 'yield' }), 4)
    assert.deepEqual(
      got.map(event => event.type),
      ['start', 'version', 'invalid', 'version'],
    )
    assert.equal(await txnIn(store), 7)
  })
})
