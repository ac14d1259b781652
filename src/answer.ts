/** The body of an answer → its resource, or the error that it tells. */
import { z } from 'zod'
import { type ErrorDetail, mayRetry, ProtocolError, QueryError } from './errors.ts'
import { decodeExactly } from './values/index.ts'

const step = z.union([z.string(), z.number()])
const failure = z.looseObject({ field: z.array(step), code: z.string(), description: z.string() })
const detail: z.ZodType<ErrorDetail> = z.lazy(() =>
  z.looseObject({
    code: z.string(),
    description: z.string(),
    position: z.array(step).exactOptional(),
    failures: z.array(failure).exactOptional(),
    cause: z.array(detail).exactOptional(),
  }),
)

/** The two shapes of error bodies: the endpoint's, and that of errors before or outside it (protocol.md A.10, C.2). */
const errorsBody = z.looseObject({ errors: z.array(detail).min(1) })
const plainBody = z.looseObject({ error: z.string() })
const resourceBody = z.looseObject({ resource: z.unknown() })

/** Codes for bodies that hold a sentence only (protocol.md A.10). */
const codesOfStatus: Readonly<Record<number, string>> = {
  400: 'bad request',
  401: 'unauthorized',
  403: 'permission denied',
  404: 'not found',
  408: 'request timeout',
  429: 'too many requests',
  500: 'internal server error',
  503: 'time out',
}

/**
 * The error that an answer with a status other than success tells.
 * A body that is not the server's (a proxy's page, nothing at all) becomes a `ProtocolError` that quotes it.
 */
export function toAnswerError(status: number, body: string, where: string): QueryError | ProtocolError {
  const json = parse(body)
  const known = errorsBody.safeParse(json)
  if (known.success) return new QueryError(status, known.data.errors, where)
  const plain = plainBody.safeParse(json)
  if (plain.success) {
    const code = codesOfStatus[status] ?? 'unknown_error'
    return new QueryError(status, [{ code, description: plain.data.error }], where)
  }
  return foreignBody(status, body, where)
}

/**
 * The decoded resource of a successful answer.
 * @throws ProtocolError `bad_response` where the body is not the server's.
 */
export function readResource(status: number, body: string, where: string): unknown {
  const json = resourceBody.safeParse(parse(body))
  if (!json.success || !('resource' in json.data)) throw foreignBody(status, body, where)
  return decodeExactly(json.data.resource, body, resourceOf)
}

function resourceOf(json: unknown): unknown {
  return (json as { resource: unknown }).resource
}

/** Whether a refusal may be due to the secret alone: asking a secret function again may help. */
export function isSecretRefused(error: unknown): boolean {
  if (!(error instanceof QueryError)) return false
  return error.status === 401 || (error.status === 403 && error.code === 'permission denied')
}

function foreignBody(status: number, body: string, where: string): ProtocolError {
  const text = `${where}: HTTP ${status} with a body that is not FaunaDB's; is something else, as a proxy, answering there?`
  return new ProtocolError('bad_response', text, body, { retryable: status >= 500 || mayRetry(status) })
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
