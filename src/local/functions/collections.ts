/** Forms over arrays, pages and sets: each of the three is a carrier of values, with its own rules (protocol.md E.8). */
import { castBoolean, castNumber, undefinedRef } from '../casts.ts'
import type { Carrier } from '../casts.ts'
import type { Call, Evaluate } from '../call.ts'
import { checkOrdered, compareValues } from '../compare.ts'
import { isBefore } from '../dialects.ts'
import { effectOf } from '../effects.ts'
import { collect, failure, wrongType } from '../failures.ts'
import { MAX_UNHASHED, sortAsHashed } from '../hash-order.ts'
import { typeName } from '../kinds.ts'
import { allEvents, openEvents } from '../set-events.ts'
import { layoutOf } from '../set-layout.ts'
import { valueOf } from '../set-elements.ts'
import { openSet } from '../sets.ts'
import type { SetContext } from '../frame.ts'
import { inside } from '../position.ts'
import type { Position } from '../position.ts'
import { Lambda, Page, SetValue, UnresolvedRef } from '../values.ts'
import type { ObjectValue, SetForm, Value } from '../values.ts'
import { objectOf } from './conversions.ts'
import { add } from './numbers.ts'
import { readPage, showEvent } from './pages.ts'
import { hasDocument } from './reads.ts'

function isSet(carrier: Carrier): carrier is SetForm {
  return !Array.isArray(carrier) && !(carrier instanceof Page)
}

/** How a set that is an argument is read: what may not be is told at the function's own key. */
function contextOf(call: Call, key: string): SetContext {
  return { ...call.setContext(key), at: call.at(call.form.name) }
}

/** All values of a carrier; a set is read to its end. */
function valuesOf(call: Call, carrier: Carrier, key: string): Value[] {
  if (Array.isArray(carrier)) return carrier
  if (carrier instanceof Page) return carrier.data
  const { isHistory } = layoutOf(carrier, call.query.store)
  if (isHistory) return Array.from(allEvents(openEvents(carrier, contextOf(call, key))), showEvent)
  return Array.from(openSet(carrier, contextOf(call, key)).ascend(), valueOf)
}

/** An array or a page: sets are told apart from what is no collection at all. */
function castArrayOrPage(carrier: Carrier, call: Call, key: string): Value[] | Page {
  if (isSet(carrier)) throw wrongType(call.at(key), 'Array or Page', 'Set')
  return carrier
}

function withData(carrier: Value[] | Page, data: Value[]): Value {
  return Array.isArray(carrier) ? data : carrier.with(data)
}

function dataOf(carrier: Value[] | Page): Value[] {
  return Array.isArray(carrier) ? carrier : carrier.data
}

const evaluateMap: Evaluate = call => {
  const carrier = castArrayOrPage(call.carrier('collection'), call, 'collection')
  return withData(carrier, dataOf(carrier).map(call.lambda('map')))
}

const evaluateForeach: Evaluate = call => {
  const carrier = castArrayOrPage(call.carrier('collection'), call, 'collection')
  const apply = call.lambda('foreach')
  for (const value of dataOf(carrier)) apply(value)
  return carrier
}

function filterSet(call: Call, set: SetForm): SetValue {
  const lambda = call.value('filter')
  if (!(lambda instanceof Lambda)) throw wrongType(call.at('filter'), 'Lambda', typeName(lambda))
  if (effectOf(lambda.body) === 'write') {
    throw call.failAt('filter', 'Invalid lambda. Lambda in this context may not write or call a user function.')
  }
  return new SetValue({ kind: 'filter', set, lambda })
}

const evaluateFilter: Evaluate = call => {
  const carrier = call.carrier('collection')
  if (isSet(carrier)) return filterSet(call, carrier)
  const apply = call.lambda('filter')
  const answers = collect(dataOf(carrier), apply)
  const verdicts = collect(answers, (answer, i) => castBoolean(answer, inside(call.position, i)))
  const isKept = (_: unknown, i: number): boolean => verdicts[i] === true
  if (Array.isArray(carrier)) return carrier.filter(isKept)
  return new Page(carrier.data.filter(isKept), carrier.before, carrier.after, carrier.cursors.filter(isKept))
}

/** One value of a whole carrier: of a page a page of one element. */
function summarise(call: Call, key: string, summary: (values: Value[], at: Position) => Value): Value {
  const carrier = call.carrier(key)
  const at = call.at(call.form.name)
  const value = summary(valuesOf(call, carrier, key), at)
  return carrier instanceof Page ? carrier.with([value]) : value
}

const evaluateReduce: Evaluate = call => {
  const initial = call.value('initial')
  const apply = call.lambda('reduce')
  const reduce = (values: Value[]): Value => values.reduce((sum, value) => apply([sum, value]), initial)
  return summarise(call, 'collection', reduce)
}

function sum(values: readonly Value[], at: Position): bigint | number {
  return values.reduce<bigint | number>((total, value) => add(total, castNumber(value, at)), 0n)
}

function checkNotEmpty(values: readonly Value[], at: Position): void {
  if (values.length === 0) throw failure(at, 'invalid argument', 'Non-empty array expected.')
}

function mean(values: readonly Value[], at: Position): number {
  const total = sum(values, at)
  checkNotEmpty(values, at)
  return Number(total) / values.length
}

