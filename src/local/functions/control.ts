/** Forms that decide what is evaluated: variables, conditions, sequences, functions and calls. */
import type { Access } from '../access.ts'
import { checkDepth } from '../frame.ts'
import type { Frame, Query } from '../frame.ts'
import type { Call, Evaluate } from '../call.ts'
import { castBoolean, castRef, undefinedRef } from '../casts.ts'
import { collect, failure, Failure, permissionDenied, wrongType } from '../failures.ts'
import { schemaKindOf, typeName } from '../kinds.ts'
import { findSchema, nounOf } from '../names.ts'
import { readStored } from '../stored-functions.ts'
import { inside, relativeTo } from '../position.ts'
import type { Position } from '../position.ts'
import { Lambda, PendingTime, Time, UnresolvedRef } from '../values.ts'
import type { Expression, Ref, Value } from '../values.ts'

const evaluateVariable: Evaluate = call => {
  const part = call.part('var')
  const name = part.kind === 'literal' ? part.value : null
  for (let scope = call.frame.scope; scope !== null; scope = scope.up) if (scope.name === name) return scope.value
  throw call.fail('invalid expression', `Variable '${String(name)}' is not defined.`)
}

const evaluateLet: Evaluate = call => {
  const part = call.part('let')
  let { scope } = call.frame
  for (const { name, value } of part.kind === 'bindings' ? part.bindings : []) {
    scope = { name, value: call.evaluator.run(value, { ...call.frame, scope }), up: scope }
  }
  return call.value('in', { ...call.frame, scope })
}

/** The parts of a list, to be evaluated one after the other; a single one is a list of itself. */
function partsOf(call: Call, key: string): readonly Expression[] {
  const part = call.part(key)
  return part.kind === 'array' ? part.items : [part]
}

/** Evaluates Booleans until one decides; all of them, where the form is one of old. */
function decide(call: Call, key: 'and' | 'or', decisive: boolean): boolean {
  if (call.form.isEager === true) {
    return collect(call.nonEmptyList(key), ({ value, at }) => castBoolean(value, at)).includes(decisive) === decisive
  }
  const isDecisive = (part: Expression, i: number): boolean =>
    castBoolean(call.evaluator.run(part, call.frame), inside(call.at(key), i)) === decisive
  return partsOf(call, key).some(isDecisive) === decisive
}

const evaluateDo: Evaluate = call => {
  let result: Value = null
  for (const part of partsOf(call, 'do')) result = call.evaluator.run(part, call.frame)
  return result
}

const evaluateAt: Evaluate = call => {
  const time = call.value('at')
  if (time instanceof PendingTime) return call.value('expr', { ...call.frame, readAt: undefined })
  if (!(time instanceof Time) && typeof time !== 'bigint') throw wrongType(call.at('at'), 'Time', typeName(time))
  const micros = Number(time instanceof Time ? time.micros : time)
  return call.value('expr', { ...call.frame, readAt: timeOfReads(call, micros) })
}

/** The future changes nothing, and the time of the query itself is no past: there one can write. */
function timeOfReads({ frame }: Call, micros: number): number | undefined {
  const { snapshot } = frame.query.transaction
  if (micros > snapshot) return frame.readAt
  return micros === snapshot ? undefined : micros
}

/** The function that a `call` names, by ref or by name. */
function findFunction(call: Call, value: Value): Ref {
  const named = typeof value === 'string' ? findSchema(call.query.database, 'function', value) : value
  if (named instanceof UnresolvedRef) throw undefinedRef(named, call.at('call'))
  if (schemaKindOf(named) !== 'function') throw wrongType(call.at('call'), 'Identifier', typeName(named))
  return castRef(named, call.at('call'))
}

/** The rights inside of a function: those of its role, as that was before the transaction. */
function accessInside(query: Query, role: Value | undefined): Access {
  const { access, database, store, transaction } = query
  if (role === undefined) return access
  return store.accessOfRole(database, role, access, one => transaction.readCached(database, one))
}

const evaluateCall: Evaluate = call => {
  const value = call.value('call')
  const argument = call.has('arguments') ? call.value('arguments') : []
  const ref = findFunction(call, value)
  const { query, depth } = call.frame
  const database = query.store.database(ref.database)
  const fields = database && query.transaction.readCached(database, ref)?.fields
  const stored = fields?.get('body')
  if (!(stored instanceof Lambda)) throw failure(call.at('call'), 'instance not found', `${nounOf(ref)} not found.`)
  const body = readStored(stored, query)
  if (!query.access.allows('call', ref, [argument])) throw permissionDenied(call.position)
  checkDepth(depth, call.position)
  const access = accessInside(query, fields?.get('role'))
  const frame: Frame = { ...call.frame, query: { ...query, access }, depth: depth + 1 }
  return inCall(call.position, body.at, () => call.evaluator.apply(body, argument, frame))
}

/** An error inside of a user function is the cause of an error of the call, and told from where the function begins. */
function inCall(at: Position, body: Position, run: () => Value): Value {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const cause = error.errors.map(one => ({ ...one, at: relativeTo(one.at, body) }))
    // Alone it comes through as it is (LambdaWrapper.scala `apply`).
    if (cause.length === 1 && cause[0]?.code === 'stack overflow') throw new Failure(cause)
    throw failure(at, 'call error', 'Calling the function resulted in an error.', { cause })
  }
}

const evaluateAbort: Evaluate = call => {
  throw call.fail('transaction aborted', call.string('abort'))
}

/** The forms of this file. */
export const control = {
  at: evaluateAt,
  var: evaluateVariable,
  let: evaluateLet,
  if: call => (call.boolean('if') ? call.value('then') : call.value('else')),
  and: call => decide(call, 'and', false),
  or: call => decide(call, 'or', true),
  do: evaluateDo,
  object: call => call.value('object'),
  quote: call => call.value('quote'),
  call: evaluateCall,
  query: call => call.value('query'),
  lambda: call => call.value('lambda'),
  abort: evaluateAbort,
} satisfies Record<string, Evaluate>
