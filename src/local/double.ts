// Doubles as the real server spells them: `Double.toString` of the Java releases before 19, its surplus and missing
// digits included (`1.15292150460684698E18` for 2^60, `9.999999999999999E22` for 1e23). protocol.md D.1.
//
// The rules are those of the JDK's FloatingDecimal: the value is B / S * 10^decimalExponent, M is half a unit in the
// last place scaled like B, and digits are drawn from B / S until the rest is within M. Where the operands fit 32 or 64
// bits the JDK computes in machine integers, where M may overflow and the upper bound is exclusive: both show in the
// digits, so both are kept.

const FRACTION_BITS = 52
const EXPONENT_BIAS = 1023
const HIDDEN_BIT = 1n << 52n
/** Whole numbers up to this binary exponent are printed from a 64-bit integer. */
const MAX_WHOLE_EXPONENT = 62
const MIN_WHOLE_EXPONENT = -21
/** Bit lengths of 5^i as the JDK tabulates them (0 for 5^0); above, three bits a power are assumed. */
const BITS_OF_POWERS_OF_5 = [
  0, 3, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28, 31, 33, 35, 38, 40, 42, 45, 47, 49, 52, 54, 56, 59, 61,
]
/** From here on, and below `10^-3`, Java writes an exponent. */
const MAX_PLAIN_EXPONENT = 8
const MIN_PLAIN_EXPONENT = -3
/** Whole numbers below this have no surprise in them: digits and `.0`. */
const PLAIN_WHOLE_LIMIT = 1e7

/** The digits of a number, and how many of them stand before the point. */
export type Digits = { readonly text: string; readonly pointAt: number }

const view = new DataView(new ArrayBuffer(8))

/**
 * Writes a double as JSON text: `1.0`, `1.0E10`, `1.5E-5`, `-0.0`; NaN and the infinities are JSON strings.
 * The text is the server's, not always the shortest that reads back as the same number (protocol.md D.1).
 */
export function writeDouble(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < PLAIN_WHOLE_LIMIT)
    return Object.is(value, -0) ? '-0.0' : `${value}.0`
  if (!Number.isFinite(value)) return `"${value}"`
  const spelled = place(findDecimals(Math.abs(value)))
  return value < 0 ? `-${spelled}` : spelled
}

/** Puts the point, or an exponent, into a row of digits. */
function place({ text, pointAt }: Digits): string {
  if (pointAt > 0 && pointAt < MAX_PLAIN_EXPONENT) {
    const whole = text.slice(0, pointAt).padEnd(pointAt, '0')
    return `${whole}.${text.slice(pointAt) || '0'}`
  }
  if (pointAt <= 0 && pointAt > MIN_PLAIN_EXPONENT) return `0.${'0'.repeat(-pointAt)}${text}`
  return `${text[0]}.${text.slice(1) || '0'}E${pointAt - 1}`
}

/** The digits of a positive finite double as the real server's machine prints it. */
export function findDecimals(value: number): Digits {
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const biased = Number(bits >> 52n)
  const stored = bits & (HIDDEN_BIT - 1n)
  if (biased !== 0) return convert(biased - EXPONENT_BIAS, stored | HIDDEN_BIT, FRACTION_BITS + 1)
  const significantBits = stored.toString(2).length
  const shift = FRACTION_BITS + 1 - significantBits
  return convert(1 - shift - EXPONENT_BIAS, stored << BigInt(shift), significantBits)
}

function convert(binaryExponent: number, fraction: bigint, significantBits: number): Digits {
  const tail = countTrailingZeros(fraction)
  const fractionBits = FRACTION_BITS + 1 - tail
  const bitsAfterPoint = Math.max(0, fractionBits - binaryExponent - 1)
  const isWhole = bitsAfterPoint === 0 && binaryExponent >= MIN_WHOLE_EXPONENT && binaryExponent <= MAX_WHOLE_EXPONENT
  if (isWhole) return convertWhole(binaryExponent, fraction, significantBits)

  const decimalExponent = estimateDecimalExponent(fraction, binaryExponent)
  const fives = Math.max(0, -decimalExponent)
  const divisorFives = Math.max(0, decimalExponent)
  let valueTwos = fives + bitsAfterPoint + binaryExponent
  let divisorTwos = divisorFives + bitsAfterPoint
  let marginTwos = valueTwos - significantBits
  valueTwos -= fractionBits - 1
  const common = Math.min(valueTwos, divisorTwos)
  valueTwos -= common
  divisorTwos -= common
  marginTwos -= common
  // The neighbour below a power of two is only half as far away.
  if (fractionBits === 1) marginTwos -= 1
  if (marginTwos < 0) {
    valueTwos -= marginTwos
    divisorTwos -= marginTwos
    marginTwos = 0
  }
  const width = Math.max(
    fractionBits + valueTwos + countBitsOfPowerOf5(fives),
    divisorTwos + 1 + countBitsOfPowerOf5(divisorFives + 1),
  )
  return drawDigits({
    value: ((fraction >> BigInt(tail)) * 5n ** BigInt(fives)) << BigInt(valueTwos),
    divisor: (5n ** BigInt(divisorFives)) << BigInt(divisorTwos),
    margin: (5n ** BigInt(fives)) << BigInt(marginTwos),
    decimalExponent,
    machineBits: width < 32 ? 32 : width < 64 ? 64 : 0,
  })
}

