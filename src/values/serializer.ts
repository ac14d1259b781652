/** Values and expressions → the text of wire JSON. */
import { OptionError } from '../errors.ts'
import { toBase64 } from './bytes.ts'

/**
 * Most containers inside each other that are read or written. The server reads about 1,000 (protocol.md D.3); an answer
 * wraps what was written in a few more. This much fits on a stack of Node's default size with room to spare.
 */
export const maxDepth = 1200

/** Objects that `JSON.stringify` prints as `{}`, losing what they hold without a word. */
const unprintable: ReadonlySet<string> = new Set(
  ['Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'Promise', 'RegExp', 'Error'].map(tag => `[object ${tag}]`),
)

/**
 * The wire JSON text of a value: as `JSON.stringify`, with bigints printed as integers, whole numbers outside
 * ±(2^53−1) as doubles, `Date` as `@ts` and bytes as `@bytes`. Whatever else has a `toJSON` is asked for its wire form; keys whose value is `undefined` are left out.
 *
 * `name` is what an error calls the value. Throws `OptionError`, naming the path, for what has no wire form: NaN and
 * infinities, functions, symbols, `undefined` elsewhere than under a key, cycles, more than `maxDepth` levels.
 */
export function encode(value: unknown, name = 'value'): string {
  return new Printer(name).print(value)
}

/** Why a value has no wire form, as a sentence that follows its name; `undefined` if it has one. */
export function refuse(value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : `${value} has no form in FQL`
    case 'undefined':
      return 'is undefined'
    case 'function':
    case 'symbol':
      return `a ${typeof value} cannot be sent`
    case 'object':
      return refuseObject(value)
    default:
      return undefined
  }
}

function refuseObject(value: object | null): string | undefined {
  if (value instanceof Date && Number.isNaN(value.getTime())) return 'is an invalid Date'
  const tag = Object.prototype.toString.call(value)
  return unprintable.has(tag) && !hasToJson(value) ? `${tag} cannot be sent: make it an object or array` : undefined
}

/** Whether a value has a wire form of its own: expressions and values of this package, the official one or others. */
export function hasToJson(value: unknown): value is { toJSON(): unknown } {
  return typeof value === 'object' && value !== null && typeof (value as { toJSON?: unknown }).toJSON === 'function'
}

/** A key as it stands in a path: `.name`, or `["a b"]` where it is not a plain name. */
export function toPathStep(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`
  return /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

/**
 * Integers that a number cannot hold exactly are bigints here, so a whole number past them was a double, and is printed
 * as one: an id or a count that was rounded before it came here is then refused by the server, not taken for another.
 */
function printNumber(value: number): string {
  const text = JSON.stringify(value)
  return Number.isInteger(value) && !Number.isSafeInteger(value) && !text.includes('e') ? `${text}.0` : text
}

class Printer {
  readonly #name: string
  readonly #path: (string | number)[] = []
  /** The objects being printed, outermost first: what an object must not contain again. */
  readonly #open = new Set<object>()

  constructor(name: string) {
    this.#name = name
  }

  print(value: unknown): string {
    const reason = refuse(value)
    if (reason !== undefined) throw this.#fail(reason)
    if (typeof value === 'number') return printNumber(value)
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'object' || value === null) return JSON.stringify(value)
    // Both have a `toJSON` of their own, or none, that would give something else.
    if (value instanceof Date) return `{"@ts":"${value.toISOString()}"}`
    if (value instanceof Uint8Array || value instanceof ArrayBuffer) return `{"@bytes":"${toBase64(value)}"}`
    return this.#printOpen(value)
  }

  #printOpen(value: object): string {
    if (this.#open.has(value)) throw this.#fail('contains itself')
    if (this.#open.size >= maxDepth) throw this.#fail(`is nested deeper than ${maxDepth} levels`)
    this.#open.add(value)
    const text = hasToJson(value) ? this.print(value.toJSON()) : this.#printItems(value)
    this.#open.delete(value)
    return text
  }

  /** One function for arrays and objects, since each call on the way down is stack that depth is paid with. */
  #printItems(value: object): string {
    const isArray = Array.isArray(value)
    const items: string[] = []
    for (const [key, item] of isArray ? value.entries() : Object.entries(value)) {
      if (item === undefined && !isArray) continue
      this.#path.push(key)
      const text = this.print(item)
      this.#path.pop()
      items.push(isArray ? text : `${JSON.stringify(key)}:${text}`)
    }
    return isArray ? `[${items.join(',')}]` : `{${items.join(',')}}`
  }

  #fail(reason: string): OptionError {
    const steps = this.#path.map(toPathStep)
    const path = steps.length <= maxShownSteps ? steps : [...steps.slice(0, maxShownSteps), '…']
    return new OptionError(this.#name + path.join(''), reason)
  }
}

/** Most steps of a path that an error shows. */
const maxShownSteps = 20
