/** JSON text is parsed with integers exact, and otherwise as JSON.parse does. */
import * as fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProtocolError } from '../src/errors.ts'
import { encode, parseExact } from '../src/values/index.ts'
import './support/leaks.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)

const numbers: readonly (readonly [string, unknown])[] = [
  ['9007199254740991', 9007199254740991],
  ['-9007199254740991', -9007199254740991],
  ['9007199254740992', 9007199254740992n],
  ['9007199254740993', 9007199254740993n],
  ['-9007199254740993', -9007199254740993n],
  ['9223372036854775807', 9223372036854775807n],
  ['-9223372036854775808', -9223372036854775808n],
  ['1795461143150000', 1795461143150000],
  ['12345678901234567890.0', Number('12345678901234567890.0')],
  ['9007199254740993.5', Number('9007199254740993.5')],
  ['0.12345678901234567', Number('0.12345678901234567')],
  ['1.7976931348623157E308', Number.MAX_VALUE],
  ['12345678901234567e2', Number('12345678901234567e2')],
  ['12345678901234567E-2', 123456789012345.67],
  ['4.9E-324', 5e-324],
  ['-0', -0],
]

for (const [text, value] of numbers) {
  test(`${text} is ${typeof value === 'bigint' ? 'a bigint' : 'a number'}, wherever it stands`, () => {
    assert.deepEqual(parseExact(text), value)
    assert.deepEqual(parseExact(`[${text},${text} , ${text}]`), [value, value, value])
    assert.deepEqual(parseExact(`{"a":${text},"b":\n${text}}`), { a: value, b: value })
    // With a bigint beside it, which sends the text down the careful path.
    assert.deepEqual(parseExact(`[12345678901234567890,${text}]`), [12345678901234567890n, value])
  })
}

const strings = [
  '12345678901234567890',
  ':12345678901234567890,',
  '\\"12345678901234567',
  '\\\\',
  '\\u0000',
  '\\u00005',
  '\\u0000\\u00007',
]

for (const text of strings) {
  test(`the string "${text}" stays a string, as value and as key`, () => {
    const expected: unknown = JSON.parse(`"${text}"`)
    assert.deepEqual(parseExact(`["${text}",12345678901234567]`), [expected, 12345678901234567n])
    const object = parseExact(`{"${text}" : 12345678901234567}`) as object
    assert.deepEqual(Object.entries(object), [[expected, 12345678901234567n]])
  })
}

test('text that is no JSON is refused with the message of JSON.parse', () => {
  for (const text of [
    '',
    '[012345678901234567890]',
    '12345678901234567.',
    '"a 12345678901234567',
    '12345678901234567 1',
  ]) {
    assert.throws(() => parseExact(text), SyntaxError)
    assert.throws(() => parseExact(text), { message: readError(() => JSON.parse(text)) })
  }
})

test('__proto__ stays an own key on the careful path too', () => {
  const object = parseExact('{"__proto__":{"a":12345678901234567}}') as object
  assert.equal(Object.getPrototypeOf(object), Object.prototype)
  assert.equal(encode(object), '{"__proto__":{"a":12345678901234567}}')
})

test('a bigint below too many levels is a ProtocolError, not a stack overflow', () => {
  assert.throws(() => parseExact('['.repeat(100_000) + '12345678901234567' + ']'.repeat(100_000)), ProtocolError)
})

test(`whatever is encoded is parsed back the same (SEED=${seed})`, () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  const near = fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }).chain(n => fc.constantFrom(n, -n))
  const digits = fc.stringMatching(/^[\\":,[\] 0-9]{0,30}$/)
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    digits,
    fc.string().map(s => `\0${s}`),
  )
  const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map(n => (Object.is(n, -0) ? 0 : n))
  const { tree } = fc.letrec(tie => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      text,
      number,
      int64,
      near,
      fc.boolean(),
      fc.constant(null),
      tie('array'),
      tie('object'),
    ),
    array: fc.array(tie('tree'), { maxLength: 5 }),
    object: fc.dictionary(text, tie('tree'), { maxKeys: 5, noNullPrototype: true }),
  }))
  fc.assert(
    fc.property(tree, fc.boolean(), (value, isSpaced) => {
      const compact = encode(value)
      const spaced = isSpaced
        ? compact.replace(/("(?:[^"\\]|\\.)*")|([,:[\]{}])/g, (_, s, p) => s ?? ` ${p}\n`)
        : compact
      assert.deepEqual(parseExact(spaced), toReference(value))
    }),
    { seed, numRuns: 500 },
  )
})

/** A tree as it comes back: bigints that a number can hold are numbers then. */
function toReference(value: unknown): unknown {
  if (typeof value === 'bigint') return toInteger(value)
  if (Array.isArray(value)) return value.map(toReference)
  if (typeof value !== 'object' || value === null) return value
  const copy = {}
  for (const [key, field] of Object.entries(value)) {
    Object.defineProperty(copy, key, {
      value: toReference(field),
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  return copy
}

function toInteger(n: bigint): number | bigint {
  return Number.isSafeInteger(Number(n)) ? Number(n) : n
}

function readError(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}
