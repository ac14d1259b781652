/** What a user holds: a stream of events, its controller, its signals. */
import { EventEmitter } from 'eventemitter3'
import { onAbort } from '../abort.ts'
import { OptionError, StateError } from '../errors.ts'
import type { StreamEvent } from '../events/types.ts'
import type { StreamHealth } from '../health.ts'
import { callSafely } from '../observe.ts'
import type { StreamSignals, StreamState } from '../signals.ts'
import { byArrival, byTransaction } from './batch.ts'
import type { Link } from './link.ts'
import { PullIterator } from './pull.ts'
import { EventSource, type SourceOptions } from './source.ts'
import { readLiteral } from './target.ts'
import { Watch } from './watch.ts'

/** Options of `batches`. */
export type BatchOptions = {
  /** What makes a batch: what came together, or one transaction. Default `'arrival'`. */
  readonly by?: 'arrival' | 'txn' | undefined
}

/** A stream as its owner keeps it: something that can be closed, opened anew as planned, and asked how it fares. */
export type Abortable = { readonly controller: AbortController; handOver(): Promise<void>; health(): StreamHealth }

/** What the constructor of a stream is given besides its link. */
export type EventStreamOptions = SourceOptions & { readonly signal: AbortSignal | undefined }

/**
 * The changes of a document or a set, as an async iterable. Nothing is sent before the first `next()`.
 *
 * A loop ends normally after `close()` or a plain `controller.abort()`; it throws the reason of `abort(reason)`, and a
 * `FaunaError` for everything else that ended it.
 */
export class EventStream<E = StreamEvent> implements AsyncIterable<E> {
  readonly #source: EventSource
  readonly #watch: Watch
  /** Both are made when they are asked for: they are most of what an idle stream would take. */
  #controller: AbortController | undefined
  #emitter: EventEmitter | undefined
  readonly #onEnd: (stream: Abortable) => void
  readonly #hasWholeTransactions: boolean
  #unfollow: (() => void) | undefined
  #isStarted = false
  #isCloseCalled = false

  /** @internal Streams are made by `client.stream`. */
  constructor(link: Link, options: EventStreamOptions, onEnd: (stream: Abortable) => void) {
    this.#onEnd = onEnd
    const { signal, exact, request } = options
    const target = readLiteral(request.body, [])
    this.#hasWholeTransactions = exact || target?.kind === 'document'
    this.#watch = new Watch(link.endpoint, target, () => this.health())
    this.#source = new EventSource(link, options, {
      watch: this.#watch,
      signal: (name, ...args) => this.#signal(name, ...args),
      ended: error => {
        this.#unfollow?.()
        this.#onEnd(this)
        this.#signal('close', { error })
      },
    })
    // Last: one that has aborted already closes the stream on the spot, and that is told.
    if (signal) this.#unfollow = onAbort(signal, () => this.controller.abort(signal.reason))
  }

  /** Closes the stream: `abort()` ends the loop normally, `abort(reason)` makes it throw the reason. */
  get controller(): AbortController {
    if (this.#controller === undefined) {
      const { signal } = (this.#controller = new AbortController())
      onAbort(signal, () => this.#source.abort(signal.reason))
    }
    return this.#controller
  }

  /** `idle` until the first `next()`, `connecting`, `open` from the `start` event on, `closed`. */
  get state(): StreamState {
    return this.#source.state
  }

  /** The highest transaction time that the stream told, in microseconds; `undefined` before `start`. */
  get lastTxn(): number | undefined {
    return this.#source.lastTxn
  }

  /** When the peer last gave a sign of life, in milliseconds since the Unix epoch. */
  get lastHeardAt(): number | undefined {
    return this.#source.lastHeardAt
  }

  /** When the stream last told an event, in milliseconds since the Unix epoch. */
  get lastEventAt(): number | undefined {
    return this.#source.lastEventAt
  }

  /** @internal Goes over to a new opening without loss or repetition: `client.rotateSecret()` asks for it. */
  handOver(): Promise<void> {
    return this.#source.handOver()
  }

  /** How it fares, as of this moment: state, times and counters, in one plain object. */
  health(): StreamHealth {
    const { state, lastTxn, lastHeardAt, lastEventAt } = this
    const { lagMs } = this.#source
    return { state, lagMs, lastTxn, lastHeardAt, lastEventAt, ...this.#watch.counters }
  }

  /**
   * The one loop over this stream.
   * @throws StateError `already_started` for a second one.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<E, undefined> {
    this.#start()
    return new PullIterator(this.#source) as unknown as PullIterator<E>
  }

  /**
   * The same events as arrays, one for each arrival: for bulk work. With `by: 'txn'` one for each transaction, removes
   * first; a set needs `exact: true` for that, since its live stream has no mark that a transaction is complete.
   * @throws OptionError where a set is followed without `exact`; StateError `already_started` where a loop was begun.
   */
  batches(options: BatchOptions = {}): AsyncIterableIterator<readonly E[], undefined> {
    const { by = 'arrival' } = options
    if (by !== 'arrival' && by !== 'txn') throw new OptionError('by', "give 'arrival' or 'txn'")
    if (by === 'txn' && !this.#hasWholeTransactions) {
      throw new OptionError(
        'by',
        'whole transactions of a set are had with exact: true; so are those of an expression that is not q.Ref(…)',
      )
    }
    this.#start()
    const source = by === 'txn' ? byTransaction(this.#source) : byArrival(this.#source)
    return new PullIterator(source) as unknown as PullIterator<readonly E[]>
  }

  /** Calls `listener` at each signal; what it throws is thrown again in a microtask and harms nothing here. */
  on<S extends keyof StreamSignals>(signal: S, listener: StreamSignals[S]): this {
    this.#emitter ??= new EventEmitter()
    this.#emitter.on(signal, listener)
    return this
  }

  /** Takes a listener away. */
  off<S extends keyof StreamSignals>(signal: S, listener: StreamSignals[S]): this {
    this.#emitter?.off(signal, listener)
    return this
  }

  /**
   * Ends the loop normally; resolves when the wire stream is let go.
   * @throws StateError `already_closed` at a second call.
   */
  async close(): Promise<void> {
    if (this.#isCloseCalled) {
      throw new StateError('already_closed', 'close() was called before on this stream; once is enough')
    }
    this.#isCloseCalled = true
    await this[Symbol.asyncDispose]()
  }

  /** Closes like `close()`, and never throws. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.controller.abort()
    await this.#source.release()
  }

  #start(): void {
    if (this.#isStarted) {
      const advice = 'call client.stream() again for a second loop, or share the events of this one'
      throw new StateError('already_started', `this stream already has its loop; ${advice}`)
    }
    this.#isStarted = true
  }

  #signal<S extends keyof StreamSignals>(signal: S, ...args: Parameters<StreamSignals[S]>): void {
    this.#watch.signalled(signal, args)
    for (const listener of this.#emitter?.listeners(signal) ?? []) {
      callSafely(listener as (...args: Parameters<StreamSignals[S]>) => void, ...args)
    }
  }
}
