/**
 * Transaction time: microseconds since the epoch, every one given out only once and later than all before, so that
 * snapshots, commits and the `start` of streams are strictly ordered.
 */

/** What commits keep between them, in microseconds: room for events that are written into the past beside them. */
const COMMIT_STEP_MICROS = 100

/** How far ahead times are reserved, in microseconds: after a crash the clock may be so much ahead of the machine's. */
export const RESERVED_MICROS = 1_000_000

/** Makes sure that the clock is never again before a time, also after a crash. */
export type Reserve = (micros: number) => void

/** A strictly increasing clock of microseconds. */
export class Clock {
  readonly #now: () => number
  #last = 0
  /** No time from here on is given out before it is reserved. */
  #reserved = Number.POSITIVE_INFINITY
  #reserve: Reserve = () => {}

  /** `now` gives milliseconds since the epoch; default: the clock of the machine. */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** The time of a snapshot: everything committed is at or before it, everything later is after it. */
  snapshot(): number {
    return this.#advance(1)
  }

  /** The time of a commit. */
  commit(): number {
    return this.#advance(COMMIT_STEP_MICROS)
  }

  /** What time it is: not before anything that was given out. Gives out nothing. */
  get now(): number {
    return Math.max(Math.floor(this.#now() * 1000), this.#last)
  }

  /** The last time given out. */
  get last(): number {
    return this.#last
  }

  /** Goes on behind times that were given out before, in microseconds. */
  restore(last: number): void {
    this.#last = Math.max(this.#last, last)
  }

  /** Has times reserved from now on, before they are given out. */
  reserveWith(reserve: Reserve): void {
    this.#reserve = reserve
    this.#reserved = this.#last
  }

  #advance(step: number): number {
    const next = Math.max(Math.floor(this.#now() * 1000), this.#last + step)
    if (next > this.#reserved) {
      this.#reserve(next + RESERVED_MICROS)
      this.#reserved = next + RESERVED_MICROS
    }
    this.#last = next
    return next
  }
}
