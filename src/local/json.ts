// JSON as the real server reads and writes it: integers and doubles apart, int64 exact, key order kept, the first of
// repeated keys. protocol.md B.1, D.1, D.3.

/** A JSON value in which `1` is a bigint and `1.0` a number, and objects keep the order of their keys. */
export type Json = null | boolean | string | bigint | number | Json[] | Map<string, Json>

/** Why a text was refused: it is no JSON, or it has too many containers inside one another. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
  readonly kind: 'syntax' | 'nesting'

  constructor(kind: 'syntax' | 'nesting') {
    super(kind === 'syntax' ? 'Not valid JSON' : `More than ${MAX_NESTING} containers inside one another`)
    this.kind = kind
  }
}

/** The server refuses 1,000 nested containers, by its own limit or for want of stack (protocol.md B.1). */
const MAX_NESTING = 999
/** Numbers of more characters than this are refused (the limit of the server's parser). */
const MAX_NUMBER_LENGTH = 1000
/** Integers of up to this many characters are below 2^53. */
const MAX_SAFE_DIGITS = 15
const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n

// Codes of characters: a constant of this file is read faster than one that is imported.
const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

const LITERALS: Readonly<Record<string, readonly [text: string, value: boolean | null]>> = {
  t: ['true', true],
  f: ['false', false],
  n: ['null', null],
}
const ESCAPED: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}
/** What may not stand right behind `true`, `false` or `null`. */
const WORD_CHARACTER = /[\p{L}\p{N}\p{Pc}\p{Sc}\p{M}\p{Cf}]/u
const HEX_QUAD = /^[0-9a-fA-F]{4}$/
const LONE_SURROGATES = /\p{Surrogate}/gu

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads the first JSON value of a request body. A byte order mark and white space before it are skipped; a second value
 * behind it is ignored, other text is not. Integers (`-0` too) become bigint and must fit int64; with a point or an
 * exponent they become numbers (`1E400` is Infinity). Of a repeated key the first counts. Lone surrogates become `?`.
 * @throws JsonError
 */
