/**
 * What is done between requests: indexes are filled, and requests that had to wait for one are run again. Nothing runs
 * while there is nothing to fill.
 */
import { UnfilledIndex, continueFilling, hasFillings } from './index-builds.ts'
import type { Store } from './store.ts'
import type { Timers } from './timers.ts'

/** How long it works before others get their turn, in milliseconds. */
const SLICE_MS = 5

/** How long a request waits, and what becomes of it then. */
export type Patience = { readonly timeoutMs: number; readonly refuse: () => void }

/** Fills the indexes of a store. */
export class Filler {
  readonly #store: Store
  readonly #timers: Timers
  readonly #waiting = new Set<() => void>()
  #cancel: (() => void) | undefined

  constructor(store: Store, timers: Timers) {
    this.#store = store
    this.#timers = timers
  }

  /**
   * Runs a request: now, and where it needs an index that is being filled, again when that is full. What it throws then
   * rejects the promise: nobody else is there to answer for it.
   */
  run(attempt: () => void | Promise<void>, { timeoutMs, refuse }: Patience): void | Promise<void> {
    let result: void | Promise<void> = undefined
    const isDone = (): boolean =>
      this.#isDone(() => {
        result = attempt()
      })
    if (isDone()) return result
    return new Promise((resolve, reject) => {
      const again = (): void => {
        try {
          if (!isDone()) {
            this.#waiting.add(again)
            return
          }
          resolve(result)
        } catch (error) {
          reject(error as Error)
        }
        cancel()
      }
      const cancel = this.#timers.after(timeoutMs, () => {
        this.#waiting.delete(again)
        try {
          refuse()
          resolve()
        } catch (error) {
          reject(error as Error)
        }
      })
      this.#waiting.add(again)
    })
  }

  /** Forgets who waits; indexes are filled on when the next request comes. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#waiting.clear()
  }

  #isDone(attempt: () => void): boolean {
    try {
      attempt()
      return true
    } catch (error) {
      if (error instanceof UnfilledIndex) return false
      throw error
    } finally {
      this.#wake()
    }
  }

  #wake(): void {
    if (hasFillings(this.#store)) this.#cancel ??= this.#timers.after(0, () => this.#work())
  }

  #work(): void {
    this.#cancel = undefined
    const start = performance.now()
    const isOver = continueFilling(this.#store, () => performance.now() - start >= SLICE_MS)
    this.#wake()
    if (!isOver) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const again of waiting) again()
  }
}
