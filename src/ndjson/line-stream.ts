/** The splitter as a TransformStream: arrays of chunks in, batches of lines out, bounded on both sides. */
import { type Batch, type BatchSplitter, countBytes } from './batch.ts'

/** Bytes that may wait to be split: with the readable side's two batches, what is read ahead of a slow loop. */
const writableBytes = 128 * 1024
const readableBatches = 2

/**
 * A `TransformStream` from chunks of bytes to batches of lines, exactly one batch a write (WHATWG Streams §6).
 *
 * A bad line comes with the last batch, not as an error of the stream: that would throw away the batches that are still
 * queued before it.
 */
export class LineStream extends TransformStream<readonly Uint8Array[], Batch> {
  constructor(splitter: BatchSplitter) {
    super(
      {
        transform(chunks, controller) {
          controller.enqueue(splitter.split(chunks))
        },
      },
      { highWaterMark: writableBytes, size: chunks => countBytes(chunks) },
      { highWaterMark: readableBatches },
    )
  }
}
