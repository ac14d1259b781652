/** The events in their order: what goes before a line, and whether the line is told, dropped, or read in history. */
import { StreamError } from '../errors.ts'
import { type ErrorEvent, readEvent } from '../events/decode.ts'
import type { AnyEvent, GapEvent, StartEvent, UnknownEvent } from '../events/types.ts'
import type { Counters } from '../health.ts'
import type { Signal } from '../signals.ts'
import type { Asking } from './asking.ts'
import { Backlog, type BacklogParts } from './backlog.ts'
import type { Cursor, PlacedEvent } from './cursor.ts'
import { canProject, isRewrite, project, sortFields } from './exact.ts'
import type { Inflow } from './inflow.ts'
import type { Link } from './link.ts'
import type { Opener } from './opener.ts'
import type { Refresh } from './refresh.ts'
import type { State } from './state.ts'
import type { Teller } from './teller.ts'

/** What a sequence works with; `fields` are those that the caller asked for. */
export type SequenceParts = BacklogParts & {
  readonly link: Link
  readonly refresh: Refresh
  readonly signal: Signal
  readonly fields: readonly string[] | undefined
}

/** Gives one event after the other. */
export class Sequence {
  readonly #parts: SequenceParts
  readonly #link: Link
  readonly #state: State
  readonly #cursor: Cursor
  readonly #asking: Asking
  readonly #opener: Opener
  readonly #inflow: Inflow
  readonly #teller: Teller
  readonly #counters: Counters
  /** What goes before the next line. */
  readonly #backlog: Backlog
  /** The transaction that an exact loop has to read next. */
  #wake: number | undefined

  constructor(parts: SequenceParts) {
    this.#parts = parts
    this.#link = parts.link
    this.#state = parts.state
    this.#cursor = parts.cursor
    this.#asking = parts.asking
    this.#opener = parts.opener
    this.#inflow = parts.inflow
    this.#teller = parts.teller
    this.#counters = parts.watch.counters
    this.#backlog = new Backlog(parts)
  }

  /** The next event that has come, decoded now. */
  take(): AnyEvent | undefined {
    for (;;) {
      const waiting = this.#backlog.take()
      if (waiting !== undefined) return waiting
      if (this.#backlog.isReading) return undefined
      const line = this.#inflow.take()
      if (line === undefined) return undefined
      const event = this.#readLine(line)
      if (event !== undefined) return event
    }
  }

  /** One step towards more; says whether there may be something to take, `undefined` where nothing will ever come. */
  pull(): Promise<boolean | undefined> | boolean {
    if (this.#backlog.isReading) return this.#readOn()
    if (this.#wake !== undefined) return this.#readAwaited(this.#wake)
    return this.#inflow.pull()
  }

  /** The stream is over, with an error or without: what waits is dropped. */
  clear(error: Error | undefined): void {
    this.#backlog.clear(error)
  }

  async #readOn(): Promise<boolean> {
    await this.#backlog.step()
    return !this.#state.isOver
  }

  #readAwaited(until: number): boolean {
    this.#wake = undefined
    if (!this.#cursor.isCompleteAt(until)) this.#backlog.await(until)
    return false
  }

  #readLine(line: string): AnyEvent | undefined {
    const event = readEvent(line, this.#asking.mayHoldVersions)
    if (event.type === 'error') return this.#takeError(event)
    if (event.type === 'unknown') return this.#takeUnknown(event, line)
    this.#link.see(event.txn)
    if (!this.#inflow.isPlaced) return this.#place(event, line)
    const { successor } = this.#inflow
    if (successor && event.txn > successor.startTxn) {
      if (!this.#asking.isExact) this.#cursor.complete(successor.startTxn)
      this.#inflow.goOver(successor)
      return undefined
    }
    if (this.#asking.isExact) return this.#takeExact(event, line)
    if (!this.#cursor.admit(event, line)) {
      this.#counters.duplicates++
      return undefined
    }
    this.#opener.progressed()
    return this.#teller.tell(event, line)
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
      this.#inflow.putBack()
      return undefined
    }
    const fields = sortFields(this.#parts.fields)
    if (canProject(event, fields)) return this.#teller.tell(project(event, fields), line)
    const gap: GapEvent = { type: 'gap', after: this.#cursor.txn!, until: event.txn, reason: 'expired' }
    this.#teller.miss(gap)
    return gap
  }

  /** The first event of an attempt: it says from where on everything is told, and so what was missed. */
  #place(event: PlacedEvent, line: string): AnyEvent | undefined {
    this.#inflow.place()
    const isStart = event.type === 'start'
    const { recovers, isExact } = this.#asking
    this.#cursor.reopen(isStart ? event.txn : event.txn - 1, recovers || isExact)
    const gap = this.#backlog.begin(event)
    if (isStart && !this.#backlog.isReading) this.#cursor.complete(event.txn)
    this.#opener.started()
    this.#state.move('open')
    // A listener of any of these may close the stream.
    if (isStart && !this.#state.isOver) this.#parts.signal('start', { txn: event.txn })
    if (gap && !this.#state.isOver) this.#teller.miss(gap)
    if (this.#state.isOver) return undefined
    if (isStart) return this.#placeStart(event, line, gap)
    // Anything else must not get lost for being first.
    this.#inflow.putBack()
    return gap
  }

  #placeStart(event: StartEvent, line: string, gap: GapEvent | undefined): AnyEvent | undefined {
    if (this.#asking.recovers) {
      this.#parts.refresh.start()
      if (!this.#backlog.isStartTold) this.#probe()
    }
    return this.#backlog.takeStart(event, line) ?? gap
  }

  /** A right that is lacking is said at the first opening, not at the first loss. */
  #probe(): void {
    const { history, signal } = this.#parts
    void history.isDenied().then(isDenied => {
      if (isDenied && !this.#state.isOver) signal('warning', { code: 'history_denied', message: historyDenied })
    })
  }

  /** It is passed on as it came; where it belongs in time its reader may know, we do not. */
  #takeUnknown(event: UnknownEvent, line: string): AnyEvent {
    const { txn } = event.raw as { readonly txn?: unknown }
    if (Number.isSafeInteger(txn)) this.#link.see(txn as number)
    return this.#teller.tell(event, line)
  }

  /** It is always the last line (protocol.md B.7). */
  #takeError({ txn, event: { code, description } }: ErrorEvent): undefined {
    this.#link.see(txn)
    this.#inflow.conclude({ how: 'told', error: new StreamError(code, description, txn, this.#link.where) })
  }
}

const historyDenied =
  'the key may not read history, so that a loss will be a gap: give its role history_read on the collection (of a set, read on the index)'
