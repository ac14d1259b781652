/** `format`: a text with conversions, as Java has them, and two of its own for any value. */
import type { Argument, Call, Evaluate } from '../call.ts'
import { failure, serverFault, wrongType } from '../failures.ts'
import { MAX_INT32, SpecifierError, checkSpecifier, layOutDouble, layOutInteger, layOutText } from '../format-layout.ts'
import type { Specifier } from '../format-layout.ts'
import { formatDatePart, formatTimePart } from '../format-time.ts'
import { typeName } from '../kinds.ts'
import { rendererFor } from '../renderers.ts'
import { fieldsOfDate, fieldsOfTime, formatDate, formatTime } from '../time.ts'
import { inside } from '../position.ts'
import type { Position } from '../position.ts'
import { CalendarDate, Time } from '../values.ts'
import type { Value } from '../values.ts'
import { textOf } from './conversions.ts'

/** The words of `%@` are those of the oldest version that has refs as objects, whatever version asks. */
const VERSION_OF_VALUES = '2.1'
const NANOSECONDS_PER_SECOND = 1_000_000_000n
/** The suffix of the nanoseconds of a time. */
const NANOSECONDS = 'N'

/** A conversion in the text: what it is, which value it is of (0: the next one), and how it was written. */
type Piece = {
  readonly specifier: Specifier
  readonly index: number
  /** The letter before the suffix of a time: `T` for capitals. */
  readonly time: string | undefined
  /** Without its index: so messages tell it. */
  readonly source: string
}

type Print = (value: Value, piece: Piece, call: Call, at: Position) => string

const CONVERSION = /%(?:(\d+)\$)?(([-#+ 0,(<]*)(\d+)?(?:\.(\d+))?([tT])?([a-zA-Z%@^])?)/g

const literals: Readonly<Record<string, string>> = { '%': '%', n: '\n' }

function expected(type: string, value: Value, at: Position): Error {
  return wrongType(at, type, typeName(value))
}

const printDouble: Print = (value, { specifier }, _, at) => {
  if (typeof value !== 'number') throw expected('Number', value, at)
  checkSpecifier(specifier)
  return layOutDouble(value, specifier)
}

const printInteger: Print = (value, { specifier }, _, at) => {
  if (typeof value !== 'bigint') throw expected('Integer', value, at)
  checkSpecifier(specifier)
  return layOutInteger(value, specifier)
}

const printText: Print = (value, { specifier }, _, at) => {
  const text = textOf(value)
  if (text === undefined) throw failure(at, 'invalid argument', `Cannot cast ${typeName(value)} to String.`)
  checkSpecifier(specifier)
  return layOutText(text, specifier)
}

/** All there is counts as true. */
const printBoolean: Print = (value, { specifier }) => {
  checkSpecifier(specifier)
  return layOutText(String(value !== false && value !== null), specifier)
}

/** The time that this transaction will have is not known yet: it is that of the epoch. */
function printValue(version: (call: Call) => string): Print {
  return (value, _, call) => {
    const { store, database, transaction } = call.query
    const timeOf = (ts: number): number => (transaction.isOwn(ts) ? 0 : ts)
    return rendererFor(store, database.number, version(call), { timeOf }).value(value)
  }
}

/** A suffix may be missing: then it is the text of the value, of any width. */
const printTime: Print = (value, { specifier, time, source }, _, at) => {
  if (!(value instanceof Time) && !(value instanceof CalendarDate)) throw expected('Date or Time', value, at)
  const suffix = specifier.conversion
  if (suffix === '') return value instanceof Time ? formatTime(value.nanoseconds) : formatDate(value.days)
  const text = timePart(value, suffix)
  if (text === undefined) throw failure(at, 'invalid argument', `Invalid date/time suffix '${source}'.`)
  // Nanoseconds do not come from Java's formatter: flags, width and precision mean nothing to them.
  if (suffix === NANOSECONDS && value instanceof Time) return text
  const layout = { ...specifier, conversion: time === 'T' ? 'S' : 's' }
  checkSpecifier(layout)
  if (specifier.precision !== undefined) throw new SpecifierError()
  return layOutText(text, layout)
}

function timePart(value: Time | CalendarDate, suffix: string): string | undefined {
  if (value instanceof CalendarDate) return formatDatePart(fieldsOfDate(value.days), suffix)
  const fields = fieldsOfTime(value.nanoseconds)
  const epoch = (value.nanoseconds - BigInt(fields.nanosecond)) / NANOSECONDS_PER_SECOND
  return formatTimePart(fields, epoch, suffix)
}

/** What each letter writes. */
const printers: Readonly<Record<string, Print>> = {
  f: printDouble,
  e: printDouble,
  E: printDouble,
  g: printDouble,
  G: printDouble,
  d: printInteger,
  x: printInteger,
  X: printInteger,
  o: printInteger,
  s: printText,
  S: printText,
  b: printBoolean,
  B: printBoolean,
  '@': printValue(() => VERSION_OF_VALUES),
  '^': printValue(call => call.query.apiVersion),
}

/** The text taken apart, before any value is looked at: an unknown letter is told first. */
function parse(text: string, at: Position): (string | Piece)[] {
  const pieces: (string | Piece)[] = []
  let end = 0
  for (const match of text.matchAll(CONVERSION)) {
    const [whole, index = '0', rest = '', flags = '', width, precision, time, conversion = ''] = match
    pieces.push(text.slice(end, match.index))
    end = match.index + whole.length
    if (Number(index) > MAX_INT32) {
      throw serverFault(`java.lang.NumberFormatException: For input string: "${index}"`)
    }
    const literal = time === undefined ? literals[conversion] : undefined
    if (literal === undefined && time === undefined && printers[conversion] === undefined)
      throw failure(at, 'invalid argument', `Invalid conversion format '${whole}'.`)
    const specifier = {
      flags,
      width: width === undefined ? undefined : Number(width),
      precision: precision === undefined ? undefined : Number(precision),
      conversion,
    }
    pieces.push(literal ?? { specifier, index: Number(index), time, source: `%${rest}` })
  }
  return [...pieces, text.slice(end)]
}

function print(call: Call, piece: Piece, place: number, values: readonly Argument[]): string {
  const { index, time, specifier } = piece
  const argument = values[place]
  const textAt = call.at('format')
  if (argument === undefined) {
    const problem =
      index === 0 ? 'format specifiers count must be <= arguments size' : 'index must be >= 1 and <= arguments size'
    throw failure(textAt, 'invalid argument', problem)
  }
  const write = time !== undefined ? printTime : (printers[specifier.conversion] as Print)
  try {
    return write(argument.value, piece, call, inside(call.at('values'), place))
  } catch (error) {
    if (!(error instanceof SpecifierError)) throw error
    throw failure(textAt, 'invalid argument', `Invalid conversion format '${piece.source}'.`)
  }
}

const evaluateFormat: Evaluate = call => {
  const text = call.string('format')
  const values = call.list('values')
  let next = 0
  return parse(text, call.at('format'))
    .map(piece => {
      if (typeof piece === 'string') return piece
      const place = piece.index === 0 ? next++ : piece.index - 1
      return print(call, piece, place, values)
    })
    .join('')
}

/** The forms of this file. */
export const formats = {
  format: evaluateFormat,
} satisfies Record<string, Evaluate>
