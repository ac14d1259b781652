/** Characters and classes of characters in patterns of Java, written as JavaScript has them. */
import { unicodeCases, unicodeCasesOfRange } from './pattern-cases.ts'
import { failPattern } from './pattern-error.ts'
import { WORD, propertyOf } from './pattern-properties.ts'

/** Flags that hold where something is read: `i`, `m`, `s`, `x` … */
export type Flags = ReadonlySet<string>

/** A pattern being read. */
export interface Cursor {
  readonly source: string
  at: number
  readonly flags: Flags
  /** Takes a text if it comes next. */
  take(text: string): boolean
  /** The next character. Throws `PatternError` at the end. */
  next(): string
}

const HORIZONTAL = String.raw`[ \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]`
const VERTICAL = String.raw`[\n-\r\x85\u2028\u2029]`
const SPACE = String.raw`[ \t-\r]`

/** Classes of one letter after a backslash; the capital is all else. */
const shorthands: Readonly<Record<string, string>> = {
  d: '[0-9]',
  w: '[a-zA-Z_0-9]',
  s: SPACE,
  h: HORIZONTAL,
  v: VERTICAL,
}

/** The same where classes are those of Unicode. */
const unicodeShorthands: Readonly<Record<string, string>> = {
  d: String.raw`\p{Nd}`,
  w: WORD,
  s: String.raw`\p{White_Space}`,
}

const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')

/** A character that stands for itself. */
function literalOf(character: string): string {
  return /^[a-zA-Z0-9]$/.test(character) ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** Whether case does not count for letters beyond ASCII either. */
function ignoresAllCases(flags: Flags): boolean {
  return flags.has('i') && (flags.has('u') || flags.has('U'))
}

/** Both cases of a character: of ASCII letters, or of all where `u` is set too. */
function casesOf(character: string, flags: Flags): string[] {
  if (ignoresAllCases(flags)) return unicodeCases(character)
  if (!flags.has('i') || !/^[a-zA-Z]$/.test(character)) return [character]
  return [character.toLowerCase(), character.toUpperCase()]
}

/** A character, or either of its cases where case does not count. */
export function ignoreCase(character: string, flags: Flags): string {
  const cases = casesOf(character, flags).map(literalOf)
  return cases.length === 1 ? (cases[0] as string) : `[${cases.join('')}]`
}

/** The class that comes after a backslash; undefined, and nothing taken, where it is a character. */
export function readClassEscape(cursor: Cursor): string | undefined {
  const letter = cursor.source.charAt(cursor.at)
  const small = letter.toLowerCase()
  const shorthand = (cursor.flags.has('U') ? unicodeShorthands[small] : undefined) ?? shorthands[small]
  if (shorthand !== undefined) {
    cursor.at += 1
    return letter === small ? shorthand : `[^${shorthand}]`
  }
  if (small !== 'p') return undefined
  cursor.at += 1
  const [text, name = text] = /^\{([^}]*)\}|^[^]/u.exec(cursor.source.slice(cursor.at)) ?? []
  if (text === undefined || name === undefined) throw failPattern('a property without a name')
  cursor.at += text.length
  const property = propertyOf(name, cursor.flags)
  return letter === 'p' ? property : `[^${property}]`
}

const controls: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', a: '\u0007', e: '\u001b' }

/** Numbers of characters: `\x41`, `\x{1F600}`, `\u0041`, and `\0101` in octal digits. */
const numbered: readonly (readonly [RegExp, number])[] = [
  [/^x([0-9a-fA-F]{2})/, 16],
  [/^x\{([0-9a-fA-F]+)\}/, 16],
  [/^u([0-9a-fA-F]{4})/, 16],
  [/^0([0-3][0-7]{2}|[0-7]{1,2})/, 8],
]

