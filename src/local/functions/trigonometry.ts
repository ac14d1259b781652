/** Roots, powers, logarithms and angles: always doubles, whatever comes in. */
import type { Call, Evaluate } from '../call.ts'
import { cos, exp, ln, log10, pow, sin, tan } from './nearest.ts'
import { printNumber } from './numbers.ts'
import type { Numeric } from './numbers.ts'

const DEGREES_PER_RADIAN = 180 / Math.PI
const RADIANS_PER_DEGREE = Math.PI / 180

/** What a function takes, and how an error calls it. */
type Domain = { readonly has: (value: number) => boolean; readonly name: string }

const positive: Domain = { has: value => value > 0, name: 'greater than 0' }
const notNegative: Domain = { has: value => value >= 0, name: 'positive' }
const sineOrCosine: Domain = { has: value => value >= -1 && value <= 1, name: 'between -1 and 1 inclusive' }

function outside(call: Call, value: Numeric, domain: Domain): Error {
  return call.fail('invalid argument', `${printNumber(value)} must be ${domain.name}`)
}

/** A function of one number. */
function unary(key: string, apply: (value: number) => number, domain?: Domain): Evaluate {
  return call => {
    const value = call.number(key)
    const double = Number(value)
    if (domain !== undefined && !domain.has(double)) throw outside(call, value, domain)
    return apply(double)
  }
}

/** Beyond this ratio, as a power of two, the shorter side makes no difference. */
const NEGLIGIBLE = 2 ** 60
/** Squares of sides outside of these leave the range of doubles: they are scaled. */
const LARGE_SIDE = 2 ** 500
const SMALL_SIDE = 2 ** -450
const SCALE = 2 ** 600

const halves = new Float64Array(1)
const words = new Uint32Array(halves.buffer)

/** A double without the lower 32 of its bits. */
function upperHalf(value: number): number {
  halves[0] = value
  words[0] = 0
  return halves[0] ?? 0
}

/**
 * The longest side of a right-angled triangle, with the rounding of the real server's library (fdlibm): squares are
 * made of halves, so that they are exact.
 */
function hypotenuse(one: number, other: number): number {
  const a = Math.max(Math.abs(one), Math.abs(other))
  const b = Math.min(Math.abs(one), Math.abs(other))
  if (!Number.isFinite(a) || b === 0) return Math.hypot(one, other)
  if (a / b > NEGLIGIBLE) return a + b
  if (a > LARGE_SIDE) return hypotenuse(a / SCALE, b / SCALE) * SCALE
  if (b < SMALL_SIDE) return hypotenuse(a * SCALE, b * SCALE) / SCALE
  const rest = a - b
  if (rest > b) {
    const upper = upperHalf(a)
    return Math.sqrt(upper * upper - (b * -b - (a - upper) * (a + upper)))
  }
  const upper = upperHalf(2 * a)
  const upperB = upperHalf(b)
  return Math.sqrt(upper * upperB - (rest * -rest - (upper * (b - upperB) + (2 * a - upper) * b)))
}

/** e as the power that the real server's library (fdlibm) makes of 1, a unit too large: `Math.cosh` has the right one. */
const ROUGH_E = 2.7182818284590455

function hyperbolicCosine(value: number): number {
  return Math.abs(value) === 1 ? ROUGH_E / 2 + 0.5 / ROUGH_E : Math.cosh(value)
}

/** The forms of this file. */
export const trigonometry = {
  sqrt: unary('sqrt', Math.sqrt, notNegative),
  pow: call => {
    const base = Number(call.number('pow'))
    return pow(base, call.has('exp') ? Number(call.number('exp')) : 2)
  },
  exp: unary('exp', exp),
  ln: unary('ln', ln, positive),
  log: unary('log', log10, positive),
  hypot: call => {
    const a = Number(call.number('hypot'))
    return hypotenuse(a, call.has('b') ? Number(call.number('b')) : a)
  },
  sin: unary('sin', sin),
  cos: unary('cos', cos),
  tan: unary('tan', tan),
  asin: unary('asin', Math.asin, sineOrCosine),
  acos: unary('acos', Math.acos, sineOrCosine),
  atan: unary('atan', Math.atan),
  sinh: unary('sinh', Math.sinh),
  cosh: unary('cosh', hyperbolicCosine),
  tanh: unary('tanh', Math.tanh),
  degrees: unary('degrees', value => value * DEGREES_PER_RADIAN),
  radians: unary('radians', value => value * RADIANS_PER_DEGREE),
} satisfies Record<string, Evaluate>
