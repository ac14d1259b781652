/** The client: one server, its connections, queries and streams. */
import { OptionError } from './errors.ts'
import type { AnyEvent, Data, DefaultField, Field, StreamEvent } from './events/types.ts'
import { addCounters, type ClientHealth, makeCounters } from './health.ts'
import { LiveView } from './live/live.ts'
import { type ObservedClient, tell } from './observe.ts'
import {
  checkClientOptions,
  checkFields,
  checkLiveOptions,
  checkQueryOptions,
  checkSecret,
  checkStreamOptions,
  type ClientOptions,
  type DataOf,
  type GapEventOf,
  type InvalidEventOf,
  type LiveOptions,
  type NoOptions,
  type QueryOptions,
  type StateEventOf,
  type StoredOf,
  type StreamOptions,
} from './options.ts'
import { closedError, Queries } from './queries.ts'
import { toWire } from './query/wrap.ts'
import { Requests } from './requests.ts'
import type { SecretSource } from './secret.ts'
import type { Link, StreamRequest } from './stream/link.ts'
import { type Abortable, EventStream } from './stream/stream.ts'
import { readLiteral } from './stream/target.ts'
import type { Time } from './time.ts'
import { Pool } from './transport/pool.ts'

/** How far ahead of our clock a transaction time may be said to be, in milliseconds. */
const maxAheadMs = 60_000

/** What a loop gets, by the fields, the type of the data, and the options. */
type EventOf<F extends Field, T, O> =
  StreamEvent<F, DataOf<O, T>, StoredOf<O, T>> | StateEventOf<O, F, DataOf<O, T>> | GapEventOf<O> | InvalidEventOf<O, F>

/** How `client.stream` is called. Where the first type arguments are written out, the options count as unknown. */
export interface Follow {
  <const F extends Field = DefaultField, T = Data>(
    expr: unknown,
    fields?: readonly F[],
  ): EventStream<EventOf<F, T, NoOptions>>
  <const F extends Field = DefaultField, T = Data, const O extends StreamOptions = StreamOptions>(
    expr: unknown,
    fields: readonly F[] | undefined,
    options: O,
  ): EventStream<EventOf<F, T, O>>
}

/** A connection to one FaunaDB server (FQL v4). */
export class Client {
  readonly #time: Time
  readonly #pool: Pool
  readonly #requests: Requests
  readonly #queries: Queries
  /** What the links of all streams have alike. */
  readonly #linkParts: Omit<Link, 'open' | 'secretRefused'>
  readonly #streams = new Set<Abortable>()
  /** What was counted of streams that have ended. */
  readonly #ended = makeCounters()
  readonly #observed: ObservedClient
  readonly #closing = new AbortController()

