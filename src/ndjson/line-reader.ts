/** Chunks as they are pushed by a connection → batches of lines as they are pulled by a loop. */
import { type Batch, BatchSplitter } from './batch.ts'
import { LineStream } from './line-stream.ts'

/** Bytes that are gathered in one turn of the event loop; past that nothing more is read before the next one. */
const turnBytes = 256 * 1024

/** What can be stopped while a slow loop catches up. */
export interface Tap {
  pause(): void
  resume(): void
}

/**
 * Gathers the chunks of a turn of the event loop. A loop that waits gets their lines at once; for one that is behind they
 * go through a `LineStream`, and the tap is paused while that is full (performance.md: few, large writes to one web stream
 * are what keeps the cost of an event near that of its bytes).
 */
export class LineReader {
  readonly #splitter: BatchSplitter
  readonly #tap: Tap
  /** Made when a loop is behind for the first time: an idle stream needs none, and it takes 10 KiB. */
  #queue: Queue | undefined
  /** Writes to the queue whose batch was not read yet. */
  #queued = 0
  #waiting: ((batch: Batch | undefined) => void) | undefined
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #isScheduled = false
  #isPaused = false
  #isDone = false

  constructor(tap: Tap, maxLineBytes?: number) {
    this.#tap = tap
    this.#splitter = new BatchSplitter(maxLineBytes)
  }

  /** Bytes of an unfinished line that are held; complete after the last batch was read. */
  get heldBytes(): number {
    return this.#splitter.heldBytes
  }

  /** The unfinished line as far as it came, as text. */
  get heldText(): string {
    return this.#splitter.heldText
  }

  /** Takes a chunk from the connection. */
  push(chunk: Uint8Array): void {
    if (this.#isDone) return
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    if (this.#pendingBytes >= turnBytes) this.#pause()
    if (this.#isScheduled) return
    // Never sooner, however much there is: a loop would run inside a callback of nghttp2, and where it then lets its stream
    // go, after damaged frames, an assertion of nghttp2 ends the process (seen on Node 20.20).
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#flush()
    })
  }

  /** No more chunks will come; what was pushed can still be read. */
  finish(): void {
    if (this.#isDone) return
    this.#flush()
    this.#isDone = true
    this.#answer(undefined)
  }

  /** The next batch, with lines or an error; `undefined` after the last. One call at a time. */
  read(): Promise<Batch | undefined> {
    if (this.#queued > 0) return this.#readQueued()
    if (this.#isDone) return Promise.resolve(undefined)
    return new Promise(resolve => (this.#waiting = resolve))
  }

  /** Drops what is held and ends a pending read. */
  cancel(): void {
    this.#isDone = true
    this.#pending = []
    this.#queue?.reader.cancel().catch(ignore)
    this.#answer(undefined)
  }

  async #readQueued(): Promise<Batch | undefined> {
    const { value } = await this.#queue!.reader.read()
    this.#queued--
    return value === undefined || !isEmpty(value) ? value : this.read()
  }

  #flush(): void {
    if (this.#isDone || this.#pending.length === 0) return
    const chunks = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    if (this.#waiting) this.#hand(chunks)
    else this.#enqueue(chunks)
  }

  /** Gives what came to the loop that waits: nothing is queued before it. */
  #hand(chunks: readonly Uint8Array[]): void {
    const batch = this.#splitter.split(chunks)
    if (!isEmpty(batch)) this.#answer(batch)
    this.#resume()
  }

  #enqueue(chunks: readonly Uint8Array[]): void {
    const { writer } = (this.#queue ??= makeQueue(this.#splitter))
    this.#queued++
    writer.write(chunks).catch(ignore)
    if ((writer.desiredSize ?? 0) > 0) return this.#resume()
    this.#pause()
    writer.ready.then(() => this.#resume(), ignore)
  }

  #answer(batch: Batch | undefined): void {
    const answer = this.#waiting
    this.#waiting = undefined
    answer?.(batch)
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#tap.pause()
  }

  #resume(): void {
    if (!this.#isPaused || this.#isDone) return
    this.#isPaused = false
    this.#tap.resume()
  }
}

type Queue = {
  readonly writer: WritableStreamDefaultWriter<readonly Uint8Array[]>
  readonly reader: ReadableStreamDefaultReader<Batch>
}

function makeQueue(splitter: BatchSplitter): Queue {
  const stream = new LineStream(splitter)
  const queue = { writer: stream.writable.getWriter(), reader: stream.readable.getReader() }
  // Both reject after a cancel, which is ours.
  queue.writer.closed.catch(ignore)
  queue.reader.closed.catch(ignore)
  return queue
}

function isEmpty({ lines, error }: Batch): boolean {
  return lines.length === 0 && error === undefined
}

function ignore(): void {
  // Rejections of a cancelled stream say nothing that its owner does not know.
}
