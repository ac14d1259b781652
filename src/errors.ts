/**
 * The error family: one base, one class a kind of trouble, and the closed union of codes.
 * A message says what happened, where, and what to do. It never holds a secret.
 */

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

/** The base of all errors that this package throws. */
export class FaunaError extends Error {
  override readonly name: string = 'FaunaError'
  /** Stable, for programs: see the README's table of codes. */
  readonly code: ErrorCode
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
  }
}

/** A text of FQL that cannot be read; nothing was sent. Its message shows the line, with a mark below the place. */
export class QueryTextError extends FaunaError {
  override readonly name = 'QueryTextError'
  /** Lines and columns count from 1; the offset counts UTF-16 units of the text from 0. */
  readonly line: number
  readonly column: number
  readonly offset: number

  constructor(text: string, offset: number, reason: string) {
    const before = text.slice(0, offset).split('\n')
    const column = before.at(-1)!.length + 1
    const shown = showLine(text.split('\n')[before.length - 1]!, column - 1)
    super('bad_query_text', `line ${before.length}, column ${column}: ${reason}\n${shown}`)
    this.line = before.length
    this.column = column
    this.offset = offset
  }
}

/** Characters that are shown on each side of a mistake. */
const shownAround = 36

/** The part of a line around a place, and a mark below it. */
function showLine(line: string, at: number): string {
  const from = Math.max(0, at - shownAround)
  const part = line.slice(from, at + shownAround).replace(/[\t\r]/g, ' ')
  return `  ${part}\n  ${' '.repeat(at - from)}^`
}

/** An option or argument that cannot be used; thrown before anything is sent. */
export class OptionError extends FaunaError {
  override readonly name = 'OptionError'
  /** The option's name, with its path where it is nested: `fields[1]`, `tls.ca`. */
  readonly option: string

  constructor(option: string, message: string) {
    super('invalid_option', `${option}: ${message}`)
    this.option = option
  }
}

/** A call that does not fit the state of its object, as a second loop over one stream. */
export class StateError extends FaunaError {
  override readonly name = 'StateError'
}

/** What is known of a request whose answer did not come. */
export type Outcome = 'not_processed' | 'unknown'

/** The connection or the exchange on it failed: no answer, or no more of it. */
export class TransportError extends FaunaError {
  override readonly name = 'TransportError'
  /** `not_processed`: the peer surely did not act on the request. `unknown`: it may have. */
  readonly outcome: Outcome

  constructor(
    code: SdkErrorCode,
    message: string,
    options: { outcome?: Outcome; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(code, message, { retryable: true, ...options })
    this.outcome = options.outcome ?? 'unknown'
  }
}

/** Why events may be missing; see `GapError`. */
export type GapReason = keyof typeof gapAdvice

const gapAdvice = {
  retention:
    'history does not reach back so far: read the state anew, and keep more history (history_days of the collection)',
  permission:
    'the key may not read history: give its role history_read on the collection (of a set, read on the index)',
  recreated: 'the collection or index was deleted and made anew under the same name: read the state anew',
  expired:
    'the document has expired (ttl), or its past was rewritten: history does not tell these versions; read the state anew',
  live: "the stream was reopened with resume: 'live', which reads nothing back: read the state anew",
} as const

/** A hole: what came after the event at `after`, up to and including `until`, both transaction times in microseconds. */
export type Gap = { readonly after: number; readonly until: number; readonly reason: GapReason }

/** Events were missed and cannot be had: those after `after`, up to and including `until`. */
export class GapError extends FaunaError {
  override readonly name = 'GapError'
  /** Transaction time of the last event that was delivered, in microseconds; of a set, it may be incomplete itself. */
  readonly after: number
  /** The stream told everything after this transaction time, in microseconds. */
  readonly until: number
  readonly reason: GapReason

