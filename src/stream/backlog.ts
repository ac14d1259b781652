/** What goes before live lines: what was missed, what a stream only announced, the state before the first change. */
import type { FaunaError, GapReason } from '../errors.ts'
import type { AnyEvent, GapEvent, StartEvent } from '../events/types.ts'
import { type CatchUpOperation, end } from '../observe.ts'
import type { Asking } from './asking.ts'
import type { Cursor, PlacedEvent } from './cursor.ts'
import type { History } from './history.ts'
import type { Inflow } from './inflow.ts'
import type { Opener } from './opener.ts'
import type { Lack, ReadItem, Reading } from './reading.ts'
import type { State } from './state.ts'
import type { Teller } from './teller.ts'
import type { Watch } from './watch.ts'

/** What a backlog works with. */
export type BacklogParts = {
  readonly cursor: Cursor
  readonly history: History
  readonly asking: Asking
  readonly opener: Opener
  readonly inflow: Inflow
  readonly state: State
  readonly teller: Teller
  readonly watch: Watch
  readonly hasSnapshot: boolean
}

/** A reading that is under way. */
type Read = {
  readonly reading: Reading
  /** `missed`: after a loss. `awaited`: what the stream of an exact loop only announced. `state`: a snapshot. */
  readonly kind: 'missed' | 'awaited' | 'state'
  readonly after: number
  readonly until: number
  /** Where somebody hears of it. */
  readonly operation: CatchUpOperation | undefined
  events: number
  /** Why some of it is lacking, where that is so. */
  reason: GapReason | undefined
}

/** Reads before lines go on; one thing at a time. */
export class Backlog {
  readonly #parts: BacklogParts
  /** What a loop gets next, each made when its turn comes. */
  readonly #ready: (() => AnyEvent | undefined)[] = []
  #read: Read | undefined
  /** The `start` that has to wait for what happened before it. */
  #start: { readonly event: StartEvent; readonly line: string } | undefined
  #isStartTold = false
  /** Whether the loop holds a part of a state that is no longer true. */
  #mustReset = false

  constructor(parts: BacklogParts) {
    this.#parts = parts
  }

  /** Whether lines have to wait. */
  get isReading(): boolean {
    return this.#read !== undefined
  }

  /** Whether the loop has got its `start`. */
  get isStartTold(): boolean {
    return this.#isStartTold
  }

  /** The next event that is there. */
  take(): AnyEvent | undefined {
    while (this.#ready.length > 0) {
      const event = this.#ready.shift()!()
      if (event !== undefined) return event
    }
    return undefined
  }

  /** Puts an event before what comes next. */
  put(event: AnyEvent): void {
    this.#ready.push(() => event)
  }

