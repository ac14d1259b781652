/** Chunks of bytes → one batch of lines each time, and the error that ended them. */
import { ProtocolError } from '../errors.ts'
import { LineSplitter } from './splitter.ts'

/** Chunks below this, on average, are joined before they are split. */
const smallBytes = 8 * 1024

/** What some chunks gave: lines, and the error of the line after them, if that could not be read. */
export type Batch = { readonly lines: readonly string[]; readonly error: ProtocolError | undefined }

/** Splits chunks that come together. After an error it gives nothing more. */
export class BatchSplitter {
  readonly #splitter: LineSplitter
  #isBroken = false

  /** `maxLineBytes` bounds a line; default 64 MiB. */
  constructor(maxLineBytes?: number) {
    this.#splitter = new LineSplitter(maxLineBytes)
  }

  /** Bytes of the unfinished line that is held. */
  get heldBytes(): number {
    return this.#splitter.heldBytes
  }

  /** The unfinished line as far as it came, as text. */
  get heldText(): string {
    return this.#splitter.heldText
  }

  /** The lines that the chunks complete; never throws for what they hold. */
  split(chunks: readonly Uint8Array[]): Batch {
    const lines: string[] = []
    if (this.#isBroken) return { lines, error: undefined }
    try {
      for (const chunk of joinSmall(chunks)) this.#splitter.push(chunk, lines)
      return { lines, error: undefined }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#isBroken = true
      return { lines, error }
    }
  }
}

/** Small chunks (one DATA frame an event) are cheaper joined than split one by one; large ones are not copied. */
function joinSmall(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  return chunks.length > 1 && countBytes(chunks) < chunks.length * smallBytes ? [Buffer.concat(chunks)] : chunks
}

/** How long chunks are together. */
export function countBytes(chunks: readonly Uint8Array[]): number {
  let bytes = 0
  for (const chunk of chunks) bytes += chunk.length
  return bytes
}
