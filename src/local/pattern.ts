/**
 * Patterns as the real server has them, those of Java, by way of the patterns of JavaScript: what both write in the
 * same way and mean differently is spelled out, what only Java has is put together from what there is. Its classes of
 * characters are in `pattern-classes.ts`.
 *
 * Not the same: a look behind may refer to groups; a group that has not matched is an empty text to `\1`; one that may
 * match nothing is repeated for what it can match besides; `\X`, `\G`, `\N{…}` and blocks but a few are refused.
 */
import { ignoreCase, readClass, readClassEscape, readEscapedCharacter, skipComment } from './pattern-classes.ts'
import type { Cursor, Flags } from './pattern-classes.ts'
import { failPattern } from './pattern-error.ts'

/** A pattern, compiled: it finds all matches from where its search begins. */
export type Pattern = {
  readonly regExp: RegExp
  /** How many groups capture: they are named `g1`, `g2` … */
  readonly groups: number
  /** The number of each group with a name of its own. */
  readonly names: ReadonlyMap<string, number>
}

/** Any character: `[^]` is the same, but V8 takes none where it is repeated in patterns with `v`. */
const ANY = String.raw`[\s\S]`
/** The ends of the text: no pattern here has the flag that would make them those of its lines. */
const START = '^'
const END = '$'
/** The line ends that `.`, `^` and `$` know. */
const LINE_END = String.raw`[\n\r\u0085\u2028\u2029]`
const BEFORE_LAST_LINE_END = String.raw`(?=(?:\r\n|${LINE_END})?${END})(?<!\r(?=\n))`

/** Words have the letters of all scripts, digits, and the marks on both. */
const AFTER_WORD = String.raw`(?:(?<=[\p{L}\p{Nd}_]|[\p{L}\p{Nd}]\p{Mn}+))`
const BEFORE_WORD = String.raw`(?:(?=[\p{L}\p{Nd}_])|(?=\p{Mn})(?<=[\p{L}\p{Nd}]\p{Mn}*))`

/** What stands for a place in the text, after a backslash. */
const boundaries: Readonly<Record<string, string>> = {
  A: START,
  z: END,
  Z: BEFORE_LAST_LINE_END,
  b: `(?:${AFTER_WORD}(?!${BEFORE_WORD})|(?!${AFTER_WORD})${BEFORE_WORD})`,
  B: `(?:${AFTER_WORD}${BEFORE_WORD}|(?!${AFTER_WORD})(?!${BEFORE_WORD}))`,
  R: String.raw`(?:\r\n|[\n-\r\u0085\u2028\u2029])`,
}

/** `(?=` and its kin, which are written alike. */
const lookArounds = ['?=', '?!', '?<=', '?<!']
const GROUP_NAME = /^[a-zA-Z][a-zA-Z0-9]*/
const INLINE_FLAGS = /^\?([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/
const KNOWN_FLAGS = 'imsxuUd'
/** The greatest count of a repetition. */
const MAX_REPEATS = 2 ** 31 - 1
const QUANTIFIER = /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})/

/** Reads one pattern from its beginning to its end. */
class Compiler implements Cursor {
  readonly source: string
  at = 0
  flags: Flags = new Set()
  readonly names = new Map<string, number>()
  groups = 0
  #atomics = 0

  constructor(source: string) {
    this.source = source
  }

  compile(): Pattern {
    const body = this.#readAlternatives()
    if (this.at < this.source.length) throw failPattern('a closing bracket without an opening one')
    return { regExp: new RegExp(body, 'gv'), groups: this.groups, names: this.names }
  }

  take(text: string): boolean {
    if (!this.source.startsWith(text, this.at)) return false
    this.at += text.length
    return true
  }

  next(): string {
    const code = this.source.codePointAt(this.at)
    if (code === undefined) throw failPattern('an end too early')
    const character = String.fromCodePoint(code)
    this.at += character.length
    return character
  }

