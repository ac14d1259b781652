/** A stream's way to a server that is not there: the answer's bytes are given by the test. */
import type { BackoffOptions } from '../../src/backoff.ts'
import type { End } from '../../src/end.ts'
import type { StreamEvent } from '../../src/events/types.ts'
import type { StandardSchema } from '../../src/events/standard-schema.ts'
import type { CheckpointStore } from '../../src/stream/checkpoint.ts'
import { EventStream } from '../../src/stream/stream.ts'
import type { Exchange, Link } from '../../src/stream/link.ts'
import { systemTime, type Time } from '../../src/time.ts'

/** What the exchange of a fake link does; all chunks are pushed when the stream begins to read. */
export type FakeAnswer = {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly chunks?: readonly Uint8Array[]
  /** How the exchange ends after the chunks; left open where absent. */
  readonly end?: End
}

/** An exchange whose bytes and end are the test's, with a record of what was asked of it. */
export class FakeExchange implements Exchange {
  lastHeardAt = 0
  readonly head
  pinged: ((roundTripMs: number) => void) | undefined
  readonly end: Promise<End>
  isCancelled = false
  pauses = 0
  push: (chunk: Uint8Array) => void = () => undefined
  finish: (end: End) => void = () => undefined
  readonly #answer: FakeAnswer

  constructor(answer: FakeAnswer) {
    this.#answer = answer
    this.head = Promise.resolve({ status: answer.status ?? 200, headers: answer.headers ?? {} })
    this.end = new Promise(resolve => (this.finish = resolve))
  }

  pipe(sink: { push(chunk: Uint8Array): void; finish(): void }): void {
    this.push = chunk => sink.push(chunk)
    const finish = this.finish
    this.finish = end => {
      finish(end)
      sink.finish()
    }
    for (const chunk of this.#answer.chunks ?? []) sink.push(chunk)
    if (this.#answer.end) this.finish(this.#answer.end)
  }

  async text(): Promise<string> {
    if (this.#answer.end) this.finish(this.#answer.end)
    return Buffer.concat(this.#answer.chunks ?? []).toString('utf8')
  }

  pause(): void {
    this.pauses++
  }

  resume(): void {}

  cancel(): void {
    this.isCancelled = true
    this.finish({ how: 'closed' })
  }
}

/** A link that gives the answers in order, and notes what was seen. */
export class FakeLink implements Link {
  readonly where = 'POST /stream at http://fake.test'
  readonly endpoint = 'http://fake.test'
  readonly time: Time
  readonly startTimeoutMs = 10_000
  readonly observer: Link['observer']
  readonly backoff: BackoffOptions
  readonly exchanges: FakeExchange[] = []
  readonly seen: number[] = []
  opened = 0
  refused = 0
  readonly #answers: (FakeAnswer | End)[]

  constructor(
    answers: (FakeAnswer | End)[],
    options: { time?: Time; observer?: Link['observer']; backoff?: BackoffOptions } = {},
  ) {
    this.#answers = answers
    this.time = options.time ?? systemTime
    this.observer = options.observer
    this.backoff = options.backoff ?? { firstMs: 100, maxMs: 20_000, maxAttempts: Number.POSITIVE_INFINITY }
  }

  async open(): Promise<Exchange | End> {
    const answer = this.#answers[this.opened++]!
    if ('how' in answer) return answer
    const exchange = new FakeExchange(answer)
    this.exchanges.push(exchange)
    return exchange
  }

  async query(): Promise<End> {
    return { how: 'closed' }
  }

  see(txn: number): void {
    this.seen.push(txn)
  }

  secretRefused(): boolean {
    this.refused++
    return false
  }
}

/** Options of a stream over a fake link. */
export type FakeOptions = {
  readonly signal?: AbortSignal
  readonly maxLineBytes?: number
  readonly resume?: 'history' | 'live' | false
  readonly onGap?: 'throw' | 'yield'
  readonly checkpoint?: CheckpointStore
  readonly checkpointIntervalMs?: number
  readonly exact?: boolean
  readonly pageSize?: number
  readonly fields?: readonly string[]
  readonly schema?: StandardSchema
  readonly onInvalid?: 'throw' | 'yield'
}

/** A stream over a fake link; it does not resume unless it is told to. */
export function streamOver<E = StreamEvent>(link: Link, options: FakeOptions = {}): EventStream<E> {
  const request = { body: '{"documents":{"collection":"c"}}', fields: options.fields }
  const defaults = {
    maxLineBytes: 64 * 1024 * 1024,
    resume: false,
    onGap: 'yield',
    pageSize: 1_000,
    onInvalid: 'throw',
  } as const
  const plain = {
    exact: false,
    snapshot: false,
    since: undefined,
    checkpoint: undefined,
    checkpointIntervalMs: 0,
    schema: undefined,
  }
  const wanted = { ...defaults, ...plain, signal: undefined, ...options, request, content: undefined }
  return new EventStream(link, wanted, () => undefined)
}

/** Text as bytes. */
export function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}
