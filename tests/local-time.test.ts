// Times and dates of the embedded server, against every one recorded from the real server.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { formatDate, formatTime, parseDate, parseTime } from '../src/local/time.ts'
import { LocalService } from './support/local-service.ts'
import './support/leaks.ts'

const seed = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }
type Case = { request?: Record<string, unknown>; status: number; body: string }
const cases = ['literals', 'time'].flatMap(
  family =>
    (JSON.parse(readFileSync(new URL(`transcripts/fql/${family}.json`, import.meta.url), 'utf8')) as { cases: Case[] })
      .cases,
)

/** The recorded literals and function calls of one kind, with the text of the answer, undefined for a refusal. */
function* listRecorded(kind: 'ts' | 'date'): Generator<[given: string, answer: string | undefined]> {
  const [escape, call] = kind === 'ts' ? ['@ts', 'time'] : ['@date', 'date']
  for (const { request, status, body } of cases) {
    const keys = Object.keys(request ?? {})
    const given = request?.[escape] ?? request?.[call]
    if (keys.length !== 1 || typeof given !== 'string' || given === 'now') continue
    const resource = status === 200 ? (JSON.parse(body) as { resource: Record<string, string> }).resource : undefined
    // The function trims what it is given, the literal does not.
    yield [keys[0] === call ? given.trim() : given, resource?.[escape]]
  }
}

test('every recorded time is read and written alike, or refused alike', () => {
  let count = 0
  for (const [given, answer] of listRecorded('ts')) {
    const time = parseTime(given)
    assert.equal(time === undefined ? undefined : formatTime(time), answer, given)
    count += 1
  }
  assert.ok(count > 80, `${count} times`)
})

test('every recorded date is read and written alike, or refused alike', () => {
  let count = 0
  for (const [given, answer] of listRecorded('date')) {
    const date = parseDate(given)
    assert.equal(date === undefined ? undefined : formatDate(date), answer, given)
    count += 1
  }
  assert.ok(count > 40, `${count} dates`)
})

test('times are nanoseconds since 1970, exactly, on either side of it', () => {
  assert.equal(parseTime('1970-01-01T00:00:00Z'), 0n)
  assert.equal(parseTime('1969-12-31T23:59:59.999999999Z'), -1n)
  assert.equal(parseTime('2024-05-01T12:00:00.123456789Z'), 1714564800123456789n)
  assert.equal(parseTime('2024-05-01T12:00:00.5+01:30:30'), 1714559370500000000n)
  assert.equal(formatTime(-1n), '1969-12-31T23:59:59.999999999Z')
  assert.equal(formatTime(-(2n ** 63n) * 1000n), '-290308-12-21T19:59:05.224192Z')
  for (const bad of [
    '2020-01-01T00:00:00+18:00:01',
    '2020-01-01T00:00:00+01:60',
    '-0000-01-01T00:00:00Z',
    '2020-01-01T24:00:00.1Z',
  ]) {
    assert.equal(parseTime(bad), undefined, bad)
  }
  assert.equal(parseTime('2020-01-01T00:00:00-18:00'), parseTime('2020-01-01T18:00Z'))
})

test('any time reads back as itself, and agrees with Date where that reaches', () => {
  const nanoseconds = fc.bigInt({
    min: -999_990_000n * 31556952n * 10n ** 9n,
    max: 999_990_000n * 31556952n * 10n ** 9n,
  })
  fc.assert(
    fc.property(nanoseconds, value => {
      assert.equal(parseTime(formatTime(value)), value)
    }),
    seed,
  )
  const milliseconds = fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(milliseconds, date => {
      const text = formatTime(BigInt(date.getTime()) * 1_000_000n)
      assert.equal(text, date.toISOString().replace('.000Z', 'Z'))
    }),
    seed,
  )
})

test('any date reads back as itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: -365_000_000_000, max: 365_000_000_000 }), days => {
      assert.equal(parseDate(formatDate(days)), days)
    }),
    seed,
  )
  assert.equal(parseDate('1970-01-01'), 0)
  assert.equal(parseDate('2000-03-01'), 11_017)
})

