/**
 * How a query fails: errors with code, description, position, failures and cause, and the status that an answer with
 * them has (protocol.md C.2 to C.4).
 */
import type { Position } from './position.ts'

/** One thing wrong with the data of a document. */
export type FieldFailure = { readonly field: readonly string[]; readonly code: string; readonly description: string }

/** One error of a query. */
export type QueryError = {
  readonly at: Position
  readonly code: ErrorCode
  readonly description: string
  readonly failures?: readonly FieldFailure[]
  readonly cause?: readonly QueryError[]
  /** Only where it is not the usual one of the code. */
  readonly status?: number
  /** The same for its weight beside others. */
  readonly weight?: number
}

/** The status of an error and its weight when several are told: the heaviest decides (protocol.md C.3). */
const weights = {
  'invalid expression': { weight: 3, status: 400 },
  'invalid argument': { weight: 2, status: 400 },
  'permission denied': { weight: 1, status: 403 },
  'value not found': { weight: 0, status: 404 },
  'instance not found': { weight: 0, status: 404 },
  'invalid ref': { weight: 0, status: 400 },
  'invalid write time': { weight: 0, status: 400 },
  'invalid url parameter': { weight: 0, status: 400 },
  'transaction aborted': { weight: 0, status: 400 },
  'authentication failed': { weight: 0, status: 400 },
  'instance already exists': { weight: 0, status: 400 },
  'instance not unique': { weight: 0, status: 400 },
  'validation failed': { weight: 0, status: 400 },
  'call error': { weight: 0, status: 400 },
  'stack overflow': { weight: 0, status: 400 },
  'missing identity': { weight: 0, status: 400 },
  'invalid token': { weight: 0, status: 400 },
  'invalid scope': { weight: 0, status: 400 },
  'move database error': { weight: 0, status: 400 },
  'schema validation failed': { weight: 0, status: 400 },
  'invalid object in container': { weight: 0, status: 400 },
} as const satisfies Record<string, { weight: number; status: number }>

/** The codes of query errors. */
export type ErrorCode = keyof typeof weights

/** Thrown when a query cannot go on: all its errors. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly errors: readonly QueryError[]
  constructor(errors: readonly QueryError[]) {
    super(errors.map(error => error.description).join('; '))
    this.errors = errors
  }
}

/** Thrown when a request ends outside of its query: such an answer has no position, and always comes indented. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, description: string) {
    super(description)
    this.status = status
    this.code = code
  }
}

/** An error of the server itself, as the real one tells it: the exception of its virtual machine. */
export function serverFault(exception: string): Fault {
  return new Fault(500, 'internal server error', `${exception} Please create a ticket at https://support.fauna.com`)
}

/** A fault of this server, which is none of the real one: what failed, and what of it is known. */
export function ownFault(error: unknown): Fault {
  return new Fault(
    500,
    'internal server error',
    `The embedded server has a fault of its own, please report it: ${String(error)}`,
  )
}

/** Where a write stands: errors are told at its form, or at its own key. */
export type Places = {
  readonly form: Position
  readonly key: Position
  /** Whether it is inside of an `at` that reads the past: documents can then be deleted, but not made or changed. */
  readonly isPast?: boolean
}

/** A failure of one error. */
export function failure(
  at: Position,
  code: ErrorCode,
  description: string,
  more: Pick<QueryError, 'failures' | 'cause' | 'status' | 'weight'> = {},
): Failure {
  return new Failure([{ at, code, description, ...more }])
}

/** The failure of a value of another type than wanted: `Integer expected, String provided.` */
export function wrongType(at: Position, expected: string, provided: string): Failure {
  return failure(at, 'invalid argument', `${expected} expected, ${provided} provided.`)
}

/** The failure of data that a document may not have. */
export function invalidData(at: Position, failures: readonly FieldFailure[]): Failure {
  return failure(at, 'validation failed', 'document data is not valid.', { failures })
}

/** The failure of schema that may not be: each reason is an error. */
export function forbidden(at: Position, reasons: readonly string[]): Failure {
  return new Failure(reasons.map(description => ({ at, code: 'schema validation failed', description })))
}

/** The failure of a key that lacks the right. */
export function permissionDenied(at: Position): Failure {
  return failure(at, 'permission denied', 'Insufficient privileges to perform the action.')
}

function weightOf({ code, weight = weights[code].weight }: QueryError): number {
  return weight
}

/** The status of an answer that tells these errors. */
export function statusOf(errors: readonly QueryError[]): number {
  let chosen: QueryError | undefined
  for (const error of errors) if (chosen === undefined || weightOf(error) > weightOf(chosen)) chosen = error
  return chosen === undefined ? 500 : (chosen.status ?? weights[chosen.code].status)
}

/**
 * Evaluates every element before failing, and fails with the errors of all of them, as arrays, object literals and
 * argument lists do.
 */
export function collect<Element, Result>(
  elements: readonly Element[],
  evaluate: (element: Element, index: number) => Result,
): Result[] {
  const errors: QueryError[] = []
  const results: Result[] = []
  elements.forEach((element, index) => {
    try {
      results.push(evaluate(element, index))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      errors.push(...error.errors)
    }
  })
  if (errors.length > 0) throw new Failure(errors)
  return results
}
