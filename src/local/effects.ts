/** What an expression may do, whatever its values: compute, read or write. Lambdas of sets may not do everything. */
import type { FormName } from '../query/forms.ts'
import type { Expression } from './values.ts'

/** From the least to the most. */
export type Effect = 'pure' | 'read' | 'write'

/**
 * The forms that do more than compute; a call of a user function may do anything. Whether there is a token is no
 * reading, what it is and for whom is.
 */
const effects: Partial<Readonly<Record<FormName, Effect>>> = {
  exists: 'read',
  get: 'read',
  first: 'read',
  last: 'read',
  paginate: 'read',
  contains_value: 'read',
  identify: 'read',
  identity: 'read',
  has_identity: 'read',
  current_identity: 'read',
  has_current_identity: 'read',
  current_token: 'read',
  key_from_secret: 'read',
  reduce: 'read',
  count: 'read',
  sum: 'read',
  mean: 'read',
  any: 'read',
  all: 'read',
  max: 'read',
  min: 'read',
  call: 'write',
  create: 'write',
  update: 'write',
  replace: 'write',
  delete: 'write',
  insert: 'write',
  remove: 'write',
  create_class: 'write',
  create_collection: 'write',
  create_database: 'write',
  create_index: 'write',
  create_key: 'write',
  create_function: 'write',
  create_role: 'write',
  create_access_provider: 'write',
  login: 'write',
  issue_access_jwt: 'write',
  logout: 'write',
  new_id: 'write',
  next_id: 'write',
  move_database: 'write',
}

const ranks: Readonly<Record<Effect, number>> = { pure: 0, read: 1, write: 2 }

function greater(a: Effect, b: Effect): Effect {
  return ranks[b] > ranks[a] ? b : a
}

function greatest(expressions: Iterable<Expression>): Effect {
  let effect: Effect = 'pure'
  for (const expression of expressions) effect = greater(effect, effectOf(expression))
  return effect
}

/** The most that an expression may do. */
export function effectOf(expression: Expression): Effect {
  switch (expression.kind) {
    case 'array':
      return greatest(expression.items)
    case 'object':
      return greatest(expression.fields.map(field => field.value))
    case 'bindings':
      return greatest(expression.bindings.map(binding => binding.value))
    case 'lambda':
      return effectOf(expression.body)
    case 'form':
      // A function that is a value does nothing where it is made.
      if (expression.name === 'query') return 'pure'
      return greater(effects[expression.name] ?? 'pure', greatest(expression.parts.values()))
    case 'literal':
      return 'pure'
  }
}
