/** Forms that make sets. Three of them also work on arrays, and two on pages. */
import type { Argument, Call, Evaluate } from '../call.ts'
import { castRef, castSet, isNativeCollection, undefinedRef } from '../call.ts'
import { canonicalKey } from '../compare.ts'
import { failure, wrongType } from '../failures.ts'
import { schemaKindOf, typeName } from '../kinds.ts'
import { findSchema } from '../names.ts'
import { isCompatible, layoutOf, rangeOf } from '../set-layout.ts'
import { Lambda, Page, Ref, SetValue, UnresolvedRef } from '../values.ts'
import type { SetForm, Value } from '../values.ts'

function termsOf(call: Call): Value[] {
  if (!call.has('terms')) return []
  return call.list('terms').map(({ value }) => value)
}

function matchIndex(call: Call, key: string): Ref {
  const value = call.value(key)
  const index = typeof value === 'string' ? findSchema(call.query.database, 'index', value) : value
  if (schemaKindOf(index) !== 'index') throw wrongType(call.at(key), 'Identifier', typeName(index))
  // A name that nothing has is told at `index`, whatever the key that it stood at.
  return castRef(index, typeof value === 'string' ? call.at('index') : call.at(key))
}

const evaluateDocuments: Evaluate = call => {
  const collection = call.schemaRef('documents', 'collection', 'Collection Ref')
  return new SetValue({ kind: 'documents', collection })
}

const evaluateEvents: Evaluate = call => {
  const of = call.refOrSet('events')
  if (!(of instanceof Ref) && layoutOf(of, call.query.store).isHistory) {
    throw call.fail('invalid argument', 'Set does not support events history.')
  }
  return new SetValue({ kind: 'events', of })
}

type Combination = 'union' | 'intersection' | 'difference'

/** How many of an element the combination of arrays holds, of the counts in each. */
const counts: Readonly<Record<Combination, (counts: readonly number[]) => number>> = {
  union: all => Math.max(...all),
  intersection: all => Math.min(...all),
  difference: ([first = 0, ...others]) => first - others.reduce((sum, count) => sum + count, 0),
}

function combineArrays(kind: Combination, arrays: readonly Value[][]): Value[] {
  const tallies = arrays.map(array => {
    const tally = new Map<string, number>()
    for (const element of array) tally.set(canonicalKey(element), (tally.get(canonicalKey(element)) ?? 0) + 1)
    return tally
  })
  const result: Value[] = []
  const taken = new Map<string, number>()
  for (const element of arrays.flat()) {
    const key = canonicalKey(element)
    const already = taken.get(key) ?? 0
    if (already >= counts[kind](tallies.map(tally => tally.get(key) ?? 0))) continue
    taken.set(key, already + 1)
    result.push(element)
  }
  return result
}

function combination(kind: Combination): Evaluate {
  return call => {
    const operands = call.nonEmptyList(kind)
    const arrays = operands.map(({ value }) => value).filter(value => Array.isArray(value))
    const sets = operands.flatMap(operandSet)
    if (sets.length === operands.length) return new SetValue({ kind, sets: pairUp(call, kind, sets) })
    if (arrays.length === operands.length) return combineArrays(kind, arrays)
    throw failure(call.at(kind), 'invalid argument', 'Arguments cannot be of different types, expected Set or Array.')
  }
}

/** The set of an operand; none where it is an array. Throws where it is neither. */
function operandSet({ value, at }: Argument): SetForm[] {
  if (Array.isArray(value)) return []
  if (value instanceof Page) throw wrongType(at, 'Set or Array', typeName(value))
  if (value instanceof UnresolvedRef) throw undefinedRef(value, at)
  const isSet = value instanceof SetValue || (value instanceof Ref && isNativeCollection(value))
  if (!isSet) throw wrongType(at, 'Array, Set, or Page', typeName(value))
  return [castSet(value, at, 'Set')]
}

/**
 * The sets of a combination, each of which must go with the next. The real server looks at them two by two and keeps
 * both of each pair: those in the middle are there twice.
 */
function pairUp(call: Call, kind: Combination, sets: readonly SetForm[]): SetForm[] {
  const { store } = call.query
  if (sets.length === 1) return [...sets]
  return sets.slice(1).flatMap((right, i) => {
    const left = sets[i] as SetForm
    if (!isCompatible(layoutOf(left, store), layoutOf(right, store)))
      throw failure(call.at(kind), 'invalid argument', 'Sets are not compatible.')
    return [left, right]
  })
}

function distinctArray(values: readonly Value[]): Value[] {
  return [...new Map(values.map(value => [canonicalKey(value), value])).values()]
}

const arrayForms: Readonly<Record<'distinct' | 'reverse', (values: readonly Value[]) => Value[]>> = {
  distinct: distinctArray,
  reverse: values => [...values].reverse(),
}

function derived(kind: 'distinct' | 'reverse'): Evaluate {
  return call => {
    const carrier = call.carrier(kind)
    if (Array.isArray(carrier)) return arrayForms[kind](carrier)
    if (carrier instanceof Page) return new Page(arrayForms[kind](carrier.data), carrier.before, carrier.after)
    return new SetValue({ kind, set: carrier })
  }
}

const evaluateRange: Evaluate = call => {
  const set = refOrSetForm(call, 'range')
  return new SetValue(rangeOf(set, call.value('from'), call.value('to'), call.query.store))
}

function joinTarget(call: Call): Lambda | Ref {
  const value = call.value('with')
  if (value instanceof Lambda) return value
  if (schemaKindOf(value) === 'index') return castRef(value, call.at('with'))
  throw wrongType(call.at('with'), 'Lambda or Index Ref', typeName(value))
}

/** A ref or a set, where only these two count. */
function refOrSetForm(call: Call, key: string): SetForm {
  const value = call.refOrSet(key)
  return value instanceof Ref ? castSet(value, call.at(key), 'Ref or Set') : value
}

/** The forms of this file. */
export const setForms = {
  singleton: call => new SetValue({ kind: 'singleton', ref: call.ref('singleton') }),
  events: evaluateEvents,
  documents: evaluateDocuments,
  match: call => new SetValue({ kind: 'match', index: matchIndex(call, 'match'), terms: termsOf(call) }),
  union: combination('union'),
  intersection: combination('intersection'),
  difference: combination('difference'),
  distinct: derived('distinct'),
  reverse: derived('reverse'),
  range: evaluateRange,
  join: call => new SetValue({ kind: 'join', set: refOrSetForm(call, 'join'), target: joinTarget(call) }),
} satisfies Record<string, Evaluate>
