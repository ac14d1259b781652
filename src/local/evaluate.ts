/**
 * Evaluates checked expressions. It knows the shapes of expressions; what a form does stands in `functions/`.
 */
import { bindParameters } from './frame.ts'
import type { Evaluator, Frame, Scope } from './frame.ts'
import { Call } from './call.ts'
import { collect } from './failures.ts'
import { functions } from './functions/table.ts'
import { sortAsHashed } from './hash-order.ts'
import { Lambda, NO_NAME } from './values.ts'
import type { Expression, FormExpression, Value } from './values.ts'

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

/** A function value keeps the variables that its body uses and does not bind itself. */
function close(expression: Extract<Expression, { kind: 'lambda' }>, frame: Frame): Lambda {
  const free = new Set<string>()
  findFree(expression, null, free)
  const captured = new Map<string, Value>()
  for (const name of sortAsHashed([...free])) {
    for (let scope = frame.scope; scope !== null; scope = scope.up) {
      if (scope.name !== name) continue
      captured.set(name, scope.value)
      break
    }
  }
  return new Lambda(expression.parameters, expression.body, captured, expression.apiVersion, expression.at)
}

/** The names that an expression binds, innermost first. */
type Bound = { readonly name: string; readonly up: Bound } | null

function isBound(name: string, bound: Bound): boolean {
  for (let names = bound; names !== null; names = names.up) if (names.name === name) return true
  return false
}

/** Adds the variables that are used in an expression and bound outside of it. */
function findFree(expression: Expression, bound: Bound, free: Set<string>): void {
  switch (expression.kind) {
    case 'array':
      for (const item of expression.items) findFree(item, bound, free)
      break
    case 'object':
      for (const field of expression.fields) findFree(field.value, bound, free)
      break
    case 'lambda': {
      let inner = bound
      for (const name of [expression.parameters].flat()) if (name !== NO_NAME) inner = { name, up: inner }
      findFree(expression.body, inner, free)
      break
    }
    case 'form':
      findFreeOfForm(expression, bound, free)
  }
}

function findFreeOfForm({ name: form, parts }: FormExpression, bound: Bound, free: Set<string>): void {
  const name = form === 'var' ? parts.get('var') : undefined
  if (name?.kind === 'literal' && typeof name.value === 'string') {
    if (!isBound(name.value, bound)) free.add(name.value)
    return
  }
  const bindings = parts.get('let')
  let inner = bound
  if (bindings?.kind === 'bindings') {
    for (const { name: variable, value } of bindings.bindings) {
      findFree(value, inner, free)
      inner = { name: variable, up: inner }
    }
  }
  for (const part of parts.values()) findFree(part, inner, free)
}
