/**
 * The error family: one base, one class a kind of trouble.
 * A message says what happened, where, and what to do. It never holds a secret.
 */
import { type ErrorCode, type SdkErrorCode, toServerCode } from './error-codes.ts'
import { advise } from './server-advice.ts'

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
