/** `\p{…}` in patterns of Java: the names that it knows, and what they are in patterns of JavaScript. */
import { failPattern } from './pattern-error.ts'

/** What decides about a property: whether case counts, and whether classes are those of Unicode. */
export type PropertyFlags = ReadonlySet<string>

const SPACE = String.raw`[ \t-\r]`

const IGNORABLE = String.raw`\0-\x08\x0e-\x1b\x7f-\x9f\p{Cf}`
const IDENTIFIER_START = String.raw`\p{L}\p{Nl}\u2118\u212e\u309b\u309c`
const IDENTIFIER_PART = String.raw`\p{Pc}\p{Nd}\p{Mc}\p{Mn}\u00b7\u0387\u1369-\u1371\u19da`

/** The names that are written with exactly these letters, beside the general categories. */
const named: Readonly<Record<string, string>> = {
  Lower: '[a-z]',
  Upper: '[A-Z]',
  ASCII: String.raw`[\0-\x7f]`,
  Alpha: '[a-zA-Z]',
  Digit: '[0-9]',
  Alnum: '[a-zA-Z0-9]',
  Punct: String.raw`[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]`,
  Graph: String.raw`[\x21-\x7e]`,
  Print: String.raw`[\x20-\x7e]`,
  Blank: String.raw`[ \t]`,
  Cntrl: String.raw`[\0-\x1f\x7f]`,
  XDigit: '[0-9a-fA-F]',
  Space: SPACE,
  all: String.raw`\p{Any}`,
  L1: String.raw`[\0-\xff]`,
  LC: String.raw`[\p{Lu}\p{Ll}\p{Lt}]`,
  LD: String.raw`[\p{L}\p{Nd}]`,
  javaLowerCase: String.raw`\p{Lowercase}`,
  javaUpperCase: String.raw`\p{Uppercase}`,
  javaTitleCase: String.raw`\p{Lt}`,
  javaDigit: String.raw`\p{Nd}`,
  javaDefined: String.raw`\P{Cn}`,
  javaLetter: String.raw`\p{L}`,
  javaLetterOrDigit: String.raw`[\p{L}\p{Nd}]`,
  javaAlphabetic: String.raw`\p{Alphabetic}`,
  javaIdeographic: String.raw`\p{Ideographic}`,
  javaSpaceChar: String.raw`\p{Z}`,
  javaMirrored: String.raw`\p{Bidi_Mirrored}`,
  javaIdentifierIgnorable: `[${IGNORABLE}]`,
  javaJavaIdentifierStart: String.raw`[\p{L}\p{Nl}\p{Sc}\p{Pc}]`,
  javaJavaIdentifierPart: String.raw`[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mc}\p{Mn}${IGNORABLE}]`,
  javaUnicodeIdentifierStart: `[${IDENTIFIER_START}]`,
  javaUnicodeIdentifierPart: `[${IDENTIFIER_START}${IGNORABLE}${IDENTIFIER_PART}]`,
  javaISOControl: String.raw`\p{Cc}`,
  javaWhitespace: String.raw`[\t-\r\x1c-\x20\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]`,
}

