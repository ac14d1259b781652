/** Forms that compare values. */
import type { Call, Evaluate } from '../call.ts'
import { undefinedRef } from '../casts.ts'
import { checkOrdered, compareValues } from '../compare.ts'
import { isEqual } from '../equality.ts'
import { isBefore } from '../dialects.ts'
import { collect } from '../failures.ts'
import { UnresolvedRef } from '../values.ts'
import type { Value } from '../values.ts'

/** The version since which an action equals no other word than its own. */
const EXACT_ACTIONS_SINCE = 5

/** A form that holds when it holds between every two neighbours. What nothing has the name of has no place in the order. */
function chain(key: string, holds: (a: Value, b: Value) => boolean): Evaluate {
  return call => {
    const values = collect(call.nonEmptyList(key), ({ value }) => {
      if (value instanceof UnresolvedRef) throw undefinedRef(value, call.at(key))
      return value
    })
    for (const value of values) checkOrdered(value)
    return values.every((value, i) => i === 0 || holds(values[i - 1] ?? null, value))
  }
}

/** All are compared with the first. */
const evaluateEquals: Evaluate = call => {
  const [first = null, ...others] = call.nonEmptyList('equals').map(({ value }) => value)
  const actions = isBefore(call.query.apiVersion, EXACT_ACTIONS_SINCE) ? 'aliased' : 'exact'
  return others.every(other => isEqual(first, other, actions))
}

function evaluateNot(call: Call): boolean {
  return !call.boolean('not')
}

/** The forms of this file. */
export const comparison = {
  equals: evaluateEquals,
  lt: chain('lt', (a, b) => compareValues(a, b) < 0),
  lte: chain('lte', (a, b) => compareValues(a, b) <= 0),
  gt: chain('gt', (a, b) => compareValues(a, b) > 0),
  gte: chain('gte', (a, b) => compareValues(a, b) >= 0),
  not: evaluateNot,
} satisfies Record<string, Evaluate>
