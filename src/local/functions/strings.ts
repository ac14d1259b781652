/** Strings: lengths and places are counted in code points. */
import type { Call, Evaluate } from '../call.ts'
import { castString } from '../casts.ts'
import { foldCase, toTitleCase } from '../casing.ts'
import { Failure, collect, serverFault, wrongType } from '../failures.ts'
import type { QueryError } from '../failures.ts'
import { isScalar, typeName } from '../kinds.ts'
import type { Position } from '../position.ts'
import type { Value } from '../values.ts'

/** The most that `repeat` and `space` make. */
const MAX_REPEATS = 1024n
const DEFAULT_REPEATS = 2n
const DEFAULT_MIN_NGRAM = 1n
const DEFAULT_MAX_NGRAM = 2n
/** How far `max` of `ngram` may be above `min`. */
const MAX_NGRAM_SPAN = 1n

/** A function of one string. */
function unary(key: string, apply: (text: string) => Value): Evaluate {
  return call => apply(call.string(key))
}

function search(key: string, holds: (text: string, wanted: string) => boolean): Evaluate {
  return call => {
    const text = call.string(key)
    return holds(text, call.string('search'))
  }
}

const evaluateConcat: Evaluate = call => {
  const strings = collect(call.list('concat'), ({ value, at }) => castString(value, at))
  return strings.join(call.has('separator') ? call.string('separator') : '')
}

const normalizers: ReadonlyMap<string, (text: string) => string> = new Map<string, (text: string) => string>([
  ['NFKCCaseFold', foldCase],
  ['NFC', text => text.normalize('NFC')],
  ['NFD', text => text.normalize('NFD')],
  ['NFKC', text => text.normalize('NFKC')],
  ['NFKD', text => text.normalize('NFKD')],
])

function normalizerOf(call: Call): (text: string) => string {
  if (!call.has('normalizer')) return foldCase
  const value = call.value('normalizer')
  const normalizer = typeof value === 'string' ? normalizers.get(value) : undefined
  if (normalizer !== undefined) return normalizer
  const expected = "String 'NFKCCaseFold', 'NFC', 'NFD', 'NFKC', or 'NFKD'"
  throw wrongType(call.at('normalizer'), expected, typeName(value))
}

/** Anything but what holds other values. */
function castScalar(value: Value, at: Position): Value {
  if (!isScalar(value)) throw wrongType(at, 'Scalar', typeName(value))
  return value
}

function scalars(call: Call, key: string): Value[] {
  return collect(call.list(key), ({ value, at }) => castScalar(value, at))
}

/** Takes any scalar, or an array of them; only strings are changed. An array of one is that one. */
const evaluateCasefold: Evaluate = call => {
  const terms = scalars(call, 'casefold')
  const normalize = normalizerOf(call)
  const folded = terms.map(term => (typeof term === 'string' ? normalize(term) : term))
  return folded.length === 1 ? (folded[0] ?? null) : folded
}

function outOfBounds(at: Position, what: string, bounds: string): QueryError {
  return { at, code: 'invalid argument', description: `${what} must be ${bounds}` }
}

/** What is wrong with the sizes of `ngram`; each is held against the other's default where that is missing. */
function checkSizes(min: bigint | undefined, max: bigint | undefined, at: Position): void {
  const errors: QueryError[] = []
  if (min !== undefined) {
    const isTooLarge = min > (max ?? DEFAULT_MAX_NGRAM)
    if (isTooLarge || min <= 0n) errors.push(outOfBounds(at, 'min ngram size', '> 0 and <= max'))
  }
  if (min !== undefined && max !== undefined && max <= 0n) errors.push(outOfBounds(at, 'max ngram size', '> 0'))
  if (min === undefined && max !== undefined && max <= DEFAULT_MIN_NGRAM) {
    errors.push(outOfBounds(at, 'max ngram size', '> 0 and >= min'))
  }
  const span = (max ?? DEFAULT_MAX_NGRAM) - (min ?? DEFAULT_MIN_NGRAM)
  if (span > MAX_NGRAM_SPAN) {
    errors.push(
      max === undefined
        ? outOfBounds(at, 'min ngram size', `>= max - ${MAX_NGRAM_SPAN}`)
        : outOfBounds(at, 'max ngram size', `<= min + ${MAX_NGRAM_SPAN}`),
    )
  }
  if (errors.length > 0) throw new Failure(errors)
}

