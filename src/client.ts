/** The client: one server, its connections, queries and streams. */
import { aborted, onAbort, orAbort } from './abort.ts'
import { isSecretRefused, readResource, toAnswerError } from './answer.ts'
import { type End, toError } from './end.ts'
import { type ErrorDetail, OptionError, ProtocolError, QueryError, StateError } from './errors.ts'
import type { AnyEvent, Data, DefaultField, Field, StreamEvent } from './events/types.ts'
import { LiveView } from './live/live.ts'
import { addCounters, type ClientHealth, makeCounters } from './health.ts'
import { begin, callSafely, end, isHeard, type ObservedClient, type Operation, tell } from './observe.ts'
import {
  checkClientOptions,
  checkFields,
  checkHeaders,
  checkLiveOptions,
  checkQueryOptions,
  checkSecret,
  checkStreamOptions,
  type CheckedClientOptions,
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
import { toWire } from './query/wrap.ts'
import { Secret, type SecretSource } from './secret.ts'
import type { Link, QueryAnswer, QueryTerms, StreamRequest } from './stream/link.ts'
import { type Abortable, EventStream } from './stream/stream.ts'
import { readLiteral } from './stream/target.ts'
import { Exchange, type Head } from './transport/exchange.ts'
import { type Kind, Pool } from './transport/pool.ts'

/** How far ahead of our clock a transaction time may be said to be, in milliseconds. */
const maxAheadMs = 60_000
const apiVersion = '4'
const ok = 200

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

type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** An answer, read: what it tells stands in `outcome`. */
type Answer = { readonly head: Head; readonly body: string; readonly outcome: Outcome }

/** What a request is sent with besides its body. */
type Terms = {
  readonly signal: AbortSignal
  /** Told to the server instead of `lastTxn`, in microseconds. */
  readonly lastSeen?: number | undefined
  /** What it is sent for. */
  readonly operation?: Operation | undefined
}

/** A connection to one FaunaDB server (FQL v4). */
export class Client {
  readonly #options: Omit<CheckedClientOptions, 'secret'>
  #secret: Secret
  readonly #pool: Pool
  readonly #streams = new Set<Abortable>()
  /** What was counted of streams that have ended. */
  readonly #ended = makeCounters()
  readonly #observed: ObservedClient
  #lastTxn: number | undefined
  readonly #closing = new AbortController()

  /** @throws OptionError naming the option that cannot be used. Nothing is sent yet. */
  constructor(options: ClientOptions = {}) {
    const { secret, ...rest } = checkClientOptions(options)
    this.#options = rest
    this.#secret = new Secret(secret)
    this.#pool = new Pool({ ...rest, maxExchanges: rest.maxStreamsPerSession })
    this.#observed = { endpoint: rest.endpoint.origin, health: () => this.health() }
    tell('client:open', () => ({ client: this.#observed }))
  }

  /** The highest transaction time seen, in microseconds; sent with every request, so that it sees what we have seen. */
  get lastTxn(): number | undefined {
    return this.#lastTxn
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
    if (txn / 1000 > this.#options.time.now() + maxAheadMs) {
      throw new OptionError('txn', 'this transaction time is more than a minute in the future')
    }
    this.#see(txn)
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
    return { streams: stream, queries: query, streamsPerSession, states, lagMs, lastTxn: this.#lastTxn, ...counters }
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
    const body = toWire(expr)
    const startTime = this.#options.time.now()
    const where = this.#where('/')
    signal.throwIfAborted()
    const { head, body: text, outcome } = await this.#ask(body, where, signal)
    if (this.#options.observer) {
      callSafely(this.#options.observer, {
        method: 'POST',
        path: '/',
        query: {},
        requestRaw: body,
        requestContent: expr,
        responseRaw: text,
        responseContent: 'value' in outcome ? outcome.value : toContent(outcome.error),
        statusCode: head.status,
        responseHeaders: head.headers,
        startTime,
        endTime: this.#options.time.now(),
      })
    }
    if ('error' in outcome) throw outcome.error
    return outcome.value
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
    const next = secret === undefined ? this.#secret.renewed() : new Secret(checkSecret(secret))
    const { signal } = this.#closing
    const where = this.#where('/')
    const read = await this.#readSecret(signal, next)
    const answer = typeof read === 'string' ? await this.#try(read, where, signal) : read
    if ('how' in answer) throw answer.how === 'closed' ? this.#closedError() : toError(answer, where)
    if ('error' in answer.outcome) throw answer.outcome.error
    this.#secret = next
    const results = await Promise.allSettled([...this.#streams].map(stream => stream.handOver()))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  /** Whether a secret is good: what a query answers that does nothing. */
  #try(secret: string, where: string, signal: AbortSignal): Promise<Answer | End> {
    return this.#observe(operation => this.#askOnce('null', where, secret, { signal, operation }), where)
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
    const { time, startTimeoutMs, backoff, observer } = this.#options
    let used: string | undefined
    return {
      where: this.#where('/stream'),
      endpoint: this.#observed.endpoint,
      time,
      startTimeoutMs,
      backoff,
      observer,
      open: async (request, signal, operation) => {
        if (this.#isClosed || signal.aborted) return { how: 'closed' }
        opening()
        const secret = await this.#readSecret(signal)
        if (typeof secret !== 'string') return secret
        used = secret
        return this.#open('stream', streamPath(request), request.body, secret, { signal, operation })
      },
      query: (body, terms) => this.#askFor(body, terms),
      see: txn => this.#see(txn),
      secretRefused: () => this.#secret.refuse(used),
    }
  }

  /** The answer to a query of a stream: what a stream may ask again, it does. */
  async #askFor(body: string, { parent, ...terms }: QueryTerms): Promise<QueryAnswer | End> {
    if (this.#isClosed || terms.signal.aborted) return { how: 'closed' }
    const answer = await this.#askObserved(body, this.#where('/'), terms, parent)
    if ('how' in answer) return answer
    const { head, body: text, outcome } = answer
    const txnTime = Number(head.headers['x-txn-time'])
    if ('value' in outcome) return { value: outcome.value, text: resourceText(text), txnTime }
    const { error } = outcome
    if (error instanceof QueryError || error instanceof ProtocolError) return { how: 'answered', error }
    throw error
  }

  /** The answer to a query of the caller. */
  async #ask(body: string, where: string, signal: AbortSignal): Promise<Answer> {
    const answer = await this.#askObserved(body, where, { signal })
    if (!('how' in answer)) return answer
    signal.throwIfAborted()
    throw answer.how === 'closed' ? this.#closedError() : toError(answer, where)
  }

  /** The answer to a query, of which subscribers hear. */
  async #askObserved(body: string, where: string, terms: Terms, parent?: Operation): Promise<Answer | End> {
    return this.#observe(operation => this.#tryTwice(body, where, { ...terms, operation }), where, parent)
  }

  /** What it gives, and tells subscribers. */
  async #observe(
    ask: (operation: Operation | undefined) => Promise<Answer | End>,
    where: string,
    parent?: Operation,
  ): Promise<Answer | End> {
    const operation = begin('query', () => ({ type: 'query', client: this.#observed, parent }))
    const answer = await ask(operation)
    if (operation === undefined) return answer
    if (!('how' in answer)) {
      const error = 'error' in answer.outcome ? (answer.outcome.error as Error) : undefined
      end(operation, { error, statusCode: answer.head.status })
    } else if (answer.how === 'closed') end(operation, { isAborted: true })
    else end(operation, { error: toError(answer, where) })
    return answer
  }

  /** Sent once more where that is surely safe: never processed, or refused for its secret. */
  async #tryTwice(body: string, where: string, terms: Terms): Promise<Answer | End> {
    for (let isFirst = true; ; isFirst = false) {
      const secret = await this.#readSecret(terms.signal)
      const answer = typeof secret === 'string' ? await this.#askOnce(body, where, secret, terms) : secret
      if ('how' in answer) {
        if (isFirst && answer.how === 'refused') continue
        return answer
      }
      this.#see(Number(answer.head.headers['x-txn-time']))
      const isRefused = 'error' in answer.outcome && isSecretRefused(answer.outcome.error)
      if (isFirst && isRefused && this.#secret.refuse(secret as string)) continue
      return answer
    }
  }

  async #askOnce(body: string, where: string, secret: string, terms: Terms): Promise<Answer | End> {
    const exchange = await this.#open('query', '/', body, secret, terms)
    if (!(exchange instanceof Exchange)) return exchange
    const unfollow = onAbort(terms.signal, () => exchange.cancel())
    try {
      const head = await exchange.head
      const text = await exchange.text()
      const end = await exchange.end
      if (head === undefined || end.how !== 'finished') return end
      return { head, body: text, outcome: readOutcome(head.status, text, where) }
    } finally {
      unfollow()
    }
  }

  /** The secret, however long its function takes, unless the caller or the client gives up first. */
  async #readSecret(signal: AbortSignal, from = this.#secret): Promise<string | End> {
    try {
      const secret = await orAbort(from.read(), signal, this.#closing.signal)
      return secret === aborted ? { how: 'closed' } : secret
    } catch (cause) {
      return { how: 'no_secret', cause }
    }
  }

  #open(kind: Kind, path: string, body: string, secret: string, terms: Terms): Promise<Exchange | End> {
    const { signal, lastSeen = this.#lastTxn, operation } = terms
    const whole = this.#prefix + path
    const headers = { ...this.#askForHeaders(whole, operation), ...this.#headers(secret, lastSeen) }
    return this.#pool.open(kind, { path: whole, headers, body }, signal)
  }

  /** The headers of the options, and what subscribers add: what cannot be sent is an error of theirs, not of the request. */
  #askForHeaders(path: string, operation: Operation | undefined): Readonly<Record<string, string>> {
    const { headers } = this.#options
    if (!isHeard('request')) return headers
    // Only theirs: a key that stands in the options is nobody else's.
    const added: Record<string, string> = {}
    tell('request', () => ({ client: this.#observed, operation, method: 'POST', path, headers: added }))
    let checked = {}
    callSafely(() => (checked = checkHeaders(added)))
    return { ...headers, ...checked }
  }

  #headers(secret: string, lastSeen: number | undefined): Record<string, string> {
    const { queryTimeoutMs } = this.#options
    return {
      authorization: `Bearer ${secret}`,
      'content-type': 'application/json;charset=utf-8',
      'x-faunadb-api-version': apiVersion,
      ...(queryTimeoutMs === undefined ? {} : { 'x-query-timeout': String(queryTimeoutMs) }),
      ...(lastSeen === undefined ? {} : { 'x-last-seen-txn': String(lastSeen) }),
    }
  }

  #see(txn: number): void {
    if (!Number.isSafeInteger(txn)) return
    if (this.#lastTxn === undefined || txn > this.#lastTxn) this.#lastTxn = txn
  }

  /** The path of the endpoint, which the paths of requests are added to. */
  get #prefix(): string {
    return this.#options.endpoint.pathname.replace(/\/$/, '')
  }

  #where(path: string): string {
    return `POST ${this.#prefix}${path} at ${this.#options.endpoint.origin}`
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  #assertOpen(): void {
    if (this.#isClosed) throw this.#closedError()
  }

  #closedError(): StateError {
    return new StateError('client_closed', 'this client was closed; make a new one')
  }
}

function streamPath(request: StreamRequest): string {
  return request.fields ? `/stream?fields=${encodeURIComponent(request.fields.join(','))}` : '/stream'
}

function readOutcome(status: number, body: string, where: string): Outcome {
  if (status < ok || status >= 300) return { error: toAnswerError(status, body, where) }
  try {
    return { value: readResource(status, body, where) }
  } catch (error) {
    return { error }
  }
}

/** The value alone, as it came: `{"resource":…}` has no other key. */
function resourceText(body: string): string {
  return body.slice(body.indexOf(':') + 1, body.lastIndexOf('}')).trim()
}

function toContent(error: unknown): readonly ErrorDetail[] | undefined {
  return error instanceof QueryError ? error.errors : undefined
}
