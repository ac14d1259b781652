/** The splitter as a TransformStream: arrays of chunks in, arrays of lines out, bounded on both sides. */
import { ProtocolError } from '../errors.ts'
import { LineSplitter } from './splitter.ts'

/** Bytes that may wait to be split: with the readable side's two batches, what is read ahead of a slow loop. */
const writableBytes = 128 * 1024
const readableBatches = 2
/** Chunks below this, on average, are joined before they are split. */
const smallBytes = 8 * 1024

/** What one read gives: lines, or, as the last of all, the error of the line that could not be read. */
export type Batch = readonly string[] | ProtocolError

/**
 * A `TransformStream` from chunks of bytes to batches of lines, one batch a write (WHATWG Streams §6).
 *
 * A bad line comes as a last batch that is the error, not as an error of the stream: that would throw away the batches
 * that are still queued before it.
 */
export class LineStream extends TransformStream<readonly Uint8Array[], Batch> {
  readonly #splitter: LineSplitter

  /** `maxLineBytes` bounds a line; default 64 MiB. */
  constructor(maxLineBytes?: number) {
    const splitter = new LineSplitter(maxLineBytes)
    let isBroken = false
    super(
      {
        transform(chunks, controller) {
          if (isBroken) return
          const lines: string[] = []
          const error = splitAll(splitter, chunks, lines)
          if (lines.length > 0) controller.enqueue(lines)
          if (error === undefined) return
          isBroken = true
          controller.enqueue(error)
        },
      },
      { highWaterMark: writableBytes, size: chunks => countBytes(chunks) },
      { highWaterMark: readableBatches },
    )
    this.#splitter = splitter
  }

  /** Bytes of the unfinished line that is held. */
  get heldBytes(): number {
    return this.#splitter.heldBytes
  }
}

function splitAll(splitter: LineSplitter, chunks: readonly Uint8Array[], lines: string[]): ProtocolError | undefined {
  try {
    for (const chunk of joinSmall(chunks)) splitter.push(chunk, lines)
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
}

/** Small chunks (one DATA frame an event) are cheaper joined than split one by one; large ones are not copied. */
function joinSmall(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  return countBytes(chunks) < chunks.length * smallBytes ? [Buffer.concat(chunks)] : chunks
}

function countBytes(chunks: readonly Uint8Array[]): number {
  let bytes = 0
  for (const chunk of chunks) bytes += chunk.length
  return bytes
}
