/**
 * Answers requests: who asks, what for, and what becomes of it. It owns the store, the feed and the open streams; the
 * listener below it and the server above it know none of them.
 */
import { protocolErrorBody } from './answers.ts'
import { Authenticator } from './authentication.ts'
import type { Session } from './authentication.ts'
import type { EventField } from './events.ts'
import type { Reply, ReplyStream, WireRequest } from './exchange.ts'
import { Feed } from './feed.ts'
import { Filler } from './filler.ts'
import { preflightHeaders, readHeaders, responseHeaders } from './headers.ts'
import { indent } from './json-layout.ts'
import { DataFolder } from './log/folder.ts'
import type { OpenFile } from './log/folder.ts'
import { BytesError, LiveStream } from './live-stream.ts'
import type { StreamError } from './live-stream.ts'
import { OpenStreams } from './open-streams.ts'
import { rendererFor } from './renderers.ts'
import { answerQuery, findSubject, readBody } from './requests.ts'
import type { Outcome, ReadSource, RequestContext, Subject } from './requests.ts'
import { Responder } from './responder.ts'
import type { Exchange } from './responder.ts'
import { restQuery } from './rest.ts'
import { makeStore } from './new-store.ts'
import { findRoute, refuseRest, refuseUnreadable } from './routes.ts'
import type { Route } from './routes.ts'
import { parseAuthorization } from './secrets.ts'
import type { Store } from './store.ts'
import { streamRights } from './stream-rights.ts'
import { Timers } from './timers.ts'
import type { StartTimer } from './timers.ts'
import { exportLines } from './transfer/exporting.ts'
import { importLines } from './transfer/importing.ts'

/** How a service behaves. */
export type ServiceOptions = {
  readonly secret: string
  /** Whether the faults of the real server are repeated. */
  readonly quirks: boolean
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** How many streams of documents may be open at once. */
  readonly maxStreams: number
  /** The pause between the headers of a stream and its `start`, in milliseconds. */
  readonly startDelayMs: number
  /** For tests. Default: timers of Node. */
  readonly startTimer?: StartTimer
}

/** What a stream is told that is one too many. */
const TOO_MANY: StreamError = { code: 'too many requests', description: 'Too many open streams.' }

/** A stream that has its headers, but no `start` yet. */
type NewStream = { readonly wire: ReplyStream; readonly live: LiveStream }

/** A database server without a port. */
export class Service {
  readonly #options: ServiceOptions
  readonly #store: Store
  readonly #feed = new Feed()
  readonly #authenticator: Authenticator
  readonly #streams = new OpenStreams()
  readonly #timers: Timers
  readonly #filler: Filler
  readonly #responder: Responder
  #folder: DataFolder | undefined

  constructor(options: ServiceOptions) {
    this.#options = options
    this.#timers = new Timers(options.startTimer)
    const store = makeStore(options)
    this.#store = store
    this.#responder = new Responder(store.clock)
    this.#filler = new Filler(store, this.#timers)
    this.#authenticator = new Authenticator(store, options.secret)
  }

  /**
   * Goes on with what a folder holds, and keeps there what is written from now on. To be called before the first
   * request; rejects as `DataFolder.open` does.
   */
  async keepIn(path: string, openFile?: OpenFile): Promise<void> {
    this.#folder = await DataFolder.open(path, this.#store, openFile)
  }

