/** The life of a stream: open → what was missed → lines → events in order → lost → open again, to the one end. */
import type { End } from '../end.ts'
import { type FaunaError, GapError, StreamError } from '../errors.ts'
import { checkData, toSchemaError } from '../events/check-data.ts'
import { type ErrorEvent, readEvent } from '../events/decode.ts'
import type { StandardSchema } from '../events/standard-schema.ts'
import type { AnyEvent, GapEvent, StartEvent, UnknownEvent } from '../events/types.ts'
import type { Counters } from '../health.ts'
import type { StreamState } from '../signals.ts'
import { Asking, isUntellable } from './asking.ts'
import type { Attempt } from './attempt.ts'
import { Backlog, type BacklogOwner } from './backlog.ts'
import { type CheckpointStore, fingerprint, Saver } from './checkpoint.ts'
import { Cursor, type PlacedEvent } from './cursor.ts'
import { canProject, isRewrite, project, sortFields } from './exact.ts'
import { HandOver } from './hand-over.ts'
import { History } from './history.ts'
import { Keeper } from './keeper.ts'
import { Lag } from './lag.ts'
import type { Link, StreamRequest } from './link.ts'
import { tellObserver } from './observed.ts'
import { Opener, type OpenerEvents } from './opener.ts'
import type { Pullable } from './pull.ts'
import { Refresh } from './refresh.ts'
import { State } from './state.ts'
import type { Successor } from './successor.ts'

/** What the owner of a source is told. */
export interface SourceEvents extends OpenerEvents {
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
  /** What the data of documents has to be. */
  readonly schema: StandardSchema | undefined
  readonly onInvalid: 'throw' | 'yield'
}

/** Pulls the events of one stream. Nothing is sent before the first `fill`. */
export class EventSource implements Pullable<AnyEvent> {
  /** When the stream last told an event, in milliseconds since the Unix epoch. */
  lastEventAt: number | undefined
  /** When the peer last gave a sign of life on an attempt that is over. */
  #heardAt: number | undefined
  readonly #link: Link
  readonly #options: SourceOptions
  /** What the stream was aborted with, where it was. */
  #aborted: { readonly reason: unknown } | undefined
  /** Aborts at the end of the stream, whatever ended it: nothing that it began goes on after that. */
  readonly #life = new AbortController()
  readonly #owner: SourceEvents
  readonly #state: State
  readonly #opener: Opener
  readonly #history: History
  readonly #saver: Saver | undefined
  readonly #cursor = new Cursor()
  readonly #asking: Asking
  #isLoaded = false
  #attempt: Attempt | undefined
  #opening: Promise<Attempt | undefined> | undefined
  #openedAt = 0
  #lines: readonly string[] = []
  #next = 0
  /** What goes before the next line. */
  readonly #backlog: Backlog
  readonly #keeper: Keeper
  readonly #counters: Counters
  readonly #lag = new Lag()
  readonly #refresh: Refresh
  /** The transaction that an exact loop has to read next. */
  #wake: number | undefined
  /** The server's last word on this attempt. */
  #told: End | undefined
  /** Whether this attempt's place in time is known. */
  #isPlaced = false
  /** Made when the first one is asked for. */
  #handOver: HandOver | undefined
  #isReading = false
  /** Set when a consumer left the loop: the end is then nobody's error. */
  #isLeft = false

