/**
 * The hand-written iterator: what is there is given at once, without a step of an async generator in between; what is
 * not is awaited, and parallel calls are answered in order.
 */

/** What an iterator pulls from. */
export interface Pullable<T> {
  /** What is there now; `undefined` where nothing is. Throws the error that belongs to this place in the order. */
  take(): T | undefined
  /** Waits for more: false at a normal end. Rejects with the error of the end. */
  fill(): Promise<boolean>
  /** The consumer left. */
  stop(): void
}

/** Stops the source of a loop that was left without a word, and whose iterator nobody can call any more. */
const abandoned = new FinalizationRegistry<Pullable<unknown>>(source => source.stop())

type Waiter<T> = { resolve(result: IteratorResult<T, undefined>): void; reject(error: unknown): void }

/** The async iterator of a loop. */
export class PullIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #source: Pullable<T>
  readonly #waiters: Waiter<T>[] = []
  #isServing = false
  #isDone = false

  constructor(source: Pullable<T>) {
    this.#source = source
    abandoned.register(this, source, this)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#isDone) return Promise.resolve({ done: true, value: undefined })
    if (this.#waiters.length === 0) {
      try {
        const value = this.#source.take()
        if (value !== undefined) return Promise.resolve({ done: false, value })
      } catch (error) {
        this.#finish()
        return Promise.reject(error)
      }
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      void this.#serve()
    })
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#source.stop()
    this.#finish()
    return Promise.resolve({ done: true, value: undefined })
  }

  throw(error?: unknown): Promise<IteratorResult<T, undefined>> {
    this.#source.stop()
    this.#finish()
    return Promise.reject(error)
  }

  async #serve(): Promise<void> {
    if (this.#isServing) return
    this.#isServing = true
    try {
      while (this.#waiters.length > 0) {
        const value = this.#source.take()
        if (value !== undefined) this.#waiters.shift()!.resolve({ done: false, value })
        else if (!(await this.#source.fill())) this.#finish()
      }
    } catch (error) {
      this.#waiters.shift()?.reject(error)
      this.#finish()
    } finally {
      this.#isServing = false
    }
  }

  /** Ends what waits: a call that is pending is never left so. */
  #finish(): void {
    this.#isDone = true
    abandoned.unregister(this)
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined })
  }
}
