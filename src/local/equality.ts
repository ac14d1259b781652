/**
 * When two values are equal (protocol.md E.6), which is another question than their order: strings are by code points,
 * objects whatever the order of their keys.
 */
import { compareValues, fieldsOf } from './compare.ts'
import {
  Action,
  Bytes,
  CalendarDate,
  Lambda,
  Ref,
  SetValue,
  Time,
  UnresolvedRef,
  Uuid,
  VersionValue,
} from './values.ts'
import type { ObjectValue, Value } from './values.ts'

/** What every arrival and every departure also is to `equals`, below version 5 (protocol.md D.4). */
const actionAliases: Readonly<Record<string, string>> = {
  add: 'create',
  update: 'create',
  remove: 'delete',
}

/** How actions compare with strings: `exact` by their own word only. */
export type ActionEquality = 'aliased' | 'exact'

function isNumber(value: Value): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number'
}

/**
 * Whether `equals` holds: integers and doubles by their number, `-0.0` apart from `0`, NaN as itself. Inside of arrays
 * and objects they are to be of one type; there `-0.0` is `0.0`, and NaN nothing.
 */
export function isEqual(a: Value, b: Value, actions: ActionEquality = 'aliased'): boolean {
  if (isNumber(a) && isNumber(b)) return isEqualNumber(a, b)
  const isExact = actions === 'exact' && (a instanceof Action || b instanceof Action)
  return isExact ? nameOf(a) !== undefined && nameOf(a) === nameOf(b) : isIdentical(a, b)
}

function isEqualNumber(a: bigint | number, b: bigint | number): boolean {
  return typeof a === 'bigint' && typeof b === 'bigint' ? a === b : Object.is(Number(a), Number(b))
}

function nameOf(value: Value): string | undefined {
  return value instanceof Action ? value.name : typeof value === 'string' ? value : undefined
}

/** Whether an action is one that a word names, or one of those that it also stands for. */
function isAction(action: Action, word: string): boolean {
  return action.name === word || actionAliases[action.name] === word
}

/**
 * Whether two values are the same: deeply, of the same types, whatever the order of keys. What is one and the same value
 * is it unseen, whatever stands in it.
 */
export function isIdentical(a: Value, b: Value): boolean {
  if (typeof a === 'object' && a === b) return true
  if (a instanceof Action && b instanceof Action) return a.name === b.name
  if (a instanceof Action && typeof b === 'string') return isAction(a, b)
  if (b instanceof Action && typeof a === 'string') return isAction(b, a)
  if (typeof a === 'string' || typeof b === 'string') return a === b
  if (isNumber(a) || isNumber(b)) return a === b
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((element, i) => isIdentical(element, b[i] ?? null))
  }
  if (a instanceof SetValue && b instanceof SetValue) return isIdenticalForm(a.form, b.form)
  if (a instanceof SetValue || b instanceof SetValue || a instanceof Lambda || b instanceof Lambda) {
    return a !== null && b !== null && canonicalKey(a) === canonicalKey(b)
  }
  if (a instanceof UnresolvedRef || b instanceof UnresolvedRef) {
    return (
      a instanceof UnresolvedRef &&
      b instanceof UnresolvedRef &&
      a.kind === b.kind &&
      a.name === b.name &&
      a.id === b.id &&
      isIdentical(a.scope ?? null, b.scope ?? null)
    )
  }
  if (a instanceof Ref && b instanceof Ref && a.database !== b.database) return false
  const left = fieldsOf(a)
  const right = fieldsOf(b)
  if (left !== undefined && right !== undefined) return isSameKind(a, b) && isIdenticalObject(left, right)
  if (left !== undefined || right !== undefined) return false
  return compareValues(a, b) === 0
}

/** The same sets are made of the same, down to the types of their terms. */
function isIdenticalForm(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((part, i) => isIdenticalForm(part, b[i]))
  }
  if (!isForm(a) || !isForm(b))
    return a === b || (a !== undefined && b !== undefined && isIdentical(a as Value, b as Value))
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].every(key => isIdenticalForm(a[key], b[key]))
}

/** Forms of sets and their bounds are plain objects, values are not. */
function isForm(part: unknown): part is Readonly<Record<string, unknown>> {
  return typeof part === 'object' && part !== null && Object.getPrototypeOf(part) === Object.prototype
}

/** An object with the same fields is no version, page or event; and what `create` gave is not what `get` gives. */
function isSameKind(a: Value, b: Value): boolean {
  if (a instanceof Map || b instanceof Map) return a instanceof Map && b instanceof Map
  if (a instanceof VersionValue && b instanceof VersionValue) return a.isCreated === b.isCreated
  return a?.constructor === b?.constructor
}

function isIdenticalObject(a: ObjectValue, b: ObjectValue): boolean {
  if (a.size !== b.size) return false
  for (const [key, value] of a) {
    const other = b.get(key)
    if (other === undefined || !isIdentical(value, other)) return false
  }
  return true
}

function canonicalNumber(value: bigint | number): string {
  if (typeof value === 'bigint') return `n${value}`
  return Number.isInteger(value) ? `n${BigInt(value)}` : `n${value}`
}

/** A text that two values share exactly when they are equal as terms of an index: the key of a set. */
export function canonicalKey(value: unknown): string {
  if (typeof value === 'bigint' || typeof value === 'number') return canonicalNumber(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Time) return `t${value.nanoseconds}`
  if (value instanceof CalendarDate) return `d${value.days}`
  if (value instanceof Uuid) return `u${value.text}`
  if (value instanceof Bytes) return `b${Buffer.from(value.bytes).toString('base64')}`
  if (value instanceof Ref) return `r${value.database}/${value.collection}/${value.id}`
  if (Array.isArray(value)) return `[${value.map(canonicalKey).join()}]`
  if (value instanceof Map)
    return `{${[...value].map(([key, field]) => JSON.stringify(key) + canonicalKey(field)).join()}}`
  if (typeof value !== 'object' || value === null) return String(value)
  const fields = Object.entries(value).filter(([key]) => key !== 'at')
  return `${value.constructor.name}{${fields.map(([key, field]) => key + canonicalKey(field)).join()}}`
}
