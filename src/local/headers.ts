// The headers of requests and answers: what is checked, what is echoed, what is counted. protocol.md A.5, A.8, A.9.
import { randomBytes } from 'node:crypto'
import { isApiVersion } from './dialects.ts'
import { indent } from './json-layout.ts'
import { writeString } from './json.ts'

type Headers = Readonly<Record<string, string | undefined>>

/** What an answer takes over from its request, whether that was in order or not. */
export type Echo = {
  /** The request's trace with a new span, or a new trace. */
  readonly traceparent: string
  /** Whether bodies are laid out over several lines. */
  readonly isFormatted: boolean
  /** Whether the host is named (`X-Trace`). */
  readonly isTraced: boolean
  /** Whose scripts may read the answer (CORS). */
  readonly origin?: string
  /** The request's tags as they are echoed. */
  readonly tags?: string
}

/** A request's headers, checked; what was left out has its default or is absent. */
export type RequestOptions = Echo & {
  readonly apiVersion: string
  /** Microseconds; what was committed up to then must be seen. */
  readonly lastSeenTxn?: bigint
  readonly queryTimeoutMs: number
  readonly maxRetries?: number
}

/** A request that is refused with status 400 for one of its headers; `isMeasured` as for `responseHeaders`. */
export type BadHeader = Echo & { readonly badHeader: string; readonly body: string; readonly isMeasured: boolean }

/** What a request cost. Counts and bytes, but for the time in milliseconds. */
export type Metrics = {
  readonly computeOps: number
  readonly byteReadOps: number
  readonly byteWriteOps: number
  readonly queryTimeMs: number
  readonly bytesIn: number
  readonly storageBytesRead: number
  readonly storageBytesWrite: number
  readonly txnRetries: number
}

/** What `responseHeaders` makes headers for. */
export type ResponseFacts = {
  readonly status: number
  /** Microseconds: of the snapshot or the commit. */
  readonly txnTime: number | bigint
  /** The body's length; 0 for a stream. */
  readonly bytesOut: number
  readonly metrics?: Partial<Metrics>
  /** Of a stream: a decimal id, for diagnosis only. */
  readonly streamId?: string
  /** Headers of this one answer: `allow`, `www-authenticate`. */
  readonly more?: Readonly<Record<string, string>>
  /** False: a refusal from before the time was taken, so without time and metrics. Default: true. */
  readonly isMeasured?: boolean
}

const DEFAULT_API_VERSION = '2.1'
const DEFAULT_QUERY_TIMEOUT_MS = 120_000
const MAX_QUERY_TIMEOUT_MS = 600_000
const MAX_RETRIES = 7
const MAX_TAGS_LENGTH = 3000
const MAX_TAGS = 25
const MAX_TAG_KEY_LENGTH = 40
const MAX_TAG_VALUE_LENGTH = 80

const BUILD = 'unknown'
const HOST = '127.0.0.1'
const CONTENT_TYPE = 'application/json;charset=utf-8'
const PREFLIGHT_HEADERS = {
  'access-control-max-age': '86400',
  'access-control-allow-headers': [
    'accept-encoding',
    'authorization',
    'content-type',
    'x-driver-env',
    'x-faunadb-api-version',
    'x-fauna-driver',
    'x-fauna-source',
    'x-fauna-tags',
    'x-format',
    'x-last-seen-txn',
    'x-last-txn-ts',
    'x-linearized',
    'x-max-contention-retries',
    'x-max-retries-on-contention',
    'x-query-tags',
    'x-query-timeout',
    'x-query-timeout-ms',
    'x-runtime-environment',
    'x-runtime-environment-os',
    'x-nodejs-version',
    'traceparent',
    'x-typecheck',
    'x-performance-hints',
  ].join(', '),
  'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
}

/** Status codes of answers that keep their cost to themselves. */
const UNMEASURED: ReadonlySet<number> = new Set([401, 500])
const FORMATTED_AGENT = /curl|HTTPie/
const INTEGER = /^[+-]?\d+$/
const TAGS = /^\w+=\w+(?:,\w+=\w+)*$/
const TRACEPARENT = /^..-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/i

