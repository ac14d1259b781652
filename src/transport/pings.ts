/** PINGs on one connection: for a sign of life, and to measure the distance. */
import type { ClientHttp2Session } from 'node:http2'

/** Sends PINGs; neither kind ever throws. */
export class Pings {
  readonly #http2: ClientHttp2Session
  #unanswered = 0

  constructor(http2: ClientHttp2Session) {
    this.#http2 = http2
  }

  /** Asks for a sign of life; one question at a time. False where the connection cannot ask. */
  ask(answered: () => void): boolean {
    if (this.#http2.destroyed) return false
    const settle = (error: Error | null) => {
      this.#unanswered = 0
      if (!error) answered()
    }
    try {
      // Node refuses an eleventh PING while ten are unanswered; one is enough to wait for.
      if (this.#unanswered > 0) return true
      // After GOAWAY Node sends no PING, and the exchanges that go on need one (RFC 9113 §6.8): an empty SETTINGS frame
      // changes nothing and must be acknowledged at once too (§6.5.3).
      if (this.#http2.closed) this.#http2.settings({}, settle)
      else if (!this.#http2.ping(settle)) return false
      this.#unanswered++
      return true
    } catch {
      // Destroyed meanwhile: both throw on the spot, and its own end tells.
      return false
    }
  }

  /** Measures a round trip; false where that cannot be done now. */
  sound(answered: () => void): boolean {
    if (this.#http2.destroyed || this.#http2.closed) return false
    return this.#http2.ping(error => {
      if (!error) answered()
    })
  }
}
