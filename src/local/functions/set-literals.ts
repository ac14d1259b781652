/** `{"@set":…}` → set. Its operands are literals: they are evaluated like any other. */
import { castRef, castSet, isNativeCollection } from '../call.ts'
import type { Evaluator, Frame } from '../call.ts'
import type { Database } from '../database.ts'
import { failure } from '../failures.ts'
import { findSchema } from '../names.ts'
import { rangeOf } from '../set-layout.ts'
import type { Store } from '../store.ts'
import { Lambda, Ref, SetValue } from '../values.ts'
import type { Expression, SetForm, Value } from '../values.ts'

type SetLiteral = Extract<Expression, { kind: 'set' }>
type Parts = {
  readonly value: (key: string) => Value
  readonly at: SetLiteral['at']
  readonly store: Store
  readonly database: Database
}

function many(value: Value): Value[] {
  return Array.isArray(value) ? value : [value]
}

/** In literals the ref of a document stands for the set of it. */
function operandOf(value: Value, at: SetLiteral['at']): SetForm {
  return value instanceof Ref && !isNativeCollection(value) ? { kind: 'singleton', ref: value } : castSet(value, at)
}

function setOf(parts: Parts, key: string): SetForm {
  return operandOf(parts.value(key), parts.at)
}

function lambdaOf(parts: Parts, key: string): Lambda {
  const value = parts.value(key)
  if (!(value instanceof Lambda)) throw failure(parts.at, 'invalid expression', 'Invalid lambda.')
  return value
}

/** An index by its ref or its name. */
function indexOf(parts: Parts, key: string): Ref {
  const value = parts.value(key)
  return castRef(typeof value === 'string' ? findSchema(parts.database, 'index', value) : value, parts.at)
}

function combination(kind: 'union' | 'intersection' | 'difference') {
  return (parts: Parts): SetForm => ({
    kind,
    sets: many(parts.value(kind)).map(value => operandOf(value, parts.at)),
  })
}

const makers: Readonly<Record<string, (parts: Parts) => SetForm>> = {
  match: parts => {
    const terms = parts.value('terms')
    return { kind: 'match', index: indexOf(parts, 'match'), terms: terms === null ? [] : many(terms) }
  },
  'match index': parts => ({
    kind: 'match',
    index: indexOf(parts, 'index'),
    terms: many(parts.value('match')),
  }),
  documents: parts => ({ kind: 'documents', collection: castRef(parts.value('documents'), parts.at) }),
  singleton: parts => ({ kind: 'singleton', ref: castRef(parts.value('singleton'), parts.at) }),
  events: parts => {
    const of = parts.value('events')
    return { kind: 'events', of: of instanceof Ref ? of : castSet(of, parts.at) }
  },
  union: combination('union'),
  intersection: combination('intersection'),
  difference: combination('difference'),
  distinct: parts => ({ kind: 'distinct', set: setOf(parts, 'distinct') }),
  reverse: parts => ({ kind: 'reverse', set: setOf(parts, 'reverse') }),
  range: parts => rangeOf(setOf(parts, 'range'), parts.value('from'), parts.value('to'), parts.store),
  filter: parts => ({ kind: 'filter', set: setOf(parts, 'collection'), lambda: lambdaOf(parts, 'filter') }),
  join: parts => ({ kind: 'join', set: setOf(parts, 'join'), target: lambdaOf(parts, 'with') }),
}

/** The set of a literal. */
export function makeSet(literal: SetLiteral, frame: Frame, evaluator: Evaluator): SetValue {
  const value = (key: string): Value => {
    const part = literal.parts.get(key)
    return part === undefined ? null : evaluator.run(part, frame)
  }
  const { store, database } = frame.query
  const form = makers[literal.form]?.({ value, at: literal.at, store, database })
  if (form === undefined) throw failure(literal.at, 'invalid expression', 'Invalid set.')
  return new SetValue(form)
}
