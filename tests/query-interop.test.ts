/**
 * Expressions and values work in the official driver's expressions, and its work in ours. A mark that is missing shows
 * nowhere but in what is sent, so that is what is compared.
 */
import faunadb from 'faunadb'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { q, toWire } from '../src/query/index.ts'
import { Bytes, FaunaDate, FaunaTime, Query, Ref, SetRef } from '../src/values/index.ts'
import './support/leaks.ts'

const fq = faunadb.query
const fv = faunadb.values

const ref = new Ref('7', new Ref('orders', Ref.native('collections')))
const theirRef = new fv.Ref('7', new fv.Ref('orders', fv.Native.COLLECTIONS))
const refWire = '{"@ref":{"id":"7","collection":{"@ref":{"id":"orders","collection":{"@ref":{"id":"collections"}}}}}}'
const setWire = { match: { '@ref': { id: 'by_n', collection: { '@ref': { id: 'indexes' } } } } }
const lambdaWire = { lambda: 'x', expr: { var: 'x' } }

/** A value of ours, the official one, and the wire form of both. */
const pairs: readonly (readonly [object, object, string])[] = [
  [ref, theirRef, refWire],
  [new SetRef(setWire), new fv.SetRef(setWire as never), `{"@set":${JSON.stringify(setWire)}}`],
  [
    new FaunaTime('2024-05-01T12:00:00.123456789Z'),
    new fv.FaunaTime('2024-05-01T12:00:00.123456789Z'),
    '{"@ts":"2024-05-01T12:00:00.123456789Z"}',
  ],
  [new FaunaDate('2024-05-01'), new fv.FaunaDate('2024-05-01'), '{"@date":"2024-05-01"}'],
  [new Bytes('AQID'), new fv.Bytes('AQID'), '{"@bytes":"AQID"}'],
  [new Query(lambdaWire), new fv.Query(lambdaWire), `{"@query":${JSON.stringify(lambdaWire)}}`],
  [q.Add(1, q.Var('x')), fq.Add(1, fq.Var('x')), '{"add":[1,{"var":"x"}]}'],
]