  /** @throws OptionError naming the option that cannot be used. Nothing is sent yet. */
  constructor(options: ClientOptions = {}) {
    const { secret, ...rest } = checkClientOptions(options)
    const { endpoint, headers, queryTimeoutMs, time, observer, startTimeoutMs, backoff } = rest
    this.#time = time
    const pool = (this.#pool = new Pool({ ...rest, maxExchanges: rest.maxStreamsPerSession }))
    const client = (this.#observed = { endpoint: endpoint.origin, health: () => this.health() })
    const closing = this.#closing.signal
    const requests = new Requests({ secret, endpoint, headers, queryTimeoutMs, pool, client, closing })
    const queries = new Queries({ requests, client, time, observer, closing })
    this.#requests = requests
    this.#queries = queries
    this.#linkParts = {
      where: requests.where('/stream'),
      endpoint: client.endpoint,
      time,
      startTimeoutMs,
      backoff,
      observer,
      query: (body, terms) => queries.askFor(body, terms),
      see: txn => requests.see(txn),
    }
    tell('client:open', () => ({ client }))
  }

  /** The highest transaction time seen, in microseconds; sent with every request, so that it sees what we have seen. */
  get lastTxn(): number | undefined {
    return this.#requests.lastTxn
  }

  /**
   * Raises `lastTxn` to a transaction time learnt elsewhere, in microseconds; a lower one changes nothing.
   * @throws OptionError where it is no safe integer, or more than a minute ahead of the clock: every later read would
   * wait for that time.
   */
  syncLastTxn(txn: number): void {
    if (!Number.isSafeInteger(txn) || txn < 0) {
      throw new OptionError('txn', 'give a transaction time, a whole number of microseconds')
    }
    // Ours stands still while the machine sleeps; the system's clock does not.
    if (txn / 1000 > Math.max(this.#time.now(), Date.now()) + maxAheadMs) {
      throw new OptionError('txn', 'this transaction time is more than a minute in the future')
    }
    this.#requests.see(txn)
  }

  /** How it fares, as of this moment: what is open, and what was counted of all its streams, in one plain object. */
  health(): ClientHealth {
    const { stream, query } = this.#pool.count()
    const counters = { ...this.#ended }
    const states = { connecting: 0, open: 0 }
    let lagMs: number | undefined
    for (const each of this.#streams) {
      const health = each.health()
      addCounters(counters, health)
      if (health.state === 'connecting' || health.state === 'open') states[health.state]++
      if (health.lagMs !== undefined) lagMs = Math.max(lagMs ?? 0, health.lagMs)
    }
    const streamsPerSession = this.#pool.sizes('stream')
    return { streams: stream, queries: query, streamsPerSession, states, lagMs, lastTxn: this.lastTxn, ...counters }
  }

  /**
   * Evaluates an expression and gives its decoded value.
   *
   * It is sent a second time only where the peer surely did not process it; a loss is otherwise a `TransportError`
   * whose `outcome` is `unknown`.
   * @throws QueryError, TransportError, ProtocolError, OptionError, StateError; the signal's reason where it aborts.
   */
  readonly query = async (expr: unknown, options: QueryOptions = {}): Promise<unknown> => {
    this.#assertOpen()
    const { signal = new AbortController().signal } = checkQueryOptions(options)
    return this.#queries.evaluate(expr, signal)
  }

  /**
   * Follows a document or a set; nothing is sent before the loop begins.
   *
   * `expr` gives a document's ref, a `Match` or `Documents(collection)`; `fields` are any of `action document diff
   * prev index`, by default `action` and `document`. `T` is the type of the documents' data, where it is known; with the
   * option `schema` it is what that gives.
   * @throws OptionError, StateError; what the loop throws is in the README's table.
   */
  readonly stream = ((expr: unknown, fields?: readonly Field[], options: StreamOptions = {}) => {
    this.#assertOpen()
    const request = { fields: checkFields(fields), body: toWire(expr) }
    const checked = checkStreamOptions(options)
    const { signal, since, checkpoint, schema } = checked
    const link = this.#link(() => this.#streams.add(stream))
    const wanted = { ...checked, signal, since, checkpoint, schema, request, content: expr }
    const stream = new EventStream<AnyEvent>(link, wanted, ended => {
      if (this.#streams.delete(ended)) addCounters(this.#ended, ended.health())
    })
    return stream
  }) as Follow

  /**
   * Keeps the members of a set, or a document, up to date in a view, from now on. Sets are followed with `exact` unless
   * told otherwise; `T` is the type of a document's data.
   * @throws OptionError, StateError; what ended the view stands in its `closed`.
   */
  live<T = Data>(expr: unknown, options: LiveOptions = {}): LiveView<T> {
    const { signal, exact } = checkLiveOptions(options)
    const isDocument = readLiteral(toWire(expr), [])?.kind === 'document'
    const isExact = exact ?? !isDocument
    const stream = this.stream(expr, ['action', 'document', 'index'], { snapshot: true, exact: isExact, signal })
    return new LiveView<T>(stream as EventStream<unknown> as EventStream<AnyEvent>, isExact || isDocument)
  }

  /**
   * Changes the secret as planned. The new one is tried first, with a query that does nothing. Then each stream is opened
   * anew beside the old one, which it follows until that has passed the new one's `start`: nothing is lost or repeated.
   *
   * `secret` is the new one, or the function that gives it; left out, the function is asked anew. Resolves when every
   * stream has gone over: at its next event, or after 15 s in which nothing came. A loop that does not read delays that.
   * @throws QueryError where the new secret is refused: the old one stays in use; OptionError, StateError,
   * TransportError; the error of the first stream that could not be opened anew, which goes on as it was.
   */
  async rotateSecret(secret?: SecretSource): Promise<void> {
    this.#assertOpen()
    const next = this.#requests.nextSecret(secret === undefined ? undefined : checkSecret(secret))
    await this.#queries.tryOut(next)
    this.#requests.use(next)
    const results = await Promise.allSettled([...this.#streams].map(stream => stream.handOver()))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  /** Ends every stream, normally, and closes every connection; a query that waits is told. May be called again. */
  async close(): Promise<void> {
    if (!this.#isClosed) tell('client:close', () => ({ client: this.#observed }))
    this.#closing.abort()
    for (const stream of this.#streams) stream.controller.abort()
    await this.#pool.close()
  }

  /** Closes like `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #link(opening: () => void): Link {
    const requests = this.#requests
    let used: string | undefined
    return {
      ...this.#linkParts,
      open: async (request, signal, operation) => {
        if (this.#isClosed || signal.aborted) return { how: 'closed' }
        opening()
        const secret = await requests.readSecret(signal)
        if (typeof secret !== 'string') return secret
        used = secret
        return requests.open('stream', streamPath(request), request.body, secret, { signal, operation })
      },
      secretRefused: () => requests.refuse(used),
    }
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError()
  }
}

function streamPath(request: StreamRequest): string {
  return request.fields ? `/stream?fields=${encodeURIComponent(request.fields.join(','))}` : '/stream'
}
