/** Time that a test moves: nothing happens by itself, and a minute takes no time. */
import { systemTime, type Time, type Timer } from '../../src/time.ts'

/** A clock that stands still until it is told how much time passed. */
export class ManualTime implements Time {
  #now: number
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>()

  /** `now` in milliseconds since the Unix epoch. */
  constructor(now = 1_700_000_000_000) {
    this.#now = now
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = { at: this.#now + delayMs, run }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }

  /** Lets `durationMs` pass; the timers that are due run in their order, each at its own time. */
  pass(durationMs: number): void {
    const until = this.#now + durationMs
    for (let next = this.#nextBefore(until); next !== undefined; next = this.#nextBefore(until)) {
      this.#timers.delete(next)
      this.#now = next.at
      next.run()
    }
    this.#now = until
  }

  #nextBefore(until: number) {
    const due = [...this.#timers].filter(timer => timer.at <= until)
    return due.sort((a, b) => a.at - b.at)[0]
  }
}

/** The system's time, but the long timers of a client run when the test says so. */
export class LongTime implements Time {
  readonly #longMs: number
  readonly #waiting = new Map<() => void, number>()
  #aheadMs = 0

  /** Timers of so many milliseconds, or more, are long. */
  constructor(longMs: number) {
    this.#longMs = longMs
  }

  /** Whether a timer of this length waits. */
  awaits(delayMs: number): boolean {
    return [...this.#waiting.values()].includes(delayMs)
  }

  now(): number {
    return systemTime.now() + this.#aheadMs
  }

  after(delayMs: number, run: () => void, options?: { readonly isAwaited?: boolean }) {
    if (delayMs < this.#longMs) return systemTime.after(delayMs, run, options)
    const call = () => void (this.#waiting.delete(call) && run())
    this.#waiting.set(call, delayMs)
    return { cancel: () => void this.#waiting.delete(call) }
  }

  /** So much time passes, and the timers run that are no longer than that. */
  pass(ms: number): void {
    this.#aheadMs += ms
    // What they set anew waits for the next time.
    for (const [call, delayMs] of Array.from(this.#waiting)) if (delayMs <= ms) call()
  }
}