  constructor(gap: Gap, where: string) {
    const hole = `events after ${gap.after}, up to and including ${gap.until}, may be missing (${gap.reason})`
    super('gap', `${where}: ${hole}; ${gapAdvice[gap.reason]}`)
    this.after = gap.after
    this.until = gap.until
    this.reason = gap.reason
  }
}

/** What does not fit a stream's schema; the path begins in the event's payload, as `['document', 'data', 'state']`. */
export type SchemaIssue = { readonly message: string; readonly path: readonly PropertyKey[] }

/** The data of a document does not fit the schema of its stream. */
export class SchemaError extends FaunaError {
  override readonly name = 'SchemaError'
  readonly issues: readonly SchemaIssue[]
  /** The event, its data as it came. */
  readonly event: unknown

  constructor(issues: readonly SchemaIssue[], event: unknown, where: string) {
    const [first] = issues
    const what = first ? `${first.path.map(String).join('.')}: ${cut(first.message)}` : 'it names no issue'
    const more = issues.length > 1 ? ` (and ${issues.length - 1} more in .issues)` : ''
    const advice = "let the schema take it, or get such events as 'invalid' ones with onInvalid: 'yield'"
    super('invalid_data', `${where} does not fit the schema: ${what}${more}; ${advice}`)
    this.issues = issues
    this.event = event
  }
}

/** The peer sent what is not the protocol: a line that is not an event, an answer that is not the server's. */
export class ProtocolError extends FaunaError {
  override readonly name = 'ProtocolError'
  /** What came, cut at 200 characters. */
  readonly received: string

  constructor(
    code: 'bad_line' | 'bad_event' | 'line_too_long' | 'bad_response',
    message: string,
    received: string,
    options: { retryable?: boolean; cause?: unknown } = {},
  ) {
    super(code, `${message}: ${JSON.stringify(cut(received))}`, options)
    this.received = cut(received)
  }
}

/** One validation failure inside an error of the server (protocol.md C.2). */
export type Failure = {
  readonly field: readonly (string | number)[]
  readonly code: string
  readonly description: string
}

/** One error of the server's answer (protocol.md C.2), as it came. */
export type ErrorDetail = {
  readonly code: string
  readonly description: string
  /** Path into the request's expression; absent in errors of the protocol. */
  readonly position?: readonly (string | number)[]
  readonly failures?: readonly Failure[]
  /** Errors inside a user-defined function that was called. */
  readonly cause?: readonly ErrorDetail[]
}

type Advice = { readonly code: string; readonly description?: RegExp; readonly text: string }

/** What to do about an error of the server: the first row that fits. */
const advices: readonly Advice[] = [
  { code: 'unauthorized', text: 'check the secret: the key may be deleted, expired, or of another database' },
  {
    code: 'permission denied',
    description: /Authorization lost/,
    text: 'the key, its role or its token was changed or deleted; where the secret is still good a new stream works, but the change at this txn was withheld: read it',
  },
  {
    code: 'permission denied',
    text: 'the role of the key lacks the right for the call at this position: grant it (read on the collection, read or unrestricted_read on the index, call on the function), or use another key',
  },
  {
    code: 'invalid argument',
    description: /Expected a Document Ref or Version, or a Set Ref/,
    text: 'a stream follows the ref of a document, a version of one (Get), Match(index, …terms) or Documents(collection), of collections of your own; for anything else follow one of these and query when it changes',
  },
  {
    code: 'invalid expression',
    description: /performs a write/,
    text: 'the expression of a stream may only read: write with client.query first',
  },
  {
    code: 'invalid expression',
    description: /^Ref refers to undefined/,
    text: 'what the stream followed is gone, as after a restart of a server that keeps nothing: create it anew, then open the stream',
  },
  { code: 'not found', text: 'is the path of the endpoint right? Most servers have none' },
  { code: 'invalid ref', text: 'create it first, or check its name and the database of the secret' },
  {
    code: 'instance not found',
    description: /is not active/,
    text: 'the index is still being built: wait until Select("active", Get(index)) is true',
  },
  { code: 'contended transaction', text: 'another transaction wrote the same documents: send it again' },
  {
    code: 'too many requests',
    text: 'the server is at its limit: close streams that are not needed, or try again later',
  },
  { code: 'request too large', text: 'an expression may have 8 MiB' },
  {
    code: 'internal server error',
    description: /refCnt/,
    text: 'the server cannot render bytes in an event: leave out the fields that hold them (fields: ["action"]) and read the document with a query',
  },
  {
    code: 'time out',
    description: /congestion/,
    text: 'the stream fell 4,096 events behind and what was queued is lost: open it anew and read what it missed; let the loop do less',
  },
  { code: 'time out', text: 'the server was too busy or is stopping: try again' },
]

/** The sentence that says what to do, to append to a message; empty where there is nothing to add. */
function advise(code: string, description: string): string {
  const row = advices.find(advice => advice.code === code && (advice.description?.test(description) ?? true))
  return row ? ` — ${row.text}` : ''
}

/** Statuses after which the same request may succeed later (reliability.md, rules). */
const retryableStatuses: ReadonlySet<number> = new Set([408, 409, 429, 440, 500, 502, 503, 504, 540])

/** Whether the same request may succeed later, as a status says. */
export function mayRetry(status: number): boolean {
  return retryableStatuses.has(status)
}

/** The server refused a query, or the opening of a stream, with an HTTP status of its own. */
export class QueryError extends FaunaError {
  override readonly name = 'QueryError'
  /** The HTTP status. */
  readonly status: number
  /** All errors of the answer; the others' properties are those of the first. */
  readonly errors: readonly ErrorDetail[]
  readonly description: string
  readonly position: readonly (string | number)[]
  readonly failures: readonly Failure[]

