/** The expression builder: `q`, made of the table's rows and the hand-written few. */
import { builders, type BuilderName } from './builders.ts'
import type { Expr, ExprArg } from './expr.ts'
import { build, toShape, type Arguments } from './shapes.ts'
import { special } from './special.ts'
import type { Builders } from './surface.ts'

export { Expr, type ExprArg } from './expr.ts'
export type { Bindings, PaginateOptions } from './special.ts'
export type { Builders } from './surface.ts'
export { toWire } from './wrap.ts'

type TabledName = Exclude<BuilderName, keyof typeof special>
type Tabled = { readonly [Name in TabledName]: (...args: Arguments<Name>) => Expr }

const tabled = Object.fromEntries(
  (Object.keys(builders) as BuilderName[]).map((name): [BuilderName, (...args: ExprArg[]) => Expr] => [
    name,
    build(toShape(name)),
  ]),
) as unknown as Tabled

/** The functions that make expressions: `q.Get(q.Ref(q.Collection('orders'), '1'))`. */
export const q: Readonly<Builders> = Object.freeze({ ...tabled, ...special })
