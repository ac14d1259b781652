/** Values as what a function wants them to be: each fails where a value is of another type, with its place. */
import { failure, wrongType } from './failures.ts'
import type { Failure } from './failures.ts'
import { typeName } from './kinds.ts'
import { COLLECTIONS, FIRST_USER_COLLECTION } from './native.ts'
import { CalendarDate, Page, Ref, SetValue, Time, UnresolvedRef } from './values.ts'
import type { SetForm, Value } from './values.ts'
import type { Position } from './position.ts'

/** An array, a page or a set: what the functions over collections take. */
export type Carrier = Value[] | Page | SetForm

/** An integer or a double. */
export function castNumber(value: Value, at: Position): bigint | number {
  if (typeof value !== 'bigint' && typeof value !== 'number') throw wrongType(at, 'Number', typeName(value))
  return value
}

/** A string. */
export function castString(value: Value, at: Position): string {
  if (typeof value !== 'string') throw wrongType(at, 'String', typeName(value))
  return value
}

/** A boolean. */
export function castBoolean(value: Value, at: Position): boolean {
  if (typeof value !== 'boolean') throw wrongType(at, 'Boolean', typeName(value))
  return value
}

/** A time: `@ts` or integer microseconds. */
export function castTime(value: Value, at: Position): Time {
  if (value instanceof Time) return value
  if (typeof value === 'bigint') return new Time(value * 1000n)
  throw wrongType(at, 'Time', typeName(value))
}

/** A time or a day. */
export function castTemporal(value: Value, at: Position): Time | CalendarDate {
  if (value instanceof CalendarDate || value instanceof Time) return value
  throw wrongType(at, 'Temporal', typeName(value))
}

/** The failure of a name that nothing has. */
export function undefinedRef(ref: UnresolvedRef, at: Position): Failure {
  return failure(at, 'invalid ref', `Ref refers to undefined ${ref.kind} '${ref.name}'`)
}

/** The ref of a document; `expected` is what the error says that was wanted. */
export function castRef(value: Value, at: Position, expected = 'Ref'): Ref {
  if (value instanceof UnresolvedRef) throw undefinedRef(value, at)
  if (!(value instanceof Ref)) throw wrongType(at, expected, typeName(value))
  return value
}

/** A ref or a set; native collections are the sets of their documents. */
export function castRefOrSet(value: Value, at: Position): Ref | SetForm {
  if (value instanceof SetValue) return value.form
  const ref = castRef(value, at, 'Ref or Set')
  return isNativeCollection(ref) ? { kind: 'documents', collection: ref, isSchema: true } : ref
}

/** A set; native collections are those of their documents. */
export function castSet(value: Value, at: Position): SetForm {
  const found = castRefOrSet(value, at)
  if (found instanceof Ref) throw wrongType(at, 'Set', typeName(found))
  return found
}

/** An array, a page or a set. */
export function castCarrier(value: Value, at: Position): Carrier {
  if (Array.isArray(value) || value instanceof Page) return value
  if (value instanceof UnresolvedRef) throw undefinedRef(value, at)
  const isSet = value instanceof SetValue || (value instanceof Ref && isNativeCollection(value))
  if (!isSet) throw wrongType(at, 'Array, Set, or Page', typeName(value))
  return castSet(value, at)
}

/** A set or an array. */
export function castSetOrArray(value: Value, at: Position): SetForm | Value[] {
  const carrier = castCarrier(value, at)
  if (carrier instanceof Page) throw wrongType(at, 'Set or Array', typeName(carrier))
  return carrier
}

/** Whether a ref is one of `collections()`, `keys()` and so on. */
export function isNativeCollection(ref: Ref): boolean {
  return ref.collection === COLLECTIONS && ref.id < FIRST_USER_COLLECTION
}
