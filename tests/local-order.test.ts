// The order of strings in indexes and comparisons.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { compareStrings } from '../src/local/order.ts'
import { LocalService, create, doc } from './support/local-service.ts'
import './support/leaks.ts'

const seed = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }

test('strings are in dictionary order, not in the order of code points', () => {
  const words = ['Zebra', 'zebra', 'äpfel', 'apple', 'Apple', 'banana', '10', '9', '']
  assert.deepEqual(words.sort(compareStrings), ['', '10', '9', 'äpfel', 'apple', 'Apple', 'banana', 'zebra', 'Zebra'])
})

test('strings that the collation takes for equal are in the order of their UTF-8 bytes', () => {
  assert.ok(compareStrings('a', 'a\u0000') < 0)
  assert.ok(compareStrings('e\u0301', '\u00e9') < 0)
  // Control characters and private use within surrogate reach: U+FFF9 is one unit, U+E0001 two.
  assert.equal(
    Math.sign(compareStrings('\ufff9', '\u{e0001}')),
    Math.sign(Buffer.compare(Buffer.from('\ufff9'), Buffer.from('\u{e0001}'))),
  )
})

test('only the same string is equal, and the order is total', () => {
  const text = fc.string({ unit: 'binary', maxLength: 4 })
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      assert.equal(compareStrings(a, b) === 0, a === b)
      assert.equal(Math.sign(compareStrings(a, b)), -Math.sign(compareStrings(b, a)) + 0)
      if (compareStrings(a, b) <= 0 && compareStrings(b, c) <= 0) assert.ok(compareStrings(a, c) <= 0)
    }),
    seed,
  )
})

const negativeZero = { multiply: [{ to_double: 0 }, -1] }
const a = { documents: { collection: 'a' } }
const b = { documents: { collection: 'b' } }
const byIndex = { match: { index: 'all' } }
const got = (collection: string, id: number): object => ({ get: doc(collection, id) })
const event = (collection: string): object => ({
  select: ['data', 0],
  from: { paginate: doc(collection, 1), events: true },
})
const lambda = fn('x', 1)

function fn(parameters: string | string[], expr: unknown): object {
  return { query: { lambda: parameters, expr } }
}

/** Pairs of which the first is before the second (ext/codex CBOROrdering.scala over the IR values of FN/../Expression.scala). */
const pairs: readonly (readonly [object | number | string, object | number | string])[] = [
  [negativeZero, 0],
  [negativeZero, { to_double: 0 }],
  [-1, negativeZero],
  // Sets are objects with the key @set, and what they are made of.
  [a, b],
  [a, byIndex],
  [{ events: a }, { events: b }],
  [{ object: { '@a': 1 } }, a],
  [{ union: [a, b] }, { union: [b, a] }],
  // Versions are compared by their collections, their data and only then by their refs.
  [got('a', 1), got('b', 1)],
  [got('a', 2), got('a', 1)],
  [got('b', 1), { object: { d: 1 } }],
  // Events have an action, a resource and a time, but no data.
  [event('a'), event('b')],
  // The keys of objects are in the order of code units (ext/storage IndexTerm.scala:41), and compared as strings are.
  [{ object: { a: 1 } }, { object: { B: 1, a: 0 } }],
  // Refs are ten bytes (ext/atoms DocID.scala:71), of whatever database.
  [doc('a', 1), doc('a', -1)],
  [doc('a', -2), doc('a', -1)],
  [doc('b', 1), doc('a', 2)],
  // Functions are compared as they are written (ext/storage IRValue.scala:118): parameters first, then the body.
  [fn('x', 9), fn('y', 1)],
  [fn('x', 1), fn(['x'], 0)],
  [fn('x', { concat: ['a'] }), fn('x', { var: 'x' })],
  [fn('x', { add: [{ var: 'x' }, 1] }), fn('x', { add: [{ var: 'x' }, 2] })],
  [fn('x', 1), { '@query': { lambda: 'a', expr: 1 } }],
  // A time that is not known yet is behind lambdas.
  [lambda, { select: 'ts', from: { create: { collection: 'a' } } }],
  [{ select: 'ts', from: { create: { collection: 'a' } } }, { '@uuid': '00000000-0000-0000-0000-000000000000' }],
]