  constructor(link: Link, options: SourceOptions, owner: SourceEvents) {
    this.#link = link
    this.#options = options
    this.#owner = owner
    this.#counters = owner.watch.counters
    this.#state = new State((state, before) => owner.signal('state', state, before))
    const { request, maxLineBytes, resume, pageSize, since } = options
    const fields = sortFields(request.fields)
    const prepare = () => this.#prepare()
    const life = this.#life.signal
    this.#opener = new Opener(link, { maxLineBytes, resumes: resume !== false, prepare }, life, owner)
    this.#history = new History(link, { body: request.body, fields, pageSize, signal: life })
    this.#asking = new Asking(request.fields, options.exact)
    this.#backlog = new Backlog({
      cursor: this.#cursor,
      history: this.#history,
      opener: this.#opener,
      owner: this.#ownBacklog(),
      watch: owner.watch,
      hasSnapshot: options.snapshot,
      readsBack: () => resume === 'history' || this.#asking.isExact,
    })
    this.#saver = this.#makeSaver()
    this.#keeper = new Keeper(this.#cursor, () => this.#takeNext(), this.#saver)
    this.#refresh = new Refresh(link.time, {
      isQuietSince: time => this.#heldSinceQuiet(time) === 0,
      refresh: () => this.#refreshPlace(),
    })
    if (since !== undefined) this.#cursor.restore({ txn: since, isComplete: true, keys: [] })
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

  /** How far the loop is behind, in milliseconds; `undefined` where that cannot be said. */
  get lagMs(): number | undefined {
    if (this.#isOver()) return undefined
    return this.#lag.measure(this.#link.time.now(), this.#cursor.txn, this.#isReading && this.#isOpen)
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
    this.#handOver ??= this.#makeHandOver()
    return this.#handOver.begin()
  }

  /**
   * The next event that has come, decoded now: a slow loop holds lines, not objects, and an error has its place. Who
   * takes it has worked through all that it took before; `undefined` where that must be kept first.
   */
  take(): AnyEvent | undefined {
    return this.#give(() => this.#keeper.take())
  }

  /** The next event that has come, as a part of what was taken last: an array that the loop works through as one. */
  takeWith(): AnyEvent | undefined {
    return this.#give(() => this.#keeper.takeWith())
  }

  /** The same where it is of this transaction; another event waits. */
  takeWithin(txn: number): AnyEvent | undefined {
    return this.#give(() => this.#keeper.takeWithin(txn))
  }

  async fill(): Promise<boolean> {
    try {
      if (this.#saver) await this.#load(this.#saver)
      while (!this.#isOver()) {
        if (this.#saver) await this.#keeper.save(this.#saver)
        if (this.#isOver()) break
        if (this.#keeper.isHolding || (await this.#pull())) return true
      }
    } catch (error) {
      if (!this.#isOver()) {
        this.#close(error as FaunaError)
        throw error
      }
    }
    return this.#endLoop()
  }

  /** Ends the stream: a plain abort ends the loop normally, one with a reason of its own makes it throw that. */
  abort(reason: unknown): void {
    this.#aborted = { reason }
    this.#close(undefined)
  }

  stop(): void {
    this.#isLeft = true
    this.#close(undefined)
  }

  #takeNext(): AnyEvent | undefined {
    for (;;) {
      const waiting = this.#backlog.take()
      if (waiting !== undefined) return waiting
      if (this.#backlog.isReading || this.#next >= this.#lines.length) return undefined
      const event = this.#readLine(this.#lines[this.#next++]!)
      if (event !== undefined) return event
    }
  }

  /** Only now: the schema is asked when what came before is worked through and kept. */
  #check(event: AnyEvent | undefined): AnyEvent | undefined {
    const { schema, onInvalid } = this.#options
    if (schema === undefined || event === undefined) return event
    const checked = checkData(event, schema)
    if (checked.type === 'invalid' && onInvalid === 'throw') throw toSchemaError(checked, this.#link.where)
    return checked
  }

  #give(take: () => AnyEvent | undefined): AnyEvent | undefined {
    try {
      const event = this.#check(take())
      if (event !== undefined) this.#counters.events++
      return event
    } catch (error) {
      this.#close(error as FaunaError)
      throw error
    }
  }

  #ownBacklog(): BacklogOwner {
    return {
      tell: (event, line) => this.#tellRead(event, line),
      miss: gap => this.#miss(gap),
      missed: gap => this.#signalGap(gap),
      recovered: recovered => this.#owner.signal('recovered', recovered),
      lose: end => this.#lose(end),
      view: () => readView(this.#attempt),
      isOver: () => this.#isOver(),
    }
  }

  #makeHandOver(): HandOver {
    return new HandOver(this.#link, this.#opener, {
      attempt: async () => this.#opening?.catch(() => undefined),
      isOn: attempt => !this.#isOver() && this.#attempt === attempt,
      heldSinceQuiet: time => this.#heldSinceQuiet(time),
      passed: successor => {
        this.#cursor.complete(successor.startTxn)
        this.#goOver(successor)
      },
      // As with any loss, what was missed is read back, or told.
      stalled: () => this.#attempt?.cancel(),
    })
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

  /** One step towards more; says whether there is something to take. */
  async #pull(): Promise<boolean> {
    if (this.#backlog.isReading) return this.#readOn()
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
    const now = this.#link.time.now()
    const isLost = 'how' in read
    // What a peer did not tell that was gone already says nothing.
    if (this.#isOpen) this.#lag.waited(isLost ? Math.min(now, attempt.lastHeardAt) : now, this.#cursor.txn)
    if (isLost) {
      this.#lose(read)
      return false
    }
    this.#arrive(read, now)
    return true
  }

  #arrive(lines: readonly string[], now: number): void {
    this.#lines = lines
    this.#next = 0
    this.lastEventAt = now
    this.#lag.arrived(now)
  }

  /** Bytes of a line that has not come whole, where the loop waits and nothing came whole since this time. */
  #heldSinceQuiet(time: number): number | undefined {
    return this.#isReading && (this.lastEventAt ?? 0) <= time ? this.#attempt?.heldBytes : undefined
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
    const { fields } = this.#asking
    const { body } = this.#options.request
    const wasOpen = this.#attempt !== undefined || this.#heardAt !== undefined
    if (!wasOpen || this.#options.resume !== 'history') return { body, fields }
    return this.#history.findBody().then(found => (typeof found === 'string' ? { body: found, fields } : found))
  }

  /** Goes on with the successor; its `start` tells the hole, if there is one. */
  #goOver(successor: Successor): void {
    const before = this.#attempt
    this.#handOver?.settle()
    this.#attempt = successor.attempt
    this.#opening = Promise.resolve(successor.attempt)
    this.#arrive(successor.lines, this.#link.time.now())
    this.#told = undefined
    this.#isPlaced = false
    before?.cancel()
  }

  /** What we did not ask for: the opener says whether, and when, we come back. */
  #lose(end: End): void {
    if (end.how === 'told') this.#learn(end.error)
    const successor = this.#handOver?.successor
    if (successor) {
      // The error of a lost right stands at the transaction that it withholds: all before it was told.
      if (end.how === 'told' && end.error.txn > successor.startTxn) this.#cursor.complete(successor.startTxn)
      if (this.#options.resume || this.#cursor.isCompleteAt(successor.startTxn)) return this.#goOver(successor)
      this.#handOver?.cancel()
    }
    const attempt = this.#attempt
    this.#heardAt = attempt?.lastHeardAt
    this.#attempt = undefined
    this.#told = undefined
    this.#lines = []
    this.#next = 0
    attempt?.cancel()
    // An exchange that was closed, though nobody closed the stream, went with its connection.
    this.#opener.lose(end.how === 'closed' ? { how: 'cut' } : end, attempt?.heldBytes)
    this.#state.move('connecting')
  }

  /** What the server says at the end of a stream changes how the next one is asked for. */
  #learn(error: StreamError): void {
    if (error.code === 'permission denied') this.#link.secretRefused()
    if (!isUntellable(error) || this.#options.resume !== 'history') return
    if (this.#asking.seeUntellable()) this.#owner.signal('warning', { code: 'exact_forced', message: exactForced })
  }

  #readLine(line: string): AnyEvent | undefined {
    const event = readEvent(line, this.#asking.mayHoldVersions)
    if (event.type === 'error') return this.#takeError(event)
    if (event.type === 'unknown') return this.#takeUnknown(event, line)
    this.#link.see(event.txn)
    if (!this.#isPlaced) return this.#place(event, line)
    const successor = this.#handOver?.successor
    if (successor && event.txn > successor.startTxn) {
      if (!this.#asking.isExact) this.#cursor.complete(successor.startTxn)
      this.#goOver(successor)
      return undefined
    }
    if (this.#asking.isExact) return this.#takeExact(event, line)
    if (!this.#cursor.admit(event, line)) {
      this.#counters.duplicates++
      return undefined
    }
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
      this.#backlog.await(event.txn)
      this.#next--
      return undefined
    }
    const fields = sortFields(this.#options.request.fields)
    if (canProject(event, fields)) return this.#tell(project(event, fields), line)
    const gap: GapEvent = { type: 'gap', after: this.#cursor.txn!, until: event.txn, reason: 'expired' }
    this.#miss(gap)
    return gap
  }

  /** The first event of an attempt: it says from where on everything is told, and so what was missed. */
  #place(event: PlacedEvent, line: string): AnyEvent | undefined {
    this.#isPlaced = true
    this.#cursor.reopen(event.txn)
    const isStart = event.type === 'start'
    const gap = this.#backlog.begin(event)
    if (isStart && !this.#backlog.isReading) this.#cursor.complete(event.txn)
    this.#opener.started()
    this.#state.move('open')
    // A listener of any of these may close the stream.
    if (isStart && !this.#isOver()) this.#owner.signal('start', { txn: event.txn })
    if (gap && !this.#isOver()) this.#miss(gap)
    if (this.#isOver()) return undefined
    if (isStart) return this.#placeStart(event, line, gap)
    // Anything else must not get lost for being first.
    this.#next--
    return gap
  }

  #placeStart(event: StartEvent, line: string, gap: GapEvent | undefined): AnyEvent | undefined {
    if (this.#options.resume === 'history') {
      this.#refresh.start()
      if (!this.#backlog.isStartTold) this.#probe()
    }
    return this.#backlog.takeStart(event, line) ?? gap
  }

  async #readOn(): Promise<boolean> {
    await this.#backlog.step()
    return !this.#isOver()
  }

  #readAwaited(until: number): boolean {
    this.#wake = undefined
    if (!this.#cursor.isCompleteAt(until)) this.#backlog.await(until)
    return false
  }

  async #refreshPlace(): Promise<void> {
    const [attempt, before] = [this.#attempt, this.#cursor.txn!]
    const quietUntil = await this.#history.findQuiet({ txn: before, isComplete: true, keys: [] })
    if (quietUntil === undefined || this.#isOver() || !this.#isReading) return
    if (this.#attempt !== attempt || this.#cursor.txn !== before) return
    this.#cursor.complete(quietUntil)
    const mark = this.#cursor.mark()!
    if (this.#saver?.isDue(mark)) this.#saver.keep(mark)
  }

  /** A right that is lacking is said at the first opening, not at the first loss. */
  #probe(): void {
    void this.#history.isDenied().then(isDenied => {
      if (isDenied && !this.#isOver()) {
        this.#owner.signal('warning', { code: 'history_denied', message: historyDenied })
      }
    })
  }

  #signalGap({ after, until, reason }: GapEvent): void {
    this.#owner.signal('gap', { after, until, reason })
  }

  #miss(gap: GapEvent): void {
    this.#signalGap(gap)
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

  #tellRead(event: AnyEvent, line?: string): AnyEvent {
    if (event.type === 'version' || event.type === 'set') {
      this.#link.see(event.txn)
      this.lastEventAt = this.#link.time.now()
      if (event.recovered) this.#counters.recovered++
    }
    return this.#tell(event, line)
  }

  #tell(event: AnyEvent, line?: string): AnyEvent {
    const { observer, time } = this.#link
    if (!observer) return event
    const { request, content } = this.#options
    const opening = { request, content, head: this.#attempt?.head, openedAt: this.#openedAt }
    tellObserver(observer, opening, event, line, time.now())
    return event
  }

  get #isOpen(): boolean {
    return this.#state.now === 'open'
  }

  #isOver(): boolean {
    return this.#state.now === 'closed'
  }

  /** The one end: what came and was not taken is dropped, the wire stream is let go. */
  #close(error: FaunaError | undefined): void {
    if (!this.#state.move('closed')) return
    this.#life.abort()
    this.#lines = []
    this.#next = 0
    this.#backlog.clear(error)
    this.#keeper.clear()
    this.#refresh.stop()
    this.#saver?.stop()
    this.#attempt?.cancel()
    this.#handOver?.cancel()
    this.#owner.ended(error)
  }

  #endLoop(): boolean {
    if (this.#aborted && !this.#isLeft && !isPlainAbort(this.#aborted.reason)) throw this.#aborted.reason
    return false
  }
}

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
