/**
 * A function as it is when it was stored and is called: the real server keeps its text in normal form, and reads that again
 * (MODEL/ast/Expression.scala `parsedState`). So its errors are told at places in the normal form, what was quoted in it is
 * a form by now, and what it had captured is a `let` around its body.
 */
import type { Query } from './call.ts'
import { Failure } from './failures.ts'
import { readFunction } from './parse.ts'
import type { Binding, Expression, FormExpression, Lambda, ObjectValue, Value } from './values.ts'

/** What was read again, by what is stored. */
const again = new WeakMap<Lambda, Lambda>()

/** The function to call for a stored one. What cannot be read again is called as it was. */
export function readStored(stored: Lambda, query: Query): Lambda {
  const known = again.get(stored)
  if (known !== undefined) return known
  const lambda = readAgain(stored, query) ?? stored
  again.set(stored, lambda)
  return lambda
}

function readAgain({ parameters, body, captured, apiVersion }: Lambda, query: Query): Lambda | undefined {
  const inner = sourceOf(body)
  const expr: Value =
    captured.size === 0
      ? inner
      : new Map<string, Value>([
          ['let', new Map(captured)],
          ['in', inner],
        ])
  try {
    return readFunction(functionSource(parameters, expr), query, apiVersion)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

function functionSource(parameters: string | readonly string[], expr: Value): ObjectValue {
  return new Map<string, Value>([
    ['lambda', typeof parameters === 'string' ? parameters : [...parameters]],
    ['expr', expr],
  ])
}

/** The text of an expression in its normal form, as the reader of expressions takes it. */
function sourceOf(expression: Expression): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'array':
      return expression.items.map(sourceOf)
    case 'object':
      return fieldsOf(expression.fields)
    case 'bindings':
      return bindingsOf(expression.bindings)
    case 'lambda':
      return functionSource(expression.parameters, sourceOf(expression.body))
    case 'form':
      return formOf(expression)
  }
}

function formOf({ name, head = name, parts }: FormExpression): ObjectValue {
  return new Map([...parts].map(([key, part]) => [key === name ? head : key, sourceOf(part)]))
}

function fieldsOf(fields: readonly Binding[]): ObjectValue {
  return new Map(fields.map(({ name, value }) => [name, sourceOf(value)]))
}

/** An object, unless a name is bound twice: that no map can hold. */
function bindingsOf(bindings: readonly Binding[]): Value {
  const fields = fieldsOf(bindings)
  return fields.size === bindings.length ? fields : bindings.map(binding => fieldsOf([binding]))
}