  /** Resolves when all that was committed so far is on the disk, or never will be. */
  settle(): Promise<void> {
    return new Promise(resolve => {
      if (this.#folder === undefined) resolve()
      else this.#folder.whenDurable(() => resolve())
    })
  }

  /** All that it holds, as lines of JSON without their ends. */
  exportLines(): Iterable<string> {
    return exportLines(this.#store)
  }

  /** Fills an empty server with such lines; all of them, or none. Throws `StateError` (`bad_import`). */
  importLines(lines: Iterable<string>): void {
    importLines(lines, this.#store, () => makeStore(this.#options))
  }

  /** Lets the folder go, when all that was written is on the disk. */
  async close(): Promise<void> {
    await this.#folder?.close()
    this.#folder = undefined
  }

  /** Answers one request; a promise where it has to wait, which rejects with what an answer throws then. */
  handle(request: WireRequest, reply: Reply): void | Promise<void> {
    const { headers, method } = request
    if (method === 'OPTIONS' && headers['origin'] !== undefined) {
      reply.send(200, preflightHeaders(headers), '')
      return
    }
    const unreadable = refuseUnreadable(request)
    const options = readHeaders(headers)
    if (unreadable !== undefined) this.#responder.refuse(reply, options, unreadable)
    else if ('badHeader' in options) this.#responder.refuseHeader(reply, options)
    else return this.#route({ request, reply, options })
  }

  /** Ends every open stream: with an error, or as the real server does when it shuts down, without a word. */
  endStreams(error?: StreamError): void {
    this.#streams.endAll(error)
  }

  /** Forgets what waits for its time. */
  stop(): void {
    this.#filler.stop()
    this.#timers.cancelAll()
    this.endStreams()
  }

  #route(exchange: Exchange): void | Promise<void> {
    const { request, reply, options } = exchange
    const credential = parseAuthorization(request.headers['authorization'])
    const session = credential && this.#authenticator.authenticate(credential)
    const route = findRoute(request, session !== undefined)
    if (route.kind === 'refusal') this.#responder.refuse(reply, options, route)
    else if (route.kind === 'ping') this.#responder.sendResult(exchange, route.body)
    else if (session !== undefined) return this.#serve(exchange, route, session)
  }

  #serve(exchange: Exchange, route: Exclude<Route, { kind: 'ping' }>, session: Session): void | Promise<void> {
    const { apiVersion, lastSeenTxn = 0n, queryTimeoutMs: timeoutMs } = exchange.options
    const error = this.#folder?.error
    if (error !== undefined) {
      this.#refuseUnkept(exchange, error)
      return
    }
    const lastSeen = Number(lastSeenTxn)
    const context: RequestContext = { store: this.#store, session, apiVersion, lastSeen, timeoutMs }
    const patience = { timeoutMs, refuse: () => this.#responder.refuseLate(exchange) }
    if (route.kind === 'stream') {
      return this.#filler.run(() => this.#openStream(exchange, context, route.source, route.fields), patience)
    }
    if (route.kind === 'query' || route.kind === 'rest') {
      const query = (): void | Promise<void> =>
        route.kind === 'rest'
          ? this.#rest(exchange, context, route)
          : this.#answer(exchange, context, () => readBody(route.source), route.isReadOnly ? 'get' : 'query')
      return this.#waitFor(exchange, context, () => this.#filler.run(query, patience))
    }
    this.#responder.sendResult(exchange, `{"account":"0","global_id":"${globalIdOf(this.#store, session)}"}`)
  }

  /** A query sees everything up to what its client has seen: of the future, it waits for it as long as it may. */
  #waitFor(exchange: Exchange, { lastSeen }: RequestContext, run: () => void | Promise<void>): void | Promise<void> {
    const { queryTimeoutMs } = exchange.options
    const delayMs = (lastSeen - this.#store.clock.now) / 1000
    if (delayMs <= 0) return run()
    const isTooLong = delayMs > queryTimeoutMs
    const passed = new Promise<void>(resolve => this.#timers.after(isTooLong ? queryTimeoutMs : delayMs, resolve))
    return passed.then(() => (isTooLong ? this.#responder.refuseLate(exchange) : run()))
  }

  /** A request of old is refused, or answered as the query that it stands for. */
  #rest(
    exchange: Exchange,
    context: RequestContext,
    { path, params }: Extract<Route, { kind: 'rest' }>,
  ): void | Promise<void> {
    const { method, body, hasBody } = exchange.request
    const query = restQuery(this.#store, context.session, { method, path, params, body: hasBody ? body : undefined })
    if ('refused' in query) this.#responder.refuse(exchange.reply, exchange.options, refuseRest(query))
    else return this.#answer(exchange, context, query.read, 'query')
  }

  #answer(exchange: Exchange, context: RequestContext, read: ReadSource, kind: 'query' | 'get'): void | Promise<void> {
    const { answer, commit } = answerQuery(context, read, kind)
    return this.#whenDurable(exchange, () => {
      this.#responder.send(exchange, answer)
      if (commit !== undefined) this.#feed.publish(commit)
    })
  }

  /**
   * Does something when all that is committed is on the disk: what a request wrote, and what it saw of others. Where that
   * fails, nobody learns of it: the request is answered with the reason, and the server does nothing more. The promise
   * rejects with what is thrown then.
   */
  #whenDurable(exchange: Exchange, run: () => void): void | Promise<void> {
    const folder = this.#folder
    if (folder === undefined) return run()
    return new Promise((resolve, reject) =>
      folder.whenDurable(error => {
        try {
          if (error === undefined) run()
          else this.#refuseUnkept(exchange, error)
          resolve()
        } catch (fault) {
          reject(fault as Error)
        }
      }),
    )
  }

  #refuseUnkept(exchange: Exchange, { message }: Error): void {
    const code = 'internal server error'
    this.endStreams({ code, description: message })
    const txnTime = this.#store.clock.now
    this.#responder.send(exchange, {
      status: 500,
      body: indent(protocolErrorBody(code, message)),
      txnTime,
      isIndented: true,
    })
  }

  #openStream(
    exchange: Exchange,
    context: RequestContext,
    body: Uint8Array | undefined,
    fields: ReadonlySet<EventField>,
  ): void | Promise<void> {
    const outcome = findSubject(context, body)
    return this.#whenDurable(exchange, () => this.#beginStream(exchange, context, outcome, fields))
  }

  #beginStream(
    exchange: Exchange,
    context: RequestContext,
    outcome: Outcome<Subject>,
    fields: ReadonlySet<EventField>,
  ): void {
    if ('answer' in outcome) {
      this.#responder.send(exchange, outcome.answer)
      return
    }
    const stream = this.#makeStream(exchange, context.session, fields, outcome.txnTime)
    const isFull = outcome.result.isDocument && this.#streams.counted > this.#options.maxStreams
    if (isFull) stream.live.fail(TOO_MANY)
    else this.#startSoon(stream, outcome.result)
  }

  #makeStream(
    { reply, options, request }: Exchange,
    session: Session,
    fields: ReadonlySet<EventField>,
    txnTime: number,
  ): NewStream {
    const onBytes = this.#options.quirks ? { onBytes: failOnBytes } : {}
    const renderer = rendererFor(this.#store, session.database.number, options.apiVersion, onBytes)
    const streamId = this.#store.takeId().toString()
    const metrics = { bytesIn: request.body.length }
    const wire = reply.stream(200, responseHeaders(options, { status: 200, txnTime, bytesOut: 0, streamId, metrics }))
    const renderKey = `${session.database.number} ${options.apiVersion} ${[...fields].sort().join()}`
    const rights = streamRights(session, this.#options.quirks)
    const timers = this.#timers
    return { wire, live: new LiveStream({ reply: wire, fields, renderer, rights, renderKey, timers }) }
  }

  /**
   * What is committed before `start` is not told: its time is where the stream begins (protocol.md B.8). That holds of
   * what is committed and waits for the disk too: it is published later, and told by its time.
   */
  #startSoon({ wire, live }: NewStream, subject: Subject): void {
    const begin = (): void => {
      if (wire.isClosed) return
      try {
        live.start(this.#store.clock.snapshot())
        this.#streams.keep(wire, { live, isCounted: subject.isDocument, stop: this.#feed.follow(subject.key, live) })
      } catch (error) {
        live.failWith(error)
      }
    }
    if (this.#options.startDelayMs === 0) begin()
    else this.#timers.after(this.#options.startDelayMs, begin)
  }
}

function globalIdOf(store: Store, { database }: Session): string {
  const ref = store.refOfDatabase(database)
  const id = ref && store.lastFieldsOf(ref)?.get('global_id')
  return typeof id === 'string' ? id : ''
}

function failOnBytes(): never {
  throw new BytesError()
}
