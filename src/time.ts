/** Now and timers, injected, so that tests own time. */

/** A timer that was set; `cancel` is idempotent. */
export interface Timer {
  cancel(): void
}

/** A source of time. The default is the system's. */
export interface Time {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls `run` once after `delayMs`; the timer keeps the process alive only where it `isAwaited`. */
  after(delayMs: number, run: () => void, options?: { readonly isAwaited?: boolean }): Timer
}

/** Read once: reading it costs more than `now`. */
const { timeOrigin } = performance

/** The system's clock and timers. */
export const systemTime: Time = {
  // It never goes back, whatever is done to the system's clock: lengths of time are worked out from it.
  now: () => Math.floor(timeOrigin + performance.now()),
  after(delayMs, run, { isAwaited = false } = {}) {
    let immediate: NodeJS.Immediate | undefined
    const timeout = setTimeout(() => {
      // What has come while the program was busy is read first: it may be what was waited for.
      // It must count (no `unref`): in a quiet process nothing else would wake the turn that runs it.
      immediate = setImmediate(run)
    }, delayMs)
    // As a rule an open socket keeps the process alive where something is awaited; a timer alone must not.
    if (!isAwaited) timeout.unref()
    return {
      cancel() {
        clearTimeout(timeout)
        clearImmediate(immediate)
      },
    }
  },
}
