/** What changed between two versions of a document, as the stream tells it: a JSON merge patch (RFC 7396). */
import { encode, hasToJson } from '../values/index.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * The patch that makes `after` of `before`: keys that changed or came with their new value, objects key by key, arrays
 * whole, `null` for a key that went (protocol.md B.5). Its values are copies.
 */
export function diffFields(before: Fields, after: Fields): Record<string, unknown> {
  const patch: Record<string, unknown> = {}
  for (const key of Object.keys(after)) {
    const [old, now] = [own(before, key), after[key]]
    if (old === undefined) define(patch, key, copy(now))
    else if (isFields(old) && isFields(now)) {
      const inner = diffFields(old, now)
      if (Object.keys(inner).length > 0) define(patch, key, inner)
    } else if (!areEqual(old, now)) define(patch, key, copy(now))
  }
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) define(patch, key, null)
  return patch
}

/** A copy of decoded data, so that who changes one event changes no other. Values (refs, times, …) never change. */
export function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T
  if (!isFields(value)) return value
  const result: Record<string, unknown> = {}
  for (const key of Object.keys(value)) define(result, key, copy(value[key]))
  return result as T
}

/** Whether two pieces of decoded data are the same; the order of keys means nothing. */
export function areEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) return areItemsEqual(a, b)
  if (!isFields(a) || !isFields(b)) return hasToJson(a) && hasToJson(b) && encode(a) === encode(b)
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every(key => Object.hasOwn(b, key) && areEqual(a[key], b[key]))
}

function areItemsEqual(a: object, b: object): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  return a.every((item, i) => areEqual(item, b[i]))
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !hasToJson(value)
}

function own(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined
}

/** Data may have a key `__proto__`, which a plain assignment would not set. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true })
}
