/**
 * A function as it is when it was stored and is called: the real server keeps its text in normal form, and reads that again
 * (MODEL/ast/Expression.scala `parsedState`). So its errors are told at places in the normal form, what was quoted in it is
 * a form by now, and what it had captured is a `let` around its body.
 */
import type { Query } from './frame.ts'
import { Failure } from './failures.ts'
import { sourceOfFunction } from './function-sources.ts'
import { readFunction } from './parse.ts'
import type { Lambda } from './values.ts'

/** What was read again, by what is stored. */
const again = new WeakMap<Lambda, Lambda>()

/** The function to call for a stored one. What cannot be read again is called as it was. */
export function readStored(stored: Lambda, query: Query): Lambda {
  const known = again.get(stored)
  if (known !== undefined) return known
  const lambda = readAgain(stored, query) ?? stored
  again.set(stored, lambda)
  return lambda
}

function readAgain(stored: Lambda, query: Query): Lambda | undefined {
  try {
    return readFunction(sourceOfFunction(stored), query, stored.apiVersion)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}
