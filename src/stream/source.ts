/** The life of a stream: open → what was missed → lines → events in order → lost → open again, to the one end. */
import { onAbort } from '../abort.ts'
import type { End } from '../end.ts'
import { type FaunaError, GapError, StreamError } from '../errors.ts'
import { type ErrorEvent, readEvent } from '../events/decode.ts'
import type { AnyEvent, GapEvent, StartEvent, UnknownEvent } from '../events/types.ts'
import { callSafely } from '../observe.ts'
import type { StreamSignals, StreamState } from '../signals.ts'
import type { Timer } from '../time.ts'
import { encode } from '../values/index.ts'
import type { Attempt } from './attempt.ts'
import { type CheckpointStore, fingerprint, Saver } from './checkpoint.ts'
import { Cursor, type Mark, type PlacedEvent } from './cursor.ts'
import { isRewrite, project, sortFields, widenFields } from './exact.ts'
import { History } from './history.ts'
import type { Link, StreamRequest } from './link.ts'
import { Opener, type OpenerEvents } from './opener.ts'
import type { Pullable } from './pull.ts'
import type { Lack, ReadItem, Reading } from './reading.ts'
import { State } from './state.ts'
import { overlapMs, Successor } from './successor.ts'

/** What the owner of a source is told. */
export interface SourceEvents extends OpenerEvents {
  moved(state: StreamState, before: StreamState): void
  started(txn: number): void
  recovered(...args: Parameters<StreamSignals['recovered']>): void
  warned(...args: Parameters<StreamSignals['warning']>): void
  missed(gap: GapEvent): void
  ended(error: FaunaError | undefined): void
}

/** What a source needs besides its link; `content` is the expression as the caller gave it, for the observer. */
export type SourceOptions = {
  readonly request: StreamRequest
  readonly content: unknown
  readonly maxLineBytes: number
  readonly resume: 'history' | 'live' | false
  readonly onGap: 'throw' | 'yield'
  readonly exact: boolean
  readonly snapshot: boolean
  /** What was told before, as a transaction time in microseconds. */
  readonly since: number | undefined
  readonly checkpoint: CheckpointStore | undefined
  readonly checkpointIntervalMs: number
  /** Elements in a page of history or state. */
  readonly pageSize: number
}

/** A reading that is under way. */
type Read = {
  readonly reading: Reading
  /** `missed`: after a loss. `awaited`: what the stream of an exact loop only announced. `state`: a snapshot. */
  readonly kind: 'missed' | 'awaited' | 'state'
  readonly after: number
  readonly until: number
  events: number
}

