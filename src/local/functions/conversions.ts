/** From one type to another. */
import type { Query } from '../frame.ts'
import type { Call, Evaluate } from '../call.ts'
import { fieldsOf } from '../compare.ts'
import { dialectOf } from '../dialects.ts'
import { collectionOf } from '../native.ts'
import { typeName } from '../kinds.ts'
import { formatDate, formatTime } from '../time.ts'
import { RepeatedObject } from '../repeated-object.ts'
import { Action, CalendarDate, Time, Uuid, VersionValue } from '../values.ts'
import type { ObjectValue, Value } from '../values.ts'
import { inside } from '../position.ts'
import type { Position } from '../position.ts'
import { collect, failure, wrongType } from '../failures.ts'
import { dayOf, readDate, readTime, trimBlanks } from './times.ts'
import { printNumber, toInteger } from './numbers.ts'

const NANOSECONDS_PER_MILLISECOND = 1_000_000n
const NANOSECONDS_PER_DAY = 86_400_000_000_000n
/** Digits of the longest integers of 64 bits. */
const INT64_DIGITS = 19

/** Some forms tell it at themselves, others at their argument. */
function cannotCast(at: Position, value: Value, target: string): Error {
  return failure(at, 'invalid argument', `Cannot cast ${typeName(value)} to ${target}.`)
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
  if (text === undefined) throw cannotCast(call.position, value, 'String')
  return text
}

/** Decimal digits of any script, with commas wherever one likes; a point; an exponent with a large E. */
const NUMBER = /^(-?)(?:(NaN)|(∞)|((?:,*\p{Nd})*)(?:,*\.(\p{Nd}*)|,*)(?:E(-?\p{Nd}+))?)/u

function toAsciiDigits(text: string): string {
  return text.replace(/[^\P{Nd}0-9]/gu, digit => String(digitValue(digit)))
}

/** Digits of a script stand in rows of ten, that begin at a zero. */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0) ?? 0
  let zero = code
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--
  return (code - zero) % 10
}

/** The longest beginning of a text that is a number, as Java's NumberFormat reads it: an integer where it is whole. */
function parseNumber(text: string): bigint | number | undefined {
  const [, minus = '', nan, infinity, whole = '', fraction = '', exponent = '0'] = NUMBER.exec(trimBlanks(text)) ?? []
  const isNegative = minus !== ''
  if (nan !== undefined) return isNegative ? undefined : Number.NaN
  if (infinity !== undefined) return isNegative ? -Infinity : Infinity
  if (whole === '' && fraction === '') return undefined
  const wholeDigits = toAsciiDigits(whole.replaceAll(',', ''))
  const written = wholeDigits + toAsciiDigits(fraction)
  const leadingZeros = /^0*/.exec(written)?.[0].length ?? 0
  const digits = trimZeros(written.slice(leadingZeros))
  if (digits === '') return isNegative ? -0 : 0n
  const pointAt = wholeDigits.length - leadingZeros + readExponent(toAsciiDigits(exponent))
  if (pointAt >= digits.length && pointAt <= INT64_DIGITS) {
    const integer = BigInt(minus + digits.padEnd(pointAt, '0'))
    if (BigInt.asIntN(64, integer) === integer) return integer
  }
  return Number(`${minus}0.${digits}E${pointAt}`)
}

/** Digits without the zeros at their end. */
function trimZeros(digits: string): string {
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end--
  return digits.slice(0, end)
}

/** An exponent is cut to 32 bits; beyond 64 it counts as none. */
function readExponent(text: string): number {
  const exponent = BigInt(text)
  return BigInt.asIntN(64, exponent) === exponent ? Number(BigInt.asIntN(32, exponent)) : 0
}

function numberOf(call: Call, key: string, target: string, at: Position): bigint | number {
  const value = call.value(key)
  if (typeof value === 'bigint' || typeof value === 'number') return value
  const parsed = typeof value === 'string' ? parseNumber(value) : undefined
  if (parsed === undefined) throw cannotCast(at, value, target)
  return parsed
}

const evaluateToTime: Evaluate = call => {
  const value = call.value('to_time')
  if (value instanceof Time) return value
  if (typeof value === 'bigint') return new Time(value * NANOSECONDS_PER_MILLISECOND)
  if (value instanceof CalendarDate) return new Time(BigInt(value.days) * NANOSECONDS_PER_DAY)
  if (typeof value === 'string') return readTime(call, value)
  throw cannotCast(call.position, value, 'Time')
}

const evaluateToDate: Evaluate = call => {
  const value = call.value('to_date')
  if (value instanceof CalendarDate) return value
  if (value instanceof Time) return new CalendarDate(dayOf(value.nanoseconds))
  if (typeof value === 'string') return readDate(call, value)
  throw cannotCast(call.position, value, 'Date')
}

/** A pair of a key and a value. */
function castField(pair: Value, at: Position): [string, Value] {
  const [key, field] = Array.isArray(pair) && pair.length === 2 ? pair : []
  if (typeof key !== 'string' || field === undefined) throw wrongType(at, 'Field/Value', typeName(pair))
  return [key, field]
}

/** The fields of an object or a version; pages and events have none here. */
export function objectOf(value: Value, { apiVersion }: Query): ObjectValue | undefined {
  if (value instanceof Map) return value
  if (!(value instanceof VersionValue)) return undefined
  const fields = fieldsOf(value)
  if (!dialectOf(apiVersion).hasClass) return fields
  return new Map<string, Value>([['ref', value.ref], ['class', collectionOf(value.ref)], ...(fields ?? [])])
}

const evaluateToObject: Evaluate = call => {
  const value = call.value('to_object')
  const at = call.at('to_object')
  if (Array.isArray(value)) {
    const pairs = collect(value, (pair, i) => castField(pair, inside(at, i)))
    const object = new Map(pairs)
    return object.size === pairs.length ? object : new RepeatedObject(pairs)
  }
  const fields = objectOf(value, call.query)
  if (fields === undefined) throw cannotCast(at, value, 'Object')
  return fields
}

const evaluateToArray: Evaluate = call => {
  const value = call.value('to_array')
  if (Array.isArray(value)) return value
  const fields = objectOf(value, call.query)
  if (fields === undefined) throw cannotCast(call.at('to_array'), value, 'Array')
  return [...fields].map(([key, field]) => [key, field])
}

/** The forms of this file. */
export const conversions = {
  to_string: evaluateToString,
  to_number: call => numberOf(call, 'to_number', 'Number', call.position),
  to_double: call => Number(numberOf(call, 'to_double', 'Double', call.at('to_double'))),
  to_integer: call => {
    const value = numberOf(call, 'to_integer', 'Integer', call.at('to_integer'))
    return typeof value === 'bigint' ? value : toInteger(value)
  },
  to_time: evaluateToTime,
  to_date: evaluateToDate,
  to_object: evaluateToObject,
  to_array: evaluateToArray,
} satisfies Record<string, Evaluate>
