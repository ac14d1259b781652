/** The life of a stream as its loop sees it: events are pulled, worked through, kept, until the one end. */
import { orAbort } from '../abort.ts'
import type { FaunaError } from '../errors.ts'
import { checkData, toSchemaError } from '../events/check-data.ts'
import type { StandardSchema } from '../events/standard-schema.ts'
import type { AnyEvent } from '../events/types.ts'
import type { Counters } from '../health.ts'
import type { StreamState } from '../signals.ts'
import { Asking, type AskingOptions } from './asking.ts'
import { type CheckpointStore, fingerprint, Saver } from './checkpoint.ts'
import { Cursor } from './cursor.ts'
import { sortFields } from './exact.ts'
import { History } from './history.ts'
import { Inflow } from './inflow.ts'
import { Keeper } from './keeper.ts'
import type { Link } from './link.ts'
import { Opener } from './opener.ts'
import type { Pullable } from './pull.ts'
import { Refresh } from './refresh.ts'
import { Sequence } from './sequence.ts'
import { State } from './state.ts'
import { Teller, type TellerOptions } from './teller.ts'
import type { Hearer } from './watch.ts'

/** What the owner of a source is told. */
export interface SourceEvents extends Hearer {
  ended(error: FaunaError | undefined): void
}

/** What a source needs besides its link. */
export type SourceOptions = AskingOptions &
  TellerOptions & {
    readonly maxLineBytes: number
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
  readonly #link: Link
  readonly #options: SourceOptions
  readonly #owner: SourceEvents
  readonly #counters: Counters
  readonly #state: State
  /** Aborts at the end of the stream, whatever ended it: nothing that it began goes on after that. */
  readonly #life = new AbortController()
  /** What the stream was aborted with, where it was. */
  #aborted: { readonly reason: unknown } | undefined
  /** Set when a consumer left the loop: the end is then nobody's error. */
  #isLeft = false
  readonly #cursor = new Cursor()
  readonly #history: History
  readonly #inflow: Inflow
  readonly #sequence: Sequence
  readonly #keeper: Keeper
  readonly #saver: Saver | undefined
  #isLoaded = false
  readonly #refresh: Refresh

  constructor(link: Link, options: SourceOptions, owner: SourceEvents) {
    this.#link = link
    this.#options = options
    this.#owner = owner
    const { watch, signal } = owner
    this.#counters = watch.counters
    const state = (this.#state = new State(signal))
    const { request, maxLineBytes, snapshot: hasSnapshot, pageSize, since } = options
    const { body, fields } = request
    const cursor = this.#cursor
    const life = this.#life.signal
    const history = new History(link, { body, fields: sortFields(fields), pageSize, signal: life })
    this.#history = history
    const saver = (this.#saver = this.#makeSaver())
    const asking = new Asking(link, history, options, signal)
    const opener = new Opener(link, asking, maxLineBytes, life, owner)
    const inflow = (this.#inflow = new Inflow({ link, state, cursor, history, asking, opener }))
    const refresh = (this.#refresh = new Refresh(link.time, { cursor, history, inflow, saver }))
    const teller = new Teller(link, options, inflow, owner)
    const read = { cursor, history, asking, opener, inflow, state, teller, watch, hasSnapshot }
    this.#sequence = new Sequence({ ...read, link, refresh, signal, fields })
    this.#keeper = new Keeper(cursor, this.#sequence, saver)
    if (since !== undefined) cursor.restore({ txn: since, isComplete: true, keys: [] })
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
    return this.#inflow.lastHeardAt
  }

  /** When the stream last told an event, in milliseconds since the Unix epoch. */
  get lastEventAt(): number | undefined {
    return this.#inflow.lastEventAt
  }

  /** How far the loop is behind, in milliseconds; `undefined` where that cannot be said. */
  get lagMs(): number | undefined {
    return this.#inflow.lagMs
  }

  /** Resolves when the wire stream is let go. */
  release(): Promise<void> {
    return this.#inflow.release()
  }

  /**
   * Opens the stream anew beside the old one, and goes over when the old one has passed the new one's start: nothing is
   * lost or told twice. Resolves when that is done; rejects, with the stream as it was, where the opening is refused.
   */
  handOver(): Promise<void> {
    return this.#inflow.handOver()
  }

  /**
   * The next event that has come, decoded now: a slow loop holds lines, not objects, and an error has its place. Who
   * takes it has worked through all that it took before; `undefined` where that must be kept first.
   */
  take(): AnyEvent | undefined {
    try {
      return this.#give(this.#keeper.take())
    } catch (error) {
      throw this.#fail(error)
    }
  }

  /** The next event that has come, as a part of what was taken last: an array that the loop works through as one. */
  takeWith(): AnyEvent | undefined {
    try {
      return this.#give(this.#keeper.takeWith())
    } catch (error) {
      throw this.#fail(error)
    }
  }

  /** The same where it is of this transaction; another event waits. */
  takeWithin(txn: number): AnyEvent | undefined {
    try {
      return this.#give(this.#keeper.takeWithin(txn))
    } catch (error) {
      throw this.#fail(error)
    }
  }

  async fill(): Promise<boolean> {
    try {
      if (this.#saver && !this.#isLoaded) await this.#orEnd(this.#load(this.#saver))
      while (!this.#state.isOver) {
        if (this.#saver) await this.#orEnd(this.#keeper.save(this.#saver))
        if (this.#state.isOver) break
        const isThere = this.#keeper.isHolding || (await this.#sequence.pull())
        if (isThere) return true
        if (isThere === undefined) this.#close(undefined)
      }
    } catch (error) {
      if (!this.#state.isOver) throw this.#fail(error)
    }
    return this.#endLoop()
  }

  /** A store that never answers must not keep a loop that was ended. */
  async #orEnd(kept: Promise<void>): Promise<void> {
    await orAbort(kept, this.#life.signal)
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

  /** Only now: the schema is asked when what came before is worked through and kept. */
  #give(event: AnyEvent | undefined): AnyEvent | undefined {
    if (event === undefined) return undefined
    const { schema } = this.#options
    const checked = schema === undefined ? event : this.#check(event, schema)
    this.#counters.events++
    return checked
  }

  #check(event: AnyEvent, schema: StandardSchema): AnyEvent {
    const checked = checkData(event, schema)
    if (checked.type === 'invalid' && this.#options.onInvalid === 'throw')
      throw toSchemaError(checked, this.#link.where)
    return checked
  }

  #makeSaver(): Saver | undefined {
    const { checkpoint: store, checkpointIntervalMs: intervalMs, request } = this.#options
    if (store === undefined) return undefined
    const of = fingerprint(request.body, sortFields(request.fields))
    return new Saver({ store, intervalMs, of, time: this.#link.time, existedAt: () => this.#history.existedAt })
  }

  /** Once, before anything is sent: where an earlier run of the program left off. */
  async #load(saver: Saver): Promise<void> {
    this.#isLoaded = true
    const kept = await saver.load()
    if (kept === undefined || this.#state.isOver) return
    this.#cursor.restore(kept.position)
    this.#history.confirm(kept.existedAt)
  }

  /** What goes wrong ends the stream; gives the error, to be thrown to the loop. */
  #fail(error: unknown): unknown {
    this.#close(error as FaunaError)
    return error
  }

  /** The one end: what came and was not taken is dropped, the wire stream is let go. */
  #close(error: FaunaError | undefined): void {
    if (!this.#state.move('closed')) return
    this.#life.abort()
    this.#inflow.close()
    this.#sequence.clear(error)
    this.#keeper.clear()
    this.#refresh.stop()
    this.#saver?.stop()
    this.#owner.ended(error)
  }

  #endLoop(): boolean {
    if (this.#aborted && !this.#isLeft && !isPlainAbort(this.#aborted.reason)) throw this.#aborted.reason
    return false
  }
}

function isPlainAbort(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'AbortError'
}
