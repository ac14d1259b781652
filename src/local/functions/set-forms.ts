/** Forms that make sets. Three of them also work on arrays, and two on pages. */
import type { Call, Evaluate } from '../call.ts'
import { castRef, castSetOrArray, undefinedRef } from '../casts.ts'
import { effectOf } from '../effects.ts'
import { termOf } from '../compare.ts'
import { readEventCursor } from '../event-cursors.ts'
import { collect, failure, wrongType } from '../failures.ts'
import { schemaKindOf, typeName } from '../kinds.ts'
import { highestRef, lowestRef } from '../history-events.ts'
import type { Index } from '../indexing.ts'
import { findSchema } from '../names.ts'
import { boundOf, isCompatible, layoutOf } from '../set-layout.ts'
import type { SetLayout } from '../set-layout.ts'
import { inactive } from '../set-access.ts'
import { Tally } from '../tally.ts'
import { findUnknown } from '../unknown-names.ts'
import { Lambda, Page, Ref, SetValue, UnresolvedRef } from '../values.ts'
import type { Bound, SetForm, Value } from '../values.ts'
import type { Position } from '../position.ts'

function termsOf(call: Call, key: string): Value[] {
  return collect(call.list(key), ({ value, at }) => {
    if (findUnknown(value) !== undefined) throw wrongType(at, 'Any', typeName(value))
    return termOf(value)
  })
}

/** The name or the ref of an index. */
function nameOrIndex(call: Call, key: string): string | Ref {
  const value = call.value(key)
  if (typeof value === 'string') return value
  if (value instanceof UnresolvedRef) throw undefinedRef(value, call.at(key))
  if (schemaKindOf(value) !== 'index') throw wrongType(call.at(key), 'Identifier', typeName(value))
  return castRef(value, call.at(key))
}

/** The index of a name or a ref, behind all arguments; what is wrong with it is told at `index`, whatever its key. */
function findIndex(call: Call, named: string | Ref): Ref {
  const ref = typeof named === 'string' ? findSchema(call.query.database, 'index', named) : named
  if (ref instanceof UnresolvedRef) throw undefinedRef(ref, call.at('index'))
  if (!knownIndex(call, ref, 'index').isActive) throw inactive(ref, call.at('index'), call.query.store)
  return ref
}

/**
 * The index of a ref. Fails where it is gone, or not there yet: the caches of the real server do not have what the
 * transaction made.
 */
function knownIndex(call: Call, ref: Ref, key: string): Index {
  const { query } = call
  const database = query.store.database(ref.database)
  const index = database?.indexes.get(ref.id)
  const isNew = query.store.hasQuirks && database && query.transaction.readCached(database, ref) === undefined
  if (index === undefined || isNew === true) throw failure(call.at(key), 'instance not found', 'Index not found.')
  return index
}

/** The index comes before the terms, but not in the old form `{"match": terms, "index": index}`, nor in a literal. */
function makeMatch(isLiteral: boolean): Evaluate {
  return call => {
    const [indexKey, termsKey] = call.has('index') ? (['index', 'match'] as const) : (['match', 'terms'] as const)
    const readTerms = (): Value[] => (call.has(termsKey) ? termsOf(call, termsKey) : [])
    const early = isLiteral || termsKey === 'match' ? readTerms() : undefined
    const named = nameOrIndex(call, indexKey)
    const terms = early ?? readTerms()
    return new SetValue({ kind: 'match', index: findIndex(call, named), terms })
  }
}

/** The match of a literal. */
export const evaluateWrittenMatch = makeMatch(true)

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

/** As many of each element as the array has that has more of them, all where the first of them stands. */
function uniteArrays(left: readonly Value[], right: readonly Value[]): Value[] {
  const wanted = new Tally(left)
  const others = new Tally(right)
  for (const element of right) {
    const most = wanted.of(element)
    most.count = Math.max(most.count, others.of(element).count)
  }
  return [...left, ...right].flatMap(element => {
    const entry = wanted.of(element)
    const copies = Array.from({ length: entry.count }, () => element)
    entry.count = 0
    return copies
  })
}

/** What two arrays make; more of them are taken one after the other (SetFunctions.scala, mkArray). */
const arrayCombinations: Readonly<Record<Combination, (left: readonly Value[], right: readonly Value[]) => Value[]>> = {
  union: uniteArrays,
  intersection: (left, right) => {
    const others = new Tally(right)
    return left.filter(element => others.take(element))
  },
  difference: (left, right) => {
    const others = new Tally(right)
    return left.filter(element => !others.take(element))
  },
}

