/** A stored lambda evaluated beside the queries: a binding of an index, a predicate of a role. */
import type { Access } from './access.ts'
import type { Query } from './frame.ts'
import type { Database } from './database.ts'
import { evaluator } from './evaluate.ts'
import { Failure } from './failures.ts'
import type { Store } from './store.ts'
import type { Lambda, Value } from './values.ts'

/** The lambda's value, read-only and with the rights of `access`; undefined where it fails. */
export function tryLambda(
  store: Store,
  database: Database,
  access: Access,
  lambda: Lambda,
  argument: Value,
): Value | undefined {
  const query: Query = {
    store,
    database,
    transaction: store.begin(),
    access,
    apiVersion: lambda.apiVersion,
    kind: 'get',
  }
  try {
    return evaluator.apply(lambda, argument, { query, scope: null, readAt: undefined, depth: 0, isPure: true })
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}
