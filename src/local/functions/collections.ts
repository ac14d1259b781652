/** Forms over arrays, pages and sets: each of the three is a carrier of values, with its own rules (protocol.md E.8). */
import type { Call, Carrier, Evaluate } from '../call.ts'
import { castBoolean, castNumber } from '../call.ts'
import { compareValues, fieldsOf } from '../compare.ts'
import { collect, failure, wrongType } from '../failures.ts'
import { typeName } from '../kinds.ts'
import { openSet, valueOf } from '../sets.ts'
import { Lambda, Page, SetValue, inside } from '../values.ts'
import type { ObjectValue, Position, SetForm, Value } from '../values.ts'
import { add } from './numbers.ts'

function isSet(carrier: Carrier): carrier is SetForm {
  return !Array.isArray(carrier) && !(carrier instanceof Page)
}

/** All values of a carrier; a set is read to its end. */
function valuesOf(call: Call, carrier: Carrier, key: string): Value[] {
  if (Array.isArray(carrier)) return carrier
  if (carrier instanceof Page) return carrier.data
  const reader = openSet(carrier, call.setContext(key))
  return Array.from(reader.ascend(), valueOf)
}

/** An array or a page. */
function arrayOrPage(call: Call, key: string): Value[] | Page {
  const value = call.value(key)
  if (Array.isArray(value) || value instanceof Page) return value
  throw wrongType(call.at(key), 'Array or Page', typeName(value))
}

function withData(carrier: Value[] | Page, data: Value[]): Value {
  return Array.isArray(carrier) ? data : new Page(data, carrier.before, carrier.after)
}

const evaluateMap: Evaluate = call => {
  const carrier = arrayOrPage(call, 'collection')
  const apply = call.lambda('map')
  return withData(carrier, (Array.isArray(carrier) ? carrier : carrier.data).map(apply))
}

const evaluateForeach: Evaluate = call => {
  const carrier = arrayOrPage(call, 'collection')
  const apply = call.lambda('foreach')
  for (const value of Array.isArray(carrier) ? carrier : carrier.data) apply(value)
  return carrier
}

const evaluateFilter: Evaluate = call => {
  const carrier = call.carrier('collection')
  if (isSet(carrier)) {
    const lambda = call.value('filter')
    if (!(lambda instanceof Lambda)) throw wrongType(call.at('filter'), 'Lambda', typeName(lambda))
    return new SetValue({ kind: 'filter', set: carrier, lambda })
  }
  const apply = call.lambda('filter')
  const values = Array.isArray(carrier) ? carrier : carrier.data
  const verdicts = collect(values, (value, i) => castBoolean(apply(value), inside(call.position, i)))
  return withData(
    carrier,
    values.filter((_, i) => verdicts[i]),
  )
}

/** One value of a whole carrier: of a page a page of one element. */
function summarise(call: Call, key: string, summary: (values: Value[], at: Position) => Value): Value {
  const carrier = call.carrier(key)
  const value = summary(valuesOf(call, carrier, key), call.at(key))
  return carrier instanceof Page ? new Page([value], carrier.before, carrier.after) : value
}

const evaluateReduce: Evaluate = call => {
  const initial = call.value('initial')
  const apply = call.lambda('reduce')
  const reduce = (values: Value[]): Value => values.reduce((sum, value) => apply([sum, value]), initial)
  return summarise(call, 'collection', reduce)
}

function numbersOf(values: readonly Value[], at: Position): (bigint | number)[] {
  return collect(values, (value, i) => castNumber(value, inside(at, i)))
}

function sum(values: readonly Value[], at: Position): bigint | number {
  return numbersOf(values, at).reduce(add, 0n)
}

function mean(values: readonly Value[], at: Position): number {
  if (values.length === 0) throw failure(at, 'invalid argument', 'Non-empty array expected.')
  return Number(sum(values, at)) / values.length
}

/** The greatest or least of a list; a list of one collection is that of its elements. */
function extreme(key: 'max' | 'min', sign: 1 | -1): Evaluate {
  return call => {
    const value = call.value(key)
    const isList = Array.isArray(value)
    const [only] = isList && value.length === 1 ? value : []
    const subject = Array.isArray(only) || only instanceof Page || only instanceof SetValue ? only : value
    if (subject instanceof Page) return new Page([greatest(call, key, subject.data, sign)])
    const values =
      subject instanceof SetValue ? valuesOf(call, subject.form, key) : Array.isArray(subject) ? subject : [subject]
    return greatest(call, key, values, sign)
  }
}

