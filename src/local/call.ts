/**
 * What a function sees when it is evaluated: its arguments, which it evaluates when it wants them and as what it
 * wants them, and the query that it is part of. Functions know nothing of the wire.
 */
import type { Access } from './access.ts'
import type { Database } from './database.ts'
import type { Deadline } from './deadline.ts'
import { collect, failure, wrongType } from './failures.ts'
import type { ErrorCode, Failure } from './failures.ts'
import type { LiveVersion } from './history.ts'
import { schemaKindOf, typeName } from './kinds.ts'
import type { Store } from './store.ts'
import type { Transaction } from './transaction.ts'
import {
  CalendarDate,
  Lambda,
  Page,
  PendingTime,
  Ref,
  SetValue,
  Time,
  UnresolvedRef,
  VersionValue,
  NO_NAME,
  inside,
} from './values.ts'
import type { Expression, FormExpression, ObjectValue, Position, SchemaKind, SetForm, Value } from './values.ts'
import { COLLECTIONS } from './native.ts'

/** One request being evaluated. */
export type Query = {
  readonly store: Store
  readonly database: Database
  readonly transaction: Transaction
  readonly access: Access
  readonly apiVersion: string
  /** What a request may do: only a `query` may write. */
  readonly kind: 'query' | 'get' | 'stream'
  /** Whether it may be put off and run again: for an index that is being filled. */
  readonly canWait?: boolean
  /** How long all of it may take; what is evaluated beside requests has no limit. */
  readonly deadline?: Deadline
}

/** Variables, innermost first. */
export type Scope = { readonly name: string; readonly value: Value; readonly up: Scope } | null

/** Where an expression is evaluated. */
export type Frame = {
  readonly query: Query
  readonly scope: Scope
  /** The time of reads inside of `at`, in microseconds. */
  readonly readAt: number | undefined
  /** How many functions have called one another to come here. */
  readonly depth: number
  /** Why nothing may be written here: a lambda of a set, or a predicate. */
  readonly isPure?: boolean
}

/** Evaluates expressions; there is one. */
export interface Evaluator {
  run(expression: Expression, frame: Frame): Value
  /** Calls a function value with its argument. */
  apply(lambda: Lambda, argument: Value, frame: Frame): Value
}

/** A function of the language, one for each form. */
export type Evaluate = (call: Call) => Value

/** An element of an argument list and where it stood. */
export type Argument = { readonly value: Value; readonly at: Position }

/** An array, a page or a set: what the functions over collections take. */
export type Carrier = Value[] | Page | SetForm

/** One call of a function. */
export class Call {
  readonly form: FormExpression
  readonly frame: Frame
  readonly evaluator: Evaluator

  constructor(form: FormExpression, frame: Frame, evaluator: Evaluator) {
    this.form = form
    this.frame = frame
    this.evaluator = evaluator
  }

  /** The query that this call is part of. */
  get query(): Query {
    return this.frame.query
  }

  /** Where the call stands. */
  get position(): Position {
    return this.form.at
  }

  /** Where one of its arguments stands. */
  at(key: string): Position {
    const { at, name, head = name } = this.form
    return inside(at, key === name ? head : key)
  }

  /** Whether an argument was given. */
  has(key: string): boolean {
    return this.form.parts.has(key)
  }

  /** An argument, not evaluated. */
  part(key: string): Expression {
    return this.form.parts.get(key) as Expression
  }

  /** An argument; `scope` and `readAt` of the frame may be others. */
  value(key: string, frame: Frame = this.frame): Value {
    return this.evaluator.run(this.part(key), frame)
  }

  /** How a set that stands at an argument is read. */
  setContext(
    key: string,
    frame: Frame = this.frame,
  ): { frame: Frame; evaluator: Evaluator; at: Position; formAt: Position } {
    return { frame, evaluator: this.evaluator, at: this.at(key), formAt: this.form.at }
  }

  /** Fails at the call itself. */
  fail(code: ErrorCode, description: string): Failure {
    return failure(this.form.at, code, description)
  }

