/** How long to wait before the next attempt: full jitter, doubling, bounded. */

/** Bounds of the waits between attempts, in milliseconds. */
export type BackoffOptions = {
  /** The first wait is random between 0 and this; each next one between 0 and twice the bound before. */
  readonly firstMs: number
  /** No wait is longer. */
  readonly maxMs: number
  /** Attempts in a row that may fail before the last failure is thrown. */
  readonly maxAttempts: number
}

/** Counts the attempts since the last healthy period, and says how long to wait before the next. */
export class Backoff {
  readonly #options: BackoffOptions
  readonly #random: () => number
  #attempts = 0

  /** `random` gives numbers from 0 up to 1, as `Math.random` does. */
  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.#options = options
    this.#random = random
  }

  /** Attempts since the last healthy period. */
  get attempts(): number {
    return this.#attempts
  }

  /** Counts one more attempt; its wait in milliseconds, or `undefined` where no more are allowed. */
  next(): number | undefined {
    if (this.#attempts >= this.#options.maxAttempts) return undefined
    const boundMs = Math.min(this.#options.maxMs, this.#options.firstMs * 2 ** this.#attempts)
    this.#attempts++
    // The whole span is random: thousands that were cut off together do not come back together.
    return Math.round(this.#random() * boundMs)
  }

  /** A healthy period: the next attempt counts as the first. */
  reset(): void {
    this.#attempts = 0
  }
}
