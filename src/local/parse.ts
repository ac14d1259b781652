/**
 * JSON → checked expression: every object becomes a form, found by its exact set of keys, or an escape such as
 * `@ref`. The first object that is neither ends the reading; unbound variables are all told together (protocol.md
 * C.2, D.3, E.2).
 */
import type { FormName } from '../query/forms.ts'
import type { Query } from './frame.ts'
import { functionVersion, isBefore } from './dialects.ts'
import { parseEscape, parseQuoted } from './escapes.ts'
import type { EscapeContext, LambdaReader } from './escapes.ts'
import { Failure, collect, failure } from './failures.ts'
import type { QueryError } from './failures.ts'
import { findForm } from './form-rows.ts'
import type { FormRow } from './form-rows.ts'
import { sortAsHashed } from './hash-order.ts'
import { typeName } from './kinds.ts'
import { inside } from './position.ts'
import type { Position } from './position.ts'
import { Lambda, NO_NAME } from './values.ts'
import type { Binding, Expression, ObjectValue, Value } from './values.ts'

/** What the reading of one request shares: the version that its lambdas get, and the unbound variables so far. */
type ParseContext = { readonly query: Query; readonly apiVersion: string; unbound: Unbound[] }

/** A variable that nothing binds, and where it stands. */
type Unbound = { readonly name: string; readonly at: Position }

/** The variables in scope. */
type Names = { readonly name: string; readonly up: Names } | null

type PartReader = (json: Value, at: Position, names: Names, context: ParseContext) => Expression

/** From this version on, `and`, `or` and a default are evaluated only where they are needed. */
const LAZY_SINCE = 3
const lazyForms: ReadonlySet<FormName> = new Set(['and', 'or', 'select', 'select_all', 'select_as_index'])

function expected(at: Position, type: string, json: Value): Failure {
  return failure(at, 'invalid expression', `${type} expected, ${typeName(json)} provided.`)
}

function unknownForm(at: Position, object: ReadonlyMap<string, Value>): Failure {
  const keys = [...object.keys()].join(', ')
  return failure(at, 'invalid expression', `No form/function found, or invalid argument keys: { ${keys} }.`)
}

const readName: PartReader = (json, at, names, context) => {
  if (typeof json !== 'string') throw expected(at, 'String', json)
  if (!isBound(json, names)) {
    context.unbound.push({ name: json, at: inVariable(at) })
  }
  return { kind: 'literal', value: json, at }
}

/** An unbound variable is told at its form, not at the name in it. */
function inVariable(at: Position): Position {
  return at?.up ?? null
}

function isBound(name: string, names: Names): boolean {
  for (let scope = names; scope !== null; scope = scope.up) if (scope.name === name) return true
  return false
}

function readBinding(name: string, json: Value, at: Position, names: Names, context: ParseContext): Binding {
  return { name, value: readExpression(json, inside(at, name), names, context) }
}

type WrittenBinding = { readonly name: string | undefined; readonly json: Value; readonly at: Position }

/** What stands in a `let`; an element that binds nothing has no name. */
function bindingsOf(json: Value, at: Position, context: ParseContext): WrittenBinding[] {
  if (json instanceof Map) {
    return [...unescape(json, at, context)].map(([name, value]) => ({ name, json: value, at: inside(at, name) }))
  }
  if (!Array.isArray(json)) throw expected(at, 'Array', json)
  return json.map((element, i) => {
    const [first] = element instanceof Map && element.size === 1 ? element : []
    if (first === undefined) return { name: undefined, json: element, at: inside(at, i) }
    return { name: first[0], json: first[1], at: inside(inside(at, i), first[0]) }
  })
}

/** The errors of what is read side by side; elsewhere the first ends the reading. */
class Collected {
  readonly all: QueryError[] = []

  /** What is read; undefined where it cannot be, which is remembered. */
  read<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.all.push(...error.errors)
      return undefined
    }
  }
}

/** The fields of an object that may stand in an `@obj`; any other escape is none, which is told at the form. */
function unescape(json: ObjectValue, at: Position, context: ParseContext): ObjectValue {
  const inner = json.size === 1 ? json.get('@obj') : undefined
  if (inner instanceof Map) return inner
  const escape = parseEscape(json, at, escapeContext(context))
  if (escape === undefined) return json
  throw failure(at?.up ?? null, 'invalid expression', `Object expected, ${typeName(escape)} provided.`)
}

