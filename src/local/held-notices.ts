/**
 * What one stream is told late. The real server merges the partitions of a `documents()` set tick by tick, so what is
 * asked when an event of it is rendered is asked some ticks after the commit (protocol.md B.8).
 */
import type { Timers } from './timers.ts'

/** The tick of the real server, in milliseconds: what is held waits for more than one of them, and at most two. */
export const TICK_MS = 300

/** One transaction that is held. */
type Held = { readonly txn: number; readonly releases: (() => void)[] }

/** A queue that lets go of what it holds in the order in which it came. */
export class HeldNotices {
  readonly #timers: Timers
  #held: Held[] = []
  /** How many of them came before the last tick: the next one lets them go. */
  #due = 0
  #cancelTick: (() => void) | undefined

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** How many transactions are held, whatever the number of their notices. */
  get transactions(): number {
    return this.#held.length
  }

  /** Holds one notice of a transaction: `release` runs in its turn. */
  hold(txn: number, release: () => void): void {
    const last = this.#held.at(-1)
    if (last?.txn === txn) last.releases.push(release)
    else this.#held.push({ txn, releases: [release] })
    this.#cancelTick ??= this.#timers.after(TICK_MS, () => this.#tick())
  }

  /** Lets go of everything now. */
  releaseAll(): void {
    const held = this.#held
    this.drop()
    for (const { releases } of held) for (const release of releases) release()
  }

  /** Forgets everything. */
  drop(): void {
    this.#cancelTick?.()
    this.#cancelTick = undefined
    this.#held = []
    this.#due = 0
  }

  #tick(): void {
    const due = this.#held.splice(0, this.#due)
    this.#due = this.#held.length
    this.#cancelTick = this.#due === 0 ? undefined : this.#timers.after(TICK_MS, () => this.#tick())
    for (const { releases } of due) for (const release of releases) release()
  }
}
