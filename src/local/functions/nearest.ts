/**
 * Exponentials, logarithms and angles as the real server's machine gives them: the double nearest to the true value,
 * which `Math` misses by one unit in the last place for some arguments in a hundred. Computed with integers that stand
 * for fixed-point numbers.
 */

/** Bits behind the point. Of logarithms near 0, and of angles near a multiple of a right one, some 60 are zeros. */
const BITS = 192
const ONE = 1n << BigInt(BITS)
const MANTISSA_BITS = 53
const BIAS = 1075
/** Below this an angle is its own sine and tangent, and `exp` is 1 beyond the last place. */
const TINY_ANGLE = 2 ** -27
const TINY_EXPONENT = 2 ** -54
/** Powers of e beyond these are no doubles, but infinity and zero. */
const MAX_EXPONENT = 710
const MIN_EXPONENT = -746
/** As parts of half a unit in the last place: what is as near to the middle of two doubles counts as the middle. */
const TIE_BITS = 40n
/** The sines of the real server's machine are not exact themselves: so near to the middle, `Math` is as good a guess. */
const SINE_TIE_BITS = 7n

const view = new DataView(new ArrayBuffer(8))

/** A positive double as an integer times a power of two. */
function split(value: number): { mantissa: bigint; exponent: number } {
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const biased = Number(bits >> 52n)
  const fraction = bits & ((1n << 52n) - 1n)
  return { mantissa: biased === 0 ? fraction : fraction | (1n << 52n), exponent: Math.max(biased, 1) - BIAS }
}

function shift(value: bigint, bits: number): bigint {
  return bits < 0 ? value >> BigInt(-bits) : value << BigInt(bits)
}

function toFixed(value: number, bits = BITS): bigint {
  const { mantissa, exponent } = split(Math.abs(value))
  const fixed = shift(mantissa, exponent + bits)
  return value < 0 ? -fixed : fixed
}

function times(a: bigint, b: bigint): bigint {
  return (a * b) >> BigInt(BITS)
}

/** How far a number is above the middle of the two doubles around it, and half of their distance. */
function aroundMiddle(fixed: bigint): { size: bigint; surplus: number; beyond: bigint; half: bigint } {
  const size = fixed < 0n ? -fixed : fixed
  const surplus = size.toString(2).length - MANTISSA_BITS
  const half = 1n << BigInt(surplus - 1)
  return { size, surplus, beyond: (size & (2n * half - 1n)) - half, half }
}

function isNearMiddle(fixed: bigint, bits: bigint): boolean {
  const { beyond, half } = aroundMiddle(fixed)
  return (beyond < 0n ? -beyond : beyond) < half >> bits
}

/** A number of so many bits behind the point as the double nearest to it; from the middle, the even one. */
function toDouble(fixed: bigint, bits = BITS): number {
  const { size, surplus, beyond } = aroundMiddle(fixed)
  const below = size >> BigInt(surplus)
  const isUp = isNearMiddle(fixed, TIE_BITS) ? (below & 1n) === 1n : beyond > 0n
  const digits = Number(isUp ? below + 1n : below)
  const scale = surplus - bits
  // Two steps: the smallest doubles are beyond the powers of two of one.
  const nearest = digits * 2 ** Math.trunc(scale / 2) * 2 ** (scale - Math.trunc(scale / 2))
  return fixed < 0n ? -nearest : nearest
}

/** The sum of a series whose terms each follow from the one before. */
function sum(first: bigint, next: (term: bigint, index: number) => bigint): bigint {
  let total = 0n
  let term = first
  for (let index = 1; term !== 0n && term !== -1n; index++) {
    total += term
    term = next(term, index)
  }
  return total
}

/** The inverse hyperbolic tangent (`sign` 1) or the inverse tangent (-1) of a number below 1/2. */
function inverseTangent(value: bigint, sign: 1n | -1n, bits = BITS): bigint {
  const square = (value * value) >> BigInt(bits)
  let power = value
  return sum(value, (_, index) => {
    power = (sign * power * square) >> BigInt(bits)
    return power / BigInt(2 * index + 1)
  })
}

const LN2 = 2n * inverseTangent(ONE / 3n, 1n)
const LN10 = fixedLn(10)

/** The logarithm of a positive double. */
function fixedLn(value: number): bigint {
  const { mantissa, exponent } = split(value)
  const length = mantissa.toString(2).length
  let twos = exponent + length
  let rest = shift(mantissa, BITS - length)
  if (rest * 3n < ONE * 2n) {
    rest *= 2n
    twos -= 1
  }
  return BigInt(twos) * LN2 + 2n * inverseTangent(((rest - ONE) << BigInt(BITS)) / (rest + ONE), 1n)
}

