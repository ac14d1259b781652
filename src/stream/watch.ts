/** What is counted of a stream, and told of it on the channels: one object, handed to those who have something to say. */
import { type End, toError } from '../end.ts'
import { type FaunaError, QueryError, StreamError } from '../errors.ts'
import { readEvent } from '../events/decode.ts'
import { makeCounters, type StreamHealth } from '../health.ts'
import type { Batch } from '../ndjson/batch.ts'
import { begin, type CatchUpOperation, end, type ObservedStream, type OpeningOperation, tell } from '../observe.ts'
import type { Signal, StreamSignals } from '../signals.ts'
import { nameContainer, type Target } from './target.ts'

/** Who hears of a stream besides its loop. */
export interface Hearer {
  readonly watch: Watch
  readonly signal: Signal
}

/** Counts, and tells. */
export class Watch {
  readonly counters = makeCounters()
  readonly #stream: ObservedStream
  #attempts = 0
  #wasOpen = false

  /** `target` is what the expression names literally. */
  constructor(endpoint: string, target: Target | undefined, health: () => StreamHealth) {
    const names = { collection: undefined, index: undefined, ...(target && nameContainer(target)) }
    this.#stream = { endpoint, kind: target?.kind ?? 'expression', ...names, health }
  }

  /** A signal is about to be given, with these arguments. */
  signalled<S extends keyof StreamSignals>(signal: S, args: Parameters<StreamSignals[S]>): void {
    const [told, before] = args as readonly [unknown, unknown?]
    if (signal === 'lost') this.counters.losses++
    if (signal === 'gap') this.counters.gaps++
    if (signal === 'state' && told === 'open') this.#opened()
    const message = () => ({
      stream: this.#stream,
      ...(signal === 'state' ? { state: told, before } : (told as object)),
    })
    tell<`stream:${keyof StreamSignals}`>(`stream:${signal}`, message as () => never)
  }

  /** An attempt to open the stream begins. */
  beginOpening(): OpeningOperation | undefined {
    const number = ++this.#attempts
    return begin('opening', () => ({ type: 'opening', stream: this.#stream, number }))
  }

  /** It ended before its answer began. */
  endOpening(opening: OpeningOperation | undefined, ended: End, where: string): void {
    if (opening) end(opening, explain(ended, where))
  }

  /** Its answer began; the first lines, or what came instead, say whether the stream is open. */
  async confirmOpening(
    opening: OpeningOperation,
    started: Promise<Batch | undefined>,
    explained: () => Promise<End>,
    where: string,
  ): Promise<void> {
    const statusCode = 200
    const first = await started
    if (first === undefined) end(opening, { ...explain(await explained(), where), statusCode })
    else end(opening, { ...readFirst(first, where), statusCode })
  }

  #opened(): void {
    if (this.#wasOpen) this.counters.reconnects++
    this.#wasOpen = true
  }

  /** Something begins to be read with queries. */
  beginCatchUp(kind: CatchUpOperation['kind'], after: number, until: number): CatchUpOperation | undefined {
    return begin('catch-up', () => ({ type: 'catch-up', stream: this.#stream, kind, after, until }))
  }
}

function explain(ended: End, where: string): Partial<OpeningOperation> {
  if (ended.how === 'closed') return { isAborted: true }
  const error = toError(ended, where)
  return error instanceof QueryError ? { error, statusCode: error.status } : { error }
}

function readFirst({ lines: [first], error }: Batch, where: string): Partial<OpeningOperation> {
  if (first === undefined) return error ? { error } : {}
  try {
    const event = readEvent(first)
    if (event.type === 'start') return { txn: event.txn }
    if (event.type !== 'error') return {}
    return { error: new StreamError(event.event.code, event.event.description, event.txn, where) }
  } catch (error) {
    return { error: error as FaunaError }
  }
}
