/** The life of a stream: open → lines → events in order → lost → open again, to the one end. */
import { onAbort } from '../abort.ts'
import type { End } from '../end.ts'
import { type FaunaError, GapError, StreamError } from '../errors.ts'
import { type ErrorEvent, readEvent } from '../events/decode.ts'
import type { AnyEvent, GapEvent, StreamEvent, UnknownEvent } from '../events/types.ts'
import { callSafely } from '../observe.ts'
import type { StreamState } from '../signals.ts'
import type { Timer } from '../time.ts'
import type { Attempt } from './attempt.ts'
import { Cursor, type PlacedEvent } from './cursor.ts'
import type { Link } from './link.ts'
import { Opener, type OpenerEvents, type OpenerOptions } from './opener.ts'
import type { Pullable } from './pull.ts'
import { State } from './state.ts'
import { overlapMs, Successor } from './successor.ts'

/** What the owner of a source is told. */
export interface SourceEvents extends OpenerEvents {
  moved(state: StreamState, before: StreamState): void
  started(txn: number): void
  missed(gap: GapEvent): void
  ended(error: FaunaError | undefined): void
}

/** What a source needs besides its link; `content` is the expression as the caller gave it, for the observer. */
export type SourceOptions = OpenerOptions & {
  readonly content: unknown
  readonly onGap: 'throw' | 'yield'
}

/** Pulls the events of one stream. Nothing is sent before the first `fill`. */
export class EventSource implements Pullable<AnyEvent> {
  /** When the stream last told an event, in milliseconds since the Unix epoch. */
  lastEventAt: number | undefined
  /** When the peer last gave a sign of life on an attempt that is over. */
  #heardAt: number | undefined
  readonly #link: Link
  readonly #options: SourceOptions
  readonly #signal: AbortSignal
  readonly #owner: SourceEvents
  readonly #state: State
  readonly #opener: Opener
  readonly #cursor = new Cursor()
  #attempt: Attempt | undefined
  #opening: Promise<Attempt | undefined> | undefined
  #openedAt = 0
  #lines: readonly string[] = []
  #next = 0
  /** Events that go before the next line. */
  #ready: AnyEvent[] = []
  /** The server's last word on this attempt. */
  #told: End | undefined
  /** Whether this attempt's place in time is known. */
  #isPlaced = false
  /** The attempt that takes over as planned, when this one has passed its start. */
  #successor: Successor | undefined
  #overlap: Timer | undefined
  #handingOver: Promise<void> = Promise.resolve()
  #isReading = false
  /** Set when a consumer left the loop: the end is then nobody's error. */
  #isLeft = false