/** `let` and its `in` are read together: each binding is in the scope of those behind it. */
function readLet(object: ReadonlyMap<string, Value>, at: Position, names: Names, context: ParseContext): Expression {
  let scope = names
  const bindings: Binding[] = []
  const errors = new Collected()
  const letAt = inside(at, 'let')
  for (const binding of errors.read(() => bindingsOf(object.get('let') ?? null, letAt, context)) ?? []) {
    errors.read(() => {
      if (binding.name === undefined) throw expected(binding.at, 'Object', binding.json)
      bindings.push({ name: binding.name, value: readExpression(binding.json, binding.at, scope, context) })
    })
    if (binding.name !== undefined) scope = { name: binding.name, up: scope }
  }
  const body = errors.read(() => readExpression(object.get('in') ?? null, inside(at, 'in'), scope, context))
  if (body === undefined || errors.all.length > 0) throw new Failure(errors.all)
  const parts = new Map<string, Expression>([
    ['let', { kind: 'bindings', bindings, at: letAt }],
    ['in', body],
  ])
  return { kind: 'form', name: 'let', parts, at }
}

function readParameters(json: Value, at: Position): string | string[] {
  if (typeof json === 'string') return json
  if (!Array.isArray(json)) throw expected(at, 'String or Array', json)
  return collect(json, (name, i) => {
    if (typeof name !== 'string') throw expected(inside(at, i), 'String', name)
    return name
  })
}

/** A lambda stands only where a form wants one: `{"lambda":…,"expr":…}`. */
const readLambda: PartReader = (json, at, names, context) => {
  if (!(json instanceof Map)) throw expected(at, 'Lambda', json)
  if (json.size !== 2 || !json.has('lambda') || !json.has('expr')) throw unknownForm(at, json)
  const errors = new Collected()
  const parameters = errors.read(() => readParameters(json.get('lambda') ?? null, inside(at, 'lambda')))
  let scope = names
  for (const name of [parameters ?? []].flat()) if (name !== NO_NAME) scope = { name, up: scope }
  const body = errors.read(() => readExpression(json.get('expr') ?? null, inside(at, 'expr'), scope, context))
  if (parameters === undefined || body === undefined) throw new Failure(errors.all)
  return { kind: 'lambda', parameters, body, apiVersion: functionVersion(context.apiVersion), at }
}

/** Reads the function of an escape: it sees no variables of those around it. */
function lambdaReader(context: ParseContext): LambdaReader {
  return (json, at, apiVersion = context.apiVersion) => {
    const own: ParseContext = { ...context, apiVersion, unbound: [] }
    const lambda = readLambda(json, at, null, own)
    return own.unbound.length > 0 || lambda.kind !== 'lambda' ? undefined : lambda
  }
}

function escapeContext(context: ParseContext): EscapeContext {
  return { query: context.query, readLambda: lambdaReader(context) }
}

/** What is no function is read as anything else. */
const readLambdaOrExpression: PartReader = (json, at, names, context) => {
  const unbound = [...context.unbound]
  try {
    return readLambda(json, at, names, context)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    context.unbound = unbound
    return readExpression(json, at, names, context)
  }
}

const readFields: PartReader = (json, at, names, context) => {
  if (!(json instanceof Map)) throw expected(at, 'Object', json)
  const fields = [...unescape(json, at, context)].map(([name, value]) => readBinding(name, value, at, names, context))
  return { kind: 'object', fields, at }
}

const readList: PartReader = (json, at, names, context) => {
  if (!Array.isArray(json)) throw expected(at, 'Array', json)
  return readOneOrMany(json, at, names, context)
}

const readOneOrMany: PartReader = (json, at, names, context) => {
  if (Array.isArray(json) && json.length === 0) {
    throw failure(at, 'invalid expression', 'Expression list cannot be empty.')
  }
  return readExpression(json, at, names, context)
}

/** One Boolean is a list of itself, also where the form is shown. For forms of old it is any expression. */
const readBooleans: PartReader = (json, at, names, context) => {
  if (isBefore(context.apiVersion, LAZY_SINCE)) return readExpression(json, at, names, context)
  const part = readOneOrMany(json, at, names, context)
  return part.kind === 'array' ? part : { kind: 'array', items: [part], at }
}