function combination(kind: Combination): Evaluate {
  return call => {
    const operands = collect(call.nonEmptyList(kind), ({ value, at }) => castSetOrArray(value, at))
    const arrays = operands.filter(operand => Array.isArray(operand))
    if (arrays.length === operands.length) return arrays.reduce(arrayCombinations[kind])
    const sets = operands.flatMap((operand): SetForm[] => (Array.isArray(operand) ? [] : [operand]))
    if (sets.length === operands.length) return new SetValue({ kind, sets: pairUp(call, kind, sets) })
    throw failure(call.at(kind), 'invalid argument', 'Arguments cannot be of different types, expected Set or Array.')
  }
}

/**
 * The sets of a combination, each of which must go with the next. The real server looks at them two by two and keeps
 * both of each pair: those in the middle are there twice. Each pair that does not go together is told.
 */
function pairUp(call: Call, kind: Combination, sets: readonly SetForm[]): SetForm[] {
  const { store } = call.query
  if (sets.length === 1) return [...sets]
  const pairs = collect(sets.slice(1), (right, i): SetForm[] => {
    const left = sets[i] as SetForm
    if (!isCompatible(layoutOf(left, store), layoutOf(right, store)))
      throw failure(call.at(kind), 'invalid argument', 'Sets are not compatible.')
    return [left, right]
  })
  return pairs.flat()
}

function distinctArray(values: readonly Value[]): Value[] {
  const seen = new Tally()
  return values.filter(value => seen.of(value).count++ === 0)
}

const arrayForms: Readonly<Record<'distinct' | 'reverse', (values: readonly Value[]) => Value[]>> = {
  distinct: distinctArray,
  reverse: values => [...values].reverse(),
}

function derived(kind: 'distinct' | 'reverse'): Evaluate {
  return call => {
    const carrier = call.carrier(kind)
    if (Array.isArray(carrier)) return arrayForms[kind](carrier)
    if (carrier instanceof Page) return carrier.with(arrayForms[kind](carrier.data))
    return new SetValue({ kind, set: carrier })
  }
}

/** An end of a range, read as a cursor of its set would be; what only history knows of it bounds nothing. */
function rangeEnd(value: Value, at: Position, layout: SetLayout, side: 'below' | 'above'): Bound {
  if (value instanceof UnresolvedRef) throw undefinedRef(value, at)
  if (!layout.isHistory) return boundOf(Array.isArray(value) ? value : [value], layout, side)
  const { values, ref } = readEventCursor(value, at).place
  return ref === lowestRef || ref === highestRef ? { values, isAbove: ref === highestRef } : { values, ref }
}

const evaluateRange: Evaluate = call => {
  const set = call.set('range')
  const layout = layoutOf(set, call.query.store)
  const ends = [
    { value: call.value('from'), at: call.at('from'), side: 'below' },
    { value: call.value('to'), at: call.at('to'), side: 'above' },
  ] as const
  const [from, to] = collect(ends, ({ value, at, side }) => rangeEnd(value, at, layout, side)) as [Bound, Bound]
  return new SetValue({ kind: 'range', set, from, to })
}

function joinTarget(call: Call): Lambda | Ref {
  const value = call.value('with')
  if (value instanceof UnresolvedRef) throw undefinedRef(value, call.at('with'))
  if (value instanceof Lambda) {
    if (effectOf(value.body) === 'pure') return value.placedAt(call.at('with'))
    const description = 'Invalid lambda. Lambda in this context may not read, write, or call a user function.'
    throw failure(call.at('with'), 'invalid argument', description)
  }
  if (schemaKindOf(value) === 'index') return knownIndex(call, castRef(value, call.at('with')), 'with').ref
  throw wrongType(call.at('with'), 'Lambda or Index Ref', typeName(value))
}

const evaluateJoin: Evaluate = call => {
  const set = call.set('join')
  return new SetValue({ kind: 'join', set, target: joinTarget(call) })
}

/** The forms of this file. */
export const setForms = {
  singleton: call => new SetValue({ kind: 'singleton', ref: call.ref('singleton') }),
  events: evaluateEvents,
  documents: evaluateDocuments,
  match: makeMatch(false),
  union: combination('union'),
  intersection: combination('intersection'),
  difference: combination('difference'),
  distinct: derived('distinct'),
  reverse: derived('reverse'),
  range: evaluateRange,
  join: evaluateJoin,
} satisfies Record<string, Evaluate>
