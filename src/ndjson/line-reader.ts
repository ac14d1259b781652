/** Chunks as they are pushed by a connection → batches of lines as they are pulled by a loop. */
import { type Batch, LineStream } from './line-stream.ts'

/** Bytes gathered before they are written to the stream at once; fewer wait for the end of the event loop's turn. */
const flushBytes = 64 * 1024

/** What can be stopped while a slow loop catches up. */
export interface Tap {
  pause(): void
  resume(): void
}

/**
 * Gathers pushed chunks, writes them in bounded flushes to one `LineStream`, and pauses the tap while that is full
 * (performance.md: one web stream and few, large writes are what keeps the cost of an event near that of its bytes).
 */
export class LineReader {
  readonly #stream: LineStream
  readonly #writer: WritableStreamDefaultWriter<readonly Uint8Array[]>
  readonly #reader: ReadableStreamDefaultReader<Batch>
  readonly #tap: Tap
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #isScheduled = false
  #isPaused = false
  #isDone = false

  constructor(tap: Tap, maxLineBytes?: number) {
    this.#tap = tap
    this.#stream = new LineStream(maxLineBytes)
    this.#writer = this.#stream.writable.getWriter()
    this.#reader = this.#stream.readable.getReader()
    // Both reject after a cancel, which is ours.
    this.#writer.closed.catch(ignore)
    this.#reader.closed.catch(ignore)
  }

  /** Bytes of an unfinished line that are held; complete after the last batch was read. */
  get heldBytes(): number {
    return this.#stream.heldBytes
  }

  /** Takes a chunk from the connection. */
  push(chunk: Uint8Array): void {
    if (this.#isDone) return
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    if (this.#pendingBytes >= flushBytes) return this.#flush()
    if (this.#isScheduled) return
    // Never sooner, even where a loop waits: it would run inside a callback of nghttp2, and where it then lets its stream
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
    this.#writer.close().catch(ignore)
  }

  /** The next batch; `undefined` after the last. */
  async read(): Promise<Batch | undefined> {
    const { value } = await this.#reader.read()
    return value
  }

  /** Drops what is held and ends a pending read. */
  cancel(): void {
    this.#isDone = true
    this.#pending = []
    this.#reader.cancel().catch(ignore)
  }

  #flush(): void {
    if (this.#isDone || this.#pending.length === 0) return
    const chunks = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    this.#writer.write(chunks).catch(ignore)
    if (this.#isPaused || (this.#writer.desiredSize ?? 0) > 0) return
    this.#isPaused = true
    this.#tap.pause()
    this.#writer.ready.then(() => this.#unpause(), ignore)
  }

  #unpause(): void {
    this.#isPaused = false
    if (!this.#isDone) this.#tap.resume()
  }
}

function ignore(): void {
  // Rejections of a cancelled stream say nothing that its owner does not know.
}
