/** Points in time to the nanosecond, and calendar dates. */
import { OptionError } from '../errors.ts'
import { Value } from './value.ts'

/** Year, month, day, hour, minute, second, fraction of ISO-8601 in UTC; years of Java's `Instant`, which has signs. */
const timePattern = /^([+-]\d{4,10}|\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?Z$/
/** The same for the days that every month has, without its parts: most times need no closer look. */
const usualTime =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?Z$/
const datePattern = /^([+-]\d{4,10}|\d{4})-(\d\d)-(\d\d)$/

const secondsPerDay = 86_400
const nanosPerSecond = 1_000_000_000n

/**
 * A point in time; nanoseconds are kept, where a JavaScript `Date` has milliseconds.
 *
 * Made from ISO-8601 text in UTC that ends in `Z`, with up to nine digits of a second's fraction, or from a `Date`.
 * Throws `OptionError` for anything else; `q.Time(…)` lets the server read other spellings.
 */
export class FaunaTime extends Value {
  /** ISO-8601 text, as given: `2024-05-01T12:00:00.123456789Z`. */
  readonly value: string

  constructor(value: string | Date) {
    super()
    const text = typeof value !== 'string' && value instanceof Date ? toIsoText(value, 'FaunaTime(value)') : value
    if (!isTime(text)) {
      throw new OptionError('FaunaTime(value)', `must be as 2024-05-01T12:00:00.123456789Z, got ${quote(text)}`)
    }
    this.value = text
    Object.freeze(this)
  }

  /** The time so many nanoseconds after 1970-01-01T00:00:00Z. */
  static fromEpochNanos(nanos: bigint): FaunaTime {
    const rest = ((nanos % nanosPerSecond) + nanosPerSecond) % nanosPerSecond
    const seconds = Number((nanos - rest) / nanosPerSecond)
    const iso = new Date(seconds * 1000)
    if (Number.isNaN(iso.getTime())) throw new OptionError('fromEpochNanos(nanos)', 'is beyond the years of a Date')
    const fraction =
      rest === 0n
        ? ''
        : `.${String(rest)
            .padStart(9, '0')
            .replace(/(?:000)+$/, '')}`
    return new FaunaTime(iso.toISOString().slice(0, -5) + fraction + 'Z')
  }

  /** The time so many microseconds after 1970-01-01T00:00:00Z: what `txn` and `ts` count. */
  static fromEpochMicros(micros: number | bigint): FaunaTime {
    if (typeof micros === 'number' && !Number.isSafeInteger(micros)) {
      throw new OptionError('fromEpochMicros(micros)', `must be an integer, got ${micros}`)
    }
    return FaunaTime.fromEpochNanos(BigInt(micros) * 1000n)
  }

  /** Nanoseconds since 1970-01-01T00:00:00Z, exact. */
  get epochNanos(): bigint {
    const parts = timePattern.exec(this.value) as RegExpExecArray
    const [, , , , hour, minute, second = '0', fraction = ''] = parts
    const secondOfDay = Number(hour) * 3600 + Number(minute) * 60 + Number(second)
    // The server's years go further than the seconds that a number counts exactly.
    const seconds = BigInt(countDays(parts)) * BigInt(secondsPerDay) + BigInt(secondOfDay)
    return seconds * nanosPerSecond + BigInt(fraction.padEnd(9, '0'))
  }

  /**
   * Whole microseconds since 1970-01-01T00:00:00Z, rounded down, to compare with `txn` and `ts`; a bigint where a number
   * could not hold it (after the year 2255).
   */
  get epochMicros(): number | bigint {
    const nanos = this.epochNanos
    const micros = nanos / 1000n - (nanos % 1000n < 0n ? 1n : 0n)
    const number = Number(micros)
    return Number.isSafeInteger(number) ? number : micros
  }

  /** The time as a `Date`: rounded down to milliseconds, an invalid one beyond the years of a `Date`. */
  toDate(): Date {
    const nanos = this.epochNanos
    return new Date(Number(nanos / 1_000_000n - (nanos % 1_000_000n < 0n ? 1n : 0n)))
  }

  toJSON(): { '@ts': string } {
    return { '@ts': this.value }
  }

  /** Whether the other one is the same point in time, however it is spelt. */
  equals(other: unknown): boolean {
    return other instanceof FaunaTime && (this.value === other.value || this.epochNanos === other.epochNanos)
  }

  toString(): string {
    return `Time("${this.value}")`
  }
}

/**
 * A calendar date without a time or zone.
 *
 * Made from text as `2024-05-01`, or from a `Date`, whose day in UTC it takes. Throws `OptionError` for anything else.
 */
export class FaunaDate extends Value {
  /** ISO-8601 text, as given: `2024-05-01`. */
  readonly value: string

  constructor(value: string | Date) {
    super()
    const text = value instanceof Date ? toIsoText(value, 'FaunaDate(value)').replace(/T.*/, '') : value
    const parts = typeof text === 'string' ? datePattern.exec(text) : null
    if (!parts || !isDay(parts)) throw new OptionError('FaunaDate(value)', `must be as 2024-05-01, got ${quote(text)}`)
    this.value = text
    Object.freeze(this)
  }

  /** Midnight in UTC at the start of the day; an invalid `Date` beyond its years. */
  toDate(): Date {
    return new Date(countDays(datePattern.exec(this.value) as RegExpExecArray) * secondsPerDay * 1000)
  }

  toJSON(): { '@date': string } {
    return { '@date': this.value }
  }

  /** Whether the other one is the same day. */
  equals(other: unknown): boolean {
    return other instanceof FaunaDate && this.value === other.value
  }

  toString(): string {
    return `Date("${this.value}")`
  }
}

function isTime(text: unknown): text is string {
  if (typeof text !== 'string') return false
  if (usualTime.test(text)) return true
  const parts = timePattern.exec(text)
  return parts !== null && isDay(parts)
}

function isDay([, year, month, day]: RegExpExecArray): boolean {
  // Most days are in every month: texts compare as their numbers do, having two digits each.
  if (day! >= '01' && day! <= '28') return month! >= '01' && month! <= '12'
  const daysInMonth = [31, isLeap(Number(year)) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Number(month) - 1]
  return daysInMonth !== undefined && Number(day) >= 1 && Number(day) <= daysInMonth
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

/**
 * Days from 1970-01-01 in the proleptic Gregorian calendar. `Date.UTC` ends at the year 275760 and reads the years 0 to
 * 99 as 1900 to 1999; the server goes to a thousand million.
 */
function countDays([, year, month, day]: RegExpExecArray): number {
  const monthOfYear = (Number(month) + 9) % 12 // March is 0: the leap day is the last of its year
  const y = Number(year) - (monthOfYear >= 10 ? 1 : 0)
  const dayOfYear = Math.floor((153 * monthOfYear + 2) / 5) + Number(day) - 1
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468
}

function toIsoText(date: Date, option: string): string {
  if (Number.isNaN(date.getTime())) throw new OptionError(option, 'is an invalid Date')
  // JavaScript writes years past 9999 with six digits, the server as many as it needs; the pattern takes both.
  return date.toISOString()
}

function quote(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : `a ${typeof value}`
}
