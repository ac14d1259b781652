/** Row of the table → the function that people call, and its parameter types. */
import { OptionError } from '../errors.ts'
import { builders, sentNulls, subjects, type BuilderName } from './builders.ts'
import { Expr, type ExprArg } from './expr.ts'
import { forms, type FormName } from './forms.ts'
import { wrap } from './wrap.ts'

type Row = FormName | readonly [FormName, ...string[]]

/** The keys that a call of a row fills, in call order. */
type KeysOf<R> = R extends FormName ? (typeof forms)[R] : R extends readonly [FormName, ...infer Keys] ? Keys : never

type ParametersOf<Key> = Key extends `${string}?`
  ? [(ExprArg | undefined)?]
  : Key extends `${string}…`
    ? ExprArg[]
    : [ExprArg]

type ArgumentsOf<Keys> = Keys extends readonly [infer First, ...infer Rest]
  ? [...ParametersOf<First>, ...ArgumentsOf<Rest>]
  : []

/** The parameter types of a builder, from its row: `?` is optional, `…` takes any number. */
export type Arguments<Name extends BuilderName> = ArgumentsOf<KeysOf<(typeof builders)[Name]>>

/** What is read off a row once. */
export type Shape = {
  readonly name: BuilderName
  readonly form: FormName
  readonly keys: readonly string[]
  /** What errors call the arguments, with `?` and `…`. */
  readonly labels: readonly string[]
  readonly min: number
  readonly max: number
}

/** The shape of a builder's calls. */
export function toShape(name: BuilderName): Shape {
  const row: Row = builders[name]
  const form = typeof row === 'string' ? row : row[0]
  const marked: readonly string[] = typeof row === 'string' ? forms[row] : row.slice(1)
  const labels = marked.map(key => (toKey(key) === form ? toLabel(form, key) : key))
  const isVariadic = marked.at(-1)?.endsWith('…') ?? false
  return {
    name,
    form,
    keys: marked.map(toKey),
    labels,
    // Of a list that is all there is, one is needed; behind others it may be empty.
    min: marked.filter(key => !/[?…]$/.test(key)).length || (isVariadic ? 1 : 0),
    max: isVariadic ? Infinity : marked.length,
  }
}

/**
 * The function that makes a form's expression. It throws `OptionError`, naming itself and the argument, for a wrong
 * number of arguments, for `undefined` where one is needed, and for what has no wire form.
 */
export function build(shape: Shape): (...args: ExprArg[]) => Expr {
  const { name, form, keys, min, max } = shape
  const make = (...args: unknown[]): Expr => {
    checkArity(shape, args)
    if (max === Infinity) return new Expr({ [form]: wrapList(shape, args, 0) })
    // The form's own key goes first, whatever the call order: error messages of the server list the keys as sent.
    const wire: Record<string, unknown> = { [form]: null }
    for (const [i, arg] of args.entries()) {
      const key = keys[i]
      if (key === undefined || (i >= min && isLeftOut(arg, sentNulls[form] === key))) continue
      wire[key] = wrap(arg, toWhere(shape, i))
    }
    return new Expr(wire)
  }
  return Object.defineProperty(make, 'name', { value: name })
}

/** The arguments from `start` on, wrapped: one alone as it is, several as an array, which the server reads the same. */
export function wrapList(shape: Shape, args: readonly unknown[], start: number): unknown {
  const items = args.slice(start).map((arg, i) => wrap(arg, toWhere(shape, start + i)))
  return items.length === 1 ? items[0] : items
}

/** Throws `OptionError` if a call has too few or too many arguments, or `undefined` for one that it needs. */
export function checkArity(shape: Shape, args: readonly unknown[]): void {
  const { name, labels, min, max } = shape
  if (args.length < min || args.length > max) {
    const list = labels.length > 0 ? ` (${labels.join(', ')})` : ''
    throw new OptionError(name, `takes ${describeRange(min, max)}${list}, got ${args.length}`)
  }
  for (let i = 0; i < min; i++) {
    if (args[i] === undefined) throw new OptionError(toWhere(shape, i), 'is undefined')
  }
}

/** What an error calls an argument, as `Get(ref)` or `Add(value[2])`. */
export function toWhere({ name, labels, max }: Shape, i: number): string {
  const last = labels.length - 1
  if (max !== Infinity || i < last) return `${name}(${toKey(labels[i] ?? '')})`
  return `${name}(${toKey(labels[last] ?? '')}[${i - last}])`
}

/** An optional argument is left out by `null` too: on the wire it has to be absent (protocol.md E.1). */
function isLeftOut(arg: unknown, isNullSent: boolean): boolean {
  return arg === undefined || (arg === null && !isNullSent)
}

function describeRange(min: number, max: number): string {
  const range = max === min ? `${min}` : max === Infinity ? `at least ${min}` : `${min} to ${max}`
  return `${range} argument${range === '1' || range.endsWith(' 1') ? '' : 's'}`
}

function toKey(marked: string): string {
  return marked.replace(/[?…]$/, '')
}

function toLabel(form: FormName, marked: string): string {
  return (subjects[form] ?? 'value') + marked.slice(form.length)
}
