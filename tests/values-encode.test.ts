/** The serializer writes wire JSON, or says plainly what cannot be written and where. */
import * as fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OptionError } from '../src/errors.ts'
import { encode, maxDepth, Ref } from '../src/values/index.ts'
import './support/leaks.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)

test('bigints are printed as integers, of any size', () => {
  assert.equal(encode({ a: [-9223372036854775808n, 1n] }), '{"a":[-9223372036854775808,1]}')
})

test('a whole number that bigint should have held is printed as the double that it is', () => {
  assert.equal(
    encode([2 ** 53, -(2 ** 60), 1e21, 2 ** 53 - 1]),
    '[9007199254740992.0,-1152921504606847000.0,1e+21,9007199254740991]',
  )
})

test('a Date is a time and bytes are bytes', () => {
  const date = new Date('2024-05-01T12:00:00.120Z')
  assert.equal(encode({ date }), '{"date":{"@ts":"2024-05-01T12:00:00.120Z"}}')
  assert.equal(encode(Uint8Array.of(1, 2, 3)), '{"@bytes":"AQID"}')
  assert.equal(encode(Buffer.from([9, 1, 2, 3]).subarray(1)), '{"@bytes":"AQID"}')
  assert.equal(encode(Uint8Array.of(1, 2, 3).buffer), '{"@bytes":"AQID"}')
})

test('keys without a value are left out', () => {
  assert.equal(encode({ a: undefined, b: null }), '{"b":null}')
})

test('the same object twice is no cycle', () => {
  const ref = Ref.native('collections')
  const shared = { x: 1 }
  assert.equal(
    encode([ref, ref, shared, shared]),
    '[{"@ref":{"id":"collections"}},{"@ref":{"id":"collections"}},{"x":1},{"x":1}]',
  )
})

const cycle: { self?: unknown } = {}
cycle.self = [cycle]

const endless: object = { toJSON: () => ({ again: { ...endless } }) }

const refused: readonly (readonly [string, unknown, string, RegExp])[] = [
  ['NaN', { a: { b: [1, Number.NaN] } }, 'expr.a.b[1]', /NaN has no form in FQL/],
  ['an infinity', [Number.NEGATIVE_INFINITY], 'expr[0]', /-Infinity has no form/],
  ['a function', { 'a b': () => 1 }, 'expr["a b"]', /function cannot be sent/],
  ['a symbol', { a: Symbol('s') }, 'expr.a', /symbol cannot be sent/],
  ['undefined in an array', [1, undefined], 'expr[1]', /is undefined/],
  ['a hole in an array', Object.assign([1], { 2: 2 }), 'expr[1]', /is undefined/],
  ['undefined alone', undefined, 'expr', /is undefined/],
  ['a cycle', { a: cycle }, 'expr.a.self[0]', /contains itself/],
  ['an invalid Date', { at: new Date(Number.NaN) }, 'expr.at', /invalid Date/],
  ['a Map, which would be written as {}', { m: new Map([[1, 2]]) }, 'expr.m', /Map\] cannot be sent/],
]

for (const [name, value, option, message] of refused) {
  test(`${name} is an OptionError that names the path`, () => {
    assert.throws(
      () => encode(value, 'expr'),
      (error: unknown) => error instanceof OptionError && error.option === option && message.test(error.message),
    )
  })
}

test('a toJSON that never ends is stopped at the depth limit', () => {
  assert.throws(() => encode(endless), /nested deeper than/)
})

test('nesting is written up to the limit and refused past it, with a short message', () => {
  const nest = (times: number) => JSON.parse('['.repeat(times) + ']'.repeat(times)) as unknown
  assert.equal(encode(nest(maxDepth)).length, 2 * maxDepth)
  assert.throws(
    () => encode(nest(maxDepth + 1)),
    (error: unknown) => error instanceof OptionError && error.message.length < 200,
  )
})

test(`JSON is written so that it reads as what JSON.stringify writes (SEED=${seed})`, () => {
  fc.assert(
    fc.property(fc.jsonValue(), json => {
      assert.deepEqual(JSON.parse(encode(json)), JSON.parse(JSON.stringify(json)))
    }),
    { seed, numRuns: 300 },
  )
})