  /** Fails at an argument. */
  failAt(key: string, description: string): Failure {
    return failure(this.at(key), 'invalid argument', description)
  }

  /** An argument list: an array is many, all else is one. All errors of an array are told. */
  list(key: string): Argument[] {
    const part = this.part(key)
    const at = this.at(key)
    if (part.kind === 'array') {
      return collect(part.items, item => ({ value: this.evaluator.run(item, this.frame), at: item.at }))
    }
    const value = this.value(key)
    return Array.isArray(value) ? value.map((item, i) => ({ value: item, at: inside(at, i) })) : [{ value, at }]
  }

  /** A list that may not be empty. */
  nonEmptyList(key: string): Argument[] {
    const list = this.list(key)
    if (list.length === 0) throw failure(this.at(key), 'invalid argument', 'Non-empty array expected.')
    return list
  }

  /** A string. */
  string(key: string): string {
    const value = this.value(key)
    if (typeof value !== 'string') throw wrongType(this.at(key), 'String', typeName(value))
    return value
  }

  /** An integer. */
  integer(key: string): bigint {
    const value = this.value(key)
    if (typeof value !== 'bigint') throw wrongType(this.at(key), 'Integer', typeName(value))
    return value
  }

  /** Checks the argument of a form that takes none: `null` stands for it. */
  nothing(key: string): void {
    const value = this.value(key)
    if (value !== null) throw wrongType(this.at(key), 'Null', typeName(value))
  }

  /** An integer or a double. */
  number(key: string): bigint | number {
    return castNumber(this.value(key), this.at(key))
  }

  boolean(key: string): boolean {
    const value = this.value(key)
    if (typeof value !== 'boolean') throw wrongType(this.at(key), 'Boolean', typeName(value))
    return value
  }

  array(key: string): Value[] {
    const value = this.value(key)
    if (!Array.isArray(value)) throw wrongType(this.at(key), 'Array', typeName(value))
    return value
  }

  /** An object; only a plain one will do. */
  object(key: string): ObjectValue {
    const value = this.value(key)
    if (!(value instanceof Map)) throw wrongType(this.at(key), 'Object', typeName(value))
    return value
  }

  /** A time: `@ts` or integer microseconds. */
  time(key: string): Time {
    return castTime(this.value(key), this.at(key))
  }

  /** The same as whole microseconds; undefined where the argument was not given. */
  micros(key: string): number | undefined {
    return this.has(key) ? Number(this.time(key).micros) : undefined
  }

  /** The frame of a read that may name a time of its own, as `ts`. The time that the transaction will have is now. */
  readFrame(): Frame {
    if (!this.has('ts')) return this.frame
    const time = this.value('ts')
    const readAt = time instanceof PendingTime ? undefined : Number(castTime(time, this.at('ts')).micros)
    return { ...this.frame, readAt }
  }

  /** The ref of a document, of any collection. */
  ref(key: string): Ref {
    return castRef(this.value(key), this.at(key))
  }

  /** The ref of a schema document of one kind. */
  schemaRef(key: string, kind: SchemaKind, expected: string): Ref {
    const value = this.value(key)
    if (value instanceof UnresolvedRef) throw undefinedRef(value, this.at(key))
    if (schemaKindOf(value) !== kind) throw wrongType(this.at(key), expected, typeName(value))
    return castRef(value, this.at(key))
  }

  /** A set; native collections are sets. */
  set(key: string): SetForm {
    return castSet(this.value(key), this.at(key))
  }

  /** A ref or a set; native collections are sets. */
  refOrSet(key: string): Ref | SetForm {
    const value = this.value(key)
    if (value instanceof SetValue) return value.form
    if (!(value instanceof Ref) && !(value instanceof UnresolvedRef)) {
      throw wrongType(this.at(key), 'Ref or Set', typeName(value))
    }
    const ref = castRef(value, this.at(key))
    return isNativeCollection(ref) ? castSet(ref, this.at(key)) : ref
  }

