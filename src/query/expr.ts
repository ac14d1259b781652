/** An expression: the wire JSON of a question, not yet sent. */
import { print } from './print.ts'

const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** What may stand where a query wants a value: expressions and values of this package or the official one, whatever has
 * a `toJSON` that gives wire JSON, plain data (`Date` and bytes too), and functions where FQL wants a lambda. */
export type ExprArg =
  | string
  | number
  | bigint
  | boolean
  | null
  | object
  // A function's parameters become FQL variables of the same names; any number of them.
  | ((...variables: Expr[]) => unknown)

/**
 * An expression of FQL, made by the functions of `q`. It can stand in other expressions, here and in the official
 * `faunadb` package, which knows it by `_isFaunaExpr` and reads `raw`.
 */
export class Expr {
  /** The wire form; it may hold expressions and values, which are asked for theirs when it is written. */
  readonly raw: unknown

  constructor(raw: unknown) {
    this.raw = raw
    Object.freeze(this)
  }

  /** The mark by which this package and the official one know an expression. */
  get _isFaunaExpr(): true {
    return true
  }

  /** The wire form, as `{ get: { ref: …, id: '1' } }` (protocol.md E.1). */
  toJSON(): unknown {
    return this.raw
  }

  /** The expression as one would write it, as `Get(Ref(Collection("orders"), "1"))`. */
  toString(): string {
    return print(this)
  }

  [inspect](): string {
    return this.toString()
  }
}
