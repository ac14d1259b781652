// Times and dates as text, with the leniency and the strictness of the real server. protocol.md D.1, D.3.

const NANOS_PER_SECOND = 1_000_000_000n
const SECONDS_PER_DAY = 86_400
const NANOS_PER_DAY = BigInt(SECONDS_PER_DAY) * NANOS_PER_SECOND
const MAX_YEAR = 999_999_999
/** The first and the last day there is, from 1970. Times go a year further either way. */
export const FIRST_DAY = -365_243_219_162
export const LAST_DAY = 365_241_780_471
/** Offsets reach to 18 hours either way. */
const MAX_OFFSET_SECONDS = 18 * 3600
/** Days from 0000-03-01 to 1970-01-01, and in 400 years, of the Gregorian calendar. */
const DAYS_BEFORE_1970 = 719_468
const DAYS_PER_400_YEARS = 146_097
/** The day of the week of 1970-01-01. */
const THURSDAY = 4

const YEAR = String.raw`(?<year>\d{4}|-\d{4,10}|\+\d{5,10})`
const DATE = new RegExp(`^${YEAR}-(?<month>\\d\\d)-(?<day>\\d\\d)$`)
const OFFSET = String.raw`(?<offset>z|[+-]\d\d:\d\d(?::\d\d)?)?(?<compactOffset>[+-]\d{4})?`
const OFFSET_PARTS = /^([+-])(\d\d):?(\d\d)(?::(\d\d))?$/
const CLOCK = String.raw`(?<hours>\d\d):(?<minutes>\d\d)(?::(?<seconds>\d\d)(?:\.(?<fraction>\d{0,9}))?)?`
const TIME = new RegExp(`^${YEAR}-(?<month>\\d\\d)-(?<day>\\d\\d)t${CLOCK}${OFFSET}$`, 'i')

/**
 * Reads `@ts`: ISO 8601 with an offset, as nanoseconds since 1970. Seconds may be missing, `t` and `z` small, the
 * fraction empty, the offset there twice; 24:00:00 is the next day's midnight; a day of up to 31 beyond the month's end is its last day.
 * Undefined for anything else (`Invalid time.`).
 */
export function parseTime(text: string): bigint | undefined {
  const parts = TIME.exec(text)?.groups
  if (!parts) return undefined
  const day = readDate(parts, 'clip')
  const seconds = readClock(parts)
  const offset = readOffset(parts)
  if (day === undefined || seconds === undefined || offset === undefined) return undefined
  const nanos = BigInt((parts.fraction ?? '').padEnd(9, '0'))
  if (seconds === SECONDS_PER_DAY && (nanos > 0n || day === LAST_DAY)) return undefined
  return BigInt(day) * NANOS_PER_DAY + BigInt(seconds - offset) * NANOS_PER_SECOND + nanos
}

/** Writes nanoseconds since 1970 as ISO 8601 in UTC, with 0, 3, 6 or 9 digits of fraction. */
export function formatTime(nanoseconds: bigint): string {
  const { year, month, day, hour, minute, second, nanosecond } = fieldsOfTime(nanoseconds)
  const clock = [hour, minute, second].map(writeTwo).join(':')
  return `${writeYear(year)}-${writeTwo(month)}-${writeTwo(day)}T${clock}${writeFraction(nanosecond)}Z`
}

/** Reads `@date`: strictly `YYYY-MM-DD`, as days since 1970; undefined for anything else (`Invalid date.`). */
export function parseDate(text: string): number | undefined {
  const parts = DATE.exec(text)?.groups
  return parts && readDate(parts, 'refuse')
}

/** A day of the calendar: month and day from 1, the week from Monday, 1, to Sunday, 7; years before 1 are 0, -1 … */
export type DateFields = {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly dayOfWeek: number
  readonly dayOfYear: number
}

/** A point in time as calendar and clock tell it, in UTC. */
export type TimeFields = DateFields & {
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly nanosecond: number
}

