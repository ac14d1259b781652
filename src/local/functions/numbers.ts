/** Arithmetic: integers of 64 bits that wrap around, doubles, and both together as doubles (protocol.md E.8). */
import type { Evaluate } from '../call.ts'
import { castNumber } from '../call.ts'
import { collect, failure } from '../failures.ts'
import type { Position } from '../values.ts'

/** An integer or a double. */
export type Numeric = bigint | number

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
} satisfies Record<string, Evaluate>
