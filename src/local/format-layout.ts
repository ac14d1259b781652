/** Numbers and text laid out as Java's formatter does: flags, widths and precisions. */
import { findDecimals } from './double.ts'

/** `%-10.2f` and the like, taken apart. */
export type Specifier = {
  readonly flags: string
  readonly width: number | undefined
  readonly precision: number | undefined
  /** The letter, as `'d'`. */
  readonly conversion: string
}

/** Thrown where Java refuses a specifier. */
export class SpecifierError extends Error {
  override readonly name = 'SpecifierError'
}

const DEFAULT_PRECISION = 6
/** The greatest width and precision. */
export const MAX_INT32 = 2 ** 31 - 1
const GROUP = /\B(?=(\d{3})+$)/g
/** The bounds between which `%g` writes no exponent: from here up to ten to the power of its precision. */
const SMALLEST_GENERAL = 1e-4

/** Which flags each kind of conversion knows. */
const knownFlags: Readonly<Record<string, string>> = {
  s: '-',
  b: '-',
  d: '-+ 0,(',
  o: '-#0',
  x: '-#0',
  f: '-#+ 0,(',
  e: '-#+ 0(',
  g: '-+ 0,(',
}

/** Throws `SpecifierError` for flags that contradict one another, that mean nothing here, or that want a width. */
export function checkSpecifier({ flags, width, precision, conversion }: Specifier): void {
  const kind = conversion.toLowerCase()
  const has = (flag: string): boolean => flags.includes(flag)
  const known = knownFlags[kind] ?? ''
  const isWrong =
    [...flags].some((flag, i) => !known.includes(flag) || flags.indexOf(flag) !== i) ||
    (width ?? 0) > MAX_INT32 ||
    (precision ?? 0) > MAX_INT32 ||
    (has('-') && has('0')) ||
    (has('+') && has(' ')) ||
    ((has('-') || has('0')) && width === undefined) ||
    (precision !== undefined && 'dox'.includes(kind))
  if (isWrong) throw new SpecifierError()
}

/** Text: cut off at the precision, and as wide as asked for. */
export function layOutText(text: string, specifier: Specifier): string {
  const { flags, width = 0, precision } = specifier
  const cased = applyCase(precision === undefined ? text : text.slice(0, precision), specifier)
  return flags.includes('-') ? cased.padEnd(width) : cased.padStart(width)
}

/** An integer of 64 bits: `d`, `x` or `o`. */
export function layOutInteger(value: bigint, specifier: Specifier): string {
  const kind = specifier.conversion.toLowerCase()
  if (kind === 'd') return sign(group(String(value < 0n ? -value : value), specifier), value < 0n, specifier)
  const digits = BigInt.asUintN(64, value).toString(kind === 'x' ? 16 : 8)
  const prefix = !specifier.flags.includes('#') ? '' : kind === 'x' ? '0x' : '0'
  return pad(prefix, digits, '', specifier)
}

/** A double: `f`, `e` or `g`. */
export function layOutDouble(value: number, specifier: Specifier): string {
  const isNegative = value < 0 || Object.is(value, -0)
  if (!Number.isFinite(value)) return layOutWord(value, isNegative, specifier)
  return sign(layOutMagnitude(Math.abs(value), specifier), isNegative, specifier)
}

/** `NaN` and `Infinity` are never filled up with zeros, and NaN has no sign. */
function layOutWord(value: number, isNegative: boolean, specifier: Specifier): string {
  const unfilled = { ...specifier, flags: specifier.flags.replace('0', '') }
  if (Number.isNaN(value)) return pad('', applyCase('NaN', specifier), '', unfilled)
  return sign(applyCase('Infinity', specifier), isNegative, unfilled)
}

/** A capital conversion writes capitals. */
function applyCase(text: string, { conversion }: Specifier): string {
  return conversion === conversion.toUpperCase() ? text.toUpperCase() : text
}

function layOutMagnitude(value: number, specifier: Specifier): string {
  const { precision = DEFAULT_PRECISION } = specifier
  switch (specifier.conversion.toLowerCase()) {
    case 'f':
      return writeFixed(value, precision, specifier)
    case 'e':
      return writeScientific(value, precision, specifier)
    default:
      return writeGeneral(value, Math.max(1, precision), specifier)
  }
}

/** `%g`: as many digits as the precision says, with an exponent only where the number is very small or large. */
function writeGeneral(value: number, precision: number, specifier: Specifier): string {
  if (value === 0) return writeFixed(value, precision - 1, specifier)
  const rounded = Number(writeScientific(value, precision - 1, { ...specifier, flags: '' }))
  if (rounded < SMALLEST_GENERAL || rounded >= 10 ** precision) return writeScientific(value, precision - 1, specifier)
  const exponent = findDecimals(rounded).pointAt
  return writeFixed(value, precision - exponent, specifier)
}

/** Digits cut off behind so many; halves go up. One more than asked for where rounding made the number longer. */
function roundDigits(digits: string, count: number): string {
  if (count >= digits.length) return digits.padEnd(count, '0')
  if (count < 0) return ''
  const isUp = (digits.charAt(count) || '0') >= '5'
  const kept = digits.slice(0, count)
  if (!isUp) return kept
  return (BigInt(kept || '0') + 1n).toString().padStart(count, '0')
}

function writeFixed(value: number, precision: number, specifier: Specifier): string {
  const { text, pointAt } = value === 0 ? { text: '0', pointAt: 1 } : findDecimals(value)
  // One zero in front, so that there is a digit before the point.
  const digits = '0'.repeat(Math.max(0, -pointAt) + 1) + text
  const wholeDigits = Math.max(0, pointAt) + 1
  const padded = digits.padEnd(wholeDigits, '0')
  const rounded = roundDigits(padded, wholeDigits + precision)
  const whole = rounded.slice(0, wholeDigits).replace(/^0+(?=\d)/, '')
  return group(whole, specifier) + writeFraction(rounded.slice(wholeDigits), specifier)
}

function writeScientific(value: number, precision: number, specifier: Specifier): string {
  const { text, pointAt } = value === 0 ? { text: '0', pointAt: 1 } : findDecimals(value)
  const rounded = roundDigits(text, precision + 1)
  const exponent = pointAt - 1 + (rounded.length > precision + 1 ? 1 : 0)
  const fraction = writeFraction(rounded.slice(1, precision + 1), specifier)
  const power = String(Math.abs(exponent)).padStart(2, '0')
  return applyCase(`${rounded.charAt(0)}${fraction}e${exponent < 0 ? '-' : '+'}${power}`, specifier)
}

function writeFraction(digits: string, { flags }: Specifier): string {
  return digits !== '' || flags.includes('#') ? `.${digits}` : ''
}

function group(digits: string, { flags }: Specifier): string {
  return flags.includes(',') ? digits.replace(GROUP, ',') : digits
}

function sign(magnitude: string, isNegative: boolean, specifier: Specifier): string {
  const { flags } = specifier
  if (isNegative) return flags.includes('(') ? pad('(', magnitude, ')', specifier) : pad('-', magnitude, '', specifier)
  return pad(flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '', magnitude, '', specifier)
}

/** As wide as asked for: with zeros behind what is in front, or with blanks around all. */
function pad(front: string, digits: string, back: string, { flags, width = 0, conversion }: Specifier): string {
  const inner = flags.includes('0') ? digits.padStart(width - front.length - back.length, '0') : digits
  const whole = front + inner + back
  const cased = conversion === 'X' ? whole.toUpperCase() : whole
  return flags.includes('-') ? cased.padEnd(width) : cased.padStart(width)
}
