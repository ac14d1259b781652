/**
 * Keeps the place of a quiet stream fresh. Where nothing comes for long its place grows old, and history forgets: a loss
 * would be a hole though nothing was missed. So history is asked whether anything happened, and the place moves on if not.
 */
import type { Time, Timer } from '../time.ts'

/** History reaches back 15 minutes at least (protocol.md F.4); a third of it leaves time to come back. In milliseconds. */
const refreshMs = 5 * 60_000

/** What a refresh asks of its stream. */
export interface RefreshOwner {
  /** Whether the stream is open, waits for events, and got none since this time, in milliseconds since the Unix epoch. */
  isQuietSince(time: number): boolean
  /** Asks history, and moves the place on where nothing happened. */
  refresh(): Promise<void>
}

/** A timer that comes back until it is stopped. */
export class Refresh {
  readonly #time: Time
  readonly #owner: RefreshOwner
  #timer: Timer | undefined
  #isStopped = false

  constructor(time: Time, owner: RefreshOwner) {
    this.#time = time
    this.#owner = owner
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
    if (this.#owner.isQuietSince(this.#time.now() - refreshMs)) await this.#owner.refresh()
    if (!this.#isStopped) this.#wait()
  }
}
