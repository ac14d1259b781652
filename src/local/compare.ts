/** The one order of all values: by it sets are sorted and `lt`, `max` and the others decide (protocol.md E.6). */
import {
  Action,
  Bytes,
  CalendarDate,
  Lambda,
  Page,
  PendingTime,
  Ref,
  SetValue,
  Time,
  UnresolvedRef,
  Uuid,
  VersionValue,
} from './values.ts'
import { DocumentEventValue, EventPlace, SetEventValue, Sourced } from './values.ts'
import type { ObjectValue, SetForm, Value } from './values.ts'
import { FUNCTIONS_KNOW_SINCE } from './dialects.ts'
import { sourceOfFunction } from './function-sources.ts'
import { collectionOf } from './native.ts'
import { compareStrings } from './order.ts'
import { storedSet } from './set-shapes.ts'
import { cannotEncode } from './unknown-names.ts'

/** The place of a type in the order of types. */
function rankOf(value: Value): number {
  if (value === null) return 13
  if (value === true) return 12
  if (value === false) return 11
  if (typeof value === 'bigint' || typeof value === 'number') return 0
  if (value instanceof Bytes) return 1
  if (typeof value === 'string' || value instanceof Action) return 2
  if (Array.isArray(value)) return 3
  if (value instanceof Ref || value instanceof UnresolvedRef) return REF_RANK
  if (value instanceof Time) return 6
  if (value instanceof CalendarDate) return 7
  if (value instanceof Lambda) return 8
  if (value instanceof PendingTime) return 9
  if (value instanceof Uuid) return 10
  return 4
}

const REF_RANK = 5

/** Whether values of the type stand before all refs. */
export function isOrderedBelowRefs(value: Value): boolean {
  return rankOf(value) < REF_RANK
}

/** An integer beside a double counts as one: what 53 bits do not know makes no difference. `-0.0` is before `0.0`. */
function compareNumbers(a: bigint | number, b: bigint | number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  if (typeof a !== typeof b) return compareNumbers(Number(a), Number(b))
  if (a < b) return -1
  return a > b ? 1 : Number(Object.is(b, -0)) - Number(Object.is(a, -0))
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b)
}

/** In which order the fields of objects are gone through: as they are in functions, laid in order elsewhere. */
type FieldOrder = 'laid' | 'written'

function compareLists(a: readonly Value[], b: readonly Value[], fields: FieldOrder): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compareValues(a[i] ?? null, b[i] ?? null, fields)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** Keys are laid in order by their code units, and only then compared as strings are. */
function byKey([a]: readonly [string, Value], [b]: readonly [string, Value]): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compareObjects(a: ObjectValue, b: ObjectValue, fields: FieldOrder): number {
  const left = fields === 'laid' ? [...a].sort(byKey) : [...a]
  const right = fields === 'laid' ? [...b].sort(byKey) : [...b]
  for (let i = 0; i < left.length && i < right.length; i++) {
    const [leftKey, leftValue] = left[i] as [string, Value]
    const [rightKey, rightValue] = right[i] as [string, Value]
    const order = compareStrings(leftKey, rightKey) || compareValues(leftValue, rightValue, fields)
    if (order !== 0) return order
  }
  return left.length - right.length
}

/** Functions have the order of their texts; those that know their version are before all others, in its order. */
function compareFunctions(a: Lambda, b: Lambda): number {
  return compareValues(functionTerm(a), functionTerm(b), 'written')
}

function functionTerm(lambda: Lambda): Value {
  const source = sourceOfFunction(lambda)
  const version = Number.parseInt(lambda.apiVersion, 10)
  return version < FUNCTIONS_KNOW_SINCE ? source : [Number.isNaN(version) ? Infinity : version, source]
}

/** The order of refs among values: by the bytes of id and collection, so that negative ids come last. */
function compareRefValues(a: Ref, b: Ref): number {
  const [one, other] = [BigInt.asUintN(64, a.id), BigInt.asUintN(64, b.id)]
  return one === other ? a.collection - b.collection : one < other ? -1 : 1
}

/** The order of documents: by id as a signed integer, then by collection. */
export function compareRefs(a: Ref, b: Ref): number {
  if (a.id !== b.id) return a.id < b.id ? -1 : 1
  return a.collection - b.collection || a.database - b.database
}

/**
 * A set that an element of a page is from: that of a collection has no text then, as on the real server, and that of a
 * document is its ref.
 */
export function sourceValue(source: SetForm): SetValue | Ref {
  if (source.kind === 'singleton' && source.isDocument === true) return source.ref
  return new SetValue(source.kind === 'documents' ? { ...source, isSource: true } : source)
}

