/** The text form of FQL → tokens: names, literals and marks, each with its place. */
import { QueryTextError } from '../errors.ts'

/** A piece of text with a meaning of its own. */
export type Token = {
  readonly kind: 'name' | 'text' | 'number' | 'mark' | 'end'
  /** What it stands for: the name, the mark, the text with its escapes undone, the number. */
  readonly value: string | number | bigint
  /** Where it begins, and where what follows it begins. */
  readonly at: number
  readonly end: number
}

/** Blanks, `// …` to the end of the line, and `/* … *\/`. */
const gap = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*/y
const name = /[A-Za-z_$][\w$]*/y
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const mark = /=>|[()[\]{},:;.]/y
const escape = /\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[^]))/y

/** What stands behind a backslash in a text, where it does not stand for itself. */
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  '0': '\0',
  '\n': '',
  '\r\n': '',
}

/** The largest character of Unicode. */
const maxCodePoint = 0x10_ffff

/** Reads one token after the other. */
export class Tokens {
  readonly #text: string
  #next: Token

  /** @throws QueryTextError at the first character, where no token can begin there. */
  constructor(text: string) {
    this.#text = text
    this.#next = this.#read(0)
  }

  /** The token that comes next; it stays there. */
  get next(): Token {
    return this.#next
  }

  /** Takes the next token. @throws QueryTextError where none can begin behind it. */
  take(): Token {
    const token = this.#next
    if (token.kind !== 'end') this.#next = this.#read(token.end)
    return token
  }

  /** An error at a token, or at a place in the text. */
  fail(where: Token | number, reason: string): QueryTextError {
    return new QueryTextError(this.#text, typeof where === 'number' ? where : where.at, reason)
  }

  /** What behind a token, which is left where it is, comes first; for looking ahead. */
  after(token: Token): Token {
    return token.kind === 'end' ? token : this.#read(token.end)
  }

  #read(from: number): Token {
    const at = this.#match(gap, from)!.end
    if (at >= this.#text.length) return { kind: 'end', value: '', at: this.#text.length, end: at }
    if (this.#text.startsWith('/*', at)) throw this.fail(at, 'this comment has no end')
    const first = this.#text[at]!
    if (first === '"' || first === "'") return this.#readText(at, first)
    return this.#readWord('name', name, at) ?? this.#readNumber(at) ?? this.#readMark(at)
  }

  #readMark(at: number): Token {
    const found = this.#readWord('mark', mark, at)
    if (found) return found
    const character = String.fromCodePoint(this.#text.codePointAt(at)!)
    throw this.fail(at, `${JSON.stringify(character)} has no meaning here`)
  }

  #readWord(kind: Token['kind'], pattern: RegExp, at: number): Token | undefined {
    const found = this.#match(pattern, at)
    return found && { kind, value: found.text, at, end: found.end }
  }

  /** Integers that a number cannot hold become bigints; `n` behind one is allowed. */
  #readNumber(at: number): Token | undefined {
    const found = this.#match(number, at)
    if (found === undefined) return undefined
    const isInteger = /^-?\d+$/.test(found.text)
    const end = isInteger && this.#text[found.end] === 'n' ? found.end + 1 : found.end
    if (/[\w$]/.test(this.#text[end] ?? '')) throw this.fail(end, 'this does not belong to the number before it')
    const value = Number(found.text)
    if (!Number.isFinite(value)) throw this.fail(at, 'this number is larger than a double can be')
    return { kind: 'number', value: isInteger && !Number.isSafeInteger(value) ? BigInt(found.text) : value, at, end }
  }

  #readText(at: number, quote: string): Token {
    let value = ''
    for (let i = at + 1; i < this.#text.length;) {
      const character = this.#text[i]!
      if (character === quote) return { kind: 'text', value, at, end: i + 1 }
      if (character === '\n') break
      if (character === '\\') {
        const [plain, end] = this.#readEscape(i)
        value += plain
        i = end
      } else {
        value += character
        i++
      }
    }
    throw this.fail(at, `this text has no end: a ${quote} is missing`)
  }

  #readEscape(at: number): [plain: string, end: number] {
    escape.lastIndex = at
    const parts = escape.exec(this.#text)
    if (parts === null) throw this.fail(at, 'nothing follows the backslash')
    const [all, long, short, byte, character = ''] = parts
    const code = long ?? short ?? byte
    const end = at + all.length
    if (code === undefined) {
      if (character === 'u' || character === 'x')
        throw this.fail(at, `\\${character} needs hexadecimal digits behind it`)
      return [escapes[character] ?? character, end]
    }
    const point = Number.parseInt(code, 16)
    if (point > maxCodePoint) throw this.fail(at, 'there is no such character')
    return [String.fromCodePoint(point), end]
  }

  #match(pattern: RegExp, at: number): { readonly text: string; readonly end: number } | undefined {
    pattern.lastIndex = at
    const found = pattern.exec(this.#text)
    return found === null ? undefined : { text: found[0], end: pattern.lastIndex }
  }
}
