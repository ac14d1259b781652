/** Times and days for `%t` of `format`: Java's suffixes, English names, UTC. */
import type { DateFields, TimeFields } from './time.ts'

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}

function dayName({ dayOfWeek }: DateFields): string {
  return DAYS[dayOfWeek - 1] ?? ''
}

function monthName({ month }: DateFields): string {
  return MONTHS[month - 1] ?? ''
}

/** Years are those of their era: the one before the year 1 is 1 again. */
function yearOfEra({ year }: DateFields): number {
  return year > 0 ? year : 1 - year
}

/** On the clock with twelve hours. */
function hourOfHalfDay({ hour }: TimeFields): number {
  return hour % 12 === 0 ? 12 : hour % 12
}

function halfDay({ hour }: TimeFields): string {
  return hour < 12 ? 'am' : 'pm'
}

function clock({ hour, minute, second }: TimeFields): string {
  return [hour, minute, second].map(part => pad(part, 2)).join(':')
}

const shortName = (name: string): string => name.slice(0, 3)

/** What a day has. */
const ofDates: Readonly<Record<string, (date: DateFields) => string>> = {
  B: monthName,
  b: date => shortName(monthName(date)),
  h: date => shortName(monthName(date)),
  A: dayName,
  a: date => shortName(dayName(date)),
  C: date => pad(Math.floor(yearOfEra(date) / 100), 2),
  Y: date => pad(yearOfEra(date), 4),
  y: date => pad(yearOfEra(date) % 100, 2),
  j: ({ dayOfYear }) => pad(dayOfYear, 3),
  m: ({ month }) => pad(month, 2),
  d: ({ day }) => pad(day, 2),
  e: ({ day }) => String(day),
  D: date => `${pad(date.month, 2)}/${pad(date.day, 2)}/${pad(yearOfEra(date) % 100, 2)}`,
  F: date => `${pad(yearOfEra(date), 4)}-${pad(date.month, 2)}-${pad(date.day, 2)}`,
}

/** What only a time has; `epoch` is its seconds since 1970. */
const ofTimes: Readonly<Record<string, (time: TimeFields, epoch: bigint) => string>> = {
  H: ({ hour }) => pad(hour, 2),
  I: time => pad(hourOfHalfDay(time), 2),
  k: ({ hour }) => String(hour),
  l: time => String(hourOfHalfDay(time)),
  M: ({ minute }) => pad(minute, 2),
  S: ({ second }) => pad(second, 2),
  L: ({ nanosecond }) => pad(Math.floor(nanosecond / 1e6), 3),
  N: ({ nanosecond }) => pad(nanosecond, 9),
  p: halfDay,
  z: () => '+0000',
  Z: () => 'Z',
  s: (_, epoch) => String(epoch),
  Q: ({ nanosecond }, epoch) => String(epoch * 1000n + BigInt(Math.floor(nanosecond / 1e6))),
  R: ({ hour, minute }) => `${pad(hour, 2)}:${pad(minute, 2)}`,
  T: clock,
  r: time =>
    `${[hourOfHalfDay(time), time.minute, time.second].map(part => pad(part, 2)).join(':')} ${halfDay(time).toUpperCase()}`,
  c: time =>
    `${shortName(dayName(time))} ${shortName(monthName(time))} ${pad(time.day, 2)} ${clock(time)} Z ${pad(yearOfEra(time), 4)}`,
}

/** A day by the letter behind `%t`; undefined for one that days do not have. */
export function formatDatePart(date: DateFields, suffix: string): string | undefined {
  return ofDates[suffix]?.(date)
}

/** A time by the letter behind `%t`; undefined for one that there is not. */
export function formatTimePart(time: TimeFields, epoch: bigint, suffix: string): string | undefined {
  return ofTimes[suffix]?.(time, epoch) ?? formatDatePart(time, suffix)
}