/** The power of e, as a double. */
function expOf(power: bigint): number {
  const twos = (power + LN2 / 2n) / LN2 - (power < -LN2 / 2n ? 1n : 0n)
  const rest = power - twos * LN2
  const fixed = sum(ONE, (term, index) => times(term, rest) / BigInt(index))
  return toDouble(fixed, BITS - Number(twos))
}

const halfPis = new Map<number, bigint>()

/** Half of pi with so many bits behind the point. */
function halfPi(bits: number): bigint {
  const known = halfPis.get(bits)
  if (known !== undefined) return known
  // Machin's formula; some bits more, for what the series leave.
  const more = bits + 16
  const one = 1n << BigInt(more)
  const quarter = 4n * inverseTangent(one / 5n, -1n, more) - inverseTangent(one / 239n, -1n, more)
  const half = quarter >> 15n
  halfPis.set(bits, half)
  return half
}

/** The sine and cosine of an angle. */
function fixedAngle(angle: number): { sine: bigint; cosine: bigint } {
  const { exponent } = split(Math.abs(angle))
  // The larger the angle, the more of pi is needed to tell what is left of it.
  const bits = BITS + Math.max(0, exponent + MANTISSA_BITS)
  const right = halfPi(bits)
  const fixed = toFixed(angle, bits)
  const turns = (2n * fixed + (fixed < 0n ? -right : right)) / (2n * right)
  const rest = (fixed - turns * right) >> BigInt(bits - BITS)
  const square = times(rest, rest)
  const series = (first: bigint, offset: number): bigint =>
    sum(first, (term, index) => -times(term, square) / BigInt((2 * index + offset) * (2 * index + offset - 1)))
  const sine = series(rest, 1)
  const cosine = series(ONE, 0)
  switch (Number(((turns % 4n) + 4n) % 4n)) {
    case 0:
      return { sine, cosine }
    case 1:
      return { sine: cosine, cosine: -sine }
    case 2:
      return { sine: -sine, cosine: -cosine }
    default:
      return { sine: -cosine, cosine: sine }
  }
}

function isPlainAngle(angle: number): boolean {
  return Number.isFinite(angle) && Math.abs(angle) >= TINY_ANGLE
}

/** e to a power. */
export function exp(power: number): number {
  const isPlain = power > MIN_EXPONENT && power < MAX_EXPONENT && Math.abs(power) >= TINY_EXPONENT
  return isPlain ? expOf(toFixed(power)) : Math.exp(power)
}

function isPlainLogarithm(value: number): boolean {
  return value > 0 && value !== Infinity && value !== 1
}

/** The natural logarithm. */
export function ln(value: number): number {
  return isPlainLogarithm(value) ? toDouble(fixedLn(value)) : Math.log(value)
}

/** The logarithm to the base 10. */
export function log10(value: number): number {
  return isPlainLogarithm(value) ? toDouble((fixedLn(value) << BigInt(BITS)) / LN10) : Math.log10(value)
}

/** A number to a power. */
export function pow(base: number, exponent: number): number {
  // A product of two is the nearest double to begin with, and most powers are squares.
  if (exponent === 2) return base * base
  const fromMath = base ** exponent
  const size = Math.abs(base)
  if (!Number.isFinite(fromMath) || size === 0 || size === 1 || size === Infinity || exponent === 0) return fromMath
  const { mantissa, exponent: twos } = split(Math.abs(exponent))
  const fixed = shift(fixedLn(size) * mantissa, twos)
  const power = exponent < 0 ? -fixed : fixed
  if (power > ONE * BigInt(MAX_EXPONENT) || power < ONE * BigInt(MIN_EXPONENT)) return fromMath
  const nearest = expOf(power)
  return fromMath < 0 ? -nearest : nearest
}

/** The sine of an angle. */
export function sin(angle: number): number {
  if (!isPlainAngle(angle)) return Math.sin(angle)
  const { sine } = fixedAngle(angle)
  return isNearMiddle(sine, SINE_TIE_BITS) ? Math.sin(angle) : toDouble(sine)
}

/** The cosine of an angle. */
export function cos(angle: number): number {
  return isPlainAngle(angle) ? toDouble(fixedAngle(angle).cosine) : Math.cos(angle)
}

/** The tangent of an angle. */
export function tan(angle: number): number {
  if (!isPlainAngle(angle)) return Math.tan(angle)
  const { sine, cosine } = fixedAngle(angle)
  return toDouble((sine << BigInt(BITS)) / cosine)
}
