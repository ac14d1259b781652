/** The closed union of codes that an error of this package can have: ours, and the server's in its own spelling. */

/** Codes that the SDK itself gives; each stands in the README's table with what to do. */
export type SdkErrorCode =
  | 'invalid_option'
  | 'client_closed'
  | 'already_started'
  | 'already_closed'
  | 'connect_failed'
  | 'connect_timeout'
  | 'not_http2'
  | 'no_place'
  | 'secret_failed'
  | 'start_timeout'
  | 'ping_timeout'
  | 'connection_lost'
  | 'server_closed'
  | 'stream_reset'
  | 'refused'
  | 'bad_line'
  | 'bad_event'
  | 'line_too_long'
  | 'bad_response'
  | 'gap'
  | 'invalid_data'
  | 'bad_checkpoint'
  | 'checkpoint_mismatch'
  | 'data_in_use'
  | 'bad_data'
  | 'data_failed'
  | 'bad_import'
  | 'bad_query_text'
  | 'unknown_error'

/** Codes that the server gives, in its own spelling (protocol.md B.7, B.10, C.4). */
const serverCodes = [
  'authentication failed',
  'bad request',
  'call error',
  'check constraint failure',
  'contended transaction',
  'feature not available',
  'forbidden',
  'instance already exists',
  'instance not found',
  'instance not unique',
  'internal server error',
  'invalid argument',
  'invalid expression',
  'invalid object in container',
  'invalid ref',
  'invalid scope',
  'invalid token',
  'invalid url parameter',
  'invalid write time',
  'method not allowed',
  'missing identity',
  'move database error',
  'not found',
  'operator error',
  'permission denied',
  'processing time limit exceeded',
  'request timeout',
  'request too large',
  'schema not found',
  'schema validation failed',
  'stack overflow',
  'time out',
  'too many requests',
  'transaction aborted',
  'unauthorized',
  'validation failed',
  'value not found',
] as const

/** A code that the server gives, in its own spelling. */
export type ServerErrorCode = (typeof serverCodes)[number]

/** Every `code` that an error of this package can have. */
export type ErrorCode = SdkErrorCode | ServerErrorCode

const knownServerCodes: ReadonlySet<string> = new Set(serverCodes)

/** The server's code where it is one we know; else `unknown_error`, the text itself staying in the error's details. */
export function toServerCode(code: string): ServerErrorCode | 'unknown_error' {
  return knownServerCodes.has(code) ? (code as ServerErrorCode) : 'unknown_error'
}