test('an offset may stand there in both of its forms, if they are the same', () => {
  // The real server's format has two optional parts (ext/lang/src/main/scala/Timestamp.scala:46).
  assert.equal(parseTime('1970-01-01T01:00:00+01:00+0100'), 0n)
  assert.equal(parseTime('1970-01-01T00:00:00Z+0000'), 0n)
  assert.equal(parseTime('1970-01-01T01:00:00+01:00+0200'), undefined)
  assert.equal(parseTime('1970-01-01T01:00:00+0100+01:00'), undefined)
  assert.equal(parseTime('1970-01-01T00:00:00'), undefined)
  assert.equal(parseTime('+999999999-12-31T24:00:00Z'), undefined)
})

const late = { epoch: 525_948_164_406_719, unit: 'minute' }
const far = { epoch: 10_000_000_000_000_000, unit: 'second' }
const start = { epoch: 0, unit: 'second' }
const from = { '@ts': '2020-02-29T12:34:56.789123456Z' }
const to = { '@ts': '1969-12-31T23:59:59.999999999Z' }
const between = (a: object, b: object, unit: string): object => ({ time_diff: a, other: b, unit })
const noDay = 'java.time.DateTimeException: Invalid value for EpochDay (valid values -365243219162 - 365241780471):'

/** Queries about times, and what they give: a number, a text, or the beginning of an error. */
const answers: readonly (readonly [query: object, answer: string])[] = [
  // Java's Instant.until rounds either side down to whole milliseconds, and counts below them in nanoseconds.
  [between(from, to, 'millisecond'), '-1582979696790'],
  [between(to, from, 'milliseconds'), '1582979696790'],
  [between(to, from, 'second'), '1582979696'],
  [between(from, to, 'microsecond'), '-1582979696789123'],
  [between(start, far, 'second'), '10000000000000000'],
  [between(start, far, 'nanosecond'), 'java.lang.ArithmeticException: long overflow'],
  [
    between(start, { epoch: 9_223_372_037, unit: 'second' }, 'microsecond'),
    'java.lang.ArithmeticException: long overflow',
  ],
  // Instant.nanosUntil counts whole seconds first: they may be too many where all together is not.
  [
    between({ '@ts': '1970-01-01T00:00:00Z' }, { '@ts': '1677-09-21T00:12:43.145224192Z' }, 'nanosecond'),
    'java.lang.ArithmeticException: long overflow',
  ],
  [between(start, far, 'millisecond'), 'java.lang.ArithmeticException: long overflow'],
  // FN/TimeFunctions.scala:105-107 and Timestamp.scala: microseconds wrap around, milliseconds throw.
  [{ to_micros: late }, '-5489245713902814976'],
  [{ to_millis: late }, 'java.lang.ArithmeticException: long overflow'],
  [{ to_seconds: late }, '31556889864403140'],
  [{ year: late }, `${noDay} 365241780837`],
  [{ to_date: late }, `${noDay} 365241780837`],
  // ext/lang/src/main/scala/MidstUnit.scala:63: units are trimmed, and told as they were given.
  [{ to_seconds: { epoch: 2, unit: ' day\n' } }, '172800'],
  [{ epoch: 1, unit: '\u00a0day' }, 'Time Unit expected, String provided.'],
  [{ time_add: { '@date': '2020-01-01' }, offset: 1, unit: ' hour ' }, "Invalid time unit ' hour '."],
  [{ to_seconds: { time: '\u00011970-01-01T00:00:00Z ' } }, '0'],
  [{ time: '\u00a01970-01-01T00:00:00Z' }, "Cannot cast '\u00a01970-01-01T00:00:00Z' to a time."],
]

test('times are counted as Java counts them, with what it throws', () => {
  const service = new LocalService()
  for (const [query, answer] of answers) {
    const { text, body } = service.send(query)
    const [error] = (body['errors'] ?? []) as { description: string }[]
    const shown = error?.description ?? /-?\d+/.exec(text)?.[0]
    assert.ok(shown?.startsWith(answer), `${text}, not ${answer}`)
  }
})
