/** The builders that are more than their row: what they take is no plain list of wire arguments. */
import { OptionError } from '../errors.ts'
import type { BuilderName } from './builders.ts'
import { Expr, type ExprArg } from './expr.ts'
import { forms } from './forms.ts'
import { build, checkArity, toShape, toWhere, wrapList, type Shape } from './shapes.ts'
import { toLambda, wrap, wrapFields } from './wrap.ts'

/** Names and what they stand for: an object, or one-key objects in an array where the order matters. */
export type Bindings = Readonly<Record<string, ExprArg | undefined>> | readonly Readonly<Record<string, ExprArg>>[]

/** What `Paginate` takes beside the set (protocol.md E.5). */
export type PaginateOptions = {
  /** The page that begins at this cursor, as a page's `after`. */
  readonly after?: ExprArg | undefined
  /** The page that ends before this cursor, as a page's `before`; `null` for the last page. */
  readonly before?: ExprArg | undefined
  /** `{ after: … }`, `{ before: … }` or `null`, where an expression decides which. */
  readonly cursor?: ExprArg | undefined
  /** The state at this time. Default: now. */
  readonly ts?: ExprArg | undefined
  /** Most elements of the page. Default of the server: 64. */
  readonly size?: ExprArg | undefined
  /** Whether to list the events of the history, not the members. Default: false. */
  readonly events?: ExprArg | undefined
  /** Whether to tell for each element which sets it is from. Default: false. */
  readonly sources?: ExprArg | undefined
}

const shapes = {
  let: toShape('Let'),
  do: toShape('Do'),
  object: toShape('Object'),
  quote: toShape('Quote'),
  call: toShape('Call'),
  format: toShape('Format'),
  lambda: toShape('Lambda'),
  ref: toShape('Ref'),
  select: toShape('Select'),
  match: toShape('Match'),
  paginate: toShape('Paginate'),
} satisfies Record<string, Shape>

/** Names of the options of `Paginate`: the optional keys of its form. */
const paginateOptions: readonly string[] = forms.paginate.slice(1).map(key => key.slice(0, -1))

const buildRef = build(shapes.ref)

/** The hand-written builders, by name. */
export const special = {
  /** The body may be a function: it gets a variable for each binding, in order. */
  Let(...args: [bindings: Bindings, body: ExprArg]): Expr {
    checkArity(shapes.let, args)
    const [bindings, body] = args
    const list = toObjects(bindings, toWhere(shapes.let, 0)).flatMap(binding =>
      Object.entries(wrapFields(binding, toWhere(shapes.let, 0))),
    )
    const variables = list.map(([name]) => new Expr({ var: name }))
    const value: unknown = typeof body === 'function' ? (body as (...all: Expr[]) => unknown)(...variables) : body
    return new Expr({ let: list.map(entry => Object.fromEntries([entry])), in: wrap(value, toWhere(shapes.let, 1)) })
  },

  /** Always an array: the server reads no bare expression here (protocol.md E.1). */
  Do(...args: ExprArg[]): Expr {
    checkArity(shapes.do, args)
    return new Expr({ do: args.map((arg, i) => wrap(arg, toWhere(shapes.do, i))) })
  },

  Object(...args: [fields: Readonly<Record<string, ExprArg | undefined>>]): Expr {
    checkArity(shapes.object, args)
    const where = toWhere(shapes.object, 0)
    return new Expr({ object: wrapFields(toObject(args[0], where), where) })
  },

  /** What is quoted is data already, and is not wrapped. */
  Quote(...args: [value: ExprArg]): Expr {
    checkArity(shapes.quote, args)
    return new Expr({ quote: args[0] })
  },

  Call(...args: [fn: ExprArg, ...args: ExprArg[]]): Expr {
    checkArity(shapes.call, args)
    return new Expr({ call: wrap(args[0], toWhere(shapes.call, 0)), arguments: wrapList(shapes.call, args, 1) })
  },

  Format(...args: [text: ExprArg, ...values: ExprArg[]]): Expr {
    checkArity(shapes.format, args)
    return new Expr({ format: wrap(args[0], toWhere(shapes.format, 0)), values: wrapList(shapes.format, args, 1) })
  },

  Lambda(...args: [parameters: ExprArg, expr?: ExprArg]): Expr {
    const [parameters, expr] = args
    const where = toWhere(shapes.lambda, 0)
    if (args.length === 1 && typeof parameters === 'function') {
      return toLambda(parameters as (...variables: Expr[]) => unknown, where)
    }
    checkArity(shapes.lambda, args)
    const names = Array.isArray(parameters) ? parameters : [parameters]
    if (!names.every(isText)) throw new OptionError(where, 'must be a name or an array of names')
    return new Expr({ lambda: parameters, expr: wrap(expr, toWhere(shapes.lambda, 1)) })
  },

  /** One argument alone is what a ref is made of: its `@ref`. */
  Ref(...args: [collection: ExprArg, id?: ExprArg, scope?: ExprArg]): Expr {
    if (args.length === 1) return new Expr({ '@ref': wrap(args[0], toWhere(shapes.ref, 0)) })
    return buildRef(...(args as ExprArg[]))
  },

  /** A default of `null` is one. */
  Select(...args: [path: ExprArg, from: ExprArg, fallback?: ExprArg]): Expr {
    checkArity(shapes.select, args)
    const [path, from, fallback] = args
    const wire = { select: wrap(path, toWhere(shapes.select, 0)), from: wrap(from, toWhere(shapes.select, 1)) }
    if (fallback === undefined) return new Expr(wire)
    return new Expr({ ...wire, default: wrap(fallback, toWhere(shapes.select, 2)) })
  },

  Match(...args: [index: ExprArg, ...terms: ExprArg[]]): Expr {
    checkArity(shapes.match, args)
    return new Expr({ match: wrap(args[0], toWhere(shapes.match, 0)), terms: wrapList(shapes.match, args, 1) })
  },

  Paginate(...args: [set: ExprArg, options?: PaginateOptions]): Expr {
    checkArity(shapes.paginate, args)
    const where = toWhere(shapes.paginate, 1)
    const options = toObject(args[1] ?? {}, where)
    const wrong = Object.keys(options).find(key => !paginateOptions.includes(key))
    if (wrong !== undefined) {
      throw new OptionError(`${where}.${wrong}`, `is not an option; there are ${paginateOptions.join(', ')}`)
    }
    return new Expr({ paginate: wrap(args[0], toWhere(shapes.paginate, 0)), ...wrapFields(options, where) })
  },
} satisfies Partial<Record<BuilderName, (...args: never[]) => Expr>>

function toObjects(bindings: Bindings, where: string): readonly object[] {
  return Array.isArray(bindings) ? bindings.map(binding => toObject(binding, where)) : [toObject(bindings, where)]
}

function toObject(value: unknown, where: string): object {
  const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isPlain || '_isFaunaExpr' in value) throw new OptionError(where, 'must be a plain object')
  return value
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
