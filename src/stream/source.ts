/** The life of a stream: opening, lines → events in order, the one end. */
import { onAbort } from '../abort.ts'
import { isSecretRefused } from '../answer.ts'
import { type End, toError } from '../end.ts'
import { type FaunaError, StreamError } from '../errors.ts'
import { type LineEvent, readEvent } from '../events/decode.ts'
import type { StreamEvent } from '../events/types.ts'
import { callSafely } from '../observe.ts'
import type { StreamState } from '../signals.ts'
import { Attempt, type AttemptOptions } from './attempt.ts'
import type { Link } from './link.ts'
import type { Pullable } from './pull.ts'
import { State } from './state.ts'

/** What the owner of a source is told. */
export interface SourceEvents {
  moved(state: StreamState, before: StreamState): void
  started(txn: number): void
  ended(error: FaunaError | undefined): void
}

/** What a source needs besides its link; `content` is the expression as the caller gave it, for the observer. */
export type SourceOptions = AttemptOptions & { readonly content: unknown }

/** Pulls the events of one stream. Nothing is sent before the first `fill`. */
export class EventSource implements Pullable<StreamEvent> {
  /** When the stream last told an event, in milliseconds since the Unix epoch. */
  lastEventAt: number | undefined
  /** The highest transaction time that the stream told, in microseconds. */
  lastTxn: number | undefined
  readonly #link: Link
  readonly #options: SourceOptions
  readonly #signal: AbortSignal
  readonly #owner: SourceEvents
  readonly #state: State
  #attempt: Attempt | undefined
  #opening: Promise<Attempt | undefined> | undefined
  #openedAt = 0
  #lines: readonly string[] = []
  #next = 0
  /** Set when a consumer left the loop: the end is then nobody's error. */
  #isLeft = false

  constructor(link: Link, options: SourceOptions, signal: AbortSignal, owner: SourceEvents) {
    this.#link = link
    this.#options = options
    this.#signal = signal
    this.#owner = owner
    this.#state = new State((state, before) => owner.moved(state, before))
    onAbort(signal, () => this.#close(undefined))
  }

  get state(): StreamState {
    return this.#state.now
  }

  /** When the peer last gave a sign of life, in milliseconds since the Unix epoch. */
  get lastHeardAt(): number | undefined {
    return this.#attempt?.lastHeardAt
  }

  /** Resolves when the wire stream is let go. */
  async release(): Promise<void> {
    const attempt = await this.#opening?.catch(() => undefined)
    await attempt?.ended
  }

  /** The next event that has come, decoded now: a slow loop holds lines, not objects, and an error has its place. */
  take(): StreamEvent | undefined {
    if (this.#next >= this.#lines.length) return undefined
    const line = this.#lines[this.#next++]!
    try {
      return this.#admit(readEvent(line), line)
    } catch (error) {
      this.#close(error as FaunaError)
      throw error
    }
  }

  async fill(): Promise<boolean> {
    if (this.#isOver()) return this.#endLoop()
    try {
      this.#opening ??= this.#open()
      this.#attempt ??= await this.#opening
      const read = this.#attempt && (await this.#attempt.read())
      if (this.#isOver() || read === undefined) return this.#endLoop()
      if ('how' in read) throw this.#toError(read)
      this.#lines = read
      this.#next = 0
      this.lastEventAt = this.#link.time.now()
      return true
    } catch (error) {
      if (this.#isOver()) return this.#endLoop()
      this.#close(error as FaunaError)
      throw error
    }
  }

  stop(): void {
    this.#isLeft = true
    this.#close(undefined)
  }

  /** An attempt, or nothing where it was closed meanwhile. Throws what the opening came to. */
  async #open(): Promise<Attempt | undefined> {
    this.#state.move('connecting')
    // A listener of that move may have closed the stream.
    if (this.#isOver()) return undefined
    this.#openedAt = this.#link.time.now()
    let attempt = await Attempt.open(this.#link, this.#options, this.#signal)
    // A secret that a function gives may have been changed meanwhile: it is asked once more.
    if (isSecretRefusal(attempt) && this.#link.secretRefused()) {
      attempt = await Attempt.open(this.#link, this.#options, this.#signal)
    }
    if (!('how' in attempt)) {
      // Closed while it was opening: nobody else knows of it yet.
      if (this.#isOver()) attempt.cancel()
      return attempt
    }
    if (attempt.how === 'closed') return this.#close(undefined)
    throw this.#toError(attempt)
  }

  #admit(event: LineEvent, line: string): StreamEvent | undefined {
    if (event.type === 'error') {
      const { code, description } = event.event
      this.#link.see(event.txn)
      if (code === 'permission denied') this.#link.secretRefused()
      throw new StreamError(code, description, event.txn, this.#link.where)
    }
    this.#see(event.type === 'unknown' ? txnOf(event.raw) : event.txn)
    const isFirst = this.#state.move('open')
    // A listener of that move may have closed the stream.
    if (this.#isOver()) return undefined
    if (isFirst && event.type === 'start') this.#owner.started(event.txn)
    if (this.#link.observer) this.#tell(event, line)
    return event
  }

  #see(txn: number | undefined): void {
    if (txn === undefined) return
    this.#link.see(txn)
    if (this.lastTxn === undefined || txn > this.lastTxn) this.lastTxn = txn
  }

  #tell(event: StreamEvent, line: string): void {
    const { request, content } = this.#options
    callSafely(this.#link.observer!, {
      method: 'POST',
      path: '/stream',
      query: request.fields ? { fields: request.fields.join(',') } : {},
      requestRaw: request.body,
      requestContent: content,
      responseRaw: line,
      responseContent: event,
      statusCode: this.#attempt?.head.status ?? 0,
      responseHeaders: this.#attempt?.head.headers ?? {},
      startTime: this.#openedAt,
      endTime: this.#link.time.now(),
    })
  }

  #toError(end: End): FaunaError {
    if (end.how === 'closed') return toError({ how: 'cut' }, this.#link.where)
    return toError(end, this.#link.where, this.#attempt?.heldBytes)
  }

  #isOver(): boolean {
    return this.#state.now === 'closed'
  }

  /** The one end: what came and was not taken is dropped, the wire stream is let go. */
  #close(error: FaunaError | undefined): undefined {
    if (!this.#state.move('closed')) return
    this.#lines = []
    this.#next = 0
    this.#attempt?.cancel()
    this.#owner.ended(error)
  }

  /** An abort with a reason of its own throws it; a plain one ends the loop normally. */
  #endLoop(): boolean {
    if (this.#signal.aborted && !this.#isLeft && !isPlainAbort(this.#signal.reason)) throw this.#signal.reason
    return false
  }
}

function isSecretRefusal(attempt: Attempt | End): boolean {
  return 'how' in attempt && attempt.how === 'answered' && isSecretRefused(attempt.error)
}

function txnOf(raw: unknown): number | undefined {
  const txn = (raw as { readonly txn?: unknown }).txn
  return Number.isSafeInteger(txn) ? (txn as number) : undefined
}

function isPlainAbort(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'AbortError'
}
