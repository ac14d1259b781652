/** One opening of a stream: request, answer, batches of lines, and how and why it ended. */
import { toAnswerError } from '../answer.ts'
import { onAbort } from '../abort.ts'
import type { End } from '../end.ts'
import type { ProtocolError } from '../errors.ts'
import type { Batch } from '../ndjson/batch.ts'
import { LineReader } from '../ndjson/line-reader.ts'
import type { Counters } from '../health.ts'
import type { OpeningOperation } from '../observe.ts'
import type { Exchange, Head, Link, Sink, StreamRequest } from './link.ts'
import type { Watch } from './watch.ts'

/** What one opening needs besides its link. */
export type AttemptOptions = {
  readonly request: StreamRequest
  readonly maxLineBytes: number
  /** Called when the peer answered a PING. */
  readonly pinged: (roundTripMs: number) => void
  readonly watch: Watch
}

/** One opening. `read` gives what came, and in the end how it ended. */
export class Attempt implements Sink {
  readonly head: Head
  readonly #exchange: Exchange
  readonly #reader: LineReader
  readonly #counters: Counters
  /** The first lines, until they are read. */
  #started: Promise<Batch | undefined> | undefined
  readonly #startTimeoutMs: number
  readonly #where: string
  /** The error of the line after those that were given. */
  #bad: ProtocolError | undefined
  #isSilent = false
  /** Whether a line came, good or bad. */
  #isBegun = false

  private constructor(
    link: Link,
    exchange: Exchange,
    head: Head,
    { maxLineBytes, watch: { counters } }: AttemptOptions,
  ) {
    this.head = head
    this.#exchange = exchange
    this.#startTimeoutMs = link.startTimeoutMs
    this.#where = link.where
    this.#reader = new LineReader(exchange, maxLineBytes)
    this.#counters = counters
    exchange.pipe(this)
    this.#started = this.#awaitStart(link)
  }

  /** Opens; an `End` where the server, or the way to it, refused. An aborted signal lets the exchange go at once. */
  static async open(link: Link, options: AttemptOptions, signal: AbortSignal): Promise<Attempt | End> {
    const { watch } = options
    const operation = watch.beginOpening()
    const opened = await Attempt.#open(link, options, signal, operation)
    if ('how' in opened) watch.endOpening(operation, opened, link.where)
    else if (operation && opened.#started) {
      void watch.confirmOpening(operation, opened.#started, () => opened.#readEnd(), link.where)
    }
    return opened
  }

  static async #open(
    link: Link,
    options: AttemptOptions,
    signal: AbortSignal,
    operation: OpeningOperation | undefined,
  ): Promise<Attempt | End> {
    const exchange = await link.open(options.request, signal, operation)
    if ('how' in exchange) return exchange
    exchange.pinged = options.pinged
    const unfollow = onAbort(signal, () => exchange.cancel())
    const opened = await Attempt.#begin(link, exchange, options, signal)
    // From its start on whoever has it lets it go.
    const begun = 'how' in opened ? exchange.end : opened.#started
    void begun?.then(unfollow)
    return opened
  }

