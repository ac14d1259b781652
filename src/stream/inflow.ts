/** What comes in: one attempt after the other, and the lines of it that nobody has taken yet. */
import type { End } from '../end.ts'
import type { Asking } from './asking.ts'
import type { Attempt } from './attempt.ts'
import type { Cursor } from './cursor.ts'
import { HandOver, type HandOverOwner } from './hand-over.ts'
import type { History } from './history.ts'
import { Lag } from './lag.ts'
import type { Link } from './link.ts'
import type { Opener } from './opener.ts'
import type { State } from './state.ts'
import type { Successor } from './successor.ts'

/** What an inflow works with. */
export type InflowParts = {
  readonly link: Link
  readonly state: State
  readonly cursor: Cursor
  readonly history: History
  readonly asking: Asking
  readonly opener: Opener
}

/** The attempt that a stream is on. Nothing is sent before the first `pull`. */
export class Inflow implements HandOverOwner {
  readonly #link: Link
  readonly #state: State
  readonly #cursor: Cursor
  readonly #history: History
  readonly #asking: Asking
  readonly #opener: Opener
  readonly #lag = new Lag()
  #attempt: Attempt | undefined
  #opening: Promise<Attempt | undefined> | undefined
  #openedAt = 0
  /** When the peer last gave a sign of life on an attempt that is over. */
  #heardAt: number | undefined
  #lastEventAt: number | undefined
  #lines: readonly string[] = []
  #next = 0
  /** Whether this attempt's place in time is known. */
  #isPlaced = false
  #isReading = false
  /** The server's last word on this attempt. */
  #told: End | undefined
  /** Made when the first one is asked for. */
  #handOver: HandOver | undefined

  constructor({ link, state, cursor, history, asking, opener }: InflowParts) {
    this.#link = link
    this.#state = state
    this.#cursor = cursor
    this.#history = history
    this.#asking = asking
    this.#opener = opener
  }

  /** The attempt whose lines come. */
  get attempt(): Attempt | undefined {
    return this.#attempt
  }

  /** When it was opened, in milliseconds since the Unix epoch. */
  get openedAt(): number {
    return this.#openedAt
  }

