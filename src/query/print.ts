/**
 * Expressions → text as people write them, for messages and consoles; `text/` reads it back. What `q` made becomes the
 * same wire form again; a ref, time or date that was put into it as a value becomes the call that makes it.
 */
import { hasToJson, isExpr } from '../values/index.ts'
import { builders } from './builders.ts'
import { forms, type FormName } from './forms.ts'

type Wire = Readonly<Record<string, unknown>>

/** How a form is written: the name to call, and the keys of its arguments in call order; whether all may be left out. */
type Call = { readonly name: string; readonly keys: readonly string[]; readonly isOptional: boolean }

const calls: ReadonlyMap<string, Call> = new Map(
  Object.entries(builders).map(([name, row]: [string, FormName | readonly [FormName, ...string[]]]) => {
    const form = typeof row === 'string' ? row : row[0]
    const keys: readonly string[] = typeof row === 'string' ? forms[row] : row.slice(1)
    return [form, { name, keys: keys.map(toPlainKey), isOptional: keys[0]?.endsWith('?') === true }]
  }),
)

/** Forms whose one array is written as a list of arguments. */
const variadic: ReadonlySet<string> = new Set(
  Object.entries(forms).flatMap(([form, keys]) => (keys.length === 1 && keys[0].endsWith('…') ? [form] : [])),
)

/** How forms are written that are no plain list of arguments. */
const special: Readonly<Record<string, (wire: Wire) => string>> = {
  object: wire => printFields(wire['object']),
  quote: wire => `Quote(${printData(wire['quote'])})`,
  '@ref': wire => printCall('Ref', [wire['@ref']]),
  do: wire => printCall('Do', toList(wire['do'])),
  let: wire => `Let(${printBindings(wire['let'])}, ${print(wire['in'])})`,
  paginate: ({ paginate, ...options }) =>
    `Paginate(${print(paginate)}${Object.keys(options).length > 0 ? `, ${printFields(options)}` : ''})`,
  match: wire => printCall('Match', [wire['match'], ...toArguments(wire['terms'])]),
  call: wire => printCall('Call', [wire['call'], ...toArguments(wire['arguments'])]),
}

/** The text of an expression, value or wire JSON, as `Get(Ref(Collection("orders"), "1"))`. */
export function print(node: unknown): string {
  if (isExpr(node) && 'value' in node) return printValue(node)
  if (hasToJson(node)) return print(node.toJSON())
  if (Array.isArray(node)) return `[${node.map(print).join(', ')}]`
  if (typeof node === 'object' && node !== null) return printForm(node as Wire)
  if (typeof node === 'number') return printNumber(node)
  return typeof node === 'string' ? JSON.stringify(node) : String(node)
}

/** A double that has no fraction and is past the exact integers keeps its point: without it, it would be an integer. */
function printNumber(number: number): string {
  const text = String(number)
  return Number.isInteger(number) && !Number.isSafeInteger(number) && /^-?\d+$/.test(text) ? `${text}.0` : text
}

function printForm(wire: Wire): string {
  const form = Object.keys(wire)[0] ?? ''
  const write = Object.hasOwn(special, form) ? special[form] : undefined
  if (write !== undefined) return write(wire)
  const call = calls.get(form)
  if (call === undefined) return printFields(wire)
  if (variadic.has(form)) {
    const list = toArguments(wire[form])
    return printCall(call.name, list.length === 0 ? [[]] : list)
  }
  // What was left out before the last argument is `null`, which leaves it out again.
  const last = call.keys.findLastIndex(key => wire[key] !== undefined && !(call.isOptional && wire[key] === null))
  return printCall(
    call.name,
    call.keys.slice(0, last + 1).map(key => wire[key] ?? null),
  )
}

/** Values that no function makes are quoted. */
function printValue(value: object): string {
  const wire = hasToJson(value) ? value.toJSON() : undefined
  const isQuoted = typeof wire === 'object' && wire !== null && ('@set' in wire || '@query' in wire)
  return isQuoted ? `Quote(${printData(wire)})` : String(value)
}

/** Wire JSON as it is. */
function printData(node: unknown): string {
  if (hasToJson(node)) return printData(node.toJSON())
  if (Array.isArray(node)) return `[${node.map(printData).join(', ')}]`
  if (typeof node !== 'object' || node === null) return print(node)
  return joinFields(Object.entries(node).map(([key, value]) => [key, printData(value)]))
}

function printCall(name: string, args: readonly unknown[]): string {
  return `${name}(${args.map(print).join(', ')})`
}

function printFields(fields: unknown): string {
  return joinFields(Object.entries(fields as Wire).map(([key, value]) => [key, print(value)]))
}

function joinFields(fields: readonly (readonly [key: string, text: string])[]): string {
  const items = fields.map(([key, text]) => `${printKey(key)}: ${text}`)
  return items.length === 0 ? '{}' : `{ ${items.join(', ')} }`
}

function printBindings(bindings: unknown): string {
  if (!Array.isArray(bindings)) return printFields(bindings)
  const items = bindings.flatMap((binding: object) => Object.entries(binding))
  return joinFields(items.map(([key, value]) => [key, print(value)]))
}

function printKey(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)
}

function toList(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** Several are arguments of their own; an array of one has to stay an array. */
function toArguments(value: unknown): readonly unknown[] {
  return Array.isArray(value) && value.length === 1 ? [value] : toList(value)
}

function toPlainKey(key: string): string {
  return key.replace(/[?…]$/, '')
}