/** The greatest or least of a collection; an array of one collection is that of its elements. */
function extreme(key: 'max' | 'min', sign: 1 | -1): Evaluate {
  const best = (values: readonly Value[], at: Position): Value => {
    collect(values, value => {
      if (value instanceof UnresolvedRef) throw undefinedRef(value, at)
    })
    checkNotEmpty(values, at)
    // A single one is not compared with anything.
    if (values.length > 1) for (const value of values) checkOrdered(value)
    return values.reduce((one, other) => (sign * compareValues(one, other) > 0 ? one : other))
  }
  const summariseOne = (call: Call, carrier: Carrier): Value => {
    const [only] = Array.isArray(carrier) && carrier.length === 1 ? carrier : []
    const isNested = Array.isArray(only) || only instanceof Page || only instanceof SetValue
    if (isNested) return summariseOne(call, only instanceof SetValue ? only.form : only)
    const value = best(valuesOf(call, carrier, key), call.at(key))
    return carrier instanceof Page ? carrier.with([value]) : value
  }
  return call => summariseOne(call, call.carrier(key))
}

function arrayOrPage(call: Call, key: string): Value[] | Page {
  const value = call.value(key)
  if (Array.isArray(value) || value instanceof Page) return value
  throw wrongType(call.at(key), 'Array or Page', typeName(value))
}

/** How many elements; as the real server does, only the low 32 bits count. */
function cutCount(call: Call, key: 'take' | 'drop'): number {
  return Number(BigInt.asIntN(32, call.integer(key)))
}

/** Only the version `UNSTABLE`, which is above all that have numbers, takes of sets. */
const TAKES_SETS_SINCE = Number.POSITIVE_INFINITY
/** The most that is taken of a set. */
const MAX_TAKEN = 100_000

/** As the version `UNSTABLE` takes: of sets too, and from the end where the count is negative. */
function takeEither(call: Call, count: number): Value {
  const carrier = call.carrier('collection')
  if (Array.isArray(carrier))
    return count < 0 ? carrier.slice(Math.max(0, carrier.length + count)) : carrier.slice(0, count)
  if (carrier instanceof Page) return count < 0 ? lastOf(carrier, -count) : takeOfPage(carrier, count)
  if (Math.abs(count) > MAX_TAKEN) {
    throw call.fail('invalid argument', `Number of elements must be <= ${MAX_TAKEN}`)
  }
  // The end of a set is where the set begins that is reversed.
  const form: SetForm = count < 0 ? { kind: 'reverse', set: carrier } : carrier
  const context = { ...call.setContext('collection'), at: call.position }
  const { data } = readPage(form, context, { size: Math.abs(count), isAscending: true })
  return count < 0 ? data.reverse() : data
}

function lastOf(page: Page, count: number): Page {
  const from = Math.max(0, page.data.length - count)
  return new Page(page.data.slice(from), page.before, page.after, page.cursors.slice(from))
}

/** What is left out becomes the cursor. */
function takeOfPage({ data, before, after, cursors }: Page, count: number): Page {
  return new Page(data.slice(0, count), before, cursors[count] ?? after, cursors.slice(0, count))
}

const evaluateTake: Evaluate = call => {
  const given = cutCount(call, 'take')
  if (!isBefore(call.query.apiVersion, TAKES_SETS_SINCE)) return takeEither(call, given)
  const carrier = arrayOrPage(call, 'collection')
  const count = Math.max(0, given)
  if (Array.isArray(carrier)) return carrier.slice(0, count)
  return given < 0 ? new Page([], carrier.before, carrier.before, []) : takeOfPage(carrier, count)
}

const evaluateDrop: Evaluate = call => {
  const given = cutCount(call, 'drop')
  const carrier = arrayOrPage(call, 'collection')
  const count = Math.max(0, given)
  if (Array.isArray(carrier)) return carrier.slice(count)
  const { data, before, after, cursors } = carrier
  const previous = given < 0 ? before : (cursors[count] ?? after)
  return new Page(data.slice(count), previous, after, cursors.slice(count))
}

function extend(key: 'append' | 'prepend'): Evaluate {
  return call => {
    const elements = call.list(key).map(({ value }) => value)
    const array = call.array('collection')
    return key === 'append' ? [...array, ...elements] : [...elements, ...array]
  }
}

/** Of a set only the first document is looked at: where it may not be read, the set counts as empty. */
function isEmpty(call: Call, key: string): boolean {
  const carrier = call.carrier(key)
  if (!isSet(carrier)) return dataOf(carrier).length === 0
  return !hasDocument(carrier, { ...call.setContext(key), at: inside(call.position, 'exists') })
}

/** A plain object, or the fields of a document. */
function castObject(value: Value, call: Call, at: Position): ObjectValue {
  const fields = objectOf(value, call.query)
  if (fields === undefined) throw wrongType(at, 'Object', typeName(value))
  return fields
}

/** Later objects win; a null, given or made, takes the key away. */
const evaluateMerge: Evaluate = call => {
  const left = { value: call.value('merge'), at: call.at('merge') }
  const others = call.list('with')
  const resolve = call.has('lambda') ? call.lambda('lambda', call.position) : undefined
  const [first, ...rest] = collect([left, ...others], ({ value, at }) => castObject(value, call, at))
  const merged: ObjectValue = new Map(first)
  let isHashed = merged.size > MAX_UNHASHED
  for (const [key, right] of rest.flatMap(fields => [...fields])) {
    const value = resolve === undefined ? right : resolve([key, merged.get(key) ?? null, right])
    if (value === null) merged.delete(key)
    else merged.set(key, value)
    isHashed ||= merged.size > MAX_UNHASHED
  }
  // Once it had more keys than a few, the order in which they came is lost.
  return isHashed ? new Map(sortAsHashed([...merged.keys()]).map(key => [key, merged.get(key) ?? null])) : merged
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
  any: call => summarise(call, 'any', (values, at) => values.map(value => castBoolean(value, at)).includes(true)),
  all: call => summarise(call, 'all', (values, at) => !values.map(value => castBoolean(value, at)).includes(false)),
  max: extreme('max', 1),
  min: extreme('min', -1),
} satisfies Record<string, Evaluate>
