/**
 * Keeps the place of a quiet stream fresh. Where nothing comes for long its place grows old, and history forgets: a loss
 * would be a hole though nothing was missed. So history is asked whether anything happened, and the place moves on if not.
 */
import type { Time, Timer } from '../time.ts'
import type { Saver } from './checkpoint.ts'
import type { Cursor } from './cursor.ts'
import type { History } from './history.ts'
import type { Inflow } from './inflow.ts'

/** History reaches back 15 minutes at least (protocol.md F.4); a third of it leaves time to come back. In milliseconds. */
const refreshMs = 5 * 60_000

/** What a refresh works with. */
export type RefreshParts = {
  readonly cursor: Cursor
  readonly history: History
  readonly inflow: Inflow
  readonly saver: Saver | undefined
}

/** A timer that comes back until it is stopped. */
export class Refresh {
  readonly #time: Time
  readonly #cursor: Cursor
  readonly #history: History
  readonly #inflow: Inflow
  readonly #saver: Saver | undefined
  #timer: Timer | undefined
  #isStopped = false

  constructor(time: Time, { cursor, history, inflow, saver }: RefreshParts) {
    this.#time = time
    this.#cursor = cursor
    this.#history = history
    this.#inflow = inflow
    this.#saver = saver
  }

  /** Begins, once. */
  start(): void {
    if (this.#timer === undefined && !this.#isStopped) this.#wait()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #wait(): void {
    this.#timer = this.#time.after(refreshMs, () => void this.#run())
  }

  async #run(): Promise<void> {
    if (this.#inflow.heldSinceQuiet(this.#time.now() - refreshMs) === 0) await this.#refresh()
    if (!this.#isStopped) this.#wait()
  }

  async #refresh(): Promise<void> {
    const [cursor, inflow] = [this.#cursor, this.#inflow]
    const [attempt, before] = [inflow.attempt, cursor.txn!]
    const quietUntil = await this.#history.findQuiet(before)
    if (quietUntil === undefined || !inflow.isOn(attempt) || !inflow.isReading || cursor.txn !== before) return
    cursor.complete(quietUntil)
    const mark = cursor.mark()!
    if (this.#saver?.isDue(mark)) this.#saver.keep(mark)
  }
}
