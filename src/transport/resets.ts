/** Resets of exchanges that were let go: as many at once as the server bears, the others when their turn has come. */
import type { Time, Timer } from '../time.ts'
import { ResetBudget } from './reset-budget.ts'

/** Something that is reset when its turn has come. */
export interface Resettable {
  reset(): void
}

/** The resets of one session. */
export class Resets {
  readonly #time: Time
  readonly #budget: ResetBudget
  /** What waits its turn; oldest first. */
  readonly #waiting = new Set<Resettable>()
  #timer: Timer | undefined

  constructor(time: Time) {
    this.#time = time
    this.#budget = new ResetBudget(time)
  }

  /** Whether some wait their turn. */
  get areWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** Whether this one may be reset now; else its `reset` is called later. */
  mayReset(exchange: Resettable): boolean {
    if (this.#budget.spend()) return true
    this.#waiting.add(exchange)
    this.#await()
    return false
  }

  /** It is gone, and needs no reset any more. */
  forget(exchange: Resettable): void {
    this.#waiting.delete(exchange)
  }

  /** Resets nothing any more. */
  stop(): void {
    this.#timer?.cancel()
  }

  #await(): void {
    this.#timer ??= this.#time.after(this.#budget.waitMs, () => {
      this.#timer = undefined
      for (const exchange of this.#waiting) {
        if (!this.#budget.spend()) return this.#await()
        this.#waiting.delete(exchange)
        exchange.reset()
      }
    })
  }
}
