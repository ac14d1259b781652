/** Waiting until something holds, looked at whenever something happened: a test need not sleep. */

type Wait = { readonly check: () => boolean; readonly resolve: () => void; readonly reject: (error: Error) => void }

/** All that is waited for at one place. */
export class Waits {
  readonly #waiting = new Set<Wait>()
  #end: Error | undefined

  /** Resolves when `check` holds, at once where it does already; rejects with the error of `end`. */
  until(check: () => boolean): Promise<void> {
    const held = new Promise<void>((resolve, reject) => {
      if (check()) resolve()
      else if (this.#end) reject(this.#end)
      else this.#waiting.add({ check, resolve, reject })
    })
    // A test that has failed elsewhere does not come to await it: that is no second failure.
    held.catch(() => undefined)
    return held
  }

  /** Something happened: all checks are made. */
  look(): void {
    for (const wait of this.#waiting) {
      try {
        if (!wait.check()) continue
        wait.resolve()
      } catch (error) {
        wait.reject(error as Error)
      }
      this.#waiting.delete(wait)
    }
  }

  /** Nothing will happen any more. */
  end(error: Error): void {
    this.#end ??= error
    for (const { reject } of this.#waiting) reject(this.#end)
    this.#waiting.clear()
  }
}
