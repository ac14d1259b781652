/** Waiting that an AbortSignal can end. */
import type { Time } from './time.ts'

type Followers = { readonly runs: Set<() => void>; readonly listener: () => void }

/** What hangs on each signal: one listener a signal, however many streams and queries share it, and none for nobody. */
const followers = new WeakMap<AbortSignal, Followers>()

/** Calls `run` once when the signal aborts, at once where it has; gives a function that stops that. */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  if (signal.aborted) {
    run()
    return () => undefined
  }
  const { runs, listener } = followers.get(signal) ?? follow(signal)
  // A wrapper of its own: the same function may be given twice.
  const call = () => run()
  runs.add(call)
  return () => {
    if (!runs.delete(call) || runs.size > 0 || signal.aborted) return
    followers.delete(signal)
    signal.removeEventListener('abort', listener)
  }
}

function follow(signal: AbortSignal): Followers {
  const runs = new Set<() => void>()
  const listener = () => {
    followers.delete(signal)
    for (const run of runs) run()
  }
  const made = { runs, listener }
  followers.set(signal, made)
  signal.addEventListener('abort', listener, { once: true })
  return made
}

/** What `orAbort` gives where a signal was first. */
export const aborted: unique symbol = Symbol('aborted')

/** The promise's result, or `aborted` as soon as one of the signals aborts. */
export async function orAbort<T>(promise: Promise<T>, ...signals: readonly AbortSignal[]): Promise<T | typeof aborted> {
  const stops: (() => void)[] = []
  const ended = new Promise<typeof aborted>(resolve => {
    for (const signal of signals) stops.push(onAbort(signal, () => resolve(aborted)))
  })
  try {
    return await Promise.race([ended, promise])
  } finally {
    for (const stop of stops) stop()
  }
}

/** Waits; false where the signal ended it. Unlike other timers this one keeps the process alive: somebody awaits it. */
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
