/** What all values of FQL share: they are expressions too, here and in the official `faunadb` package. */

const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/**
 * The base of the values. Its marks stand on the prototype, so that they cost nothing on each value and are no part of
 * what `assert.deepEqual` compares.
 *
 * The official package has no other sign than these properties (its `Expr.js`, `_util.js`): without `_isFaunaExpr` it
 * takes a value for a plain object and sends its fields as an object literal, without an error; it prints whatever has
 * a `value` with `toString()`.
 */
export abstract class Value {
  /** The mark by which this package and the official one know an expression. */
  get _isFaunaExpr(): true {
    return true
  }

  /** What the value holds, in the shape that the official package's values have. */
  abstract readonly value: unknown

  /** The wire form, as `{ '@ts': '2024-05-01T12:00:00Z' }` (protocol.md D.1). */
  abstract toJSON(): unknown

  /** The value as one would write it in FQL, as `Time("2024-05-01T12:00:00Z")`. */
  abstract toString(): string

  [inspect](): string {
    return this.toString()
  }
}

/** Whether something is an expression or a value, of this package or of the official one. */
export function isExpr(value: unknown): value is { readonly _isFaunaExpr: true; toJSON(): unknown } {
  return typeof value === 'object' && value !== null && Boolean((value as { _isFaunaExpr?: unknown })._isFaunaExpr)
}
