/**
 * The embedded server without a port: requests go in, answers and lines of streams come out, all in one turn of the
 * event loop. A stream's peer reads until it is told to stop.
 */
import assert from 'node:assert/strict'
import type { Reply, ReplyStream } from '../../src/local/exchange.ts'
import type { OpenFile } from '../../src/local/log/folder.ts'
import { Service } from '../../src/local/service.ts'
import type { ServiceOptions } from '../../src/local/service.ts'

const SECRET = 'secret'
const API_VERSION = '4'

/** How a request is sent, where that is not the usual way. */
type How = {
  readonly method?: string
  readonly version?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A decoded answer. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** The lines of a stream so far, and its peer. */
export class FakePeer implements ReplyStream {
  readonly lines: string[] = []
  isClosed = false
  hasEnded = false
  #isReading = true
  #drained: () => void = () => {}
  #closed: () => void = () => {}

  /** Every event so far, decoded; `start` is left out. */
  get events(): { type: string; txn: number; event: Record<string, Json> }[] {
    return this.lines.slice(1).map(line => JSON.parse(line) as FakePeer['events'][number])
  }

  /** The time of `start`. */
  get startTxn(): number {
    return (JSON.parse(this.lines[0] ?? '{}') as { txn: number }).txn
  }

  /** From now on nothing that is written leaves. */
  pause(): void {
    this.#isReading = false
  }

  resume(): void {
    this.#isReading = true
    this.#drained()
  }

  write(text: string | Buffer): boolean {
    this.lines.push(String(text))
    return this.#isReading
  }

  onDrain(listener: () => void): void {
    this.#drained = listener
  }

  onClose(listener: () => void): void {
    this.#closed = listener
  }

  end(): void {
    this.hasEnded = true
    this.reset()
  }

  reset(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#closed()
  }
}

/** An answer: its status and decoded body. */
export type Answered = { readonly status: number; readonly text: string; readonly body: Record<string, unknown> }

/** A service and how to talk to it. */
export class LocalService {
  readonly #service: Service

  constructor(options: Partial<ServiceOptions> = {}) {
    this.#service = new Service({ secret: SECRET, quirks: true, maxStreams: 50_000, startDelayMs: 0, ...options })
  }

  /** Sends a query, whatever comes of it. */
  send(expression: unknown, secret = SECRET, version = API_VERSION): Answered {
    return this.#answerTo('/', expression, secret, { version })
  }

  /** Sends a query that may take only so many milliseconds. */
  sendTimed(expression: unknown, timeoutMs: number): Answered {
    return this.#answerTo('/', expression, SECRET, { headers: { 'x-query-timeout': String(timeoutMs) } })
  }

  /** Sends a query that may be put off, and calls back with its answer. */
  sendLater(expression: unknown, answered: (answer: Answered) => void): void {
    const send = (status: number, _headers: unknown, text: string | Uint8Array): void =>
      answered({ status, text: String(text), body: JSON.parse(String(text)) as Record<string, unknown> })
    this.#request('/', expression, SECRET, { send, stream: () => assert.fail('this is answered with a stream') })
  }

  /** Sends a query that must go well, and gives its result. */
  ask(expression: unknown, secret = SECRET): Json {
    const answer = this.send(expression, secret)
    assert.ok(answer.status < 300, answer.text)
    return answer.body['resource'] as Json
  }

  /** Keeps what is written in a folder from now on; answers may then come later: `post` waits for them. */
  keepIn(path: string, openFile?: OpenFile): Promise<void> {
    return this.#service.keepIn(path, openFile)
  }

  /** Sends a query and waits for its answer. */
  post(expression: unknown, secret = SECRET): Promise<Answered> {
    return new Promise(resolve => {
      const send = (status: number, _headers: unknown, text: string | Uint8Array): void =>
        resolve({ status, text: String(text), body: JSON.parse(String(text)) as Record<string, unknown> })
      this.#request('/', expression, secret, { send, stream: () => assert.fail('this is answered with a stream') })
    })
  }

  /** Lets the folder go. */
  async close(): Promise<void> {
    this.#service.stop()
    await this.#service.close()
  }

  /** Opens a stream that must open. */
  follow(expression: unknown, fields = 'action,document', secret = SECRET): FakePeer {
    const peer = new FakePeer()
    const send = (status: number, _headers: unknown, text: string | Uint8Array): void =>
      assert.fail(`${status} ${String(text)}`)
    this.#request(`/stream?fields=${fields}`, expression, secret, { send, stream: () => peer })
    return peer
  }

  /** Opens a stream that must be refused, and gives the answer. */
  refuse(expression: unknown, secret = SECRET): Answered {
    return this.#answerTo('/stream', expression, secret)
  }

  /** Sends a request of any method and path. */
  request(method: string, path: string, body: unknown = undefined, secret = SECRET): Answered {
    return this.#answerTo(path, body, secret, { method })
  }

  endStreams(error?: { code: string; description: string }): void {
    this.#service.endStreams(error)
  }

  #answerTo(path: string, expression: unknown, secret: string, how: How = {}): Answered {
    let answer: Answered | undefined
    const send = (status: number, _headers: unknown, text: string | Uint8Array): void => {
      answer = { status, text: String(text), body: JSON.parse(String(text)) as Record<string, unknown> }
    }
    const stream = (): never => assert.fail('this is answered with a stream')
    this.#request(path, expression, secret, { send, stream }, how)
    assert.ok(answer !== undefined, 'no answer came')
    return answer
  }

  /** Sends a query that is answered to `reply`. */
  sendTo(reply: Reply, expression: unknown): void | Promise<void> {
    return this.#request('/', expression, SECRET, reply)
  }

  #request(path: string, expression: unknown, secret: string, reply: Reply, how: How = {}): void | Promise<void> {
    const { method = 'POST', version = API_VERSION } = how
    const headers = { authorization: `Bearer ${secret}`, 'x-faunadb-api-version': version, ...how.headers }
    const body = Buffer.from(expression === undefined ? '' : JSON.stringify(expression))
    return this.#service.handle({ method, path, headers, body, hasBody: expression !== undefined, version: 2 }, reply)
  }
}

/** The expression for a document. */
export function doc(collection: string, id: string | number): object {
  return { ref: { collection }, id: String(id) }
}

/** The expression that makes a document. */
export function create(collection: string, id: string | number, data: object): object {
  return { create: doc(collection, id), params: { object: { data: { object: data } } } }
}

/** The expression that changes a document. */
export function update(collection: string, id: string | number, data: object): object {
  return { update: doc(collection, id), params: { object: { data: { object: data } } } }
}
