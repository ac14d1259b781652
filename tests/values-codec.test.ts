/** Parsed wire JSON becomes values, and values become the same wire JSON again. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ProtocolError } from '../src/errors.ts'
import {
  Bytes,
  decode,
  encode,
  FaunaDate,
  FaunaTime,
  maxDepth,
  parseExact,
  Query,
  Ref,
  SetRef,
  Uuid,
} from '../src/values/index.ts'
import './support/leaks.ts'

const orders = new Ref('orders', Ref.native('collections'))

const rows: readonly (readonly [string, string, unknown])[] = [
  ['a native collection', '{"@ref":{"id":"collections"}}', Ref.native('collections')],
  ['a ref of schema', '{"@ref":{"id":"orders","collection":{"@ref":{"id":"collections"}}}}', orders],
  [
    'a ref of a document',
    '{"@ref":{"id":"7","collection":{"@ref":{"id":"orders","collection":{"@ref":{"id":"collections"}}}}}}',
    new Ref('7', orders),
  ],
  [
    'a ref in a child database',
    '{"@ref":{"id":"orders","collection":{"@ref":{"id":"collections"}},"database":{"@ref":{"id":"shop","collection":{"@ref":{"id":"databases"}}}}}}',
    new Ref('orders', Ref.native('collections'), new Ref('shop', Ref.native('databases'))),
  ],
  [
    'a set, its contents left in wire form',
    '{"@set":{"match":{"@ref":{"id":"by_n","collection":{"@ref":{"id":"indexes"}}}},"terms":{"@ts":"2024-05-01T12:00:00Z"}}}',
    new SetRef({
      match: { '@ref': { id: 'by_n', collection: { '@ref': { id: 'indexes' } } } },
      terms: { '@ts': '2024-05-01T12:00:00Z' },
    }),
  ],
  ['the set of documents as a source', '{"@set":null}', new SetRef(null)],
  ['a time', '{"@ts":"2024-05-01T12:00:00.123456789Z"}', new FaunaTime('2024-05-01T12:00:00.123456789Z')],
  ['a time past the year 9999', '{"@ts":"+10000-01-01T00:00:00Z"}', new FaunaTime('+10000-01-01T00:00:00Z')],
  ['a date', '{"@date":"2024-05-01"}', new FaunaDate('2024-05-01')],
  ['bytes', '{"@bytes":"AQID"}', new Bytes(Uint8Array.of(1, 2, 3))],
  [
    'a lambda',
    '{"@query":{"api_version":"4","lambda":"x","expr":{"@obj":{"@ts":1}}}}',
    new Query({ api_version: '4', lambda: 'x', expr: { '@obj': { '@ts': 1 } } }),
  ],
  ['a UUID', '{"@uuid":"123e4567-e89b-12d3-a456-426614174000"}', new Uuid('123e4567-e89b-12d3-a456-426614174000')],
]

for (const [name, wire, value] of rows) {
  test(`${name} is decoded and written again as it came`, () => {
    assert.deepEqual(decode(JSON.parse(wire)), value)
    assert.equal(encode(value), wire)
    assert.equal(JSON.stringify(value), wire)
  })
}

test('values are found at any depth of objects and arrays', () => {
  const decoded = decode(JSON.parse('{"a":[{"b":{"@ts":"2024-05-01T12:00:00Z"}}],"c":null,"d":1}'))
  assert.deepEqual(decoded, { a: [{ b: new FaunaTime('2024-05-01T12:00:00Z') }], c: null, d: 1 })
})

test('@obj is taken off once: its keys are names, its values are values', () => {
  assert.deepEqual(decode({ '@obj': { '@ts': 'not a time' } }), { '@ts': 'not a time' })
  assert.deepEqual(decode({ '@obj': { '@a': { '@date': '2024-05-01' } } }), { '@a': new FaunaDate('2024-05-01') })
  assert.deepEqual(decode({ '@obj': { '@obj': { '@obj': { '@x': 1 } } } }), { '@obj': { '@x': 1 } })
})

test('an unknown tag, and a tag with a key beside it, stay objects', () => {
  assert.deepEqual(decode({ '@new': { when: { '@date': '2024-05-01' } } }), {
    '@new': { when: new FaunaDate('2024-05-01') },
  })
  assert.deepEqual(decode({ '@ts': '2024-05-01T12:00:00Z', x: 1 }), { '@ts': '2024-05-01T12:00:00Z', x: 1 })
})

test('a key named __proto__ stays a field like any other', () => {
  const decoded = decode(JSON.parse('{"__proto__":{"at":{"@date":"2024-05-01"}},"a":1}')) as object
  assert.equal(Object.getPrototypeOf(decoded), Object.prototype)
  assert.deepEqual(Object.keys(decoded), ['__proto__', 'a'])
  assert.equal(encode(decoded), '{"__proto__":{"at":{"@date":"2024-05-01"}},"a":1}')
})

const odd: readonly unknown[] = [
  { '@ref': { id: 5 } },
  { '@ref': { id: '1', collection: {} } },
  { '@ref': null },
  { '@ts': 5 },
  { '@ts': 'yesterday' },
  { '@date': '2024-02-30' },
  { '@bytes': '*' },
  { '@obj': [] },
  { '@uuid': {} },
]

for (const json of odd) {
  test(`${JSON.stringify(json)} is a ProtocolError that shows it`, () => {
    const text = JSON.stringify(json)
    assert.throws(
      () => decode({ a: [json] }),
      (error: unknown) => error instanceof ProtocolError && error.received === text,
    )
  })
}

test('nesting past the limit is a ProtocolError, not a stack overflow', () => {
  const nest = (open: string, close: string, times: number) =>
    JSON.parse(open.repeat(times) + '1' + close.repeat(times))
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
    ['{"@obj":', '}'],
  ] as const) {
    assert.throws(() => decode(nest(open, close, 100_000)), ProtocolError)
  }
  assert.doesNotThrow(() => decode(nest('[', ']', maxDepth)))
})

type Case = { readonly body?: unknown; readonly version?: string }

test('every answer of the recorded server comes back from decoding as it was', () => {
  const root = new URL('./transcripts/fql/', import.meta.url)
  let count = 0
  for (const file of readdirSync(root)) {
    const { cases } = JSON.parse(readFileSync(new URL(file, root), 'utf8')) as { cases: Case[] }
    for (const { body, version = '4' } of cases) {
      // Older versions of the API spell refs otherwise; an @obj is taken off for good.
      if (typeof body !== 'string' || body === '' || body.includes('@obj') || version !== '4') continue
      // Numbers are printed in JavaScript's spelling, so the comparison is with their own round trip.
      assert.equal(encode(decode(parseExact(body))), encode(parseExact(body)))
      count++
    }
  }
  assert.ok(count > 1000, `${count} answers`)
})
