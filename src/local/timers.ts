/** Timers: where they come from, so that tests own time, and how all that wait are cancelled at once. */

/** Starts a timer and returns how to cancel it. */
export type StartTimer = (callback: () => void, delayMs: number) => () => void

/** Starts a timer of Node. */
export function startNodeTimer(callback: () => void, delayMs: number): () => void {
  const timer = setTimeout(callback, delayMs)
  return () => clearTimeout(timer)
}

/** A source of timers that remembers those that wait. */
export class Timers {
  readonly #start: StartTimer
  readonly #waiting = new Set<() => void>()

  /** Default: timers of Node. */
  constructor(start: StartTimer = startNodeTimer) {
    this.#start = start
  }

  /** Runs something after a while. Gives back how to cancel it. */
  after(delayMs: number, run: () => void): () => void {
    const stop = this.#start(() => {
      this.#waiting.delete(cancel)
      run()
    }, delayMs)
    const cancel = (): void => {
      this.#waiting.delete(cancel)
      stop()
    }
    this.#waiting.add(cancel)
    return cancel
  }

  /** Cancels all that wait. */
  cancelAll(): void {
    for (const cancel of this.#waiting) cancel()
  }
}