/** The character that comes after a backslash. Letters that mean nothing are refused. */
export function readEscapedCharacter(cursor: Cursor): string {
  const rest = cursor.source.slice(cursor.at)
  for (const [shape, base] of numbered) {
    const found = shape.exec(rest)
    if (found === null) continue
    cursor.at += found[0].length
    const code = Number.parseInt(found[1] as string, base)
    if (code > 0x10ffff) throw failPattern('a character beyond Unicode')
    return String.fromCodePoint(code)
  }
  const character = cursor.next()
  if (character === 'c') return String.fromCodePoint((cursor.next().codePointAt(0) ?? 0) ^ 64)
  const control = controls[character]
  if (control !== undefined) return control
  if (/[a-zA-Z0-9]/.test(character)) throw failPattern(`an unknown escape \\${character}`)
  return character
}

/** Passes over white space or a comment, which mean nothing with the flag `x`, in classes too; tells whether it did. */
export function skipComment(cursor: Cursor): boolean {
  const [comment] = /^(?:[ \t-\r]+|#[^\n\r\u0085\u2028\u2029]*)/.exec(cursor.source.slice(cursor.at)) ?? []
  cursor.at += comment?.length ?? 0
  return comment !== undefined
}

/** A class from behind its `[`: its ranges, classes in it, and `&&` for what all of them have. */
export function readClass(cursor: Cursor): string {
  const isNegated = cursor.take('^')
  const operands: string[] = []
  let members = ''
  let isFirst = true
  for (;;) {
    if (!isFirst && cursor.take(']')) break
    isFirst = false
    if (cursor.flags.has('x') && skipComment(cursor)) continue
    if (!cursor.take('&&')) {
      members += readMember(cursor)
      continue
    }
    // With nothing behind it, it says nothing; what follows belongs to what was before.
    if (/^[\]&]/.test(cursor.source.slice(cursor.at, cursor.at + 1))) {
      if (members === '' && operands.length === 0) throw failPattern('a class of nothing')
      continue
    }
    if (members !== '') operands.push(`[${members}]`)
    members = ''
  }
  if (members !== '') operands.push(operands.length === 0 ? members : `[${members}]`)
  const body = operands.join('&&')
  return isNegated ? `[^${body}]` : `[${body}]`
}

function readMember(cursor: Cursor): string {
  if (cursor.take('[')) return readClass(cursor)
  if (cursor.take(String.raw`\Q`)) return readQuotedMembers(cursor)
  if (cursor.take('\\')) {
    const oneOf = readClassEscape(cursor)
    if (oneOf !== undefined) return oneOf
    return readRange(cursor, readEscapedCharacter(cursor))
  }
  return readRange(cursor, cursor.next())
}

function readQuotedMembers(cursor: Cursor): string {
  let members = ''
  while (!cursor.take(String.raw`\E`)) members += membersFrom(cursor.next(), undefined, cursor.flags)
  return members
}

/** A character, or the range that begins with it: a `-` before the end of the class, or another class in it, is one itself. */
function readRange(cursor: Cursor, first: string): string {
  const isRange = /^-(?!\]|\[)/.test(cursor.source.slice(cursor.at))
  if (!isRange) return membersFrom(first, undefined, cursor.flags)
  cursor.at += 1
  const last = cursor.take('\\') ? readEscapedCharacter(cursor) : cursor.next()
  if ((first.codePointAt(0) ?? 0) > (last.codePointAt(0) ?? 0)) throw failPattern('a range turned around')
  return membersFrom(first, last, cursor.flags)
}

function membersFrom(first: string, last: string | undefined, flags: Flags): string {
  if (last === undefined) return casesOf(first, flags).map(literalOf).join('')
  const range = `${literalOf(first)}-${literalOf(last)}`
  if (!flags.has('i')) return range
  const [from, to] = [first.codePointAt(0) ?? 0, last.codePointAt(0) ?? 0]
  const isIn = (character: string): boolean => {
    const code = character.codePointAt(0) ?? 0
    return code >= from && code <= to
  }
  const others = ignoresAllCases(flags)
    ? unicodeCasesOfRange(isIn)
    : LETTERS.filter(isIn).flatMap(one => casesOf(one, flags))
  return range + [...new Set(others)].map(literalOf).join('')
}
