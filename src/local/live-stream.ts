/**
 * One open stream: renders what it is told and writes it as fast as its peer reads. A peer that does not read gets a
 * bounded queue; when that is full everything in it is dropped and the stream ends with an error (protocol.md B.8).
 */
import { documentLine, errorLine, setLine, startLine } from './events.ts'
import type { EventField } from './events.ts'
import type { ReplyStream } from './exchange.ts'
import { ownFault } from './failures.ts'
import type { Follower, Notice, Rendered } from './feed.ts'
import { HeldNotices } from './held-notices.ts'
import type { Renderer } from './render.ts'
import type { Timers } from './timers.ts'

/** How many transactions wait, for their time or for a peer that does not read, whatever the number of their events. */
export const MAX_QUEUED_TRANSACTIONS = 4096

const CONGESTED = `Stream closed due to congestion after accumulating ${MAX_QUEUED_TRANSACTIONS} items.`

/** Thrown by a renderer that comes upon bytes: streams of the real server cannot render them. */
export class BytesError extends Error {
  override readonly name = 'BytesError'
}

const BYTES_EXCEPTION =
  'io.netty.util.IllegalReferenceCountException: refCnt: 0\nPlease create a ticket at https://support.fauna.com'

/** The rights of a stream, asked again for every transaction that concerns it. */
export interface StreamRights {
  /** Whether the key is still what it was when the stream was opened. */
  isValid(): boolean
  /** Whether the key may see this, as things are now. */
  canSee(notice: Notice): boolean
  /** Whether that is to be asked when the event is rendered, some time after its commit. */
  isAskedLate(notice: Notice): boolean
}

/** How a stream ends with an error. */
export type StreamError = { readonly code: string; readonly description: string; readonly txn?: number }

/** What a stream is made with. */
export type LiveStreamOptions = {
  readonly reply: ReplyStream
  readonly fields: ReadonlySet<EventField>
  readonly renderer: Renderer
  readonly rights: StreamRights
  /** Streams with the same text here render the same. */
  readonly renderKey: string
  readonly timers: Timers
}

/** A stream that a client reads. */
export class LiveStream implements Follower {
  readonly #reply: ReplyStream
  readonly #options: LiveStreamOptions
  readonly #held: HeldNotices
  /** What waits for the peer; everything before `#sent` has left. */
  #queue: { readonly txn: number; readonly text: string | Buffer }[] = []
  #sent = 0
  #queuedTransactions = 0
  #isBlocked = false
  #isEnding = false
  #startTxn = 0

  constructor(options: LiveStreamOptions) {
    this.#options = options
    this.#reply = options.reply
    this.#held = new HeldNotices(options.timers)
    this.#reply.onDrain(() => this.#drain())
  }

  /** Tells the client from when on it is told everything. */
  start(txn: number): void {
    this.#startTxn = txn
    this.#write(txn, startLine(txn))
  }

  deliver(txn: number, notice: Notice, rendered: Rendered): void {
    if (this.#isEnding || txn <= this.#startTxn) return
    try {
      this.#admit(txn, notice, rendered)
    } catch (error) {
      this.failWith(error)
    }
  }

  #admit(txn: number, notice: Notice, rendered: Rendered): void {
    const { rights } = this.#options
    if (!rights.isValid()) {
      this.fail({ code: 'permission denied', description: 'Authorization lost during stream evaluation.', txn })
    } else if (this.#held.transactions > 0 || rights.isAskedLate(notice)) {
      this.#held.hold(txn, () => this.#tell(txn, notice, rendered))
      this.#checkCongestion()
    } else this.#tell(txn, notice, rendered)
  }

  /** Ends the stream with an error; what is held or queued goes first. */
  fail(error: StreamError): void {
    this.#held.releaseAll()
    this.#finish(error)
  }

  /** Ends the stream with what was thrown while it began or told something: a hole would be left where it went on. */
  failWith(error: unknown): void {
    const { code, message } = ownFault(error)
    this.#finish({ code, description: error instanceof BytesError ? BYTES_EXCEPTION : message })
  }

  /** Ends the stream after what is held or queued. */
  end(): void {
    this.#held.releaseAll()
    this.#isEnding = true
    if (this.#queue.length === 0) this.#reply.end()
  }

  /** To be called when nothing more can be sent. */
  close(): void {
    this.#isEnding = true
    this.#held.drop()
  }

  /** Ends the stream with an error; what is held is not told any more. */
  #finish({ code, description, txn = 0 }: StreamError): void {
    this.#held.drop()
    if (this.#isEnding) return
    this.#write(txn, errorLine(code, description, txn))
    this.end()
  }

  #tell(txn: number, notice: Notice, rendered: Rendered): void {
    if (this.#isEnding) return
    try {
      if (this.#options.rights.canSee(notice)) this.#write(txn, this.#render(txn, notice, rendered))
    } catch (error) {
      this.failWith(error)
    }
  }

  #render(txn: number, notice: Notice, rendered: Rendered): Buffer {
    const { fields, renderer, renderKey } = this.#options
    let bytes = rendered.get(renderKey)
    if (bytes === undefined) {
      bytes = Buffer.from(
        notice.kind === 'document'
          ? documentLine(notice.notice, txn, fields, renderer)
          : setLine(notice.event, txn, fields, renderer),
      )
      rendered.set(renderKey, bytes)
    }
    return bytes
  }

  #write(txn: number, text: string | Buffer): void {
    if (!this.#isBlocked) {
      this.#isBlocked = !this.#reply.write(text)
      return
    }
    if (this.#queue.at(-1)?.txn !== txn) this.#queuedTransactions++
    this.#queue.push({ txn, text })
    this.#checkCongestion()
  }

  /** Where too much waits it is dropped, and the error overtakes it (protocol.md B.8). */
  #checkCongestion(): void {
    if (this.#queuedTransactions + this.#held.transactions <= MAX_QUEUED_TRANSACTIONS) return
    this.#held.drop()
    this.#queue = [{ txn: 0, text: errorLine('time out', CONGESTED) }]
    this.#sent = 0
    this.#isEnding = true
    if (!this.#isBlocked) this.#drain()
  }

  /** Gives the memory of what has left back, now and then. */
  #forgetSent(): void {
    if (this.#sent * 2 < this.#queue.length) return
    this.#queue = this.#queue.slice(this.#sent)
    this.#sent = 0
  }

  #drain(): void {
    this.#isBlocked = false
    for (; !this.#isBlocked && this.#sent < this.#queue.length; this.#sent++) {
      const next = this.#queue[this.#sent]
      if (next === undefined) break
      if (this.#queue[this.#sent + 1]?.txn !== next.txn) this.#queuedTransactions--
      this.#isBlocked = !this.#reply.write(next.text)
    }
    this.#forgetSent()
    if (this.#sent < this.#queue.length) return
    if (this.#isEnding) this.#reply.end()
  }
}
