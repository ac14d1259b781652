/** The text of functions in normal form, as values: so they are stored, read again and compared. */
import type { Binding, Expression, FormExpression, Lambda, ObjectValue, Value } from './values.ts'

/** A function as it is stored: what it had captured is a `let` around its body. */
export function sourceOfFunction({ parameters, body, captured }: Lambda): ObjectValue {
  const inner = sourceOf(body)
  const bound = new Map<string, Value>([
    ['let', new Map(captured)],
    ['in', inner],
  ])
  return functionSource(parameters, captured.size === 0 ? inner : bound)
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
