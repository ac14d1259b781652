/** Waiting for a time to pass, which an AbortSignal can end. */
import { onAbort } from '../abort.ts'
import type { Time } from '../time.ts'

/** Waits; false where the signal ended it. Unlike other timers this one keeps the process alive: a loop awaits it. */
export function wait(time: Time, delayMs: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false)
  return new Promise(resolve => {
    const timer = time.after(delayMs, () => done(true), { isAwaited: true })
    const unfollow = onAbort(signal, () => done(false))
    function done(isOver: boolean): void {
      timer.cancel()
      unfollow()
      resolve(isOver)
    }
  })
}
