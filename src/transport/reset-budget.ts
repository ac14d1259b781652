/** How many exchanges of a session may be reset by us: a server that sees too many RST_STREAM closes the connection. */
import type { Time } from '../time.ts'

/**
 * The server answers about 200 of our resets within 30 s with GOAWAY(ENHANCE_YOUR_CALM) and takes every stream of the
 * connection along (reliability.md, "our own resets"): we stay below 150.
 */
const maxResets = 149
const windowMs = 30_000

/** Counts the resets of one session in a sliding window. */
export class ResetBudget {
  readonly #time: Time
  /** When the resets of the window were sent, oldest first; never more than `maxResets`. */
  readonly #sentAt: number[] = []

  constructor(time: Time) {
    this.#time = time
  }

  /** Whether one more may be sent now; it then counts as sent. */
  spend(): boolean {
    const now = this.#time.now()
    while (this.#sentAt.length > 0 && this.#sentAt[0]! + windowMs <= now) this.#sentAt.shift()
    if (this.#sentAt.length >= maxResets) return false
    this.#sentAt.push(now)
    return true
  }

  /** How long until the oldest one leaves the window, in milliseconds. */
  get waitMs(): number {
    const [oldest] = this.#sentAt
    return oldest === undefined ? 0 : Math.max(0, oldest + windowMs - this.#time.now())
  }
}
