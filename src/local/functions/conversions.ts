/** From one type to another. */
import type { Call, Evaluate } from '../call.ts'
import { castString } from '../call.ts'
import { fieldsOf } from '../compare.ts'
import { typeName } from '../kinds.ts'
import { formatDate, formatTime, parseDate, parseTime } from '../time.ts'
import { Action, CalendarDate, Time, Uuid } from '../values.ts'
import type { Value } from '../values.ts'
import { inside } from '../values.ts'
import { wrongType } from '../failures.ts'
import { printNumber, toInteger } from './numbers.ts'

const NANOSECONDS_PER_MILLISECOND = 1_000_000n
const NANOSECONDS_PER_DAY = 86_400_000_000_000n
const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

function cannotCast(call: Call, value: Value, target: string): Error {
  return call.fail('invalid argument', `Cannot cast ${typeName(value)} to ${target}.`)
}

/** The text of a scalar; undefined for what has none. */
export function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'bigint' || typeof value === 'number') return printNumber(value)
  if (value instanceof Time) return formatTime(value.nanoseconds)
  if (value instanceof CalendarDate) return formatDate(value.days)
  if (value instanceof Uuid) return value.text
  if (value instanceof Action) return value.name
  return undefined
}

const evaluateToString: Evaluate = call => {
  const value = call.value('to_string')
  const text = textOf(value)
  if (text === undefined) throw cannotCast(call, value, 'String')
  return text
}

/** The longest beginning of a text that is a number, as Java's NumberFormat reads it. */
function parseNumber(text: string): bigint | number | undefined {
  const found = /^\s*(-?(?:\d+\.?\d*|\.\d+)(?:E-?\d+)?)/.exec(text)?.[1]
  if (found === undefined) return undefined
  if (!/^-?\d+$/.test(found)) {
    const double = Number(found)
    return /E/.test(found) && Number.isInteger(double) && Math.abs(double) < 2 ** 53 ? BigInt(double) : double
  }
  const integer = BigInt(found)
  return integer > INT64_MAX || integer < INT64_MIN ? Number(found) : integer
}

function numberOf(call: Call, key: string, target: string): bigint | number {
  const value = call.value(key)
  if (typeof value === 'bigint' || typeof value === 'number') return value
  const parsed = typeof value === 'string' ? parseNumber(value) : undefined
  if (parsed === undefined) throw cannotCast(call, value, target)
  return parsed
}

const evaluateToTime: Evaluate = call => {
  const value = call.value('to_time')
  if (value instanceof Time) return value
  if (typeof value === 'bigint') return new Time(value * NANOSECONDS_PER_MILLISECOND)
  if (value instanceof CalendarDate) return new Time(BigInt(value.days) * NANOSECONDS_PER_DAY)
  const parsed = typeof value === 'string' ? parseTime(value.trim()) : undefined
  if (parsed === undefined) throw cannotCast(call, value, 'Time')
  return new Time(parsed)
}

const evaluateToDate: Evaluate = call => {
  const value = call.value('to_date')
  if (value instanceof CalendarDate) return value
  if (value instanceof Time) return new CalendarDate(daysOf(value))
  const parsed = typeof value === 'string' ? parseDate(value.trim()) : undefined
  if (parsed === undefined) throw cannotCast(call, value, 'Date')
  return new CalendarDate(parsed)
}

function daysOf({ nanoseconds }: Time): number {
  const days = nanoseconds / NANOSECONDS_PER_DAY
  return Number(nanoseconds < 0n && days * NANOSECONDS_PER_DAY !== nanoseconds ? days - 1n : days)
}

const evaluateToObject: Evaluate = call => {
  const value = call.value('to_object')
  if (fieldsOf(value) !== undefined && !Array.isArray(value)) return value
  if (!Array.isArray(value)) throw cannotCast(call, value, 'Object')
  const at = call.at('to_object')
  return new Map(
    value.map((pair, i) => {
      if (!Array.isArray(pair)) throw wrongType(inside(at, i), 'Array', typeName(pair))
      return [castString(pair[0] ?? null, inside(inside(at, i), 0)), pair[1] ?? null]
    }),
  )
}

const evaluateToArray: Evaluate = call => {
  const value = call.value('to_array')
  if (Array.isArray(value)) return value
  const fields = fieldsOf(value)
  if (fields === undefined) throw cannotCast(call, value, 'Array')
  return [...fields].map(([key, field]) => [key, field])
}

/** The forms of this file. */
export const conversions = {
  to_string: evaluateToString,
  to_number: call => numberOf(call, 'to_number', 'Number'),
  to_double: call => Number(numberOf(call, 'to_double', 'Double')),
  to_integer: call => {
    const value = numberOf(call, 'to_integer', 'Integer')
    return typeof value === 'bigint' ? value : toInteger(value)
  },
  to_time: evaluateToTime,
  to_date: evaluateToDate,
  to_object: evaluateToObject,
  to_array: evaluateToArray,
} satisfies Record<string, Evaluate>
