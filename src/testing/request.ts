/** Puts requests together from the frames of a connection (RFC 9113 §8.1). */
import { type Frame, frameFlag, frameType } from './frame.ts'
import { HeaderDecoder, type Headers } from './hpack.ts'

/** A request that came whole. */
export type FrameRequest = {
  readonly streamId: number
  /** Pseudo-headers with their colon: `:method`, `:path`. */
  readonly headers: Headers
  readonly body: string
}

/** A request under way. */
type Partial = { block: Buffer[]; headers: Headers | undefined; readonly body: Buffer[]; isLast: boolean }

/** The requests of one connection. */
export class RequestReader {
  readonly #decoder = new HeaderDecoder()
  readonly #partial = new Map<number, Partial>()

  /** The request that is whole with this frame, if there is one. Throws a `RangeError` for headers that are no HPACK. */
  take(frame: Frame): FrameRequest | undefined {
    const { type, flags, streamId } = frame
    if (type === frameType.reset) this.#partial.delete(streamId)
    if (type === frameType.headers) this.#partial.set(streamId, this.#partial.get(streamId) ?? makePartial())
    const partial = this.#partial.get(streamId)
    if (!partial) return undefined
    if (type === frameType.headers || type === frameType.continuation) this.#takeHeaders(partial, frame)
    if (type === frameType.data) partial.body.push(stripPadding(frame))
    if (type === frameType.headers || type === frameType.data) partial.isLast ||= (flags & frameFlag.endStream) !== 0
    if (!partial.isLast || partial.block.length > 0 || !partial.headers) return undefined
    this.#partial.delete(streamId)
    return { streamId, headers: partial.headers, body: Buffer.concat(partial.body).toString('utf8') }
  }

  #takeHeaders(partial: Partial, frame: Frame): void {
    partial.block.push(frame.type === frameType.headers ? stripPriority(frame) : frame.payload)
    if ((frame.flags & frameFlag.endHeaders) === 0) return
    const headers = this.#decoder.decode(Buffer.concat(partial.block))
    // Trailers are read for the table's sake.
    partial.headers ??= headers
    partial.block = []
  }
}

function makePartial(): Partial {
  return { block: [], headers: undefined, body: [], isLast: false }
}

function stripPadding({ flags, payload }: Frame): Buffer {
  return (flags & frameFlag.padded) === 0 ? payload : payload.subarray(1, payload.length - (payload[0] ?? 0))
}

/** A weight and the stream that is depended on: five bytes that nobody uses any more (RFC 9113 §6.2). */
const priorityBytes = 5

function stripPriority(frame: Frame): Buffer {
  const block = stripPadding(frame)
  return (frame.flags & frameFlag.priority) === 0 ? block : block.subarray(priorityBytes)
}
