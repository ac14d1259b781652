/**
 * What an expression is evaluated with: the request that it is part of, its variables, the time that is read at, and
 * how deep in functions it stands.
 */
import type { Access } from './access.ts'
import type { Database } from './database.ts'
import type { Deadline } from './deadline.ts'
import { failure } from './failures.ts'
import type { LiveVersion } from './history.ts'
import type { Store } from './store.ts'
import type { Transaction } from './transaction.ts'
import { inside } from './position.ts'
import type { Position } from './position.ts'
import { NO_NAME, VersionValue } from './values.ts'
import type { Expression, Lambda, Ref, Value } from './values.ts'

/** One request being evaluated. */
export type Query = {
  readonly store: Store
  readonly database: Database
  readonly transaction: Transaction
  readonly access: Access
  readonly apiVersion: string
  /** What a request may do: only a `query` may write. */
  readonly kind: 'query' | 'get' | 'stream'
  /** Whether it may be put off and run again: for an index that is being filled. */
  readonly canWait?: boolean
  /** How long all of it may take; what is evaluated beside requests has no limit. */
  readonly deadline?: Deadline
}

/** Variables, innermost first. */
export type Scope = { readonly name: string; readonly value: Value; readonly up: Scope } | null

/** Where an expression is evaluated. */
export type Frame = {
  readonly query: Query
  readonly scope: Scope
  /** The time of reads inside of `at`, in microseconds. */
  readonly readAt: number | undefined
  /** How many functions have called one another to come here. */
  readonly depth: number
  /** Why nothing may be written here: a lambda of a set, or a predicate. */
  readonly isPure?: boolean
}

/** Evaluates expressions; there is one. */
export interface Evaluator {
  run(expression: Expression, frame: Frame): Value
  /** Calls a function value with its argument. */
  apply(lambda: Lambda, argument: Value, frame: Frame): Value
}

/** Who reads a set, and where its errors are told: at the argument, but what has no history at the form. */
export type SetContext = {
  readonly frame: Frame
  readonly evaluator: Evaluator
  readonly at: Position
  readonly formAt: Position
}

/** How deep functions may be called inside of one another, those of the user and those of `map` and its kin alike. */
const MAX_CALL_DEPTH = 200

/** Fails where one more call would be too deep. */
export function checkDepth(depth: number, at: Position): void {
  if (depth < MAX_CALL_DEPTH) return
  throw failure(at, 'stack overflow', `Call stack reached the maximum limit of ${MAX_CALL_DEPTH}.`)
}

/** A document as a query sees it. */
export function showVersion(query: Query, ref: Ref, version: LiveVersion, isCreated = false): VersionValue {
  return new VersionValue(ref, version.ts, version.fields, query.transaction.isOwn(version.ts), isCreated)
}

/** The scope of a function's body: its parameters bound to the argument. */
export function bindParameters(
  parameters: string | readonly string[],
  argument: Value,
  scope: Scope,
  at: Position,
): Scope {
  if (typeof parameters === 'string') return bind(parameters, argument, scope)
  const values = Array.isArray(argument) ? argument : [argument]
  if (values.length !== parameters.length) {
    const counts = `${parameters.length} elements. Array contains ${values.length}.`
    throw failure(inside(at, 'lambda'), 'invalid argument', `Lambda expects an array with ${counts}`)
  }
  return parameters.reduce<Scope>((up, name, i) => bind(name, values[i] ?? null, up), scope)
}

function bind(name: string, value: Value, up: Scope): Scope {
  return name === NO_NAME ? up : { name, value, up }
}
