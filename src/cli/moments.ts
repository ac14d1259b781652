/** Times as one reads them: the time of day where one is, the day, how long something took. */

const two = (number: number): string => String(number).padStart(2, '0')

/** The local time of day, to the second. */
export function toTimeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
}

/** The local time of day, to the millisecond. */
export function toClock(ms: number): string {
  const date = new Date(ms)
  return `${toTimeOfDay(date)}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

/** The local day. */
export function toDay(ms: number): string {
  const date = new Date(ms)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** The time of day, with the day where that is not the one of `now`. */
export function toMoment(ms: number, now: number): string {
  return toDay(ms) === toDay(now) ? toClock(ms) : `${toDay(ms)} ${toClock(ms)}`
}

/** From so many milliseconds on, a duration is told with one of its unit after the point, or in the next unit. */
const units = [
  { from: 36e5, name: 'h' },
  { from: 6e4, name: 'min' },
  { from: 1e3, name: 's' },
] as const

/** A duration in a unit that fits, as `26 ms`, `3.2 s`, `14 min`. */
export function toDuration(ms: number): string {
  const unit = units.find(({ from }) => ms >= from)
  if (unit === undefined) return `${Math.round(ms)} ms`
  const count = ms / unit.from
  return `${count < 10 ? count.toFixed(1) : Math.round(count)} ${unit.name}`
}
