/** Why a session ends: what its peer said last, what broke it, and what that means for each exchange. */
import type { End } from '../end.ts'
import { enhanceYourCalm, nameOf, noError } from './codes.ts'

/** Keeps the first cause, and the GOAWAY. */
export class SessionEnd {
  #end: End | undefined
  #goaway: { readonly code: number; readonly lastStreamId: number; readonly reason: string } | undefined

  /** Whether the session came to its end. */
  get isKnown(): boolean {
    return this.#end !== undefined
  }

  /** Whether the peer went away since we sent too many PINGs. */
  get isTooManyPings(): boolean {
    return this.#goaway?.reason === 'too_many_pings' && this.#goaway.code === enhanceYourCalm
  }

  /** Something ended the session; what did so before stands. */
  settle(end: End): void {
    this.#end ??= end
  }

  /** More is known of a connection that was cut; gives the end. */
  explain(end: End): End {
    if (this.#end === undefined || this.#end.how === 'cut') this.#end = end
    return this.#end
  }

  /** GOAWAY came (RFC 9113 §6.8). */
  goAway(code: number, lastStreamId: number, reason: Uint8Array | undefined): void {
    this.#goaway = { code, lastStreamId, reason: Buffer.from(reason ?? []).toString('latin1') }
  }

  /** The connection told an error; after GOAWAY that stands for what it says. */
  fail(cause: Error): void {
    if (this.#goaway === undefined) this.settle({ how: 'cut', cause })
  }

  /** The end that it means for the exchange with this number; `isGone` where the connection is. */
  of(streamId: number | undefined, isGone: boolean): End | undefined {
    const goaway = this.#goaway
    if (goaway && streamId !== undefined && streamId > goaway.lastStreamId) {
      return { how: 'refused', by: `GOAWAY ${nameOf(goaway.code)} with a lower last stream` }
    }
    if (this.#end) return this.#end
    if (goaway && goaway.code !== noError) {
      return { how: 'goaway', code: goaway.code, codeName: nameOf(goaway.code) }
    }
    // After a FIN Node ends the exchange with CANCEL and no error, and the socket is gone by then.
    return isGone ? { how: 'cut' } : undefined
  }
}
