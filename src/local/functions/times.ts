/** Times and days. */
import type { Call, Evaluate } from '../call.ts'
import { castTemporal } from '../casts.ts'
import { failure, serverFault, wrongType } from '../failures.ts'
import { typeName } from '../kinds.ts'
import { FIRST_DAY, LAST_DAY, fieldsOfTime, parseDate, parseTime } from '../time.ts'
import type { TimeFields } from '../time.ts'
import { CalendarDate, Time } from '../values.ts'
import type { Position } from '../position.ts'

/** Units and their nanoseconds; a plural means the same. */
const units: ReadonlyMap<string, bigint> = new Map<string, bigint>([
  ['nanosecond', 1n],
  ['microsecond', 1_000n],
  ['millisecond', 1_000_000n],
  ['second', 1_000_000_000n],
  ['minute', 60_000_000_000n],
  ['hour', 3_600_000_000_000n],
  ['half day', 43_200_000_000_000n],
  ['day', 86_400_000_000_000n],
])
const NANOSECONDS_PER_DAY = 86_400_000_000_000n
const NANOSECONDS_PER_MILLISECOND = 1_000_000n
const NANOSECONDS_PER_SECOND = 1_000_000_000n
/** The first and the last point in time. */
const MIN_TIME = -31_557_014_167_219_200n * NANOSECONDS_PER_SECOND
const MAX_TIME = 31_556_889_864_403_200n * NANOSECONDS_PER_SECOND - 1n
const OUT_OF_RANGE =
  'dates and times must be between -1000000000-01-01T00:00:00Z and +1000000000-12-31T23:59:59.999999999Z'

type Unit = { readonly name: string; readonly nanoseconds: bigint }

const BLANK = 0x20

/** A text without the blanks and control characters at its ends (Java's `trim`, which knows no other white space). */
export function trimBlanks(text: string): string {
  // No pattern: one for the end tries every blank of the text, and all behind it, anew.
  let [from, to] = [0, text.length]
  while (from < to && text.charCodeAt(from) <= BLANK) from++
  while (to > from && text.charCodeAt(to - 1) <= BLANK) to--
  return text.slice(from, to)
}

function unitOf(call: Call): Unit {
  const value = call.value('unit')
  const name = typeof value === 'string' ? trimBlanks(value).replace(/s$/, '') : ''
  const nanoseconds = units.get(name)
  if (nanoseconds === undefined) throw wrongType(call.at('unit'), 'Time Unit', typeName(value))
  return { name: String(value), nanoseconds }
}

function cannotCast(call: Call, text: string, what: string): Error {
  return call.fail('invalid argument', `Cannot cast '${text}' to a ${what}.`)
}

/** A time from its text, or that of this query from `now`. */
export function readTime(call: Call, text: string): Time {
  if (text === 'now') return Time.ofMicros(call.query.transaction.snapshot)
  const nanoseconds = parseTime(trimBlanks(text))
  if (nanoseconds === undefined) throw cannotCast(call, text, 'time')
  return new Time(nanoseconds)
}

/** A day from its text. */
export function readDate(call: Call, text: string): CalendarDate {
  const days = parseDate(trimBlanks(text))
  if (days === undefined) throw cannotCast(call, text, 'date')
  return new CalendarDate(days)
}

function timeOf(nanoseconds: bigint, at: Position): Time {
  if (nanoseconds < MIN_TIME || nanoseconds > MAX_TIME) throw failure(at, 'invalid argument', OUT_OF_RANGE)
  return new Time(nanoseconds)
}

/** Days have no part: only whole ones can be told from them. */
function checkWholeDays(call: Call, unit: Unit): void {
  if (unit.nanoseconds !== NANOSECONDS_PER_DAY) throw call.failAt('unit', `Invalid time unit '${unit.name}'.`)
}

/** Moves a time or a day; a day only by whole days. */
function move(key: 'time_add' | 'time_subtract', sign: 1n | -1n): Evaluate {
  return call => {
    const base = castTemporal(call.value(key), call.at(key))
    const offset = sign * call.integer('offset')
    const unit = unitOf(call)
    if (base instanceof Time) return timeOf(base.nanoseconds + offset * unit.nanoseconds, call.at('offset'))
    checkWholeDays(call, unit)
    const days = base.days + Number(offset)
    if (days < FIRST_DAY || days > LAST_DAY) throw call.failAt('offset', OUT_OF_RANGE)
    return new CalendarDate(days)
  }
}