  static async #begin(
    link: Link,
    exchange: Exchange,
    options: AttemptOptions,
    signal: AbortSignal,
  ): Promise<Attempt | End> {
    // Not for ever: a peer that answers PINGs may still have forgotten the request.
    const { value: head, isOverdue } = await waitAtMost(headTimeoutMs, link, exchange, exchange.head)
    if (isOverdue) return { how: 'silent', awaited: 'answer', waitedMs: headTimeoutMs }
    if (head === undefined) return exchange.end
    seeTxnTime(link, head)
    if (head.status === 200) return new Attempt(link, exchange, head, options)
    return refuse(link, exchange, head, signal)
  }

  /** The bytes of an unfinished line, complete once `read` has given the end. */
  get heldBytes(): number {
    return this.#reader.heldBytes
  }

  /** When the peer last gave a sign of life, in milliseconds since the Unix epoch. */
  get lastHeardAt(): number {
    return this.#exchange.lastHeardAt
  }

  /** Resolves when the exchange is let go. */
  get ended(): Promise<End> {
    return this.#exchange.end
  }

  /** The next lines; after the last of them how it ended. */
  async read(): Promise<readonly string[] | End> {
    if (this.#bad === undefined) {
      const batch = await this.#readBatch()
      if (batch === undefined) return this.#readEnd()
      this.#bad = batch.error
      if (batch.lines.length > 0) return batch.lines
    }
    this.#exchange.cancel()
    return { how: 'garbled', error: this.#bad! }
  }

  /** Takes a chunk of the answer. */
  push(chunk: Uint8Array): void {
    this.#counters.bytes += chunk.length
    this.#reader.push(chunk)
  }

  /** No more of the answer will come. */
  finish(): void {
    this.#reader.finish()
  }

  /** Lets the exchange go; what came and was not read is dropped. */
  cancel(): void {
    this.#exchange.cancel()
    this.#reader.cancel()
  }

  #readBatch(): Promise<Batch | undefined> {
    const started = this.#started
    if (started === undefined) return this.#reader.read()
    this.#started = undefined
    return started
  }

  /** 200 is not "subscribed": `start` comes later (protocol.md B.8), and that wait is bounded. */
  async #awaitStart(link: Link): Promise<Batch | undefined> {
    const { value, isOverdue } = await waitAtMost(link.startTimeoutMs, link, this.#exchange, this.#reader.read())
    this.#isSilent = isOverdue
    this.#isBegun = value !== undefined
    return value
  }

  async #readEnd(): Promise<End> {
    const end = await this.#exchange.end
    if (this.#isSilent) return { how: 'silent', awaited: 'start', waitedMs: this.#startTimeoutMs }
    if (end.how !== 'finished' || this.#isBegun) return end
    const text = this.#reader.heldText
    return mayBeginStart(text) ? end : { how: 'answered', error: toAnswerError(this.head.status, text, this.#where) }
  }
}

/** How the server's first line begins (protocol.md B.4). */
const startOfLine = '{"type":'

/** Whether this may be the beginning of a `start` that was cut off; else something else than the server answered. */
function mayBeginStart(text: string): boolean {
  return startOfLine.startsWith(text.replaceAll(/\s/g, '').slice(0, startOfLine.length))
}

/** An answer begins when the expression was evaluated: no server takes longer over one, in milliseconds. */
const headTimeoutMs = 60_000

/** Waits for a part of an answer; past `limitMs` the exchange is let go, and that ends the wait. */
async function waitAtMost<T>(limitMs: number, link: Link, exchange: Exchange, part: Promise<T>) {
  let isOverdue = false
  const timer = link.time.after(limitMs, () => {
    isOverdue = true
    exchange.cancel()
  })
  try {
    const value = await part
    return { value, isOverdue }
  } finally {
    timer.cancel()
  }
}

/** Of the body of a refusal no more than this is read, in bytes. */
const maxRefusalBytes = 256 * 1024

/** The refusal that the body tells; the connection's end where it was cut before. */
async function refuse(link: Link, exchange: Exchange, head: Head, signal: AbortSignal): Promise<End> {
  // A body that does not end is let go, and what came of it is told.
  const answer = Promise.all([exchange.text(maxRefusalBytes), exchange.end])
  const { value, isOverdue } = await waitAtMost(link.startTimeoutMs, link, exchange, answer)
  const [body, end] = value
  const isTold = end.how === 'finished' || isOverdue || body.length > maxRefusalBytes
  if (signal.aborted || !isTold) return end
  return { how: 'answered', error: toAnswerError(head.status, body, link.where) }
}

function seeTxnTime(link: Link, head: Head): void {
  const txn = Number(head.headers['x-txn-time'])
  if (Number.isSafeInteger(txn)) link.see(txn)
}