const GENERAL_CATEGORY = /^(?:C[cfnos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/

const HEX_DIGIT = String.raw`[\p{Nd}\p{Hex_Digit}]`
const ALNUM = String.raw`[\p{Alphabetic}\p{Nd}]`
const BLANK = String.raw`[\p{Zs}\t]`
const GRAPH = String.raw`[^\p{White_Space}\p{Cc}\p{Cs}\p{Cn}]`
const PRINT = String.raw`[[^\p{White_Space}\p{Cc}\p{Cs}\p{Cn}]\p{Zs}]`
/** What `\w` is where classes are those of Unicode. */
export const WORD = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]`

/** The names behind `Is`, whatever the case of their letters. */
const unicode: Readonly<Record<string, string>> = {
  ALPHABETIC: String.raw`\p{Alphabetic}`,
  LETTER: String.raw`\p{L}`,
  IDEOGRAPHIC: String.raw`\p{Ideographic}`,
  LOWERCASE: String.raw`\p{Lowercase}`,
  UPPERCASE: String.raw`\p{Uppercase}`,
  TITLECASE: String.raw`\p{Lt}`,
  WHITE_SPACE: String.raw`\p{White_Space}`,
  WHITESPACE: String.raw`\p{White_Space}`,
  CONTROL: String.raw`\p{Cc}`,
  PUNCTUATION: String.raw`\p{P}`,
  HEX_DIGIT: HEX_DIGIT,
  HEXDIGIT: HEX_DIGIT,
  ASSIGNED: String.raw`\P{Cn}`,
  NONCHARACTER_CODE_POINT: String.raw`\p{Noncharacter_Code_Point}`,
  NONCHARACTERCODEPOINT: String.raw`\p{Noncharacter_Code_Point}`,
  WORD,
  JOIN_CONTROL: String.raw`\p{Join_Control}`,
  JOINCONTROL: String.raw`\p{Join_Control}`,
}

/** The same for the names of ASCII's classes: what they are behind `Is`, and where classes are those of Unicode. */
const posix: Readonly<Record<string, string>> = {
  ALPHA: String.raw`\p{Alphabetic}`,
  LOWER: String.raw`\p{Lowercase}`,
  UPPER: String.raw`\p{Uppercase}`,
  SPACE: String.raw`\p{White_Space}`,
  PUNCT: String.raw`\p{P}`,
  XDIGIT: HEX_DIGIT,
  ALNUM,
  CNTRL: String.raw`\p{Cc}`,
  DIGIT: String.raw`\p{Nd}`,
  BLANK,
  GRAPH,
  PRINT,
}

const CASED_CATEGORIES = String.raw`[\p{Lu}\p{Ll}\p{Lt}]`
const CASED = String.raw`[\p{Lowercase}\p{Uppercase}\p{Lt}]`

/** What the classes of one case are where case does not count. */
const ofAnyCase: Readonly<Record<string, string>> = {
  '[a-z]': '[a-zA-Z]',
  '[A-Z]': '[a-zA-Z]',
  [String.raw`\p{Lu}`]: CASED_CATEGORIES,
  [String.raw`\p{Ll}`]: CASED_CATEGORIES,
  [String.raw`\p{Lt}`]: CASED_CATEGORIES,
  [String.raw`\p{Lowercase}`]: CASED,
  [String.raw`\p{Uppercase}`]: CASED,
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

type Table = Readonly<Record<string, string>>

function find(table: Table, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

function namedProperty(name: string): string | undefined {
  return GENERAL_CATEGORY.test(name) ? `\\p{${name}}` : find(named, name)
}

function block(name: string): string | undefined {
  return find(blocks, name.toLowerCase().replace(/[ _-]/g, ''))
}

/** A script by its name or its short one; V8 refuses one that is not there. */
function script(name: string): string | undefined {
  if (!/^\w+$/.test(name)) return undefined
  const written = name.toLowerCase().replace(/(?:^|_)[a-z]/g, first => first.toUpperCase())
  return `\\p{Script=${written}}`
}

/** `key=value`, whatever the case of the key. */
const keyed: Readonly<Record<string, (value: string) => string | undefined>> = {
  sc: script,
  script,
  blk: block,
  block,
  gc: namedProperty,
  general_category: namedProperty,
}

function lookUp(name: string, flags: PropertyFlags): string | undefined {
  const [key = '', value] = name.split(/=(.*)/s)
  if (value !== undefined) {
    const kind = key.toLowerCase()
    return Object.hasOwn(keyed, kind) ? keyed[kind]?.(value) : undefined
  }
  if (name.startsWith('In')) return block(name.slice(2))
  if (name.startsWith('Is')) {
    const rest = name.slice(2)
    return find(unicode, rest.toUpperCase()) ?? find(posix, rest.toUpperCase()) ?? namedProperty(rest) ?? script(rest)
  }
  return (flags.has('U') ? find(posix, name.toUpperCase()) : undefined) ?? namedProperty(name)
}

/** The class of a property's name. Throws `PatternError` for a name that is none. */
export function propertyOf(name: string, flags: PropertyFlags): string {
  const property = lookUp(name, flags)
  if (property === undefined) throw failPattern(`an unknown property ${name}`)
  if (!flags.has('i')) return property
  // `Lt` is what both a category and a property are.
  if (property === String.raw`\p{Lt}` && !/^(?:Is|.*=)?Lt$/.test(name)) return CASED
  return find(ofAnyCase, property) ?? property
}
