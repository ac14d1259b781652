/** Reading a log from its file: every record of every whole frame, up to where a crash cut it. */
import { readSync } from 'node:fs'
import { StateError } from '../../errors.ts'
import { FILE_FAMILY, FILE_HEADER, FRAME_HEADER_BYTES, isTornTail, readFrameHeader, readPayload } from './frames.ts'

/** How much is read at once, where frames are shorter. */
const CHUNK_BYTES = 1 << 20
/** As many bytes of a wrong header are shown. */
const SHOWN_BYTES = 40

/** A record, and where its frame begins in the file. */
export type Found = { readonly record: Buffer; readonly offset: number }

/** A file that is read from its beginning, a large piece at a time. */
class FileReader {
  readonly size: number
  readonly #file: number
  #start = 0
  #chunk: Buffer = Buffer.alloc(0)

  constructor(file: number, size: number) {
    this.#file = file
    this.size = size
  }

  /** The bytes at an offset; fewer where the file ends before. */
  read(offset: number, length: number): Buffer {
    if (offset < this.#start || offset + length > this.#start + this.#chunk.length) this.#fill(offset, length)
    const at = offset - this.#start
    return this.#chunk.subarray(at, at + length)
  }

  #fill(offset: number, length: number): void {
    const wanted = Math.max(0, Math.min(Math.max(length, CHUNK_BYTES), this.size - offset))
    const chunk = Buffer.allocUnsafe(wanted)
    let done = 0
    while (done < wanted) {
      const read = readSync(this.#file, chunk, done, wanted - done, offset + done)
      if (read === 0) break
      done += read
    }
    this.#start = offset
    this.#chunk = chunk.subarray(0, done)
  }
}

/**
 * Gives every record, and returns where the log ends: what stands behind that, a crash left. Throws `StateError`
 * (`bad_data`) where the file is no log, one of another version, or damaged.
 */
export function* readLog(file: number, size: number, path: string): Generator<Found, number> {
  const reader = new FileReader(file, size)
  const header = reader.read(0, FILE_HEADER.length)
  // A new file has its header before it has its name; where it has less, there is nothing to lose.
  if (header.length < FILE_HEADER.length && FILE_HEADER.subarray(0, header.length).equals(header)) return 0
  if (!header.equals(FILE_HEADER)) throw wrongHeader(path, header)
  let offset = FILE_HEADER.length
  while (offset < size) {
    const head = readFrameHeader(reader.read(offset, FRAME_HEADER_BYTES), offset)
    const end = offset + FRAME_HEADER_BYTES + (head?.length ?? 0)
    const records =
      head === undefined || end > size
        ? undefined
        : readPayload(reader.read(offset + FRAME_HEADER_BYTES, head.length), head.check)
    if (records === undefined) {
      if (isTornTail(reader.read(offset, size - offset), offset)) return offset
      throw damaged(path, offset, 'the bytes there are not what was written')
    }
    for (const record of records) yield { record, offset }
    offset = end
  }
  return offset
}

/** The error of a log that is damaged at an offset. */
export function damaged(path: string, offset: number, what: string, cause?: unknown): StateError {
  const advice = 'nothing was changed; put back a copy of the folder, or cut the file there and lose what follows'
  return new StateError('bad_data', `the log ${path} is damaged at byte ${offset}: ${what}; ${advice}`, { cause })
}

function wrongHeader(path: string, header: Buffer): StateError {
  const text = header.toString('latin1')
  const shown = JSON.stringify(text.slice(0, SHOWN_BYTES).trim())
  const what = text.startsWith(FILE_FAMILY)
    ? `is of a version that this program does not know (${shown}): use the program that wrote it, or a newer one`
    : `is no log of this server: it begins with ${shown}; give another folder`
  return new StateError('bad_data', `the file ${path} ${what}`)
}