/** The calendar's day, from days since 1970. */
export function fieldsOfDate(days: number): DateFields {
  const shifted = days + DAYS_BEFORE_1970
  const era = Math.floor(shifted / DAYS_PER_400_YEARS)
  const dayOfEra = shifted - era * DAYS_PER_400_YEARS
  // Years begin in March here, so that the leap day comes last.
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayFromMarch = dayOfEra - countDays(yearOfEra)
  const monthFromMarch = Math.floor((5 * dayFromMarch + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return {
    year,
    month,
    day: dayFromMarch - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
    dayOfWeek: ((((days + THURSDAY - 1) % 7) + 7) % 7) + 1,
    dayOfYear: days - toEpochDays(year, 1, 1) + 1,
  }
}

/** Calendar and clock, from nanoseconds since 1970. */
export function fieldsOfTime(nanoseconds: bigint): TimeFields {
  const nanosOfDay = ((nanoseconds % NANOS_PER_DAY) + NANOS_PER_DAY) % NANOS_PER_DAY
  const inDay = Number(nanosOfDay / NANOS_PER_SECOND)
  return {
    ...fieldsOfDate(Number((nanoseconds - nanosOfDay) / NANOS_PER_DAY)),
    hour: Math.floor(inDay / 3600),
    minute: Math.floor(inDay / 60) % 60,
    second: inDay % 60,
    nanosecond: Number(nanosOfDay % NANOS_PER_SECOND),
  }
}

/** Writes days since 1970 as `YYYY-MM-DD`; years beyond 9999 have a sign, as those before 0. */
export function formatDate(days: number): string {
  const { year, month, day } = fieldsOfDate(days)
  return `${writeYear(year)}-${writeTwo(month)}-${writeTwo(day)}`
}

type Groups = Record<string, string | undefined>

function readDate(parts: Groups, overflow: 'clip' | 'refuse'): number | undefined {
  const year = Number(parts.year)
  const month = Number(parts.month)
  const day = Number(parts.day)
  if (Object.is(year, -0) || Math.abs(year) > MAX_YEAR || month < 1 || month > 12 || day < 1 || day > 31)
    return undefined
  const last = countDaysOfMonth(year, month)
  if (day > last && overflow === 'refuse') return undefined
  return toEpochDays(year, month, Math.min(day, last))
}

function readClock({ hours, minutes, seconds = '0' }: Groups): number | undefined {
  const isClock = Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60
  const isMidnight = Number(hours) === 24 && Number(minutes) === 0 && Number(seconds) === 0
  return isClock || isMidnight ? Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) : undefined
}

/** The offset from UTC, in seconds. It may stand there in both of its forms, if they are the same. */
function readOffset({ offset, compactOffset }: Groups): number | undefined {
  const [one, ...others] = [offset, compactOffset].filter(text => text !== undefined).map(readOffsetPart)
  return others.every(other => other === one) ? one : undefined
}

function readOffsetPart(text: string): number | undefined {
  const [, sign, hours, minutes, seconds = '0'] = OFFSET_PARTS.exec(text) ?? []
  if (hours === undefined) return 0
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  if (Number(minutes) > 59 || Number(seconds) > 59 || total > MAX_OFFSET_SECONDS) return undefined
  return sign === '-' ? -total : total
}

function toEpochDays(year: number, month: number, day: number): number {
  const yearFromMarch = month <= 2 ? year - 1 : year
  const era = Math.floor(yearFromMarch / 400)
  const monthFromMarch = month > 2 ? month - 3 : month + 9
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1
  return era * DAYS_PER_400_YEARS + countDays(yearFromMarch - era * 400) + dayOfYear - DAYS_BEFORE_1970
}

/** Days in so many years from the beginning of a 400-year era. */
function countDays(years: number): number {
  return years * 365 + Math.floor(years / 4) - Math.floor(years / 100)
}

function countDaysOfMonth(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

function writeFraction(nanos: number): string {
  if (nanos === 0) return ''
  const digits = nanos.toString().padStart(9, '0')
  return `.${digits.replace(/(?:000){1,2}$/, '')}`
}

function writeYear(year: number): string {
  const digits = String(Math.abs(year)).padStart(4, '0')
  return year < 0 ? `-${digits}` : year > 9999 ? `+${digits}` : digits
}

function writeTwo(value: number): string {
  return String(value).padStart(2, '0')
}
