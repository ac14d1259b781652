/** Literals → wire JSON: what stands between the arguments of a builder and the expression that it makes. */
import { OptionError } from '../errors.ts'
import { Bytes, encode, FaunaTime, hasToJson, isExpr, maxDepth, refuse, toPathStep } from '../values/index.ts'
import { Expr } from './expr.ts'
import { readParameters } from './parameters.ts'

/**
 * The wire JSON of something that stands in a query. Expressions, values and whatever else has a `toJSON` are taken as
 * they are; arrays element by element; plain objects become `{ object: … }`, since on the wire an object is a call;
 * `Date` and bytes become values; functions become lambdas. Keys whose value is `undefined` are left out.
 *
 * An object whose only key is a tag of the wire (`{ '@ref': … }`) is read by the server as that value, as it is when
 * the official driver sends it.
 *
 * `where` is what an error calls the value. Throws `OptionError`, naming the path, for what has no wire form.
 */
export function wrap(value: unknown, where: string, depth = 0): unknown {
  if (typeof value === 'function') return toLambda(value as (...variables: Expr[]) => unknown, where, depth)
  const reason = refuse(value)
  if (reason !== undefined) throw new OptionError(where, reason)
  if (typeof value !== 'object' || value === null || isExpr(value)) return value
  if (value instanceof Date) return new FaunaTime(value)
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return new Bytes(value)
  if (hasToJson(value)) return value
  if (depth >= maxDepth) {
    throw new OptionError(where.slice(0, maxShownPath), `contains itself, or is nested deeper than ${maxDepth} levels`)
  }
  // Not `map`, which would leave holes out.
  if (Array.isArray(value)) return Array.from(value, (item, i) => wrap(item, where + toPathStep(i), depth + 1))
  return { object: wrapFields(value, where, depth) }
}

/** The fields of an object, each wrapped; those that are `undefined` left out. */
export function wrapFields(fields: object, where: string, depth = 0): Record<string, unknown> {
  const entries = Object.entries(fields).filter(([, field]) => field !== undefined)
  return Object.fromEntries(entries.map(([key, field]) => [key, wrap(field, where + toPathStep(key), depth + 1)]))
}

/** A lambda in wire form, from a function: it is called once, with variables named as its parameters are. */
export function toLambda(make: (...variables: Expr[]) => unknown, where: string, depth = 0): Expr {
  const names = readParameters(make, where)
  const body = make(...names.map(name => new Expr({ var: name })))
  if (body === undefined) throw new OptionError(where, 'the function returns nothing; a lambda needs an expression')
  return new Expr({ lambda: names.length === 1 ? names[0] : names, expr: wrap(body, where, depth + 1) })
}

/**
 * The wire JSON text of what a caller wants to be asked: an expression of this package or the official one, a value,
 * anything with a `toJSON` that gives wire JSON, or plain data.
 *
 * Throws `OptionError`, naming the path under `expr`, for what has no wire form.
 */
export function toWire(expr: unknown): string {
  return encode(wrap(expr, 'expr'), 'expr')
}

/** Most characters of a path that an error shows, where the path may go round in a circle. */
const maxShownPath = 100