function greatest(call: Call, key: string, values: readonly Value[], sign: 1 | -1): Value {
  if (values.length === 0) throw failure(call.at(key), 'invalid argument', 'Non-empty array expected.')
  return values.reduce((best, value) => (sign * compareValues(value, best) > 0 ? value : best))
}

function cutCount(call: Call, key: 'take' | 'drop'): number {
  return Math.max(0, Number(call.integer(key)))
}

/** On pages, what is left out becomes the cursor. */
const evaluateTake: Evaluate = call => {
  const count = cutCount(call, 'take')
  const carrier = arrayOrPage(call, 'collection')
  if (Array.isArray(carrier)) return carrier.slice(0, count)
  const left = carrier.data[count]
  return new Page(carrier.data.slice(0, count), carrier.before, left === undefined ? carrier.after : cursorOf(left))
}

const evaluateDrop: Evaluate = call => {
  const count = cutCount(call, 'drop')
  const carrier = arrayOrPage(call, 'collection')
  if (Array.isArray(carrier)) return carrier.slice(count)
  const first = carrier.data[count]
  return new Page(carrier.data.slice(count), first === undefined ? carrier.before : cursorOf(first), carrier.after)
}

function cursorOf(value: Value): Value {
  return Array.isArray(value) ? value : [value]
}

function extend(key: 'append' | 'prepend'): Evaluate {
  return call => {
    const elements = call.list(key).map(({ value }) => value)
    const carrier = arrayOrPage(call, 'collection')
    const data = Array.isArray(carrier) ? carrier : carrier.data
    return withData(carrier, key === 'append' ? [...data, ...elements] : [...elements, ...data])
  }
}

function isEmpty(call: Call, key: string): boolean {
  const carrier = call.carrier(key)
  if (!isSet(carrier)) return (Array.isArray(carrier) ? carrier : carrier.data).length === 0
  const reader = openSet(carrier, call.setContext(key))
  return reader.ascend()[Symbol.iterator]().next().done === true
}

function objectOf(call: Call, key: string): ObjectValue {
  const value = call.value(key)
  const fields = fieldsOf(value)
  if (fields === undefined) throw wrongType(call.at(key), 'Object', typeName(value))
  return fields
}

/** Later objects win; a null, given or made, takes the key away. */
const evaluateMerge: Evaluate = call => {
  let merged: ObjectValue = new Map(objectOf(call, 'merge'))
  const others = call.list('with').map(({ value, at }) => {
    const fields = fieldsOf(value)
    if (fields === undefined) throw wrongType(at, 'Object', typeName(value))
    return fields
  })
  const resolve = call.has('lambda') ? call.lambda('lambda') : undefined
  for (const other of others) {
    const next: ObjectValue = new Map(merged)
    for (const key of new Set([...merged.keys(), ...other.keys()])) {
      if (resolve === undefined && !other.has(key)) continue
      const value =
        resolve?.([key, merged.get(key) ?? null, other.get(key) ?? null]) ?? (resolve ? null : (other.get(key) ?? null))
      if (value === null) next.delete(key)
      else next.set(key, value)
    }
    merged = next
  }
  return merged
}

/** The forms of this file. */
export const collections = {
  map: evaluateMap,
  foreach: evaluateForeach,
  filter: evaluateFilter,
  reduce: evaluateReduce,
  merge: evaluateMerge,
  prepend: extend('prepend'),
  append: extend('append'),
  take: evaluateTake,
  drop: evaluateDrop,
  is_empty: call => isEmpty(call, 'is_empty'),
  is_nonempty: call => !isEmpty(call, 'is_nonempty'),
  count: call => summarise(call, 'count', values => BigInt(values.length)),
  sum: call => summarise(call, 'sum', sum),
  mean: call => summarise(call, 'mean', mean),
  any: call => summarise(call, 'any', (values, at) => booleansOf(values, at).includes(true)),
  all: call => summarise(call, 'all', (values, at) => !booleansOf(values, at).includes(false)),
  max: extreme('max', 1),
  min: extreme('min', -1),
} satisfies Record<string, Evaluate>

function booleansOf(values: readonly Value[], at: Position): boolean[] {
  return collect(values, (value, i) => castBoolean(value, inside(at, i)))
}
