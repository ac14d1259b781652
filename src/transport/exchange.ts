/** One HTTP/2 request and its answer; says truthfully how it ended. */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import type { End } from '../end.ts'
import { cancel, nameOf, noError, refusedStream } from './codes.ts'

/** A request as it goes on the wire; `path` with its query. */
export type WireRequest = {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Status and headers of an answer, names in lower case. */
export type Head = { readonly status: number; readonly headers: Readonly<Record<string, string>> }

/** Where the bytes of an answer go. */
export interface Sink {
  push(chunk: Uint8Array): void
  finish(): void
}

/** What an exchange needs of its session: why it ended, and whether it may be reset. */
export interface ExchangeOwner {
  /** The end that the session as a whole came to, where it did. */
  endOf(streamId: number | undefined): End | undefined
  heard(): void
  /** So many bytes of an answer came. */
  received(bytes: number): void
  readonly lastHeardAt: number
  /** Whether a RST_STREAM may be sent now. Where not, the session calls `reset` when the exchange's turn has come. */
  mayReset(exchange: Exchange): boolean
  /** The exchange was let go by us. */
  cancelled(exchange: Exchange): void
}

/** One request on a session. Nothing of the answer flows before `pipe`. */
export class Exchange {
  /** The answer's status and headers; `undefined` where it ended before they came. */
  readonly head: Promise<Head | undefined>
  /** How it ended; never rejects. One that was let go ends at once, though its reset may have to wait its turn. */
  readonly end: Promise<End>
  /** Resolves when it is gone from the connection. */
  readonly gone: Promise<void>
  /** Called when the peer answered a PING, with the time that took in milliseconds. */
  pinged: ((roundTripMs: number) => void) | undefined
  readonly #request: ClientHttp2Stream
  readonly #session: ExchangeOwner
  #isCancelled = false
  #error: Error | undefined
  #resolveEnd: (end: End) => void = () => undefined
  #resolveHead: ((head: Head | undefined) => void) | undefined

  constructor(http2: ClientHttp2Session, session: ExchangeOwner, wire: WireRequest) {
    this.#session = session
    this.#request = http2.request({ ':method': 'POST', ':path': wire.path, ...wire.headers }, { endStream: false })
    const request = this.#request
    this.head = new Promise(resolve => (this.#resolveHead = resolve))
    this.end = new Promise(resolve => (this.#resolveEnd = resolve))
    this.gone = new Promise(resolve => {
      request.once('close', () => {
        resolve()
        this.#finish(this.#classify())
      })
    })
    request.once('response', headers => {
      session.heard()
      this.#begin(toHead(headers))
    })
    request.on('error', error => (this.#error = error))
    request.end(wire.body)
  }

  /** Whether it was let go by us. */
  get isClosing(): boolean {
    return this.#isCancelled
  }

  /** When the peer last gave a sign of life, in milliseconds since the Unix epoch. */
  get lastHeardAt(): number {
    return this.#session.lastHeardAt
  }

  /** Lets the answer's bytes flow to `sink`, which is told when no more will come. */
  pipe(sink: Sink): void {
    this.#request.on('data', (chunk: Uint8Array) => {
      this.#session.received(chunk.length)
      sink.push(chunk)
    })
    void this.end.then(() => sink.finish())
  }

  /** The whole answer as text; what came of it where it was cut. Past `maxBytes` it is let go. */
  async text(maxBytes: number = Number.POSITIVE_INFINITY): Promise<string> {
    const chunks: Uint8Array[] = []
    let bytes = 0
    const push = (chunk: Uint8Array) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > maxBytes) this.cancel()
    }
    await new Promise<void>(resolve => this.pipe({ push, finish: resolve }))
    return Buffer.concat(chunks).toString('utf8')
  }

  /** Stops reading: HTTP/2 flow control then stops the peer (RFC 9113 §5.2). */
  pause(): void {
    this.#request.pause()
  }

  resume(): void {
    this.#request.resume()
  }

  /**
   * Lets the exchange go: its end is told at once, and nothing of it is read any more. It is reset with CANCEL (RFC 9113
   * §8.1), or, where its session has no reset left, later; `gone` tells when that is done.
   */
  cancel(): void {
    if (this.#isCancelled || this.#request.destroyed) return
    this.#isCancelled = true
    this.pinged = undefined
    this.#request.removeAllListeners('data')
    if (this.#request.closed || this.#session.mayReset(this)) this.reset()
    else this.#request.pause()
    // Node may never tell of its own reset, as on a connection that garbage came on: nobody waits for that.
    this.#finish({ how: 'closed' })
    this.#session.cancelled(this)
  }

  /** Resets the exchange on the wire; for its session, after `cancel`. */
  reset(): void {
    // destroy() would send NO_ERROR. Where the peer has ended its answer there is nothing to reset; but in either case
    // what is unread must be drained, or `close` never comes.
    if (!this.#request.closed) this.#request.close(cancel)
    this.#request.resume()
  }

  #begin(head: Head | undefined): void {
    this.#resolveHead?.(head)
    this.#resolveHead = undefined
  }

  #finish(end: End): void {
    this.#resolveEnd(end)
    this.#begin(undefined)
  }

  #classify(): End {
    if (this.#isCancelled) return { how: 'closed' }
    const { rstCode, id } = this.#request
    const ofSession = this.#session.endOf(id)
    // An error of the connection reaches the exchange before its session.
    if (ofSession?.how === 'cut') return { how: 'cut', cause: ofSession.cause ?? this.#error }
    if (ofSession) return ofSession
    if (id === undefined) return { how: 'refused', by: 'it was not sent', cause: this.#error }
    if (rstCode === refusedStream) return { how: 'refused', by: 'REFUSED_STREAM' }
    if (rstCode === noError && this.#error === undefined) return { how: 'finished' }
    if (isSocketError(this.#error)) return { how: 'cut', cause: this.#error }
    return { how: 'reset', code: rstCode, codeName: nameOf(rstCode) }
  }
}

function isSocketError(error: Error | undefined): boolean {
  return error !== undefined && 'syscall' in error
}

function toHead(raw: IncomingHttpHeaders & { ':status'?: number | undefined }): Head {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(raw)) {
    if (!name.startsWith(':') && value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return { status: raw[':status'] ?? 0, headers }
}
