/** Each value by itself: what it is made from, what it says, and what it refuses. */
import * as fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { OptionError } from '../src/errors.ts'
import { Bytes, encode, FaunaDate, FaunaTime, Query, Ref, SetRef, Uuid } from '../src/values/index.ts'
import './support/leaks.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const orders = new Ref('orders', Ref.native('collections'))
const shop = new Ref('shop', Ref.native('databases'))

const printed: readonly (readonly [unknown, string])[] = [
  [Ref.native('collections'), 'Collections()'],
  [new Ref('indexes', undefined, shop), 'Indexes(Database("shop"))'],
  [orders, 'Collection("orders")'],
  [new Ref('orders', Ref.native('collections'), shop), 'Collection("orders", Database("shop"))'],
  [new Ref('7', orders), 'Ref(Collection("orders"), "7")'],
  [new Ref('7', Ref.native('keys')), 'Ref(Keys(), "7")'],
  [new FaunaTime('2024-05-01T12:00:00.5Z'), 'Time("2024-05-01T12:00:00.5Z")'],
  [new FaunaDate('2024-05-01'), 'Date("2024-05-01")'],
  [new Bytes('AQID'), 'Bytes("AQID")'],
  [new SetRef({ documents: orders }), `SetRef({"documents":${encode(orders)}})`],
  [new Query({ lambda: 'x', expr: { var: 'x' } }), 'Query({"lambda":"x","expr":{"var":"x"}})'],
  [new Uuid('123e4567-e89b-12d3-a456-426614174000'), 'Uuid("123e4567-e89b-12d3-a456-426614174000")'],
]

for (const [value, text] of printed) {
  test(`${text} is what inspect and String show`, () => {
    assert.equal(inspect(value), text)
    assert.equal(inspect({ value }, { breakLength: Infinity }), `{ value: ${text} }`)
    assert.equal(String(value), text)
  })

  test(`${text} cannot be changed, and equals its like alone`, () => {
    assert.ok(Object.isFrozen(value))
    for (const [other] of printed) {
      assert.equal((value as Ref).equals(other), other === value)
    }
    assert.ok(!(value as Ref).equals(null))
  })
}

test('refs are equal by what they name, however they were made', () => {
  assert.ok(new Ref('7', orders).equals(new Ref('7', new Ref('orders', new Ref('collections')))))
  assert.ok(!new Ref('7', orders).equals(new Ref('7', Ref.native('keys'))))
  assert.ok(!new Ref('7', orders).equals(new Ref('7', orders, shop)))
  assert.ok(!new Ref('7').equals(new Ref('7', orders)))
})

test('deepEqual tells values apart, since what they hold stands on them', () => {
  assert.notDeepEqual(new Ref('1', orders), new Ref('2', orders))
  assert.notDeepEqual(new FaunaTime('2024-05-01T12:00:00Z'), new FaunaTime('2024-05-01T12:00:01Z'))
  assert.notDeepEqual(new Bytes('AQID'), new Bytes('AQIE'))
})

const times: readonly (readonly [string, bigint, number | bigint, string])[] = [
  ['1970-01-01T00:00:00Z', 0n, 0, '1970-01-01T00:00:00.000Z'],
  ['2024-05-01T12:00:00.123456789Z', 1714564800123456789n, 1714564800123456, '2024-05-01T12:00:00.123Z'],
  ['1969-12-31T23:59:59.999999999Z', -1n, -1, '1969-12-31T23:59:59.999Z'],
  ['2000-02-29T00:00Z', 951782400000000000n, 951782400000000, '2000-02-29T00:00:00.000Z'],
  ['0050-01-01T00:00:00Z', -60589296000000000000n, -60589296000000000n, '0050-01-01T00:00:00.000Z'],
  ['+10000-01-01T00:00:00Z', 253402300800000000000n, 253402300800000000n, '+010000-01-01T00:00:00.000Z'],
]

for (const [text, nanos, micros, iso] of times) {
  test(`${text} keeps its nanoseconds and counts them exactly`, () => {
    const time = new FaunaTime(text)
    assert.equal(time.value, text)
    assert.equal(time.epochNanos, nanos)
    assert.equal(time.epochMicros, micros)
    assert.equal(time.toDate().toISOString(), iso)
    assert.ok(FaunaTime.fromEpochNanos(nanos).equals(time))
  })
}

test('a time beyond the years of a Date still counts, and has an invalid Date', () => {
  const time = new FaunaTime('+1000000000-12-31T23:59:59.999999999Z')
  assert.equal(time.epochNanos, 31556889864403199999999999n)
  assert.ok(Number.isNaN(time.toDate().getTime()))
  assert.throws(() => FaunaTime.fromEpochNanos(time.epochNanos), OptionError)
})

test('a time is equal to another spelling of itself', () => {
  assert.ok(new FaunaTime('2024-05-01T12:00:00.5Z').equals(new FaunaTime('2024-05-01T12:00:00.500Z')))
})

test('microseconds of a transaction become a time and come back', () => {
  const time = FaunaTime.fromEpochMicros(1795461143150001)
  assert.equal(time.value, '2026-11-23T19:12:23.150001Z')
  assert.equal(time.epochMicros, 1795461143150001)
  assert.throws(() => FaunaTime.fromEpochMicros(1.5), OptionError)
})

test(`times agree with Date for every millisecond it knows (SEED=${seed})`, () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), date => {
      const time = new FaunaTime(date)
      assert.equal(time.toDate().getTime(), date.getTime())
      assert.equal(time.epochNanos, BigInt(date.getTime()) * 1_000_000n)
      assert.ok(FaunaTime.fromEpochNanos(time.epochNanos).equals(time))
      assert.equal(new FaunaDate(date).toDate().getTime(), Math.floor(date.getTime() / 86_400_000) * 86_400_000)
    }),
    { seed, numRuns: 500 },
  )
})

test('bytes are copied in and out', () => {
  const source = Uint8Array.of(1, 2, 3)
  const bytes = new Bytes(source)
  source[0] = 9
  bytes.toUint8Array()[1] = 9
  assert.deepEqual(bytes.value, Uint8Array.of(1, 2, 3))
  assert.ok(bytes.equals(new Bytes(Uint8Array.of(1, 2, 3).buffer)))
  assert.deepEqual(new Bytes('').value, new Uint8Array())
})

const refused: readonly (readonly [string, () => unknown])[] = [
  ['a ref with a numeric id', () => new Ref(7 as never, orders)],
  ['a time without a zone', () => new FaunaTime('2024-05-01T12:00:00')],
  ['a time with an offset', () => new FaunaTime('2024-05-01T12:00:00+01:00')],
  ['a time of ten fraction digits', () => new FaunaTime('2024-05-01T12:00:00.1234567890Z')],
  ['a time on February 30', () => new FaunaTime('2024-02-30T12:00:00Z')],
  ['a time at hour 24', () => new FaunaTime('2024-02-20T24:00:00Z')],
  ['a time of an invalid Date', () => new FaunaTime(new Date(Number.NaN))],
  ['a time of a number', () => new FaunaTime(5 as never)],
  ['a date on February 29 of 1900', () => new FaunaDate('1900-02-29')],
  ['a date with a time', () => new FaunaDate('2024-05-01T00:00:00Z')],
  ['a date in month 13', () => new FaunaDate('2024-13-01')],
  ['bytes of bad base64', () => new Bytes('A')],
  ['bytes of a number', () => new Bytes(5 as never)],
]

for (const [name, make] of refused) {
  test(`${name} is an OptionError`, () => assert.throws(make, OptionError))
}
