/** The expression builder, and what becomes of its expressions on the wire. */
export { Expr, type ExprArg } from './expr.ts'
export { q, type Builders } from './q.ts'
export type { Bindings, PaginateOptions } from './special.ts'
export { toWire } from './wrap.ts'