/** A value of a header, or why it is refused. */
type Checked<Value> = { value: Value } | { reason: string }

/** Checks a request's headers. They are refused before anything else is looked at (protocol.md A.6). */
export function readHeaders(headers: Headers): RequestOptions | BadHeader {
  const echo = readEcho(headers)
  const apiVersion = check(headers, 'x-faunadb-api-version', checkVersion)
  if ('reason' in apiVersion) return refuse(echo, apiVersion.reason)
  const lastSeenTxn = check(headers, 'x-last-seen-txn', checkTimestamp)
  if ('reason' in lastSeenTxn) return refuse(echo, lastSeenTxn.reason)
  const queryTimeoutMs = check(headers, 'x-query-timeout', checkTimeout)
  if ('reason' in queryTimeoutMs) return refuse(echo, queryTimeoutMs.reason)
  const maxRetries = check(headers, 'x-max-retries-on-contention', checkRetries)
  if ('reason' in maxRetries) return refuse(echo, maxRetries.reason)
  const tags = check(headers, 'x-fauna-tags', checkTags)
  if ('reason' in tags) return { ...refuse(echo, tags.reason, 'indented'), isMeasured: true }
  return {
    ...echo,
    apiVersion: apiVersion.value ?? DEFAULT_API_VERSION,
    queryTimeoutMs: queryTimeoutMs.value ?? DEFAULT_QUERY_TIMEOUT_MS,
    ...(lastSeenTxn.value !== undefined && { lastSeenTxn: lastSeenTxn.value }),
    ...(maxRetries.value !== undefined && { maxRetries: maxRetries.value }),
    ...(tags.value && { tags: tags.value }),
  }
}

/** The headers of an answer, in the server's order; `content-length` is the listener's. */
export function responseHeaders(echo: Echo, facts: ResponseFacts): Record<string, string> {
  const { status, streamId, isMeasured = true } = facts
  const headers: Record<string, string> = {
    ...(streamId !== undefined && { 'x-fauna-stream-id': streamId }),
    ...facts.more,
    ...(isMeasured && { 'x-txn-time': String(facts.txnTime) }),
    ...(isMeasured && echo.tags !== undefined && { 'x-fauna-tags': echo.tags }),
    ...(isMeasured && !UNMEASURED.has(status) && writeMetrics(facts)),
  }
  const isEmpty = facts.bytesOut === 0 && streamId === undefined
  const contentType = isEmpty ? {} : { 'content-type': CONTENT_TYPE }
  return { ...headers, ...allowOrigin(echo, headers), ...signOff(echo), ...contentType }
}

/** The headers of an answer to a browser's preflight (OPTIONS with `Origin`): status 200, no body, no questions asked. */
export function preflightHeaders(headers: Headers): Record<string, string> {
  const echo = readEcho(headers)
  return { ...allowOrigin(echo, {}), ...PREFLIGHT_HEADERS, ...signOff(echo) }
}

function readEcho(headers: Headers): Echo {
  const { origin } = headers
  return {
    traceparent: continueTrace(headers['traceparent']),
    isFormatted: FORMATTED_AGENT.test(headers['user-agent'] ?? '') || headers['x-faunadb-formatted-json'] !== undefined,
    isTraced: headers['x-trace'] !== undefined,
    ...(origin !== undefined && { origin }),
  }
}

function continueTrace(traceparent: string | undefined): string {
  const trace = TRACEPARENT.exec(traceparent ?? '')?.[1]?.toLowerCase() ?? randomBytes(16).toString('hex')
  return `00-${trace}-${randomBytes(8).toString('hex')}-00`
}

function check<Value>(
  headers: Headers,
  name: string,
  checkText: (text: string) => Checked<Value>,
): Checked<Value | undefined> {
  const text = headers[name]
  if (text === undefined) return { value: undefined }
  const checked = checkText(text)
  return 'reason' in checked ? { reason: `Invalid header '${name}': ${checked.reason}` } : checked
}

