/** Characters and classes of characters in patterns of Java, written as JavaScript has them. */

/** Thrown for a pattern that is none. */
export class PatternError extends Error {
  override readonly name = 'PatternError'
}

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

/** The error of a pattern that has this in it. */
export function failPattern(what: string): PatternError {
  return new PatternError(`The pattern has ${what}.`)
}

const HORIZONTAL = String.raw`[ \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]`
const VERTICAL = String.raw`[\n-\r\x85\u2028\u2029]`
const SPACE = String.raw`[ \t-\r]`
const PUNCTUATION = String.raw`[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]`

/** Classes of one letter after a backslash; the capital is all else. */
const shorthands: Readonly<Record<string, string>> = {
  d: '[0-9]',
  w: '[a-zA-Z_0-9]',
  s: SPACE,
  h: HORIZONTAL,
  v: VERTICAL,
}

/** `\p{…}`: the names that are not those of Unicode's general categories. */
const properties: Readonly<Record<string, string>> = {
  Lower: '[a-z]',
  Upper: '[A-Z]',
  ASCII: String.raw`[\0-\x7f]`,
  Alpha: '[a-zA-Z]',
  Digit: '[0-9]',
  Alnum: '[a-zA-Z0-9]',
  Punct: PUNCTUATION,
  Graph: String.raw`[\x21-\x7e]`,
  Print: String.raw`[\x20-\x7e]`,
  Blank: String.raw`[ \t]`,
  Cntrl: String.raw`[\0-\x1f\x7f]`,
  XDigit: '[0-9a-fA-F]',
  Space: SPACE,
  L1: String.raw`[\0-\xff]`,
  all: String.raw`\p{Any}`,
  LD: String.raw`[\p{L}\p{Nd}]`,
  IsAlphabetic: String.raw`\p{Alphabetic}`,
  IsIdeographic: String.raw`\p{Ideographic}`,
  IsLetter: String.raw`\p{L}`,
  IsLowercase: String.raw`\p{Lowercase}`,
  IsUppercase: String.raw`\p{Uppercase}`,
  IsTitlecase: String.raw`\p{Lt}`,
  IsPunctuation: String.raw`\p{P}`,
  IsControl: String.raw`\p{Cc}`,
  IsWhite_Space: String.raw`\p{White_Space}`,
  IsDigit: String.raw`\p{Nd}`,
  IsHex_Digit: String.raw`\p{Hex_Digit}`,
  IsJoin_Control: String.raw`\p{Join_Control}`,
  IsNoncharacter_Code_Point: String.raw`\p{Noncharacter_Code_Point}`,
  IsAssigned: String.raw`\P{Cn}`,
  javaLowerCase: String.raw`\p{Lowercase}`,
  javaUpperCase: String.raw`\p{Uppercase}`,
  javaTitleCase: String.raw`\p{Lt}`,
  javaDigit: String.raw`\p{Nd}`,
  javaLetter: String.raw`\p{L}`,
  javaLetterOrDigit: String.raw`[\p{L}\p{Nd}]`,
  javaAlphabetic: String.raw`\p{Alphabetic}`,
  javaWhitespace: String.raw`[\t-\r\x1c-\x20\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]`,
}

/** The blocks of Unicode that patterns ask for most. */
const blocks: Readonly<Record<string, string>> = {
  basiclatin: String.raw`[\0-\x7f]`,
  latin1supplement: String.raw`[\x80-\xff]`,
  latinextendeda: String.raw`[\u0100-\u017f]`,
  latinextendedb: String.raw`[\u0180-\u024f]`,
  combiningdiacriticalmarks: String.raw`[\u0300-\u036f]`,
  greek: String.raw`[\u0370-\u03ff]`,
  greekandcoptic: String.raw`[\u0370-\u03ff]`,
  cyrillic: String.raw`[\u0400-\u04ff]`,
  hebrew: String.raw`[\u0590-\u05ff]`,
  arabic: String.raw`[\u0600-\u06ff]`,
  devanagari: String.raw`[\u0900-\u097f]`,
  thai: String.raw`[\u0e00-\u0e7f]`,
  generalpunctuation: String.raw`[\u2000-\u206f]`,
  hiragana: String.raw`[\u3040-\u309f]`,
  katakana: String.raw`[\u30a0-\u30ff]`,
  cjkunifiedideographs: String.raw`[\u4e00-\u9fff]`,
  hangulsyllables: String.raw`[\uac00-\ud7af]`,
  emoticons: String.raw`[\u{1f600}-\u{1f64f}]`,
}
const BLOCK = /^(?:In|block=|blk=)(.+)$/