test('what is no scalar has its place in the order of values too', () => {
  const service = new LocalService()
  for (const name of ['a', 'b']) service.ask({ create_collection: { object: { name } } })
  service.ask({ create_index: { object: { name: 'all', source: { collection: 'a' } } } })
  service.ask({ do: [create('a', 1, { n: 2 }), create('a', 2, { n: 1 }), create('b', 1, { n: 0 })] })
  for (const [below, above] of pairs) {
    const [isBelow, isAbove] = service.ask([{ lt: [below, above] }, { lt: [above, below] }]) as boolean[]
    assert.deepEqual([isBelow, isAbove], [true, false], JSON.stringify([below, above]))
  }
})

test('what no index could hold is not compared, wherever it is in a value', () => {
  // MODEL/ast/Expression.scala: the exception of UnresolvedRefL, and the last case of SetL.
  const service = new LocalService()
  service.ask({ create_collection: { object: { name: 'a' } } })
  const nested = [{ ref: { collection: 'nope' }, id: '7' }]
  const told = "Unresolved ref 'InstanceRef(Right(SubID(7)),CollectionRef(nope,None))' cannot be encoded"
  for (const query of [{ lt: [1, nested] }, { gte: { object: { x: { index: 'i' } } } }, { max: [nested, 1] }]) {
    const { status, text } = service.send(query)
    assert.equal(status, 500)
    assert.match(text, /fauna\.ast\.UnresolvedRefL\$IRException: Unresolved ref '.*' cannot be encoded Please/)
  }
  assert.ok(service.send({ lt: [1, nested] }).text.includes(told))
  assert.match(service.send({ lt: [1, { singleton: doc('a', 1) }] }).text, /java\.lang\.IllegalStateException/)
  assert.deepEqual(service.ask({ min: [{ object: { a } }] }), {
    a: { '@set': { documents: service.ask({ collection: 'a' }) } },
  })
})

test('sets are equal when they are made of the same', () => {
  // IndexTerm and the EventSets are case classes: a double is no integer there, and a list of terms no list in a term.
  const service = new LocalService()
  service.ask({ create_collection: { object: { name: 'a' } } })
  const terms = [{ object: { field: ['data', 'n'] } }]
  service.ask({ create_index: { object: { name: 'by', source: { collection: 'a' }, terms } } })
  const by = (value: unknown): object => ({ match: { index: 'by' }, terms: value })
  const equal = (one: object, other: object): unknown => service.ask({ equals: [one, other] })
  assert.equal(equal(by(1), by([1])), true)
  assert.equal(equal(by(1), by({ to_double: 1 })), false)
  assert.equal(equal(by([1, 2]), by([[1, 2]])), false)
  assert.equal(equal({ union: [by(1), by(2)] }, { union: [by(1), by(2)] }), true)
  assert.equal(equal({ union: [by(1), by(2)] }, { union: [by(2), by(1)] }), false)
  assert.equal(equal({ distinct: by(1) }, { reverse: by(1) }), false)
  const range = (to: number): object => ({ range: by(1), from: doc('a', 1), to: doc('a', to) })
  assert.deepEqual([equal(range(2), range(2)), equal(range(2), range(3))], [true, false])
})

test('what nothing has the name of is not compared', () => {
  // FN/ComparisonFunctions.scala:25
  const { body } = new LocalService().send([{ gte: [1, { collection: 'nope' }, { index: 'none' }] }])
  const position = [0, 'gte']
  assert.deepEqual(body['errors'], [
    { position, code: 'invalid ref', description: "Ref refers to undefined collection 'nope'" },
    { position, code: 'invalid ref', description: "Ref refers to undefined index 'none'" },
  ])
})