function checkVersion(text: string): Checked<string> {
  return isApiVersion(text) ? { value: text } : { reason: `Unsupported or invalid API version '${text}'.` }
}

function checkTimestamp(text: string): Checked<bigint> {
  const value = readInteger(text, 64)
  return value === undefined ? { reason: `Invalid timestamp '${text}'.` } : { value }
}

function checkTimeout(text: string): Checked<number> {
  const value = readInteger(text, 64)
  if (value === undefined) return { reason: `Invalid number '${text}'.` }
  if (value <= 0n) return { reason: 'Must be greater than 0.' }
  if (value > MAX_QUERY_TIMEOUT_MS) return { reason: `Must be less than or equal to ${MAX_QUERY_TIMEOUT_MS}.` }
  return { value: Number(value) }
}

function checkRetries(text: string): Checked<number> {
  const value = readInteger(text, 32)
  if (value === undefined) return { reason: `Invalid number '${text}'.` }
  return value < 0n || value > MAX_RETRIES
    ? { reason: `Must be between 0 and ${MAX_RETRIES}.` }
    : { value: Number(value) }
}

/** Tags are read from the last to the first, and echoed so. */
function checkTags(text: string): Checked<string> {
  if (text === '') return { value: '' }
  if (text.length > MAX_TAGS_LENGTH) return { reason: 'header is too long' }
  if (!TAGS.test(text)) return { reason: 'invalid tags' }
  const pairs = text.split(',').toReversed()
  if (pairs.length > MAX_TAGS) return { reason: 'too many tags' }
  const keys = new Set<string>()
  for (const pair of pairs) {
    const [key = '', value = ''] = pair.split('=')
    if (key.length > MAX_TAG_KEY_LENGTH) return { reason: 'invalid key' }
    if (value.length > MAX_TAG_VALUE_LENGTH) return { reason: 'invalid value' }
    if (keys.has(key)) return { reason: 'duplicate key' }
    keys.add(key)
  }
  return { value: pairs.join() }
}

function readInteger(text: string, bits: 32 | 64): bigint | undefined {
  if (!INTEGER.test(text)) return undefined
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return BigInt.asIntN(bits, value) === value ? value : undefined
}

function refuse(echo: Echo, reason: string, layout?: 'indented'): BadHeader {
  const body = `{"errors":[{"code":"bad request","description":${writeString(reason)}}]}`
  return { ...echo, badHeader: reason, body: layout ? indent(body) : body, isMeasured: false }
}

function writeMetrics({ bytesOut, metrics = {} }: ResponseFacts): Record<string, string> {
  return {
    'x-compute-ops': String(metrics.computeOps ?? 1),
    'x-byte-read-ops': String(metrics.byteReadOps ?? 0),
    'x-byte-write-ops': String(metrics.byteWriteOps ?? 0),
    'x-query-time': String(metrics.queryTimeMs ?? 0),
    'x-query-bytes-in': String(metrics.bytesIn ?? 0),
    'x-query-bytes-out': String(bytesOut),
    'x-storage-bytes-read': String(metrics.storageBytesRead ?? 0),
    'x-storage-bytes-write': String(metrics.storageBytesWrite ?? 0),
    'x-txn-retries': String(metrics.txnRetries ?? 0),
  }
}

/** Lets a page of the request's origin read the answer, and those headers that are the server's own. */
function allowOrigin({ origin }: Echo, headers: Readonly<Record<string, string>>): Record<string, string> {
  if (origin === undefined) return {}
  return {
    'access-control-expose-headers': Object.keys(headers)
      .filter(name => name.startsWith('x-'))
      .join(', '),
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
  }
}

/** What every answer ends with. */
function signOff({ isTraced, traceparent }: Echo): Record<string, string> {
  return { ...(isTraced && { 'x-faunadb-host': HOST }), 'x-faunadb-build': BUILD, traceparent }
}
