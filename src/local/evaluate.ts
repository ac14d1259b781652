/**
 * Evaluates checked expressions. It knows the shapes of expressions; what a form does stands in `functions/`.
 */
import { Call, bindParameters } from './call.ts'
import type { Evaluator, Frame, Scope } from './call.ts'
import { collect } from './failures.ts'
import { functions } from './functions/table.ts'
import { makeSet } from './functions/set-literals.ts'
import { Lambda, NO_NAME } from './values.ts'
import type { Expression, Value } from './values.ts'
import { resolveRef } from './written-refs.ts'

/** The one evaluator. */
export const evaluator: Evaluator = {
  run(expression, frame) {
    switch (expression.kind) {
      case 'literal':
        return expression.value
      case 'array':
        return collect(expression.items, item => evaluator.run(item, frame))
      case 'object': {
        const values = collect(expression.fields, field => evaluator.run(field.value, frame))
        return new Map(expression.fields.map((field, i) => [field.name, values[i] ?? null]))
      }
      case 'ref':
        return resolveRef(frame.query, expression.ref, expression.at)
      case 'set':
        return makeSet(expression, frame, evaluator)
      case 'lambda':
        return close(expression, frame)
      case 'bindings':
        return null
      case 'form':
        frame.query.deadline?.step()
        return functions[expression.name](new Call(expression, frame, evaluator))
    }
  },

  apply(lambda, argument, frame) {
    let scope: Scope = null
    for (const [name, value] of lambda.captured) scope = { name, value, up: scope }
    return evaluator.run(lambda.body, {
      ...frame,
      scope: bindParameters(lambda.parameters, argument, scope, lambda.at),
    })
  },
}

/** A function value keeps the variables that its body uses. */
function close(expression: Extract<Expression, { kind: 'lambda' }>, frame: Frame): Lambda {
  const captured = new Map<string, Value>()
  const parameters = [expression.parameters].flat().filter(name => name !== NO_NAME)
  for (const name of freeVariables(expression.body)) {
    if (parameters.includes(name)) continue
    for (let scope = frame.scope; scope !== null; scope = scope.up) {
      if (scope.name !== name) continue
      captured.set(name, scope.value)
      break
    }
  }
  return new Lambda(expression.parameters, expression.body, captured, expression.apiVersion, expression.at)
}

function freeVariables(expression: Expression, names = new Set<string>()): Set<string> {
  switch (expression.kind) {
    case 'array':
      for (const item of expression.items) freeVariables(item, names)
      break
    case 'object':
      for (const field of expression.fields) freeVariables(field.value, names)
      break
    case 'bindings':
      for (const binding of expression.bindings) freeVariables(binding.value, names)
      break
    case 'lambda':
      freeVariables(expression.body, names)
      break
    case 'form': {
      const name = expression.name === 'var' ? expression.parts.get('var') : undefined
      if (name?.kind === 'literal' && typeof name.value === 'string') names.add(name.value)
      else for (const part of expression.parts.values()) freeVariables(part, names)
    }
  }
  return names
}
