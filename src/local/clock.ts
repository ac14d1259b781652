/**
 * Transaction time: microseconds since the epoch, every one given out only once and later than all before, so that
 * snapshots, commits and the `start` of streams are strictly ordered.
 */

/** What commits keep between them, in microseconds: room for events that are written into the past beside them. */
const COMMIT_STEP_MICROS = 100

/** A strictly increasing clock of microseconds. */
export class Clock {
  readonly #now: () => number
  #last = 0

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

  #advance(step: number): number {
    this.#last = Math.max(Math.floor(this.#now() * 1000), this.#last + step)
    return this.#last
  }
}