export function readJson(bytes: Uint8Array): Json {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    throw new JsonError('syntax')
  }
  return new Reader(text).readBody()
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  readBody(): Json {
    const value = this.#readValue(0)
    this.#expectEndOfNumber(value)
    // The server's parser looks one token ahead: what follows must begin like JSON, and is never read further.
    this.#skipSpace()
    const code = this.#text.charCodeAt(this.#at)
    const isFollowed = this.#at < this.#text.length && code !== OPEN_OBJECT && code !== OPEN_ARRAY && code !== QUOTE
    if (isFollowed) this.#skipScalar()
    return value
  }

  #readValue(depth: number): Json {
    this.#skipSpace()
    const code = this.#text.charCodeAt(this.#at)
    if (code === OPEN_OBJECT) return this.#readObject(depth + 1)
    if (code === OPEN_ARRAY) return this.#readArray(depth + 1)
    if (code === QUOTE) return this.#readString()
    return this.#readScalar()
  }

  #readObject(depth: number): Map<string, Json> {
    if (depth > MAX_NESTING) throw new JsonError('nesting')
    const members = new Map<string, Json>()
    this.#at += 1
    this.#skipSpace()
    if (this.#take(CLOSE_OBJECT)) return members
    for (;;) {
      this.#skipSpace()
      if (this.#text.charCodeAt(this.#at) !== QUOTE) throw new JsonError('syntax')
      const key = this.#readString()
      this.#skipSpace()
      if (!this.#take(COLON)) throw new JsonError('syntax')
      const value = this.#readValue(depth)
      if (!members.has(key)) members.set(key, value)
      this.#skipSpace()
      if (this.#take(CLOSE_OBJECT)) return members
      if (!this.#take(COMMA)) throw new JsonError('syntax')
    }
  }

  #readArray(depth: number): Json[] {
    if (depth > MAX_NESTING) throw new JsonError('nesting')
    const elements: Json[] = []
    this.#at += 1
    this.#skipSpace()
    if (this.#take(CLOSE_ARRAY)) return elements
    for (;;) {
      elements.push(this.#readValue(depth))
      this.#skipSpace()
      if (this.#take(CLOSE_ARRAY)) return elements
      if (!this.#take(COMMA)) throw new JsonError('syntax')
    }
  }

  #readString(): string {
    const text = this.#text
    let at = this.#at + 1
    for (;;) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) break
      if (code === BACKSLASH) return this.#readEscapedString(at)
      if (!(code >= SPACE)) throw new JsonError('syntax')
      at += 1
    }
    const value = text.slice(this.#at + 1, at)
    this.#at = at + 1
    return value
  }

  /** The rest of a string from its first backslash on. */
  #readEscapedString(backslash: number): string {
    const text = this.#text
    let value = text.slice(this.#at + 1, backslash)
    let from = backslash
    let at = backslash
    for (;;) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) break
      if (!(code >= SPACE)) throw new JsonError('syntax')
      if (code !== BACKSLASH) {
        at += 1
        continue
      }
      value += text.slice(from, at)
      const letter = text.charAt(at + 1)
      if (letter === 'u') {
        const digits = text.slice(at + 2, at + 6)
        if (!HEX_QUAD.test(digits)) throw new JsonError('syntax')
        value += String.fromCharCode(Number.parseInt(digits, 16))
        at += 6
      } else {
        const character = ESCAPED[letter]
        if (character === undefined) throw new JsonError('syntax')
        value += character
        at += 2
      }
      from = at
    }
    this.#at = at + 1
    return (value + text.slice(from, at)).replace(LONE_SURROGATES, '?')
  }

  /** A number that is only passed over may be of any size. */
  #skipScalar(): void {
    if (this.#readLiteral() !== undefined) return
    this.#takeNumber()
    this.#expectSpace()
  }

  #readScalar(): boolean | null | bigint | number {
    const literal = this.#readLiteral()
    return literal === undefined ? this.#readNumber() : literal
  }

  #readLiteral(): boolean | null | undefined {
    const literal = LITERALS[this.#text.charAt(this.#at)]
    if (literal === undefined) return undefined
    const [text, value] = literal
    if (!this.#text.startsWith(text, this.#at)) throw new JsonError('syntax')
    this.#at += text.length
    if (WORD_CHARACTER.test(this.#text.charAt(this.#at))) throw new JsonError('syntax')
    return value
  }

  #readNumber(): bigint | number {
    const { digits, isWhole } = this.#takeNumber()
    return isWhole ? toInteger(digits) : Number(digits)
  }

  #takeNumber(): { digits: string; isWhole: boolean } {
    const start = this.#at
    this.#take(MINUS)
    if (this.#take(ZERO)) {
      if (isDigit(this.#text.charCodeAt(this.#at))) throw new JsonError('syntax')
    } else {
      this.#skipDigits()
    }
    const endOfWhole = this.#at
    if (this.#take(POINT)) this.#skipDigits()
    const letter = this.#text.charAt(this.#at)
    if (letter === 'e' || letter === 'E') {
      this.#at += 1
      const sign = this.#text.charAt(this.#at)
      if (sign === '+' || sign === '-') this.#at += 1
      this.#skipDigits()
    }
    const digits = this.#text.slice(start, this.#at)
    if (digits.length > MAX_NUMBER_LENGTH) throw new JsonError('syntax')
    return { digits, isWhole: this.#at === endOfWhole }
  }

  #skipDigits(): void {
    const start = this.#at
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at += 1
    if (this.#at === start) throw new JsonError('syntax')
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1
  }

  /** A number that is no member of anything ends with white space or with the text. */
  #expectEndOfNumber(value: Json): void {
    if (typeof value === 'bigint' || typeof value === 'number') this.#expectSpace()
  }

  #expectSpace(): void {
    if (this.#at < this.#text.length && !isSpace(this.#text.charCodeAt(this.#at))) throw new JsonError('syntax')
  }

  #take(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false
    this.#at += 1
    return true
  }
}

function toInteger(digits: string): bigint {
  if (digits.length <= MAX_SAFE_DIGITS) return BigInt(digits)
  const value = BigInt(digits)
  if (value < MIN_INT64 || value > MAX_INT64) throw new JsonError('syntax')
  return value
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

function isSpace(code: number): boolean {
  return code === SPACE || code === LF || code === CR || code === TAB
}

/** Strings without any of these are written as they are. */
const NEEDS_ESCAPE = /["\\\p{Cc}\p{Surrogate}]/u

/**
 * Writes a string as JSON text: only U+0000–U+001F, `"` and `\` are escaped, `\n \t \r \b \f` in short, others as
 * `\u00xx`; everything else, U+007F and U+2028 too, comes raw. A lone surrogate becomes `?` (protocol.md B.5, D.1).
 */
export function writeString(value: string): string {
  return NEEDS_ESCAPE.test(value) ? JSON.stringify(value.replace(LONE_SURROGATES, '?')) : `"${value}"`
}