const GENERAL_CATEGORY =
  /^(?:Is|general_category=|gc=)?(C[cfnos]?|L[Clmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/
const SCRIPT = /^(?:Is|script=|sc=)(\w+)$/

/** A character that stands for itself. */
function literalOf(character: string): string {
  return /^[a-zA-Z0-9]$/.test(character) ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** Both cases of a character: of ASCII letters, or of all where `u` is set too. */
function casesOf(character: string, flags: Flags): string[] {
  if (!flags.has('i') || !(flags.has('u') || /^[a-zA-Z]$/.test(character))) return [character]
  return [...new Set([character, character.toLowerCase(), character.toUpperCase()])].filter(
    one => Array.from(one).length === 1,
  )
}

/** A character, or either of its cases where case does not count. */
export function ignoreCase(character: string, flags: Flags): string {
  const cases = casesOf(character, flags).map(literalOf)
  return cases.length === 1 ? (cases[0] as string) : `[${cases.join('')}]`
}

function propertyOf(name: string): string {
  const category = GENERAL_CATEGORY.exec(name)?.[1]
  if (category !== undefined) return `\\p{${category}}`
  const property = Object.hasOwn(properties, name) ? properties[name] : undefined
  if (property !== undefined) return property
  const block = (BLOCK.exec(name)?.[1] ?? '').toLowerCase().replace(/[ _-]/g, '')
  if (Object.hasOwn(blocks, block)) return blocks[block] ?? ''
  const script = SCRIPT.exec(name)?.[1]
  if (script === undefined) throw failPattern(`an unknown property ${name}`)
  return `\\p{Script=${script.charAt(0).toUpperCase()}${script.slice(1).toLowerCase()}}`
}

/** The class that comes after a backslash; undefined, and nothing taken, where it is a character. */
export function readClassEscape(cursor: Cursor): string | undefined {
  const letter = cursor.source.charAt(cursor.at)
  const shorthand = shorthands[letter.toLowerCase()]
  if (shorthand !== undefined) {
    cursor.at += 1
    return letter === letter.toLowerCase() ? shorthand : `[^${shorthand}]`
  }
  if (letter.toLowerCase() !== 'p') return undefined
  cursor.at += 1
  const [text, name = text] = /^\{([^}]*)\}|^[^]/u.exec(cursor.source.slice(cursor.at)) ?? []
  if (text === undefined || name === undefined) throw failPattern('a property without a name')
  cursor.at += text.length
  const property = propertyOf(name)
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

/** A class from behind its `[`: its ranges, classes in it, and `&&` for what all of them have. */
export function readClass(cursor: Cursor): string {
  const isNegated = cursor.take('^')
  const operands: string[] = []
  let members = ''
  let isFirst = true
  for (;;) {
    if (!isFirst && cursor.take(']')) break
    isFirst = false
    if (cursor.take('&&')) {
      if (members !== '') operands.push(`[${members}]`)
      members = ''
    } else {
      members += readMember(cursor)
    }
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

/** A character, or the range that begins with it: a `-` before the end of the class is one itself. */
function readRange(cursor: Cursor, first: string): string {
  const isRange = /^-(?!\]|\[|&&)/.test(cursor.source.slice(cursor.at))
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
  // The other case of the letters in the range.
  const others: string[] = []
  for (let code = 0x41; code <= 0x7a; code++) {
    const letter = String.fromCharCode(code)
    if (letter >= first && letter <= last) others.push(...casesOf(letter, flags))
  }
  return range + [...new Set(others)].map(literalOf).join('')
}
