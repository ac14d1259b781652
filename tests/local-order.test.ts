// The order of strings in indexes and comparisons.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { compareStrings } from '../src/local/order.ts'
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