  /** The transaction time that its opening had in view, in microseconds; `NaN` where its head does not say. */
  get view(): number {
    return readView(this.#attempt)
  }

  /** Whether its first event was read: it says from where on everything is told. */
  get isPlaced(): boolean {
    return this.#isPlaced
  }

  /** Whether the loop waits for lines. */
  get isReading(): boolean {
    return this.#isReading
  }

  /** Who takes over where an event lies after its start. */
  get successor(): Successor | undefined {
    return this.#handOver?.successor
  }

  /** When the peer last gave a sign of life, in milliseconds since the Unix epoch. */
  get lastHeardAt(): number | undefined {
    return this.#attempt?.lastHeardAt ?? this.#heardAt
  }

  /** When something to tell last came, in milliseconds since the Unix epoch. */
  get lastEventAt(): number | undefined {
    return this.#lastEventAt
  }

  /** How far the loop is behind, in milliseconds; `undefined` where that cannot be said. */
  get lagMs(): number | undefined {
    if (this.#state.isOver) return undefined
    return this.#lag.measure(this.#link.time.now(), this.#cursor.txn, this.#isReading && this.#state.isOpen)
  }

  /** The next line that has come. */
  take(): string | undefined {
    return this.#next < this.#lines.length ? this.#lines[this.#next++] : undefined
  }

  /** The line that was taken last comes again. */
  putBack(): void {
    this.#next--
  }

  /** The first event of this attempt was read. */
  place(): void {
    this.#isPlaced = true
  }

  /** The server's last word was read: this attempt has no more lines. */
  conclude(end: End): void {
    this.#told = end
    this.#next = this.#lines.length
  }

  /** An event came by another way than as a line. */
  recovered(): void {
    this.#lastEventAt = this.#link.time.now()
  }

  /** One step towards more; says whether there may be something to take, `undefined` where nothing will ever come. */
  async pull(): Promise<boolean | undefined> {
    if (this.#told) this.lose(this.#told)
    if (this.#next < this.#lines.length) return true
    this.#attempt ??= await this.#open()
    if (this.#state.isOver) return false
    const attempt = this.#attempt
    if (attempt === undefined) return undefined
    this.#isReading = true
    const read = await attempt.read()
    this.#isReading = false
    if (this.#state.isOver) return false
    // Its successor took over meanwhile, and brought lines.
    if (this.#attempt !== attempt) return true
    const now = this.#link.time.now()
    const isLost = 'how' in read
    // What a peer did not tell that was gone already says nothing.
    if (this.#state.isOpen) this.#lag.waited(isLost ? Math.min(now, attempt.lastHeardAt) : now, this.#cursor.txn)
    if (isLost) {
      this.lose(read)
      return false
    }
    this.#arrive(read, now)
    return true
  }

  /** What we did not ask for: the opener says whether, and when, we come back. */
  lose(end: End): void {
    if (end.how === 'told') this.#asking.learn(end.error)
    const successor = this.#handOver?.successor
    if (successor) {
      // The error of a lost right stands at the transaction that it withholds: all before it was told.
      if (end.how === 'told' && end.error.txn > successor.startTxn) this.#cursor.complete(successor.startTxn)
      if (this.#asking.resumes || this.#cursor.isCompleteAt(successor.startTxn)) return this.goOver(successor)
      this.#handOver?.cancel()
    }
    const attempt = this.#attempt
    this.#heardAt = attempt?.lastHeardAt
    this.#attempt = undefined
    this.#told = undefined
    this.#drop()
    attempt?.cancel()
    // An exchange that was closed, though nobody closed the stream, went with its connection.
    this.#opener.lose(end.how === 'closed' ? { how: 'cut' } : end, attempt?.heldBytes)
    this.#state.move('connecting')
  }

  /** Opens the stream anew beside this attempt; see `HandOver`. */
  handOver(): Promise<void> {
    this.#handOver ??= new HandOver(this.#link, this.#opener, this)
    return this.#handOver.begin()
  }

  /** Goes on with the successor; its `start` tells the hole, if there is one. */
  goOver(successor: Successor): void {
    const before = this.#attempt
    this.#handOver?.settle()
    this.#attempt = successor.attempt
    this.#opening = Promise.resolve(successor.attempt)
    this.#arrive(successor.lines, this.#link.time.now())
    this.#told = undefined
    this.#isPlaced = false
    before?.cancel()
  }

  async hasMissed(until: number): Promise<boolean | undefined> {
    const { txn } = this.#cursor
    return txn !== undefined && this.#asking.recovers ? this.#history.hasMissed(txn, until) : undefined
  }

  passed(successor: Successor): void {
    this.#cursor.complete(successor.startTxn)
    this.goOver(successor)
  }

  stalled(): void {
    // As with any loss, what was missed is read back, or told.
    this.#attempt?.cancel()
  }

  opened(): Promise<Attempt | undefined> | undefined {
    return this.#opening?.catch(() => undefined)
  }

  isOn(attempt: Attempt | undefined): boolean {
    return !this.#state.isOver && this.#attempt === attempt
  }

  heldSinceQuiet(time: number): number | undefined {
    return this.#isReading && (this.#lastEventAt ?? 0) <= time ? this.#attempt?.heldBytes : undefined
  }

  /** The stream is over: what came and was not taken is dropped, what is open is let go. */
  close(): void {
    this.#drop()
    this.#attempt?.cancel()
    this.#handOver?.cancel()
  }

  /** Resolves when the wire stream is let go. */
  async release(): Promise<void> {
    const attempt = await this.opened()
    await attempt?.ended
  }

  async #open(): Promise<Attempt | undefined> {
    this.#state.move('connecting')
    // A listener of that move may have closed the stream.
    if (this.#state.isOver) return undefined
    this.#opening = this.#opener.open()
    const attempt = await this.#opening
    this.#openedAt = this.#link.time.now()
    this.#isPlaced = false
    // Closed while it was opening: nobody else knows of it yet.
    if (this.#state.isOver) attempt?.cancel()
    if (attempt) this.#history.openedAt(readView(attempt))
    return attempt
  }

  #arrive(lines: readonly string[], now: number): void {
    this.#lines = lines
    this.#next = 0
    this.#lastEventAt = now
    this.#lag.arrived(now)
  }

  #drop(): void {
    this.#lines = []
    this.#next = 0
  }
}

function readView(attempt: Attempt | undefined): number {
  return Number(attempt?.head.headers['x-txn-time'])
}
