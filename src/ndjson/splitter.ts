/**
 * Bytes in, lines out; no I/O. A line ends with LF (0x0A, which never occurs inside a UTF-8 character); a CR before it
 * is dropped, and so are empty lines. Lines are decoded whole and strictly: half a character is an error, not U+FFFD.
 */
import { constants, isAscii, isUtf8 } from 'node:buffer'
import { ProtocolError } from '../errors.ts'
import { decodeAscii, joinFragments } from './long-line.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d

/** The longest line that is accepted by default, in bytes: 64 MiB. */
export const defaultMaxLineBytes = 64 * 1024 * 1024
/** No text in Node is longer, and so no line: 512 MiB less 24 bytes. */
export const longestLineBytes = constants.MAX_STRING_LENGTH

/** Splits a byte stream into lines; holds the fragments of one unfinished line and joins them once. */
export class LineSplitter {
  readonly #maxLineBytes: number
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

  /** The unfinished line as far as it came, as text. */
  get heldText(): string {
    return Buffer.concat(this.#held).toString('utf8')
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
    if (bytes.length === 0) return
    this.#heldBytes += bytes.length
    // A CR that may belong to the line end is not counted until more is known.
    const counted = bytes.at(-1) === carriageReturn ? this.#heldBytes - 1 : this.#heldBytes
    this.#held.push(bytes)
    if (counted > this.#maxLineBytes) throw this.#tooLong(this.#held[0]!)
  }

  #finishHeld(lines: string[]): void {
    const bytes = joinFragments(this.#held, this.#heldBytes)
    this.#held = []
    this.#heldBytes = 0
    this.#decodeLine(bytes, lines)
  }

  /** Splits bytes that end with a line feed. */
  #split(bytes: Uint8Array, lines: string[]): void {
    const buffer = toBuffer(bytes)
    if (buffer.length > this.#maxLineBytes || !isUtf8(buffer)) return this.#splitSlowly(buffer, lines)
    if (isAscii(buffer)) return splitText(buffer.toString('latin1'), lines)
    splitUtf8(buffer, lines)
  }

  /** Line by line, so that the lines before a bad one are had. */
  #splitSlowly(bytes: Buffer, lines: string[]): void {
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
    if (isAscii(line)) return void lines.push(decodeAscii(toBuffer(line)))
    const text = toBuffer(line).toString('utf8')
    if (!isUtf8(line)) throw new ProtocolError('bad_line', 'a line of the stream is not UTF-8', text)
    lines.push(text)
  }

  #tooLong(bytes: Uint8Array): ProtocolError {
    const received = toBuffer(bytes.subarray(0, 1024)).toString('utf8')
    const advice = 'raise the stream option maxLineBytes if events may be this large'
    return new ProtocolError('line_too_long', `a line is longer than ${this.#maxLineBytes} bytes; ${advice}`, received)
  }
}

/** ASCII is decoded as Latin-1, at once: several times cheaper than as UTF-8, or line by line. */
function splitText(text: string, lines: string[]): void {
  for (let from = 0; from < text.length;) {
    const to = text.indexOf('\n', from)
    const end = to > from && text.charCodeAt(to - 1) === carriageReturn ? to - 1 : to
    if (end > from) lines.push(text.slice(from, end))
    from = to + 1
  }
}

/**
 * Other text is decoded line by line: one character beyond Latin-1 would make all of these lines two bytes a character,
 * and parsing them slower.
 */
function splitUtf8(bytes: Buffer, lines: string[]): void {
  for (let from = 0; from < bytes.length;) {
    const to = bytes.indexOf(lineFeed, from)
    const end = to > from && bytes[to - 1] === carriageReturn ? to - 1 : to
    if (end > from) lines.push(bytes.toString('utf8', from, end))
    from = to + 1
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