  /** The stream ended, with an error or without. */
  clear(error: Error | undefined): void {
    this.#ready.length = 0
    if (this.#read) this.#finish(this.#read, error ? { error } : { isAborted: true })
  }

  /** What has to be read before the lines after an attempt's first event; a hole where that is not wanted. */
  begin(event: PlacedEvent): GapEvent | undefined {
    const { cursor, history, asking, hasSnapshot } = this.#parts
    const until = event.type === 'start' ? event.txn : event.txn - 1
    const after = cursor.txn
    if (after === undefined) {
      if (hasSnapshot) this.#readState(until)
      return undefined
    }
    if (cursor.isCompleteAt(until)) return undefined
    // A place that was kept is gone on from, whatever losses do.
    if (this.#isStartTold && !asking.recovers && !asking.isExact)
      return { type: 'gap', after, until: event.txn, reason: 'live' }
    this.#begin(history.catchUp(cursor.mark()!.read(), until, true), 'missed', after, until)
    return undefined
  }

  /** A `start` is told once for the life of the loop, after what happened before it. */
  takeStart(event: StartEvent, line: string): AnyEvent | undefined {
    const { history, inflow } = this.#parts
    if (this.#read === undefined) history.confirm(inflow.view)
    if (this.#isStartTold) return undefined
    this.#start = { event, line }
    return this.#read?.kind === 'missed' ? undefined : this.#tellStart()
  }

  /** Reads up to a transaction that an exact stream announced. */
  await(until: number): void {
    const { cursor, history } = this.#parts
    const reading = history.catchUp(cursor.mark()!.read(), until, false)
    this.#begin(reading, 'awaited', cursor.txn!, until)
  }

  /** Reads on. Where an answer does not come it is asked for again; the lines wait meanwhile. */
  async step(): Promise<void> {
    const { opener, state } = this.#parts
    const read = this.#read!
    const portion = await read.reading.next(read.operation)
    if (state.isOver) return
    if ('how' in portion) {
      opener.fail(portion.how === 'closed' ? { how: 'cut' } : portion)
      await opener.rest()
      return
    }
    for (const item of portion.items) this.#ready.push(() => this.#takeItem(item, read))
    const { lack, until, isDone } = portion
    if (lack) this.#ready.push(() => this.#takeLack(lack, read))
    else if (until !== undefined) this.#ready.push(() => this.#settle(read, until, isDone))
  }

  #readState(at: number): void {
    if (this.#mustReset) this.put({ type: 'reset', txn: at, reason: 'retention' })
    this.#mustReset = true
    this.#begin(this.#parts.history.snapshot(at), 'state', at, at)
  }

  #begin(reading: Reading, kind: Read['kind'], after: number, until: number): void {
    const operation = this.#parts.watch.beginCatchUp(kind, after, until)
    this.#read = { reading, kind, after, until, operation, events: 0, reason: undefined }
  }

  #finish({ operation, events, reason }: Read, outcome: Partial<CatchUpOperation> = {}): void {
    this.#read = undefined
    end(operation, { events, ...(reason && { reason }), ...outcome })
  }

  #takeItem(item: ReadItem, read: Read): AnyEvent | undefined {
    const { cursor, teller } = this.#parts
    if (item.type === 'gap') {
      read.reason ??= item.reason
      cursor.complete(item.until)
      teller.miss(item)
      return item
    }
    if (item.type !== 'synced') read.events++
    if (item.type === 'synced') cursor.complete(item.txn)
    else if (item.type !== 'snapshot') cursor.recover(item.txn)
    return teller.tellRead(item)
  }

  #settle(read: Read, until: number, isDone: boolean): AnyEvent | undefined {
    const { cursor, history, opener, inflow, state, teller } = this.#parts
    cursor.complete(until)
    if (!isDone) return undefined
    this.#finish(read)
    const { kind, after, events } = read
    if (events > 0) opener.recovered()
    if (kind !== 'awaited') history.confirm(inflow.view)
    if (kind === 'missed') teller.recovered({ after, until, events })
    return state.isOver ? undefined : this.#tellStart()
  }

  /** Something cannot be had: the loop is told, and goes on after it; one that holds a state gets it anew. */
  #takeLack(lack: Lack, read: Read): AnyEvent | undefined {
    const { cursor, history, inflow, hasSnapshot, state, teller } = this.#parts
    const { kind, after, until } = read
    const { reason, cause } = lack
    this.#finish(read, { reason, error: cause })
    if (kind === 'state') return this.#takeStateLack(lack)
    const gap: GapEvent = { type: 'gap', after: cursor.txn ?? after, until, reason }
    if (hasSnapshot) {
      teller.missed(gap)
      // A listener of that may have closed the stream.
      if (state.isOver) return undefined
      this.put({ type: 'reset', txn: until, reason })
      this.#mustReset = false
      this.#readState(until)
      return this.#tellStart()
    }
    cursor.complete(until)
    history.confirm(inflow.view)
    this.#ready.push(() => this.#tellStart())
    teller.miss(gap)
    return gap
  }

  #takeStateLack({ reason, cause }: Lack): undefined {
    if (reason === 'permission') throw cause as FaunaError
    // Too old by now: a new opening has a new state.
    this.#parts.inflow.lose({ how: 'cut', cause })
  }

  #tellStart(): AnyEvent | undefined {
    const start = this.#start
    this.#start = undefined
    if (start === undefined) return undefined
    this.#isStartTold = true
    return this.#parts.teller.tellRead(start.event, start.line)
  }
}