  /** What the functions over collections take. */
  carrier(key: string): Carrier {
    return castCarrier(this.value(key), this.at(key))
  }

  /** A set or an array. */
  setOrArray(key: string): SetForm | Value[] {
    return castSetOrArray(this.value(key), this.at(key))
  }

  /** The function argument as something to call; `at` is where a wrong number of arguments is told. */
  lambda(key: string, at: Position = this.at(key)): (argument: Value) => Value {
    const part = this.part(key)
    const { depth } = this.frame
    if (part.kind === 'lambda') {
      return argument => {
        checkDepth(depth, at)
        const scope = bindParameters(part.parameters, argument, this.frame.scope, at)
        return this.evaluator.run(part.body, { ...this.frame, scope, depth: depth + 1 })
      }
    }
    const value = this.value(key)
    if (!(value instanceof Lambda)) throw wrongType(this.at(key), 'Lambda', typeName(value))
    return argument => {
      checkDepth(depth, at)
      return this.evaluator.apply(value, argument, { ...this.frame, depth: depth + 1 })
    }
  }
}

/** How deep functions may be called inside of one another, those of the user and those of `map` and its kin alike. */
const MAX_CALL_DEPTH = 200

/** Fails where one more call would be too deep. */
export function checkDepth(depth: number, at: Position): void {
  if (depth < MAX_CALL_DEPTH) return
  throw failure(at, 'stack overflow', `Call stack reached the maximum limit of ${MAX_CALL_DEPTH}.`)
}

/** A document as a query sees it. */
export function showVersion(query: Query, ref: Ref, version: LiveVersion, isCreated = false): VersionValue {
  return new VersionValue(ref, version.ts, version.fields, query.transaction.isOwn(version.ts), isCreated)
}

/** The scope of a function's body: its parameters bound to the argument. */
export function bindParameters(
  parameters: string | readonly string[],
  argument: Value,
  scope: Scope,
  at: Position,
): Scope {
  if (typeof parameters === 'string') return bind(parameters, argument, scope)
  const values = Array.isArray(argument) ? argument : [argument]
  if (values.length !== parameters.length) {
    const counts = `${parameters.length} elements. Array contains ${values.length}.`
    throw failure(inside(at, 'lambda'), 'invalid argument', `Lambda expects an array with ${counts}`)
  }
  return parameters.reduce<Scope>((up, name, i) => bind(name, values[i] ?? null, up), scope)
}

function bind(name: string, value: Value, up: Scope): Scope {
  return name === NO_NAME ? up : { name, value, up }
}

export function castNumber(value: Value, at: Position): bigint | number {
  if (typeof value !== 'bigint' && typeof value !== 'number') throw wrongType(at, 'Number', typeName(value))
  return value
}

export function castString(value: Value, at: Position): string {
  if (typeof value !== 'string') throw wrongType(at, 'String', typeName(value))
  return value
}

export function castBoolean(value: Value, at: Position): boolean {
  if (typeof value !== 'boolean') throw wrongType(at, 'Boolean', typeName(value))
  return value
}

function castTime(value: Value, at: Position): Time {
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

export function castRef(value: Value, at: Position, expected = 'Ref'): Ref {
  if (value instanceof UnresolvedRef) throw undefinedRef(value, at)
  if (!(value instanceof Ref)) throw wrongType(at, expected, typeName(value))
  return value
}

/** A set; native collections are those of their documents. */
export function castSet(value: Value, at: Position): SetForm {
  if (value instanceof SetValue) return value.form
  if (!(value instanceof Ref) && !(value instanceof UnresolvedRef)) throw wrongType(at, 'Ref or Set', typeName(value))
  const ref = castRef(value, at)
  if (!isNativeCollection(ref)) throw wrongType(at, 'Set', typeName(ref))
  return { kind: 'documents', collection: ref, isSchema: true }
}

/** An array, a page or a set. */
function castCarrier(value: Value, at: Position): Carrier {
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
  return ref.collection === COLLECTIONS && ref.id < 1024n
}
