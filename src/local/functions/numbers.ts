/** Arithmetic: integers of 64 bits that wrap around, doubles, and both together as doubles (protocol.md E.8). */
import type { Call, Evaluate } from '../call.ts'
import { castNumber } from '../casts.ts'
import { collect, failure } from '../failures.ts'
import { writeDouble } from '../double.ts'
import type { Position } from '../position.ts'

/** An integer or a double. */
export type Numeric = bigint | number

const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)
const INT32_MAX = 2 ** 31 - 1
/** The places behind the point of `round` and `trunc` that are given none. */
const DEFAULT_PRECISION = 2n

type Operation = (a: Numeric, b: Numeric, at: Position) => Numeric

function operation(
  onIntegers: (a: bigint, b: bigint) => bigint,
  onDoubles: (a: number, b: number) => number,
): Operation {
  return (a, b) =>
    typeof a === 'bigint' && typeof b === 'bigint'
      ? BigInt.asIntN(64, onIntegers(a, b))
      : onDoubles(Number(a), Number(b))
}

/** Adds two numbers. */
export const add = operation(
  (a, b) => a + b,
  (a, b) => a + b,
) as (a: Numeric, b: Numeric) => Numeric

const subtract = operation(
  (a, b) => a - b,
  (a, b) => a - b,
)
const multiply = operation(
  (a, b) => a * b,
  (a, b) => a * b,
)
const quotient = operation(
  (a, b) => a / b,
  (a, b) => a / b,
)
const remainder = operation(
  (a, b) => a % b,
  (a, b) => a % b,
)

function nonZero(apply: Operation): Operation {
  return (a, b, at) => {
    if (Number(b) === 0) throw failure(at, 'invalid argument', 'Illegal division by zero.')
    return apply(a, b, at)
  }
}

/** A form that works through its numbers from the left. */
function fold(key: string, apply: Operation): Evaluate {
  return call => {
    const [first, ...rest] = collect(call.nonEmptyList(key), ({ value, at }) => castNumber(value, at))
    return rest.reduce((result, next) => apply(result, next, call.position), first as Numeric)
  }
}

/** A double as the integer nearest to it towards zero; beyond 64 bits the last one there is, of NaN 0. */
export function toInteger(value: number): bigint {
  if (Number.isNaN(value)) return 0n
  if (value >= 2 ** 63) return INT64_MAX
  return value <= -(2 ** 63) ? INT64_MIN : BigInt(Math.trunc(value))
}

/** A number as a message or a string has it: of doubles the words `NaN` and `Infinity` stand bare. */
export function printNumber(value: Numeric): string {
  return typeof value === 'bigint' ? String(value) : writeDouble(value).replaceAll('"', '')
}

/** Bits are those of integers; where a double takes part, the result is one again. */
function bits(apply: (a: bigint, b: bigint) => bigint): Operation {
  return (a, b) => {
    const result = apply(wholeOf(a), wholeOf(b))
    return typeof a === 'bigint' && typeof b === 'bigint' ? result : Number(result)
  }
}

function wholeOf(value: Numeric): bigint {
  return typeof value === 'bigint' ? value : toInteger(value)
}

function evaluateSign(call: Call): bigint {
  const value = call.number('sign')
  if (value < 0) return -1n
  return value === 0n ? 0n : 1n
}

/** Integers are whole already. */
function whole(key: string, round: (value: number) => number): Evaluate {
  return call => {
    const value = call.number(key)
    return typeof value === 'bigint' ? value : round(value)
  }
}

/** Rounds the places before the point: `scale` is a power of ten, at most one. */
type RoundWhole = (value: number, scale: number) => number

/**
 * Cuts a number to `precision` places. The arithmetic is the real server's, whose oddities show: the places behind the
 * point are computed apart from the whole part, by a power of ten of 32 bits; before the point, halves go up, and
 * what lies between -1.5 and 0.5 goes to zero.
 */
function places(key: string, half: number, roundWhole: RoundWhole): Evaluate {
  return call => {
    const value = call.number(key)
    const precision = call.has('precision') ? call.integer('precision') : undefined
    if (typeof value === 'bigint' && (precision === undefined || precision > 0n)) return value
    // Read from its text, a power of ten is the nearest double at once; `**` misses some.
    const power = Number(`1e${precision ?? DEFAULT_PRECISION}`)
    if (typeof value === 'bigint') return toInteger(roundWhole(Number(value), power))
    if (power <= 1) return roundWhole(value, power)
    const scale = Math.min(power, INT32_MAX)
    const wholePart = Number(toInteger(value))
    const fraction = Number(toInteger((value - wholePart + half / scale) * scale))
    return wholePart + fraction / scale
  }
}

/** The forms of this file. */
export const numbers = {
  abs: call => {
    const value = call.number('abs')
    return typeof value === 'bigint' ? BigInt.asIntN(64, value < 0n ? -value : value) : Math.abs(value)
  },
  add: fold('add', add),
  subtract: fold('subtract', subtract),
  multiply: fold('multiply', multiply),
  divide: fold('divide', nonZero(quotient)),
  modulo: fold('modulo', nonZero(remainder)),
  bitand: fold(
    'bitand',
    bits((a, b) => a & b),
  ),
  bitor: fold(
    'bitor',
    bits((a, b) => a | b),
  ),
  bitxor: fold(
    'bitxor',
    bits((a, b) => a ^ b),
  ),
  bitnot: call => ~wholeOf(call.number('bitnot')),
  ceil: whole('ceil', Math.ceil),
  floor: whole('floor', Math.floor),
  sign: evaluateSign,
  round: places('round', 0.5, (value, scale) => Number(toInteger(Number(toInteger(value * scale + 0.5)) / scale))),
  trunc: places('trunc', 0, (value, scale) => Number(toInteger(value * scale)) / scale),
} satisfies Record<string, Evaluate>