/** The parts that are not plain expressions, by form and key. */
const partReaders: Partial<Record<FormName, Readonly<Record<string, PartReader>>>> = {
  var: { var: readName },
  object: { object: readFields },
  query: { query: readLambda },
  do: { do: readList },
  and: { and: readBooleans },
  or: { or: readBooleans },
  map: { map: readLambda },
  foreach: { foreach: readLambda },
  filter: { filter: readLambda },
  reduce: { reduce: readLambda },
  merge: { lambda: readLambda },
  join: { with: readLambdaOrExpression },
}

/** Data is a value at once: nothing of the form is left. */
function readQuote(object: ReadonlyMap<string, Value>, at: Position, context: ParseContext): Expression {
  const value = parseQuoted(object.get('quote') ?? null, inside(at, 'quote'), escapeContext(context))
  return { kind: 'literal', value, at }
}

/** Parts are read, and later shown, in the order of the form's row: it decides which error is the first. */
function readForm(
  row: FormRow,
  object: ReadonlyMap<string, Value>,
  at: Position,
  names: Names,
  context: ParseContext,
): Expression {
  if (row.name === 'let') return readLet(object, at, names, context)
  if (row.name === 'quote') return readQuote(object, at, context)
  const readers = partReaders[row.name] ?? {}
  const isEager = lazyForms.has(row.name) && isBefore(context.apiVersion, LAZY_SINCE)
  const parts = new Map<string, Expression>()
  for (const key of row.allowed) {
    const json = object.get(key)
    if (json === undefined) continue
    parts.set(
      key === row.head ? row.name : key,
      (readers[key] ?? readExpression)(json, inside(at, key), names, context),
    )
  }
  const head = row.head === row.name ? {} : { head: row.head }
  return { kind: 'form', name: row.name, parts, at, ...head, ...(isEager && { isEager }) }
}

function readExpression(json: Value, at: Position, names: Names, context: ParseContext): Expression {
  if (Array.isArray(json)) {
    return { kind: 'array', items: json.map((item, i) => readExpression(item, inside(at, i), names, context)), at }
  }
  if (!(json instanceof Map)) return { kind: 'literal', value: json, at }
  const row = findForm(json, context.apiVersion)
  if (row !== undefined && row.name !== 'lambda') return readForm(row, json, at, names, context)
  const only = json.size === 1 ? json.get('@obj') : undefined
  if (only instanceof Map) return readExpression(only, inside(at, '@obj'), names, context)
  const value = parseEscape(json, at, escapeContext(context))
  if (value === undefined) throw unknownForm(at, json)
  return { kind: 'literal', value, at }
}

/** The errors of unbound variables: those of one name together. */
function unboundErrors(unbound: readonly Unbound[]): QueryError[] {
  return sortAsHashed([...new Set(unbound.map(({ name }) => name))]).flatMap(name =>
    unbound
      .filter(one => one.name === name)
      .map(({ at }) => ({
        at,
        code: 'invalid expression' as const,
        description: `Variable '${name}' is not defined.`,
      })),
  )
}

/** Reads a function by itself; undefined where it has free variables. Throws a `Failure` where it is none. */
export function readFunction(source: ObjectValue, query: Query, apiVersion: string): Lambda | undefined {
  const context: ParseContext = { query, apiVersion, unbound: [] }
  const lambda = lambdaReader(context)(source, null)
  return lambda && new Lambda(lambda.parameters, lambda.body, new Map(), lambda.apiVersion, null)
}

/** Reads what is data throughout: nothing in it is a form, escapes count. */
export function parseData(source: Value, query: Query): Value {
  return parseQuoted(source, null, escapeContext({ query, apiVersion: query.apiVersion, unbound: [] }))
}

/** Reads a whole request. Throws a `Failure` that tells the first wrong form, or every unbound variable. */
export function parseExpression(source: Value, query: Query): Expression {
  const context: ParseContext = { query, apiVersion: query.apiVersion, unbound: [] }
  const expression = readExpression(source, null, null, context)
  if (context.unbound.length > 0) throw new Failure(unboundErrors(context.unbound))
  return expression
}
