/** Times and days. */
import type { Call, Evaluate } from '../call.ts'
import { castTemporal } from '../call.ts'
import { failure, wrongType } from '../failures.ts'
import { typeName } from '../kinds.ts'
import { parseDate, parseTime } from '../time.ts'
import { CalendarDate, Time } from '../values.ts'

/** Units and their nanoseconds; a plural means the same. */
const units: Readonly<Record<string, bigint>> = {
  nanosecond: 1n,
  microsecond: 1_000n,
  millisecond: 1_000_000n,
  second: 1_000_000_000n,
  minute: 60_000_000_000n,
  hour: 3_600_000_000_000n,
  'half day': 43_200_000_000_000n,
  day: 86_400_000_000_000n,
}
const NANOSECONDS_PER_DAY = 86_400_000_000_000n

function unitOf(call: Call): { name: string; nanoseconds: bigint } {
  const value = call.value('unit')
  const name = typeof value === 'string' ? value.replace(/s$/, '') : ''
  const nanoseconds = units[name]
  if (nanoseconds === undefined) throw wrongType(call.at('unit'), 'Time Unit', typeName(value))
  return { name: String(value), nanoseconds }
}

function cannotCast(call: Call, text: string, what: string): Error {
  return call.fail('invalid argument', `Cannot cast '${text}' to a ${what}.`)
}

const evaluateTime: Evaluate = call => {
  const text = call.string('time')
  if (text.trim() === 'now') return Time.ofMicros(call.query.transaction.snapshot)
  const nanoseconds = parseTime(text.trim())
  if (nanoseconds === undefined) throw cannotCast(call, text, 'time')
  return new Time(nanoseconds)
}

const evaluateDate: Evaluate = call => {
  const text = call.string('date')
  const days = parseDate(text.trim())
  if (days === undefined) throw cannotCast(call, text, 'date')
  return new CalendarDate(days)
}

/** Moves a time or a day; a day only by whole days. */
function move(key: 'time_add' | 'time_subtract', sign: 1n | -1n): Evaluate {
  return call => {
    const base = castTemporal(call.value(key), call.at(key))
    const offset = sign * call.integer('offset')
    const { name, nanoseconds } = unitOf(call)
    if (base instanceof Time) return new Time(base.nanoseconds + offset * nanoseconds)
    if (nanoseconds !== NANOSECONDS_PER_DAY)
      throw failure(call.position, 'invalid argument', `Invalid time unit '${name}'.`)
    return new CalendarDate(base.days + Number(offset))
  }
}

const evaluateDifference: Evaluate = call => {
  const from = castTemporal(call.value('time_diff'), call.at('time_diff'))
  const to = castTemporal(call.value('other'), call.at('other'))
  const { name, nanoseconds } = unitOf(call)
  if (from instanceof Time && to instanceof Time) return (to.nanoseconds - from.nanoseconds) / nanoseconds
  if (from instanceof Time || to instanceof Time) throw call.fail('invalid argument', 'Incompatible time arguments.')
  if (nanoseconds !== NANOSECONDS_PER_DAY) throw call.fail('invalid argument', `Invalid time unit '${name}'.`)
  return BigInt(to.days - from.days)
}

/** A time in whole units since the epoch, rounded down. */
function count(key: string, nanoseconds: bigint): Evaluate {
  return call => {
    const time = call.time(key).nanoseconds
    const whole = time / nanoseconds
    return time < 0n && whole * nanoseconds !== time ? whole - 1n : whole
  }
}

/** The forms of this file. */
export const times = {
  time: evaluateTime,
  now: call => Time.ofMicros(call.query.transaction.snapshot),
  epoch: call => new Time(call.integer('epoch') * unitOf(call).nanoseconds),
  date: evaluateDate,
  time_add: move('time_add', 1n),
  time_subtract: move('time_subtract', -1n),
  time_diff: evaluateDifference,
  to_micros: count('to_micros', 1_000n),
  to_millis: count('to_millis', 1_000_000n),
  to_seconds: count('to_seconds', 1_000_000_000n),
} satisfies Record<string, Evaluate>