  constructor(link: Link, options: SourceOptions, signal: AbortSignal, owner: SourceEvents) {
    this.#link = link
    this.#options = options
    this.#signal = signal
    this.#owner = owner
    this.#state = new State((state, before) => owner.moved(state, before))
    this.#opener = new Opener(link, options, signal, owner)
    onAbort(signal, () => this.#close(undefined))
  }

  get state(): StreamState {
    return this.#state.now
  }

  /** The highest transaction time that the stream told, in microseconds. */
  get lastTxn(): number | undefined {
    return this.#cursor.txn
  }

  /** When the peer last gave a sign of life, in milliseconds since the Unix epoch. */
  get lastHeardAt(): number | undefined {
    return this.#attempt?.lastHeardAt ?? this.#heardAt
  }

  /** Resolves when the wire stream is let go. */
  async release(): Promise<void> {
    const attempt = await this.#opening?.catch(() => undefined)
    await attempt?.ended
  }

  /**
   * Opens the stream anew beside the old one, and goes over when the old one has passed the new one's start: nothing is
   * lost or told twice. Resolves when that is done; rejects, with the stream as it was, where the opening is refused.
   */
  handOver(): Promise<void> {
    // One after the other: the next one may be asked for with yet another secret.
    const done = this.#handingOver.then(() => this.#handOverNow())
    this.#handingOver = done.catch(() => undefined)
    return done
  }

  async #handOverNow(): Promise<void> {
    const before = await this.#opening?.catch(() => undefined)
    if (before === undefined || this.#isOver()) return
    const successor = await Successor.of(await this.#opener.openOnce(), this.#link)
    // Where it was lost meanwhile, it came back by itself.
    if (successor === undefined || this.#isOver() || this.#attempt !== before) return successor?.attempt.cancel()
    this.#successor = successor
    this.#awaitSilence(successor)
    return successor.settled
  }

  /** The next event that has come, decoded now: a slow loop holds lines, not objects, and an error has its place. */
  take(): AnyEvent | undefined {
    try {
      while (this.#ready.length > 0 || this.#next < this.#lines.length) {
        const ready = this.#ready.shift()
        if (ready !== undefined) return ready
        const event = this.#read(this.#lines[this.#next++]!)
        if (event !== undefined) return event
      }
      return undefined
    } catch (error) {
      this.#close(error as FaunaError)
      throw error
    }
  }

  async fill(): Promise<boolean> {
    try {
      while (!this.#isOver()) if (await this.#pull()) return true
    } catch (error) {
      if (!this.#isOver()) {
        this.#close(error as FaunaError)
        throw error
      }
    }
    return this.#endLoop()
  }

  stop(): void {
    this.#isLeft = true
    this.#close(undefined)
  }

  /** One step towards more lines; says whether there are some. */
  async #pull(): Promise<boolean> {
    if (this.#told) this.#lose(this.#told)
    if (this.#next < this.#lines.length) return true
    this.#attempt ??= await this.#open()
    if (this.#isOver()) return false
    if (this.#attempt === undefined) {
      this.#close(undefined)
      return false
    }
    const attempt = this.#attempt
    this.#isReading = true
    const read = await attempt.read()
    this.#isReading = false
    if (this.#isOver()) return false
    // Its successor took over meanwhile, and brought lines.
    if (this.#attempt !== attempt) return true
    if ('how' in read) {
      this.#lose(read)
      return false
    }
    this.#lines = read
    this.#next = 0
    this.lastEventAt = this.#link.time.now()
    return true
  }

  async #open(): Promise<Attempt | undefined> {
    this.#state.move('connecting')
    // A listener of that move may have closed the stream.
    if (this.#isOver()) return undefined
    this.#opening = this.#opener.open()
    const attempt = await this.#opening
    this.#openedAt = this.#link.time.now()
    this.#isPlaced = false
    // Closed while it was opening: nobody else knows of it yet.
    if (this.#isOver()) attempt?.cancel()
    return attempt
  }

  /** A loop that waits in vain for so long has heard everything that the old stream had to tell. */
  #awaitSilence(successor: Successor): void {
    this.#overlap = this.#link.time.after(overlapMs, () => {
      const isSilent = (this.lastEventAt ?? 0) <= this.#link.time.now() - overlapMs
      if (!this.#isReading || !isSilent) return this.#awaitSilence(successor)
      this.#cursor.complete(successor.startTxn)
      this.#goOver(successor)
    })
  }

  /** Goes on with the successor; its `start` tells the hole, if there is one. */
  #goOver(successor: Successor): void {
    const before = this.#attempt
    this.#forgetSuccessor()
    this.#attempt = successor.attempt
    this.#opening = Promise.resolve(successor.attempt)
    this.#lines = successor.lines
    this.#next = 0
    this.#told = undefined
    this.#isPlaced = false
    before?.cancel()
  }

  #forgetSuccessor(): void {
    this.#overlap?.cancel()
    this.#successor?.settle()
    this.#successor = undefined
  }

  /** What we did not ask for: the opener says whether, and when, we come back. */
  #lose(end: End): void {
    if (end.how === 'told' && end.error.code === 'permission denied') this.#link.secretRefused()
    const successor = this.#successor
    if (successor) {
      // The error of a lost right stands at the transaction that it withholds: all before it was told.
      if (end.how === 'told' && end.error.txn > successor.startTxn) this.#cursor.complete(successor.startTxn)
      if (this.#options.resumes || this.#cursor.isCompleteAt(successor.startTxn)) return this.#goOver(successor)
      this.#forgetSuccessor()
      successor.attempt.cancel()
    }
    const attempt = this.#attempt
    this.#heardAt = attempt?.lastHeardAt
    this.#attempt = undefined
    this.#told = undefined
    attempt?.cancel()
    // An exchange that was closed, though nobody closed the stream, went with its connection.
    this.#opener.lose(end.how === 'closed' ? { how: 'cut' } : end, attempt?.heldBytes)
    this.#state.move('connecting')
  }

  #read(line: string): AnyEvent | undefined {
    const event = readEvent(line)
    if (event.type === 'error') return this.#takeError(event)
    if (event.type === 'unknown') return this.#takeUnknown(event, line)
    this.#link.see(event.txn)
    if (!this.#isPlaced) return this.#place(event, line)
    const successor = this.#successor
    if (successor && event.txn > successor.startTxn) {
      this.#cursor.complete(successor.startTxn)
      this.#goOver(successor)
      return undefined
    }
    if (!this.#cursor.admit(event, line)) return undefined
    this.#opener.progressed()
    return this.#tell(event, line)
  }

  /** The first event of an attempt: it says from where on everything is told, and so what was missed. */
  #place(event: PlacedEvent, line: string): AnyEvent | undefined {
    const isFirst = this.#cursor.txn === undefined
    const gap = this.#findGap(event.txn)
    this.#isPlaced = true
    this.#cursor.reopen(event.txn)
    if (event.type === 'start') this.#cursor.complete(event.txn)
    this.#opener.started()
    this.#state.move('open')
    // A listener of any of these may close the stream.
    if (event.type === 'start' && !this.#isOver()) this.#owner.started(event.txn)
    if (gap && !this.#isOver()) this.#miss(gap)
    if (this.#isOver()) return undefined
    // A `start` is told once for the life of the loop; anything else must not get lost for being first.
    const told = event.type !== 'start' && !this.#cursor.admit(event, line) ? undefined : this.#tell(event, line)
    if (event.type === 'start' && !isFirst) return gap
    if (gap && told) this.#ready.push(told)
    return gap ?? told
  }

  #findGap(until: number): GapEvent | undefined {
    const after = this.#cursor.txn
    if (after === undefined || this.#cursor.isCompleteAt(until)) return undefined
    return { type: 'gap', after, until, reason: 'live' }
  }

  #miss(gap: GapEvent): void {
    this.#owner.missed(gap)
    if (this.#options.onGap === 'throw') throw new GapError(gap, this.#link.where)
  }

  /** It is passed on as it came; where it belongs in time its reader may know, we do not. */
  #takeUnknown(event: UnknownEvent, line: string): AnyEvent {
    const { txn } = event.raw as { readonly txn?: unknown }
    if (Number.isSafeInteger(txn)) this.#link.see(txn as number)
    return this.#tell(event, line)
  }

  #takeError({ txn, event: { code, description } }: ErrorEvent): undefined {
    this.#link.see(txn)
    this.#told = { how: 'told', error: new StreamError(code, description, txn, this.#link.where) }
    // It is always the last line (protocol.md B.7).
    this.#next = this.#lines.length
  }

  #tell(event: StreamEvent, line: string): StreamEvent {
    if (!this.#link.observer) return event
    const { request, content } = this.#options
    callSafely(this.#link.observer, {
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
    return event
  }

  #isOver(): boolean {
    return this.#state.now === 'closed'
  }

  /** The one end: what came and was not taken is dropped, the wire stream is let go. */
  #close(error: FaunaError | undefined): void {
    if (!this.#state.move('closed')) return
    this.#lines = []
    this.#ready = []
    this.#next = 0
    this.#attempt?.cancel()
    this.#successor?.attempt.cancel()
    this.#forgetSuccessor()
    this.#owner.ended(error)
  }

  /** An abort with a reason of its own throws it; a plain one ends the loop normally. */
  #endLoop(): boolean {
    if (this.#signal.aborted && !this.#isLeft && !isPlainAbort(this.#signal.reason)) throw this.#signal.reason
    return false
  }
}

function isPlainAbort(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'AbortError'
}
