/**
 * `{"@set":…}` → set, when it is read. It is made as the form of the same name makes it, but of sets alone, and what is
 * wrong with it is an error of the expression (protocol.md D.2; MODEL/ast/Parser.scala `sets`).
 */
import { castSet } from '../casts.ts'
import { Call } from '../call.ts'
import type { Evaluate } from '../call.ts'
import type { Evaluator, Query } from '../frame.ts'
import { Failure, collect, failure } from '../failures.ts'
import { inside } from '../position.ts'
import type { Position } from '../position.ts'
import { SetValue } from '../values.ts'
import type { Expression, FormExpression, Value } from '../values.ts'
import { collections } from './collections.ts'
import { evaluateWrittenMatch, setForms } from './set-forms.ts'

type SetName = keyof typeof setForms | 'filter'

const makers: Readonly<Record<SetName, Evaluate>> = {
  ...setForms,
  match: evaluateWrittenMatch,
  filter: collections.filter,
}

/** The keys whose values must be sets, also where the form takes arrays and pages too. */
const setsOnly: ReadonlySet<string> = new Set([
  'union',
  'intersection',
  'difference',
  'distinct',
  'reverse',
  'collection',
  'range',
  'join',
])

/** Its arguments are values already. */
const evaluator: Evaluator = {
  run: part => (part.kind === 'literal' ? part.value : null),
  apply: () => null,
}

/** The form's own key, which the others stand around. */
function nameOf(parts: ReadonlyMap<string, Value>): SetName {
  for (const key of parts.keys()) if (key in makers) return key as SetName
  return 'match'
}

/** Of the keys that take several sets, an array is many. */
const many: ReadonlySet<string> = new Set(['union', 'intersection', 'difference'])

/** Checks a part when it has been read: what is wrong with it is told before what is wrong with the next. */
export function checkSetPart(key: string, value: Value, at: Position): void {
  if (!setsOnly.has(key)) return
  asExpression(() => {
    if (many.has(key) && Array.isArray(value)) collect(value, (item, i) => castSet(item, inside(at, i)))
    else castSet(value, at)
  })
}

/** What fails is an error of the expression. */
function asExpression<Result>(make: () => Result): Result {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure(error.errors.map(one => ({ ...one, code: 'invalid expression' })))
  }
}

/** The set of a literal whose parts have been checked. */
export function makeSet(parts: ReadonlyMap<string, Value>, at: Position, query: Query): SetValue {
  const literals = [...parts].map(([key, value]): [string, Expression] => [
    key,
    { kind: 'literal', value, at: inside(at, key) },
  ])
  const form: FormExpression = { kind: 'form', name: nameOf(parts), parts: new Map(literals), at }
  const call = new Call(form, { query, scope: null, readAt: undefined, depth: 0 }, evaluator)
  const set = asExpression(() => makers[nameOf(parts)](call))
  if (set instanceof SetValue) return set
  throw failure(at, 'invalid expression', 'Invalid set.')
}
