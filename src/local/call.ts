/**
 * What a function sees when it is evaluated: its arguments, which it evaluates when it wants them and as what it
 * wants them, and the query that it is part of. Functions know nothing of the wire.
 */
import {
  castBoolean,
  castCarrier,
  castNumber,
  castRef,
  castRefOrSet,
  castSet,
  castSetOrArray,
  castString,
  castTime,
  undefinedRef,
} from './casts.ts'
import type { Carrier } from './casts.ts'
import { collect, failure, wrongType } from './failures.ts'
import type { ErrorCode, Failure } from './failures.ts'
import { bindParameters, checkDepth } from './frame.ts'
import type { Evaluator, Frame, Query, SetContext } from './frame.ts'
import { schemaKindOf, typeName } from './kinds.ts'
import { inside } from './position.ts'
import type { Position } from './position.ts'
import { Lambda, PendingTime, UnresolvedRef } from './values.ts'
import type { Expression, FormExpression, ObjectValue, Ref, SchemaKind, SetForm, Time, Value } from './values.ts'

/** A function of the language, one for each form. */
export type Evaluate = (call: Call) => Value

/** An element of an argument list and where it stood. */
export type Argument = { readonly value: Value; readonly at: Position }

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
  setContext(key: string, frame: Frame = this.frame): SetContext {
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
    return castString(this.value(key), this.at(key))
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

  /** A boolean. */
  boolean(key: string): boolean {
    return castBoolean(this.value(key), this.at(key))
  }

  /** An array. */
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
    return castRefOrSet(this.value(key), this.at(key))
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