/** A value that has fields, as an object: versions, pages and events count as one. */
export function fieldsOf(value: Value): ObjectValue | undefined {
  if (value instanceof Map) return value
  if (value instanceof VersionValue) {
    const ts = value.isPending ? new PendingTime(value.ts) : BigInt(value.ts)
    return new Map<string, Value>([['ref', value.ref], ['ts', ts], ...value.fields])
  }
  if (value instanceof Page) {
    const fields: ObjectValue = new Map()
    if (value.before !== undefined) fields.set('before', value.before)
    if (value.after !== undefined) fields.set('after', value.after)
    return fields.set('data', value.data)
  }
  if (value instanceof DocumentEventValue) {
    return new Map<string, Value>([
      ['ts', BigInt(value.ts)],
      ['action', new Action(value.action)],
      ['document', value.ref],
      ...value.fields,
    ])
  }
  if (value instanceof SetEventValue) {
    const fields = new Map<string, Value>([
      ['ts', BigInt(value.ts)],
      ['action', new Action(value.action)],
      ['document', value.ref],
    ])
    return value.values === undefined ? fields : fields.set('data', [...value.values])
  }
  if (value instanceof EventPlace) {
    const fields = new Map<string, Value>([
      ['ts', value.ts],
      ['action', new Action(value.action)],
    ])
    if (value.ref !== undefined) fields.set('document', value.ref)
    return value.values.length === 0 ? fields : fields.set('data', [...value.values])
  }
  if (value instanceof Sourced) {
    return new Map<string, Value>([
      ['value', value.value],
      ['sources', value.sources.map(sourceValue)],
    ])
  }
  return undefined
}

/** Throws for a value in which something has no place in the order: a name that nothing has, a set that is not stored. */
export function checkOrdered(value: Value): void {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof UnresolvedRef) throw cannotEncode(value)
  const parts = Array.isArray(value) ? value : storedFieldsOf(value)?.values()
  for (const part of parts ?? []) checkOrdered(part)
}

/** Negative, zero or positive: the order of two values of any types. */
export function compareValues(a: Value, b: Value, fields: FieldOrder = 'laid'): number {
  const rank = rankOf(a)
  const ranks = rank - rankOf(b)
  if (ranks !== 0) return ranks
  if (rank === 0) return compareNumbers(a as bigint | number, b as bigint | number)
  if (a instanceof Bytes && b instanceof Bytes) return compareBytes(a.bytes, b.bytes)
  if (rank === 2) return compareStrings(textOf(a), textOf(b))
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b, fields)
  if (a instanceof Ref && b instanceof Ref) return compareRefValues(a, b)
  if (a instanceof Time && b instanceof Time) return compareNumbers(a.nanoseconds, b.nanoseconds)
  if (a instanceof CalendarDate && b instanceof CalendarDate) return a.days - b.days
  if (a instanceof Uuid && b instanceof Uuid) return compareStrings(a.text, b.text)
  if (a instanceof Lambda && b instanceof Lambda) return compareFunctions(a, b)
  const left = storedFieldsOf(a)
  const right = storedFieldsOf(b)
  return left !== undefined && right !== undefined ? compareObjects(left, right, fields) : 0
}

/**
 * The fields that are stored of a value, and that it is compared by: versions name their collection twice over, and
 * events have the words of old and nothing of the document (irValue in MODEL/ast/Expression.scala).
 */
export function storedFieldsOf(value: Value): ObjectValue | undefined {
  if (value instanceof SetValue) return storedSet(value.form)
  if (value instanceof VersionValue) {
    const collection = collectionOf(value.ref)
    const fields = fieldsOf(value) ?? new Map<string, Value>()
    return new Map<string, Value>([['ref', value.ref], ['class', collection], ['collection', collection], ...fields])
  }
  if (value instanceof DocumentEventValue || value instanceof SetEventValue || value instanceof EventPlace) {
    const fields = new Map<string, Value>([
      ['ts', BigInt(value.ts)],
      ['action', value.action],
      ['resource', value.ref ?? null],
    ])
    const values = value instanceof DocumentEventValue ? undefined : value.values
    return values === undefined || values.length === 0 ? fields : fields.set('values', [...values])
  }
  return fieldsOf(value)
}

/**
 * What a value is as a term or a value of an index, or as a place in a set: what has fields is an object, and the keys
 * of objects are in their order (`normalizedValue` in STOR/index/IndexTerm.scala).
 */
export function termOf(value: Value): Value {
  if (Array.isArray(value)) return value.map(termOf)
  if (value instanceof Action) return value.name
  const fields = storedFieldsOf(value)
  return fields === undefined ? value : new Map([...fields].sort(byKey).map(([key, field]) => [key, termOf(field)]))
}

function textOf(value: Value): string {
  return value instanceof Action ? value.name : (value as string)
}
