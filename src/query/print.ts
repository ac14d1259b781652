/** Expressions → text as people write them, for messages and consoles. */
import { hasToJson, isExpr } from '../values/index.ts'
import { builders } from './builders.ts'
import { forms, type FormName } from './forms.ts'

type Wire = Readonly<Record<string, unknown>>

/** How a form is written: the name to call, and the keys of its arguments in call order. */
type Call = { readonly name: string; readonly keys: readonly string[] }

const calls: ReadonlyMap<string, Call> = new Map(
  Object.entries(builders).map(([name, row]: [string, FormName | readonly [FormName, ...string[]]]) => {
    const form = typeof row === 'string' ? row : row[0]
    return [form, { name, keys: (typeof row === 'string' ? forms[row] : row.slice(1)).map(toPlainKey) }]
  }),
)

/** Forms whose one array is written as a list of arguments. */
const variadic: ReadonlySet<string> = new Set(
  Object.entries(forms).flatMap(([form, keys]) => (keys.length === 1 && keys[0].endsWith('…') ? [form] : [])),
)

/** How forms are written that are no plain list of arguments. */
const special: Readonly<Record<string, (wire: Wire) => string>> = {
  object: wire => printFields(wire['object']),
  quote: wire => `Quote(${JSON.stringify(wire['quote'])})`,
  let: wire => `Let(${printBindings(wire['let'])}, ${print(wire['in'])})`,
  paginate: ({ paginate, ...options }) =>
    `Paginate(${print(paginate)}${Object.keys(options).length > 0 ? `, ${printFields(options)}` : ''})`,
  match: wire => printCall('Match', [wire['match'], ...toList(wire['terms'])]),
  call: wire => printCall('Call', [wire['call'], ...toList(wire['arguments'])]),
}

/** The text of an expression, value or wire JSON, as `Get(Ref(Collection("orders"), "1"))`. */
export function print(node: unknown): string {
  if (isExpr(node) && 'value' in node) return String(node)
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
  if (variadic.has(form)) return printCall(call.name, toList(wire[form]))
  return printCall(
    call.name,
    call.keys.filter(key => wire[key] !== undefined).map(key => wire[key]),
  )
}

function printCall(name: string, args: readonly unknown[]): string {
  return `${name}(${args.map(print).join(', ')})`
}

function printFields(fields: unknown): string {
  const items = Object.entries(fields as Wire).map(([key, value]) => `${printKey(key)}: ${print(value)}`)
  return items.length === 0 ? '{}' : `{ ${items.join(', ')} }`
}

function printBindings(bindings: unknown): string {
  if (!Array.isArray(bindings)) return printFields(bindings)
  const items = bindings.flatMap((binding: object) => Object.entries(binding))
  return `{ ${items.map(([key, value]) => `${printKey(key)}: ${print(value)}`).join(', ')} }`
}

function printKey(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)
}

function toList(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

function toPlainKey(key: string): string {
  return key.replace(/[?…]$/, '')
}
