/** Notices a peer that is gone without a word: one PING timer a session, however many exchanges it carries. */
import type { Time, Timer } from '../time.ts'

/** What a keep-alive needs of its session. */
export interface Pingable {
  /** When the peer last gave a sign of life, in milliseconds since the Unix epoch. */
  readonly lastHeardAt: number
  /** Sends a PING (RFC 9113 §6.7); false where none can be sent now. `onAck` marks the peer as heard. */
  ping(): boolean
  /** Called once when the peer is given up. */
  giveUp(waitedMs: number): void
}

/** PINGs when nothing came for `intervalMs`; gives the peer up when nothing comes within `timeoutMs` after it. */
export class KeepAlive {
  readonly #peer: Pingable
  readonly #time: Time
  readonly #intervalMs: number
  readonly #timeoutMs: number
  #timer: Timer | undefined

  constructor(peer: Pingable, time: Time, intervalMs: number, timeoutMs: number) {
    this.#peer = peer
    this.#time = time
    this.#intervalMs = intervalMs
    this.#timeoutMs = timeoutMs
  }

  /** Begins to watch; called when the session's first exchange opens. */
  start(): void {
    if (this.#timer === undefined) this.#watch(this.#intervalMs)
  }

  /** Stops watching; an idle session is nobody's concern. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #watch(delayMs: number): void {
    this.#timer = this.#time.after(delayMs, () => {
      const idleMs = this.#time.now() - this.#peer.lastHeardAt
      if (idleMs < this.#intervalMs) return this.#watch(this.#intervalMs - idleMs)
      // A session that cannot ping is closing: its own end will tell.
      if (this.#peer.ping()) this.#await(this.#time.now())
      else this.#watch(this.#intervalMs)
    })
  }

  #await(sentAt: number): void {
    this.#timer = this.#time.after(this.#timeoutMs, () => {
      if (this.#peer.lastHeardAt >= sentAt) return this.#watch(this.#intervalMs)
      this.#timer = undefined
      this.#peer.giveUp(this.#timeoutMs)
    })
  }
}