  constructor(status: number, errors: readonly ErrorDetail[], where: string) {
    const first = errors[0] ?? { code: 'unknown_error', description: 'The answer names no error.' }
    super(toServerCode(first.code), describeErrors(status, first, errors.length, where), {
      retryable: mayRetry(status),
    })
    this.status = status
    this.errors = errors
    this.description = first.description
    this.position = first.position ?? []
    this.failures = first.failures ?? []
  }
}

/** In-band codes after which a new stream may go on (protocol.md B.7). */
const retryableStreamCodes: ReadonlySet<string> = new Set([
  'time out',
  'request timeout',
  'too many requests',
  'internal server error',
])

/** The server ended a stream with an error event (protocol.md B.7). */
export class StreamError extends FaunaError {
  override readonly name = 'StreamError'
  /** The server's sentence. */
  readonly description: string
  /** The transaction time of the error event, in microseconds; 0 for all but a lost authorization. */
  readonly txn: number
  /** The server's code as it came; `code` is the same where it is a known one. */
  readonly serverCode: string

  constructor(code: string, description: string, txn: number, where: string) {
    super(
      toServerCode(code),
      `${where}: the server ended the stream: ${code}: ${description}${advise(code, description)}`,
      {
        retryable: retryableStreamCodes.has(code),
      },
    )
    this.description = description
    this.txn = txn
    this.serverCode = code
  }
}

/** Longest piece of foreign text that a message quotes, in characters. */
const maxQuotedCharacters = 200

/** Cuts foreign text to what a message may quote. */
export function cut(text: string): string {
  return text.length <= maxQuotedCharacters ? text : text.slice(0, maxQuotedCharacters) + '…'
}

function describeErrors(status: number, first: ErrorDetail, count: number, where: string): string {
  const at = first.position && first.position.length > 0 ? ` at [${first.position.join(', ')}]` : ''
  const failures = (first.failures ?? []).map(f => ` ${f.field.join('.')}: ${f.description}`).join(';')
  const more = count > 1 ? ` (and ${count - 1} more in .errors)` : ''
  return `${where}: HTTP ${status}: ${first.code}${at}: ${first.description}${failures}${more}${advise(first.code, first.description)}`
}
