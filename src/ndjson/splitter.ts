/**
 * Bytes in, lines out; no I/O. A line ends with LF (0x0A, which never occurs inside a UTF-8 character); a CR before it
 * is dropped, and so are empty lines. Lines are decoded whole and strictly: half a character is an error, not U+FFFD.
 */
import { ProtocolError } from '../errors.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d
const carriageReturnCode = 13

/** The longest line that is accepted by default, in bytes: 64 MiB. */
export const defaultMaxLineBytes = 64 * 1024 * 1024

/** Splits a byte stream into lines; holds the fragments of one unfinished line and joins them once. */
export class LineSplitter {
  readonly #maxLineBytes: number
  // ignoreBOM keeps a byte order mark as the data it is; nothing is changed on the way.
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #held: Uint8Array[] = []
  #heldBytes = 0

  /** `maxLineBytes` bounds a line, its line end not counted. */
  constructor(maxLineBytes: number = defaultMaxLineBytes) {
    this.#maxLineBytes = maxLineBytes
  }

  /** Bytes of the unfinished line that is held. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /**
   * Appends the lines that `chunk` completes to `lines`.
   * @throws ProtocolError `line_too_long` or `bad_line`; the lines before the bad one have been appended.
   */
  push(chunk: Uint8Array, lines: string[]): void {
    const last = chunk.lastIndexOf(lineFeed)
    if (last === -1) return this.#hold(chunk)
    let start = 0
    if (this.#heldBytes > 0) {
      const first = chunk.indexOf(lineFeed)
      this.#hold(chunk.subarray(0, first))
      this.#finishHeld(lines)
      start = first + 1
    }
    if (start <= last) this.#split(chunk.subarray(start, last + 1), lines)
    if (last + 1 < chunk.length) this.#hold(chunk.subarray(last + 1))
  }

  #hold(bytes: Uint8Array): void {
    this.#heldBytes += bytes.length
    // A CR that may belong to the line end is not counted until more is known.
    const counted = bytes.at(-1) === carriageReturn ? this.#heldBytes - 1 : this.#heldBytes
    this.#held.push(bytes)
    if (counted > this.#maxLineBytes) throw this.#tooLong(this.#held[0]!)
  }

  #finishHeld(lines: string[]): void {
    const bytes = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held, this.#heldBytes)
    this.#held = []
    this.#heldBytes = 0
    this.#decodeLine(bytes, lines)
  }

  /** Splits bytes that end with a line feed. */
  #split(bytes: Uint8Array, lines: string[]): void {
    let text: string
    try {
      // One decode for all of these lines: several times cheaper than one a line.
      text = this.#decoder.decode(bytes)
    } catch {
      return this.#splitSlowly(bytes, lines)
    }
    if (bytes.length > this.#maxLineBytes) return this.#splitSlowly(bytes, lines)
    for (let from = 0; from < text.length;) {
      const to = text.indexOf('\n', from)
      const end = to > from && text.charCodeAt(to - 1) === carriageReturnCode ? to - 1 : to
      if (end > from) lines.push(text.slice(from, end))
      from = to + 1
    }
  }

  /** Line by line, so that the lines before a bad one are had. */
  #splitSlowly(bytes: Uint8Array, lines: string[]): void {
    for (let from = 0; from < bytes.length;) {
      const to = bytes.indexOf(lineFeed, from)
      this.#decodeLine(bytes.subarray(from, to), lines)
      from = to + 1
    }
  }

  #decodeLine(bytes: Uint8Array, lines: string[]): void {
    const line = bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes
    if (line.length > this.#maxLineBytes) throw this.#tooLong(line)
    if (line.length === 0) return
    try {
      lines.push(this.#decoder.decode(line))
    } catch (cause) {
      const received = Buffer.from(line.buffer, line.byteOffset, line.length).toString('utf8')
      throw new ProtocolError('bad_line', 'a line of the stream is not UTF-8', received, { cause })
    }
  }

  #tooLong(bytes: Uint8Array): ProtocolError {
    const received = Buffer.from(bytes.subarray(0, 1024)).toString('utf8')
    const advice = 'raise the stream option maxLineBytes if events may be this large'
    return new ProtocolError('line_too_long', `a line is longer than ${this.#maxLineBytes} bytes; ${advice}`, received)
  }
}