/** A number that Java has to keep in 64 bits, where it throws when that cannot be. */
function exact(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw serverFault('java.lang.ArithmeticException: long overflow')
  return value
}

/** Rounds down, also below zero. */
function divideDown(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  return dividend < 0n && quotient * divisor !== dividend ? quotient - 1n : quotient
}

/**
 * Whole units between two times, as Java's `Instant.until` counts them: milliseconds are rounded down on either side
 * before, all else is what lies between, towards zero; and below a millisecond all is counted in nanoseconds first.
 */
function unitsBetween(from: bigint, to: bigint, unit: bigint): bigint {
  if (unit === NANOSECONDS_PER_MILLISECOND) return exact(exact(divideDown(to, unit)) - exact(divideDown(from, unit)))
  const between = to - from
  if (unit >= NANOSECONDS_PER_MILLISECOND) return between / unit
  // Whole seconds are counted first, and may be too many although what is left would make them fewer.
  const seconds = divideDown(to, NANOSECONDS_PER_SECOND) - divideDown(from, NANOSECONDS_PER_SECOND)
  exact(seconds * NANOSECONDS_PER_SECOND)
  return exact(between) / unit
}

const evaluateDifference: Evaluate = call => {
  const from = castTemporal(call.value('time_diff'), call.at('time_diff'))
  const to = castTemporal(call.value('other'), call.at('other'))
  const unit = unitOf(call)
  if (from instanceof Time && to instanceof Time) {
    return unitsBetween(from.nanoseconds, to.nanoseconds, unit.nanoseconds)
  }
  if (from instanceof Time || to instanceof Time) throw call.failAt('time_diff', 'Incompatible time arguments.')
  checkWholeDays(call, unit)
  return BigInt(to.days - from.days)
}

/** A time in whole units since the epoch, rounded down, and cut to 64 bits. */
function count(key: string, nanoseconds: bigint, cut: (count: bigint) => bigint): Evaluate {
  return call => cut(divideDown(call.time(key).nanoseconds, nanoseconds))
}

/** A part of a time as calendars and clocks tell it, in UTC. */
function part(key: string, name: keyof TimeFields): Evaluate {
  return call => {
    const { nanoseconds } = call.time(key)
    dayOf(nanoseconds)
    return BigInt(fieldsOfTime(nanoseconds)[name])
  }
}

/** The day of a time. There are times a year before the first day and behind the last one: there it throws, as Java. */
export function dayOf(nanoseconds: bigint): number {
  const days = Number(divideDown(nanoseconds, NANOSECONDS_PER_DAY))
  if (days >= FIRST_DAY && days <= LAST_DAY) return days
  const range = `valid values ${FIRST_DAY} - ${LAST_DAY}`
  throw serverFault(`java.time.DateTimeException: Invalid value for EpochDay (${range}): ${days}`)
}

/** The forms of this file. */
export const times = {
  time: call => readTime(call, call.string('time')),
  now: call => {
    call.nothing('now')
    return Time.ofMicros(call.query.transaction.snapshot)
  },
  epoch: call => {
    const count = call.integer('epoch')
    return timeOf(count * unitOf(call).nanoseconds, call.position)
  },
  date: call => readDate(call, call.string('date')),
  time_add: move('time_add', 1n),
  time_subtract: move('time_subtract', -1n),
  time_diff: evaluateDifference,
  to_micros: count('to_micros', 1_000n, micros => BigInt.asIntN(64, micros)),
  to_millis: count('to_millis', NANOSECONDS_PER_MILLISECOND, exact),
  to_seconds: count('to_seconds', NANOSECONDS_PER_SECOND, seconds => seconds),
  second: part('second', 'second'),
  minute: part('minute', 'minute'),
  hour: part('hour', 'hour'),
  day_of_month: part('day_of_month', 'day'),
  day_of_week: part('day_of_week', 'dayOfWeek'),
  day_of_year: part('day_of_year', 'dayOfYear'),
  month: part('month', 'month'),
  year: part('year', 'year'),
} satisfies Record<string, Evaluate>