  /** Flags that are set in a group end with it. */
  #readAlternatives(): string {
    const flags = this.flags
    const alternatives = [this.#readSequence()]
    while (this.take('|')) alternatives.push(this.#readSequence())
    this.flags = flags
    return alternatives.join('|')
  }

  #readSequence(): string {
    let sequence = ''
    while (this.at < this.source.length && !/[|)]/.test(this.source.charAt(this.at))) {
      if (this.flags.has('x') && skipComment(this)) continue
      sequence += this.#readQuantified()
    }
    return sequence
  }

  #readQuantified(): string {
    const [before, atom] = this.take(String.raw`\Q`) ? this.#readQuoted() : ['', this.#readAtom()]
    const quantifier = QUANTIFIER.exec(this.source.slice(this.at))
    if (quantifier === null || atom === '') return before + atom
    const [text, min, max] = quantifier
    this.at += text.length
    if (max !== undefined && max !== '' && Number(max) < Number(min)) throw failPattern('a range turned around')
    if (Number(min) > MAX_REPEATS || Number(max) > MAX_REPEATS) throw failPattern('a repetition without measure')
    const whole = `(?:${atom})${text}`
    if (this.take('?')) return `${before + whole}?`
    return before + (this.take('+') ? this.#makeAtomic(whole) : whole)
  }

  /** What has once matched is not tried anew: a look ahead does not go back into what it saw. */
  #makeAtomic(body: string): string {
    const name = `a${++this.#atomics}`
    return String.raw`(?:(?=(?<${name}>${body}))\k<${name}>)`
  }

  /** A repetition behind a quoted text is one of its last character. */
  #readQuoted(): [before: string, last: string] {
    const end = this.source.indexOf(String.raw`\E`, this.at)
    const text = this.source.slice(this.at, end < 0 ? undefined : end)
    this.at = end < 0 ? this.source.length : end + 2
    const characters = Array.from(text, character => ignoreCase(character, this.flags))
    const last = characters.pop() ?? ''
    return [characters.join(''), last]
  }

  #readAtom(): string {
    const character = this.next()
    switch (character) {
      case '(':
        return this.#readGroup()
      case '[':
        return readClass(this)
      case '.':
        return this.flags.has('s') ? ANY : this.flags.has('d') ? String.raw`[^\n]` : `[^${LINE_END.slice(1)}`
      case '^':
        return this.#lineStart()
      case '$':
        return this.flags.has('m') ? String.raw`(?=${LINE_END}|${END})(?<!\r(?=\n))` : BEFORE_LAST_LINE_END
      case '\\':
        return this.#readEscape()
      case '{':
        // A count may stand alone, and is one of nothing then; so are all counts behind another.
        this.at -= 1
        if (QUANTIFIER.test(this.source.slice(this.at))) return '(?:)'
        throw failPattern('a count that is none')
      case '*':
      case '+':
      case '?':
        throw failPattern('a repetition of nothing')
      default:
        return ignoreCase(character, this.flags)
    }
  }

  #lineStart(): string {
    if (!this.flags.has('m')) return START
    return String.raw`(?:(?:${START}|(?<=[\n\u0085\u2028\u2029]|\r(?!\n)))(?!${END}))`
  }

  #readEscape(): string {
    const letter = this.source.charAt(this.at)
    const boundary = boundaries[letter]
    if (boundary !== undefined) {
      this.at += 1
      return boundary
    }
    if (/[1-9]/.test(letter)) return this.#readBackReference()
    if (this.take('k<')) {
      const name = this.#readName('>')
      const group = this.names.get(name)
      if (group === undefined) throw failPattern('a group that is not there')
      return String.raw`\k<g${group}>`
    }
    const oneOf = readClassEscape(this)
    return oneOf ?? ignoreCase(readEscapedCharacter(this), this.flags)
  }

  /** Takes as many digits as there are groups for; a group that comes later cannot have matched. */
  #readBackReference(): string {
    let group = Number(this.next())
    for (;;) {
      const longer = group * 10 + Number(this.source.charAt(this.at) || Number.NaN)
      if (!(longer <= this.groups)) break
      group = longer
      this.at += 1
    }
    return group <= this.groups ? String.raw`\k<g${group}>` : '(?!)'
  }

  #readName(end: string): string {
    const [name] = GROUP_NAME.exec(this.source.slice(this.at)) ?? []
    if (name === undefined) throw failPattern('a group without a name')
    this.at += name.length
    if (!this.take(end)) throw failPattern('a name that does not end')
    return name
  }

  #readGroup(): string {
    const lookAround = lookArounds.find(kind => this.source.startsWith(kind, this.at))
    if (lookAround !== undefined) {
      this.at += lookAround.length
      return `(${lookAround}${this.#readToClose()})`
    }
    if (this.take('?>')) return this.#makeAtomic(this.#readToClose())
    if (this.take('?<')) return this.#readCapture(this.#readName('>'))
    return this.source.charAt(this.at) === '?' ? this.#readFlags() : this.#readCapture(undefined)
  }

  #readCapture(name: string | undefined): string {
    const group = ++this.groups
    if (name !== undefined) {
      if (this.names.has(name)) throw failPattern('a name that two groups have')
      this.names.set(name, group)
    }
    return `(?<g${group}>${this.#readToClose()})`
  }

  #readToClose(): string {
    const body = this.#readAlternatives()
    if (!this.take(')')) throw failPattern('a group that does not end')
    return body
  }

  /** `(?i)` holds to the end of the group around it, `(?i:…)` inside of its own. */
  #readFlags(): string {
    const found = INLINE_FLAGS.exec(this.source.slice(this.at))
    const [text = '', on = '', off = '', end] = found ?? []
    if (found === null || [...on, ...off].some(flag => !KNOWN_FLAGS.includes(flag))) throw failPattern('unknown flags')
    this.at += text.length
    const outer = this.flags
    this.flags = new Set([...outer, ...on].filter(flag => !off.includes(flag)))
    if (end === ')') return ''
    const body = this.#readToClose()
    this.flags = outer
    return `(?:${body})`
  }
}

/** Compiles a pattern of Java. Throws `PatternError` for one that Java refuses, and for what cannot be had here. */
export function compilePattern(source: string): Pattern {
  try {
    return new Compiler(source).compile()
  } catch (error) {
    throw error instanceof SyntaxError ? failPattern(error.message) : error
  }
}

/** A pattern that matches a text and nothing else. */
export function quotePattern(text: string): string {
  return String.raw`\Q${text.replaceAll('\\E', String.raw`\E\\E\Q`)}\E`
}