for (const [mine, theirs, wire] of pairs) {
  test(`${mine} stands in expressions of the official driver`, () => {
    assert.equal(JSON.stringify(fq.Get(mine)), `{"get":${wire}}`)
    assert.equal(JSON.stringify(fq.Do(1, [mine])), `{"do":[1,[${wire}]]}`)
    const created = fq.Create(fq.Collection('a'), { data: { deep: [mine], when: mine } })
    const data = `{"object":{"data":{"object":{"deep":[${wire}],"when":${wire}}}}}`
    assert.equal(JSON.stringify(created), `{"create":{"collection":"a"},"params":${data}}`)
    assert.equal(JSON.stringify((fq as unknown as { wrap(value: unknown): unknown }).wrap(mine)), wire)
  })

  test(`${theirs} of the official driver stands in our expressions`, () => {
    assert.equal(toWire(theirs), wire)
    assert.equal(toWire(q.Get(theirs)), `{"get":${wire}}`)
    const created = q.Create(q.Collection('a'), { data: { deep: [theirs], when: theirs } })
    const data = `{"object":{"data":{"object":{"deep":[${wire}],"when":${wire}}}}}`
    assert.equal(toWire(created), `{"create":{"collection":"a"},"params":${data}}`)
  })

  test(`${mine} goes through both packages and back`, () => {
    assert.equal(toWire(q.Get(fq.Do(mine, q.Not(theirs)))), `{"get":{"do":[${wire},{"not":${wire}}]}}`)
    assert.equal(JSON.stringify(fq.Get(q.Do(theirs, fq.Not(mine)))), `{"get":{"do":[${wire},{"not":${wire}}]}}`)
  })

  test(`${mine} is printed by the official driver's toFQL`, () => {
    const { toString } = faunadb.Expr as unknown as { toString(expr: unknown): string }
    assert.match(toString(fq.Get(mine)), /^Get\(.+\)$/)
    assert.doesNotMatch(toString(fq.Get(mine)), /undefined|\[object/)
    assert.match(String(q.Get(theirs)), /^Get\(.+\)$/)
    assert.doesNotMatch(String(q.Get(theirs)), /undefined|\[object/)
  })
}

test('refs of both packages are equal to each other', () => {
  assert.ok(ref.equals(theirRef))
  // Its types leave the method out.
  assert.ok((theirRef as unknown as Ref).equals(ref))
  assert.ok(!ref.equals(new fv.Ref('8', theirRef.collection)))
})

test('functions in our expressions may use the official builders, and the other way round', () => {
  const wire = '{"map":{"lambda":"x","expr":{"get":{"var":"x"}}},"collection":[1]}'
  assert.equal(toWire(q.Map([1], x => fq.Get(x))), wire)
  assert.equal(JSON.stringify(fq.Map([1], x => q.Get(x) as never)), wire)
})

test('whatever has a toJSON is taken for wire JSON', () => {
  assert.equal(toWire({ toJSON: () => ({ now: null }) }), '{"now":null}')
  assert.equal(toWire(q.ToString({ toJSON: () => ({ now: null }) })), '{"to_string":{"now":null}}')
})

test('plain data is a literal', () => {
  assert.equal(toWire({ a: [{ b: 1 }], c: null }), '{"object":{"a":[{"object":{"b":1}}],"c":null}}')
  assert.equal(toWire('x'), '"x"')
})

/** What the official driver exports beside the functions of the language; docs/migration.md says what to take instead. */
const helpers = ['arity', 'wrap']

type Make = (...args: unknown[]) => unknown
const theirs = fq as unknown as Readonly<Record<string, Make>>
const ours = q as unknown as Readonly<Record<string, Make>>

/** Arguments of every number and kind; each function is called with those lists that the official one takes. */
const plain: readonly (readonly unknown[])[] = [
  [],
  [1],
  [null],
  [{ a: 1 }],
  [[1, 2]],
  [[1]],
  ['a', { b: 1 }],
  ['a', null],
  ['a', [1]],
  ['a', 1, [2]],
  ['a', 'b', null],
  ['a', 1, [2], { b: 1 }],
  ['a', 1, [2], null],
  [1, 2, 3, 4, 5, 6],
]

/** Functions that take something else. */
const particular: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  Let: [
    [{ a: 1, b: fq.Now() }, 2],
    [[{ a: 1 }, { a: 2 }], fq.Var('a')],
    [{ a: 1 }, (a: object) => [a]],
    [{}, 1],
  ],
  Lambda: [['x', fq.Var('x')], [['x', 'y'], 1], [(x: object) => [x]], [(x: object, y: object) => ({ x, y })]],
  Object: [[{ a: 1, b: undefined, c: { d: [{}] } }], [{}]],
  Paginate: [
    ['a'],
    ['a', {}],
    ['a', { size: 1, after: ['a'], ts: 1, events: true, sources: false }],
    ['a', { before: null }],
  ],
  Bytes: [['AQID'], [Uint8Array.of(1, 2)], [new ArrayBuffer(2)]],
}

/** How many arguments a function of ours takes, where the official one does not mind more. */
const lenient: Readonly<Record<string, number>> = { Concat: 2, Casefold: 2, Round: 2, Trunc: 2, Hypot: 2, Pow: 2 }

function write(make: Make | undefined, args: readonly unknown[]): string | undefined {
  try {
    return JSON.stringify(make?.(...args))
  } catch {
    return undefined
  }
}

for (const name of Object.keys(theirs).filter(key => !helpers.includes(key))) {
  test(`${name} makes what the official driver makes, whatever the arguments`, () => {
    const lists = (particular[name] ?? plain).filter(args => args.length <= (lenient[name] ?? Infinity))
    const taken = lists.filter(args => write(theirs[name], args) !== undefined)
    assert.ok(taken.length > 0, 'no list of arguments is taken')
    for (const args of taken) assert.equal(write(ours[name], args), write(theirs[name], args), JSON.stringify(args))
  })
}