/** An event that was decoded before its turn, and where the stream was before it. */
type Held = { readonly event: AnyEvent; readonly before: Mark | undefined }

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
  readonly #history: History
  readonly #saver: Saver | undefined
  readonly #cursor = new Cursor()
  #isExact: boolean
  #wireFields: readonly string[] | undefined
  #isLoaded = false
  #attempt: Attempt | undefined
  #opening: Promise<Attempt | undefined> | undefined
  #openedAt = 0
  #lines: readonly string[] = []
  #next = 0
  /** What goes before the next line, each made when its turn comes. */
  readonly #ready: (() => AnyEvent | undefined)[] = []
  /** Lines wait until this is read. */
  #read: Read | undefined
  /** The transaction that an exact loop has to read next. */
  #wake: number | undefined
  /** An event that waits until what came before it is kept in the checkpoint. */
  #held: Held | undefined
  /** The server's last word on this attempt. */
  #told: End | undefined
  /** Whether this attempt's place in time is known. */
  #isPlaced = false
  /** The `start` that the loop gets once, where it has to wait for what happened before it. */
  #start: { readonly event: StartEvent; readonly line: string } | undefined
  #isStartTold = false
  /** Whether the loop holds a state that is no longer true. */
  #mustReset = false
  /** Whether the server could not tell an event, and history did. */
  #wasUntellable = false
  /** The attempt that takes over as planned, when this one has passed its start. */
  #successor: Successor | undefined
  #overlap: Timer | undefined
  #refreshing: Timer | undefined
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
    const { request, maxLineBytes, resume, pageSize, since } = options
    const fields = sortFields(request.fields)
    const prepare = () => this.#prepare()
    this.#opener = new Opener(link, { maxLineBytes, resumes: resume !== false, prepare }, signal, owner)
    this.#history = new History(link, { body: request.body, fields, pageSize, signal })
    this.#isExact = options.exact
    this.#wireFields = options.exact ? widenFields(fields) : request.fields
    this.#saver = this.#makeSaver()
    if (since !== undefined) this.#cursor.restore({ txn: since, isComplete: true, keys: [] })
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

  /**
   * The next event that has come, decoded now: a slow loop holds lines, not objects, and an error has its place. Who
   * takes it has worked through all that it took before; `undefined` where that must be kept first.
   */
  take(): AnyEvent | undefined {
    return this.#closeOnError(() => {
      const saver = this.#saver
      if (this.#held === undefined && saver) this.#held = this.#takeMarked()
      if (this.#held === undefined) return saver ? undefined : this.#takeNext()
      const { event, before } = this.#held
      if (saver && before && beginsAfter(event, before) && saver.isDue(before.complete())) return undefined
      return this.#release()
    })
  }

  /** The next event that has come, as a part of what was taken last: an array that the loop works through as one. */
  takeWith(): AnyEvent | undefined {
    return this.#closeOnError(() => (this.#held ? this.#release() : this.#takeNext()))
  }

  /** The same where it is of this transaction; another event waits. */
  takeWithin(txn: number): AnyEvent | undefined {
    return this.#closeOnError(() => {
      this.#held ??= this.#takeMarked()
      const isSame = this.#held && 'txn' in this.#held.event && this.#held.event.txn === txn
      return isSame ? this.#release() : undefined
    })
  }

  async fill(): Promise<boolean> {
    try {
      if (this.#saver) await this.#load(this.#saver)
      while (!this.#isOver()) {
        if (this.#saver) await this.#save(this.#saver)
        if (this.#isOver()) break
        if (this.#held || (await this.#pull())) return true
      }
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

  #takeNext(): AnyEvent | undefined {
    while (this.#ready.length > 0 || (this.#read === undefined && this.#next < this.#lines.length)) {
      const make = this.#ready.shift()
      const event = make ? make() : this.#readLine(this.#lines[this.#next++]!)
      if (event !== undefined) return event
    }
    return undefined
  }

  #takeMarked(): Held | undefined {
    const before = this.#cursor.mark()
    const event = this.#takeNext()
    return event && { event, before }
  }

  #closeOnError<T>(take: () => T): T {
    try {
      return take()
    } catch (error) {
      this.#close(error as FaunaError)
      throw error
    }
  }

  #release(): AnyEvent {
    const { event } = this.#held!
    this.#held = undefined
    return event
  }

  #makeSaver(): Saver | undefined {
    const { checkpoint: store, checkpointIntervalMs: intervalMs, request } = this.#options
    if (store === undefined) return undefined
    const of = fingerprint(request.body, sortFields(request.fields))
    return new Saver({ store, intervalMs, of, time: this.#link.time, existedAt: () => this.#history.existedAt })
  }

  /** Once, before anything is sent: where an earlier run of the program left off. */
  async #load(saver: Saver): Promise<void> {
    if (this.#isLoaded) return
    this.#isLoaded = true
    const kept = await saver.load()
    if (kept === undefined || this.#isOver()) return
    this.#cursor.restore(kept.position)
    this.#history.confirm(kept.existedAt)
  }

  /** The loop waits: what it was given is worked through. */
  async #save(saver: Saver): Promise<void> {
    const mark = this.#held ? this.#held.before?.complete() : this.#cursor.mark()
    if (mark && saver.isDue(mark)) await saver.save(mark)
  }

  /** One step towards more; says whether there is something to take. */
  async #pull(): Promise<boolean> {
    if (this.#read) return this.#readOn(this.#read)
    if (this.#wake !== undefined) return this.#readAwaited(this.#wake)
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
    if (attempt) this.#history.openedAt(readView(attempt))
    return attempt
  }

  /** What an opening asks for; a stream that was open is opened on what it followed. */
  #prepare(): StreamRequest | Promise<StreamRequest | End> {
    const fields = this.#wireFields
    const { body } = this.#options.request
    const wasOpen = this.#attempt !== undefined || this.#heardAt !== undefined
    if (!wasOpen || this.#options.resume !== 'history') return { body, fields }
    return this.#history.findBody().then(found => (typeof found === 'string' ? { body: found, fields } : found))
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
    if (end.how === 'told') this.#learn(end.error)
    const successor = this.#successor
    if (successor) {
      // The error of a lost right stands at the transaction that it withholds: all before it was told.
      if (end.how === 'told' && end.error.txn > successor.startTxn) this.#cursor.complete(successor.startTxn)
      if (this.#options.resume || this.#cursor.isCompleteAt(successor.startTxn)) return this.#goOver(successor)
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

  /** What the server says at the end of a stream changes how the next one is asked for. */
  #learn(error: StreamError): void {
    if (error.code === 'permission denied') this.#link.secretRefused()
    const isUntellable = error.code === 'internal server error' && /refCnt/.test(error.description)
    if (!isUntellable || this.#options.resume !== 'history') return
    // History tells it. Where that happens again, the stream is left to say only when.
    if (this.#isExact || this.#wasUntellable) {
      if (!this.#isExact) this.#owner.warned({ code: 'exact_forced', message: exactForced })
      this.#isExact = true
      this.#wireFields = ['action']
    }
    this.#wasUntellable = true
  }

  #readLine(line: string): AnyEvent | undefined {
    const event = readEvent(line)
    if (event.type === 'error') return this.#takeError(event)
    if (event.type === 'unknown') return this.#takeUnknown(event, line)
    this.#link.see(event.txn)
    if (!this.#isPlaced) return this.#place(event, line)
    const successor = this.#successor
    if (successor && event.txn > successor.startTxn) {
      if (!this.#isExact) this.#cursor.complete(successor.startTxn)
      this.#goOver(successor)
      return undefined
    }
    if (this.#isExact) return this.#takeExact(event, line)
    if (!this.#cursor.admit(event, line)) return undefined
    this.#opener.progressed()
    return this.#tell(event, line)
  }

  /** The line says when; history says what. A rewrite of the past is passed on: history tells it at another time. */
  #takeExact(event: PlacedEvent, line: string): AnyEvent | undefined {
    this.#opener.progressed()
    if (!isRewrite(event)) {
      if (!this.#cursor.isCompleteAt(event.txn)) this.#wake = Math.max(this.#wake ?? 0, event.txn)
      return undefined
    }
    if (!this.#cursor.isCompleteAt(event.txn)) {
      this.#awaitHistory(event.txn)
      this.#next--
      return undefined
    }
    return this.#tell(project(event, sortFields(this.#options.request.fields)), line)
  }

  /** The first event of an attempt: it says from where on everything is told, and so what was missed. */
  #place(event: PlacedEvent, line: string): AnyEvent | undefined {
    this.#isPlaced = true
    this.#cursor.reopen(event.txn)
    const isStart = event.type === 'start'
    const gap = this.#findRead(event)
    if (isStart && this.#read === undefined) this.#cursor.complete(event.txn)
    this.#opener.started()
    this.#state.move('open')
    // A listener of any of these may close the stream.
    if (isStart && !this.#isOver()) this.#owner.started(event.txn)
    if (gap && !this.#isOver()) this.#miss(gap)
    if (this.#isOver()) return undefined
    if (isStart) {
      this.#probe()
      this.#refreshLater(this.#attempt!)
      return this.#placeStart(event, line, gap)
    }
    // Anything else must not get lost for being first.
    if (gap) this.#ready.push(() => gap)
    this.#next--
    return undefined
  }

  /** A `start` is told once for the life of the loop, after what happened before it. */
  #placeStart(event: StartEvent, line: string, gap: GapEvent | undefined): AnyEvent | undefined {
    const read = this.#read
    if (read === undefined) this.#history.confirm(readView(this.#attempt!))
    if (this.#isStartTold) return gap
    if (read?.kind === 'missed') {
      this.#start = { event, line }
      return undefined
    }
    this.#isStartTold = true
    return this.#tell(event, line)
  }

  /** What has to be read before the lines after this event; a hole where that is not wanted. */
  #findRead(event: PlacedEvent): GapEvent | undefined {
    const until = event.type === 'start' ? event.txn : event.txn - 1
    const after = this.#cursor.txn
    if (after === undefined) {
      if (this.#options.snapshot) this.#readState(until)
      return undefined
    }
    if (this.#cursor.isCompleteAt(until)) return undefined
    const isFirst = !this.#isStartTold
    const position = this.#cursor.mark()!.read()
    if (this.#options.resume !== 'history' && !isFirst && !this.#isExact) {
      return { type: 'gap', after, until: event.txn, reason: 'live' }
    }
    this.#read = { reading: this.#history.catchUp(position, until, true), kind: 'missed', after, until, events: 0 }
    return undefined
  }

  #readState(at: number): void {
    if (this.#mustReset) this.#ready.push(() => ({ type: 'reset', txn: at, reason: 'retention' }))
    this.#mustReset = true
    this.#read = { reading: this.#history.snapshot(at), kind: 'state', after: at, until: at, events: 0 }
  }

  #awaitHistory(until: number): void {
    const after = this.#cursor.txn!
    const reading = this.#history.catchUp(this.#cursor.mark()!.read(), until, false)
    this.#read = { reading, kind: 'awaited', after, until, events: 0 }
  }

  #readAwaited(until: number): boolean {
    this.#wake = undefined
    if (!this.#cursor.isCompleteAt(until)) this.#awaitHistory(until)
    return false
  }

  /** One step of a reading. Where its answer does not come it is asked for again; the lines wait meanwhile. */
  async #readOn(read: Read): Promise<boolean> {
    const portion = await read.reading.next()
    if (this.#isOver()) return false
    if ('how' in portion) {
      this.#opener.fail(portion.how === 'closed' ? { how: 'cut' } : portion)
      await this.#opener.rest()
      return false
    }
    for (const item of portion.items) this.#ready.push(() => this.#takeRead(item, read))
    const { lack, until, isDone } = portion
    if (lack) this.#ready.push(() => this.#takeLack(lack, read))
    else if (until !== undefined) this.#ready.push(() => this.#settle(read, until, isDone))
    return this.#ready.length > 0
  }

  #takeRead(item: ReadItem, read: Read): AnyEvent | undefined {
    read.events++
    switch (item.type) {
      case 'gap':
        this.#cursor.complete(item.until)
        this.#miss(item)
        return item
      case 'synced':
        this.#cursor.complete(item.txn)
        break
      case 'version':
      case 'set':
        this.#link.see(item.txn)
        this.#cursor.recover(item.txn)
        this.lastEventAt = this.#link.time.now()
    }
    return this.#tell(item)
  }

  #settle(read: Read, until: number, isDone: boolean): AnyEvent | undefined {
    this.#cursor.complete(until)
    if (!isDone) return undefined
    this.#read = undefined
    const { kind, after, events } = read
    if (events > 0) this.#opener.recovered()
    if (kind !== 'awaited') this.#history.confirm(readView(this.#attempt))
    if (kind === 'missed') this.#owner.recovered({ after, until, events })
    return this.#isOver() ? undefined : this.#tellStart()
  }

  #tellStart(): AnyEvent | undefined {
    const start = this.#start
    this.#start = undefined
    if (start === undefined) return undefined
    this.#isStartTold = true
    return this.#tell(start.event, start.line)
  }

  /** Something cannot be had: the loop is told, and goes on after it; one that holds a state gets it anew. */
  #takeLack({ reason, cause }: Lack, { kind, after, until }: Read): AnyEvent | undefined {
    this.#read = undefined
    if (kind === 'state') {
      if (reason === 'permission') throw cause as FaunaError
      // Too old by now: a new opening has a new state.
      this.#lose({ how: 'cut', cause })
      return undefined
    }
    const gap: GapEvent = { type: 'gap', after: this.#cursor.txn ?? after, until, reason }
    if (this.#options.snapshot) {
      this.#owner.missed(gap)
      this.#mustReset = false
      this.#ready.push(() => ({ type: 'reset', txn: until, reason }))
      this.#readState(until)
      this.#mustReset = true
      return this.#tellStart()
    }
    this.#cursor.complete(until)
    this.#history.confirm(readView(this.#attempt))
    this.#ready.push(() => this.#tellStart())
    this.#miss(gap)
    return gap
  }

  /**
   * Where nothing comes for long, the place of the stream grows old, and history forgets: a loss would be a hole though
   * nothing was missed. So history is asked whether anything happened, and the place moves on if not.
   */
  #refreshLater(attempt: Attempt): void {
    this.#refreshing?.cancel()
    if (this.#options.resume !== 'history') return
    this.#refreshing = this.#link.time.after(refreshMs, () => {
      const isIdle = this.#isReading && (this.lastEventAt ?? 0) <= this.#link.time.now() - refreshMs
      if (isIdle) void this.#refresh(attempt)
      else if (this.#attempt === attempt) this.#refreshLater(attempt)
    })
  }

  async #refresh(attempt: Attempt): Promise<void> {
    const before = this.#cursor.txn!
    const quietUntil = await this.#history.findQuiet({ txn: before, isComplete: true, keys: [] })
    if (this.#isOver() || this.#attempt !== attempt) return
    if (quietUntil !== undefined && this.#isReading && this.#cursor.txn === before) {
      this.#cursor.complete(quietUntil)
      const mark = this.#cursor.mark()!
      if (this.#saver?.isDue(mark)) this.#saver.keep(mark)
    }
    this.#refreshLater(attempt)
  }

  /** A right that is lacking is said at the first opening, not at the first loss. */
  #probe(): void {
    if (this.#isStartTold || this.#options.resume !== 'history') return
    void this.#history.isDenied().then(isDenied => {
      if (isDenied && !this.#isOver()) this.#owner.warned({ code: 'history_denied', message: historyDenied })
    })
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

  /** What history told has no line: the observer gets the event in wire form. */
  #tell(event: AnyEvent, line?: string): AnyEvent {
    if (!this.#link.observer) return event
    const { request, content } = this.#options
    callSafely(this.#link.observer, {
      method: 'POST',
      path: '/stream',
      query: request.fields ? { fields: request.fields.join(',') } : {},
      requestRaw: request.body,
      requestContent: content,
      responseRaw: line ?? encode(event),
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
    this.#ready.length = 0
    this.#next = 0
    this.#held = undefined
    this.#read = undefined
    this.#refreshing?.cancel()
    this.#saver?.stop()
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

/** Whether an event is of a later transaction: the one before is then complete, and worked through. */
function beginsAfter(event: AnyEvent, before: Mark): boolean {
  return 'txn' in event && event.txn > before.txn
}

/** History reaches back 15 minutes at least (protocol.md F.4); a third of it leaves time to come back. In milliseconds. */
const refreshMs = 5 * 60_000

const historyDenied =
  'the key may not read history, so that a loss will be a gap: give its role history_read on the collection (of a set, read on the index)'
const exactForced =
  'the server cannot tell an event of this stream, as one of bytes: from now on it only says when, and history says what'

/** The transaction time that an opening had in view; `NaN` where its head does not say. */
function readView(attempt: Attempt | undefined): number {
  return Number(attempt?.head.headers['x-txn-time'])
}

function isPlainAbort(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'AbortError'
}