/** Whole numbers below 2^63: the integer's digits, without those that 53 bits cannot know. */
function convertWhole(binaryExponent: number, fraction: bigint, significantBits: number): Digits {
  let whole =
    binaryExponent >= FRACTION_BITS
      ? fraction << BigInt(binaryExponent - FRACTION_BITS)
      : fraction >> BigInt(FRACTION_BITS - binaryExponent)
  const surplusBits = binaryExponent - significantBits - 1
  const unknown = surplusBits > 1 ? (2 ** surplusBits).toFixed(0).length - 1 : 0
  if (unknown > 0) {
    const scale = 10n ** BigInt(unknown)
    const rest = whole % scale
    whole = whole / scale + (rest >= scale / 2n ? 1n : 0n)
  }
  const text = whole.toString()
  return { text: text.replace(/0+$/, ''), pointAt: text.length + unknown }
}

type Division = { value: bigint; divisor: bigint; margin: bigint; decimalExponent: number; machineBits: 0 | 32 | 64 }

function drawDigits({ value, divisor, margin, decimalExponent, machineBits }: Division): Digits {
  const tens = divisor * 10n
  let rest = value
  let half = margin
  let exponent = decimalExponent
  const end = { isLow: false, isHigh: false }
  const digits: number[] = []
  const step = (): number => {
    const digit = Number(rest / divisor)
    rest = 10n * (rest % divisor)
    half = machineBits === 0 ? half * 10n : BigInt.asIntN(machineBits, half * 10n)
    end.isLow = half <= 0n || rest < half
    end.isHigh = half <= 0n || (machineBits === 0 ? rest + half >= tens : rest + half > tens)
    return digit
  }
  const first = step()
  // The estimate of the exponent may be one too high: then the first digit is zero and does not count.
  if (first === 0 && !end.isHigh) exponent -= 1
  else digits.push(first)
  // The exponent form always shows two digits.
  if (exponent < MIN_PLAIN_EXPONENT || exponent >= MAX_PLAIN_EXPONENT) end.isLow = end.isHigh = false
  while (!end.isLow && !end.isHigh) digits.push(step())
  const doubled = rest * 2n
  const isRoundedUp =
    end.isHigh && (!end.isLow || doubled > tens || (doubled === tens && (digits.at(-1) ?? 0) % 2 === 1))
  const carried = isRoundedUp && roundUp(digits)
  return { text: digits.join(''), pointAt: exponent + 1 + (carried ? 1 : 0) }
}

/** Adds one to the last digit in place; true if that made the number one digit longer (`99` → `10`). */
function roundUp(digits: number[]): boolean {
  let at = digits.length - 1
  while (at > 0 && digits[at] === 9) digits[at--] = 0
  if (digits[at] === 9) {
    digits[at] = 1
    return true
  }
  digits[at] = (digits[at] ?? 0) + 1
  return false
}

/** The JDK's linear estimate of floor(log10(value)): right or one too high. */
function estimateDecimalExponent(fraction: bigint, binaryExponent: number): number {
  const mantissa = Number(fraction) / Number(HIDDEN_BIT)
  return Math.floor((mantissa - 1.5) * 0.289529654 + 0.176091259 + binaryExponent * 0.301029995663981)
}

function countBitsOfPowerOf5(power: number): number {
  return BITS_OF_POWERS_OF_5[power] ?? power * 3
}

function countTrailingZeros(bits: bigint): number {
  const text = bits.toString(2)
  return text.length - 1 - text.lastIndexOf('1')
}
