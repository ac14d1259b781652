/**
 * Answers requests: who asks, what for, and what becomes of it. It owns the store, the feed and the open streams; the
 * listener below and the server above it know neither.
 */
import { protocolErrorBody } from './answers.ts'
import { Authenticator } from './authentication.ts'
import { defaultEventFields } from './events.ts'
import type { EventField } from './events.ts'
import type { Reply, ReplyStream, WireRequest } from './exchange.ts'
import { Feed } from './feed.ts'
import { BytesError, LiveStream } from './live-stream.ts'
import type { StreamError } from './live-stream.ts'
import { answerQuery, computeBinding, findSubject, rendererFor } from './requests.ts'
import type { Answer, RequestContext, Subject } from './requests.ts'
import { parseAuthorization } from './secrets.ts'
import { Store } from './store.ts'

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
}

const CONTENT_TYPE = { 'content-type': 'application/json;charset=utf-8' }
/** What a stream is told that is one too many. */
const TOO_MANY: StreamError = { code: 'too many requests', description: 'Too many open streams.' }

/** A stream and whether it counts against the limit. */
type OpenStream = { readonly stream: LiveStream; readonly isCounted: boolean; readonly stop: () => void }

/** A stream that has its headers, but no `start` yet. */
type NewStream = { readonly wire: ReplyStream; readonly live: LiveStream }

/** A database server without a port. */
export class Service {
  readonly #options: ServiceOptions
  readonly #store: Store
  readonly #feed = new Feed()
  readonly #authenticator: Authenticator
  readonly #streams = new Set<OpenStream>()

  constructor(options: ServiceOptions) {
    this.#options = options
    const store: Store = new Store({
      hasQuirks: options.quirks,
      computeBinding: (lambda, version) => computeBinding(store, lambda, version),
      ...(options.now && { now: options.now }),
    })
    this.#store = store
    this.#authenticator = new Authenticator(store, options.secret)
  }

  /** Answers one request. */
  handle(request: WireRequest, reply: Reply): void {
    const credential = parseAuthorization(request.headers['authorization'])
    const session = credential && this.#authenticator.authenticate(credential.secret)
    if (session === undefined) {
      const body = protocolErrorBody('unauthorized', 'Unauthorized')
      send(reply, { status: 401, body, txnTime: this.#store.clock.snapshot() })
      return
    }
    const apiVersion = request.headers['x-faunadb-api-version'] ?? '2.1'
    const context: RequestContext = { store: this.#store, session, apiVersion }
    const [path, query = ''] = request.path.split('?')
    if (path === '/stream') this.#openStream(context, request, reply, fieldsOf(query))
    else this.#query(context, request, reply)
  }

  /** Ends every open stream: with an error, or as the real server does when it shuts down, without a word. */
  endStreams(error?: StreamError): void {
    for (const { stream, stop } of this.#streams) {
      stop()
      if (error === undefined) stream.end()
      else stream.fail(error)
    }
    this.#streams.clear()
  }

  #query(context: RequestContext, request: WireRequest, reply: Reply): void {
    const { answer, commit } = answerQuery(context, request.body)
    send(reply, answer)
    if (commit !== undefined) this.#feed.publish(commit)
  }

  #openStream(context: RequestContext, request: WireRequest, reply: Reply, fields: ReadonlySet<EventField>): void {
    const outcome = findSubject(context, request.body)
    if ('answer' in outcome) {
      send(reply, outcome.answer)
      return
    }
    const stream = this.#makeStream(context, reply, fields, outcome.txnTime)
    const isFull = outcome.result.isDocument && this.#countedStreams() >= this.#options.maxStreams
    if (isFull) stream.live.fail(TOO_MANY)
    else this.#startSoon(stream, outcome.result)
  }

  #makeStream(context: RequestContext, reply: Reply, fields: ReadonlySet<EventField>, txnTime: number): NewStream {
    const { session, apiVersion } = context
    const onBytes = this.#options.quirks ? failOnBytes : undefined
    const renderer = rendererFor(this.#store, session.database.number, onBytes)
    const wire = reply.stream(200, { ...CONTENT_TYPE, 'x-txn-time': String(txnTime) })
    const rights = { isValid: () => true, canSee: () => true }
    const renderKey = `${session.database.number} ${apiVersion} ${[...fields].sort().join()}`
    return { wire, live: new LiveStream({ reply: wire, fields, renderer, rights, renderKey }) }
  }

  /** What is committed before `start` is not told: its time is where the stream begins (protocol.md B.8). */
  #startSoon({ wire, live }: NewStream, subject: Subject): void {
    const begin = (): void => {
      if (wire.isClosed) return
      live.start(this.#store.clock.snapshot())
      const open: OpenStream = {
        stream: live,
        isCounted: subject.isDocument,
        stop: this.#feed.follow(subject.key, live),
      }
      this.#streams.add(open)
      wire.onClose(() => {
        open.stop()
        this.#streams.delete(open)
      })
    }
    if (this.#options.startDelayMs === 0) {
      begin()
      return
    }
    const timer = setTimeout(begin, this.#options.startDelayMs)
    wire.onClose(() => clearTimeout(timer))
  }

  #countedStreams(): number {
    let count = 0
    for (const { isCounted } of this.#streams) if (isCounted) count++
    return count
  }
}

function failOnBytes(): never {
  throw new BytesError()
}

function fieldsOf(query: string): ReadonlySet<EventField> {
  const given = new URLSearchParams(query).get('fields')
  return new Set(given === null ? defaultEventFields : (given.split(',') as EventField[]))
}

function send(reply: Reply, { status, body, txnTime }: Answer): void {
  reply.send(status, { ...CONTENT_TYPE, 'x-txn-time': String(txnTime) }, body)
}