/** At each place the pieces that begin there, the shortest first. */
function piecesOf(text: string, min: number, max: number): string[] {
  const characters = Array.from(text)
  return characters.flatMap((_, start) => {
    const pieces: string[] = []
    for (let size = min; size <= max && start + size <= characters.length; size++) {
      pieces.push(characters.slice(start, start + size).join(''))
    }
    return pieces
  })
}

const evaluateNgram: Evaluate = call => {
  const terms = scalars(call, 'ngram')
  const min = call.has('min') ? call.integer('min') : undefined
  const max = call.has('max') ? call.integer('max') : undefined
  checkSizes(min, max, call.position)
  const sizes = [Number(min ?? DEFAULT_MIN_NGRAM), Number(max ?? DEFAULT_MAX_NGRAM)] as const
  return terms.flatMap((term): Value[] => (typeof term === 'string' ? piecesOf(term, ...sizes) : [term]))
}

/** Places are 32 bits wide on the real server: what is above them is lost. */
function toInt32(value: bigint): number {
  return Number(BigInt.asIntN(32, value))
}

/** Counts are cut off without a word; what is below 0 is none. */
function clampCount(count: bigint): number {
  return Math.max(0, toInt32(count > MAX_REPEATS ? MAX_REPEATS : count))
}

const evaluateRepeat: Evaluate = call => {
  const text = call.string('repeat')
  return text.repeat(clampCount(call.has('number') ? call.integer('number') : DEFAULT_REPEATS))
}

const evaluateSpace: Evaluate = call => {
  const count = call.integer('space')
  return ' '.repeat(count > 0n ? clampCount(count) : 0)
}

/** Where a part of so many characters ends, or the text; a sum above 64 bits is far below 0. */
function endOf(from: number, length: bigint, size: bigint): number {
  const end = BigInt.asIntN(64, BigInt(from) + length)
  return toInt32(end > size ? size : end)
}

const evaluateSubstring: Evaluate = call => {
  const text = call.string('substring')
  const characters = Array.from(text)
  const start = call.has('start') ? call.integer('start') : 0n
  const length = call.has('length') ? call.integer('length') : undefined
  const size = BigInt(characters.length)
  const from = toInt32(start < 0n ? size + start : start)
  if (from < 0 || from > characters.length) {
    throw call.fail('invalid argument', 'start must be less than or equal to the string length')
  }
  const end = length === undefined ? characters.length : length < 0n ? -1 : endOf(from, length, size)
  if (end < 0) throw call.fail('invalid argument', 'length must be positive')
  if (end < from) {
    const [begin, past] = [from, end].map(place => characters.slice(0, place).join('').length)
    throw serverFault(`java.lang.StringIndexOutOfBoundsException: begin ${begin}, end ${past}, length ${text.length}`)
  }
  return characters.slice(from, end).join('')
}

/** White space as Java trims it: that of Unicode without the blanks that do not break, and U+001C to U+001F. */
const BLANK = new RegExp(String.raw`[\t-\r\u001c-\u0020\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]`)

function trimStart(text: string): string {
  let from = 0
  while (from < text.length && BLANK.test(text.charAt(from))) from++
  return text.slice(from)
}

/** No pattern finds the end: it would try every blank of the text, and all behind it, anew. */
function trimEnd(text: string): string {
  let to = text.length
  while (to > 0 && BLANK.test(text.charAt(to - 1))) to--
  return text.slice(0, to)
}

/** The forms of this file. */
export const strings = {
  concat: evaluateConcat,
  casefold: evaluateCasefold,
  length: unary('length', text => BigInt(Array.from(text).length)),
  lowercase: unary('lowercase', text => text.toLowerCase()),
  uppercase: unary('uppercase', text => text.toUpperCase()),
  titlecase: unary('titlecase', toTitleCase),
  trim: unary('trim', text => trimEnd(trimStart(text))),
  ltrim: unary('ltrim', trimStart),
  rtrim: unary('rtrim', trimEnd),
  ngram: evaluateNgram,
  repeat: evaluateRepeat,
  space: evaluateSpace,
  substring: evaluateSubstring,
  startswith: search('startswith', (text, wanted) => text.startsWith(wanted)),
  endswith: search('endswith', (text, wanted) => text.endsWith(wanted)),
  containsstr: search('containsstr', (text, wanted) => text.includes(wanted)),
} satisfies Record<string, Evaluate>
