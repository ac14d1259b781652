/** Notices a peer that is gone without a word: one PING timer a session, however many exchanges it carries. */
import type { Time, Timer } from '../time.ts'

/** What a keep-alive needs of its session. */
export interface Pingable {
  /** When the peer last gave a sign of life, in milliseconds since the Unix epoch. */
  readonly lastHeardAt: number
  /**
   * Asks for a sign of life, which moves `lastHeardAt`, with a PING (RFC 9113 §6.7); true also where an earlier
   * question is still unanswered, false where none can be asked now. Never throws.
   */
  ping(): boolean
  /** Called once when the peer is given up. */
  giveUp(waitedMs: number): void
}

/**
 * PINGs when nothing came for `intervalMs`; gives the peer up when nothing comes within `timeoutMs` after it. So a
 * peer that falls silent is given up `intervalMs + timeoutMs` after it was last heard.
 */
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

  /** Begins to watch; called when an idle session's first exchange opens. One that was idle for long is asked at once. */
  start(): void {
    if (this.#timer === undefined) this.#watch()
  }

  /** Stops watching; an idle session is nobody's concern. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  get #idleMs(): number {
    return this.#time.now() - this.#peer.lastHeardAt
  }

  #watch(delayMs: number = Math.max(0, this.#intervalMs - this.#idleMs)): void {
    this.#timer = this.#time.after(delayMs, () => {
      if (this.#idleMs < this.#intervalMs) return this.#watch()
      // A session that cannot ask is closing: its own end will tell.
      if (this.#peer.ping()) this.#await(this.#time.now())
      else this.#watch(this.#intervalMs)
    })
  }

  #await(sentAt: number): void {
    this.#timer = this.#time.after(this.#timeoutMs, () => {
      // Counted from when the peer was heard, not from now: else one that fell silent just after its answer would be
      // noticed a whole timeout late.
      if (this.#peer.lastHeardAt >= sentAt) return this.#watch()
      this.#timer = undefined
      this.#peer.giveUp(this.#timeoutMs)
    })
  }
}
