// Which request is for what, and the refusals that need no query: path, secret, method, fields, in this order.
// protocol.md A.6, B.1.
import { defaultEventFields, eventFields, type EventField } from './events.ts'
import type { WireRequest } from './exchange.ts'
import { indent } from './json-layout.ts'
import { JsonError, readJson, writeString } from './json.ts'
import type { RestQuery } from './rest.ts'
import { parseRestPath } from './rest-paths.ts'
import type { RestPath } from './rest-paths.ts'
import { isWebToken } from './secrets.ts'

/**
 * What a request is for. One without a `source` is told "No query provided."; `fields` of a stream are those that
 * its events show.
 */
export type Route =
  | { readonly kind: 'query'; readonly source: Uint8Array | undefined; readonly isReadOnly: boolean }
  | { readonly kind: 'stream'; readonly source: Uint8Array | undefined; readonly fields: ReadonlySet<EventField> }
  | { readonly kind: 'ping'; readonly body: string }
  | { readonly kind: 'authorized' }
  | { readonly kind: 'rest'; readonly path: RestPath; readonly params: ReadonlyMap<string, string> }

/** An answer that needs no query; its body is JSON, indented already where it always is. */
export type Refusal = {
  readonly kind: 'refusal'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** `measured`: all headers; `plain`: without time and metrics; `bare`: none but type and length. */
  readonly dress: 'measured' | 'plain' | 'bare'
}

type Asked = Pick<WireRequest, 'method' | 'body' | 'hasBody'>
type Target = Asked & { readonly params: ReadonlyMap<string, string> }
type Row = {
  /** `any`: it depends on what the path names. */
  readonly methods: readonly string[] | 'any'
  readonly isPublic?: true
  /** Whether the method is looked at before the secret: on the paths for health checks (API/fql1/UtilRoutes.scala). */
  readonly isMethodFirst?: true
  readonly read: (target: Target) => Route | Refusal
}

const POST = ['POST'] as const

/** Paths are compared letter by letter. HEAD is nobody's method but that of the paths for health checks. */
const ROUTES: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['', { methods: ['GET', 'POST'], read: readQuery }],
  ['/', { methods: ['GET', 'POST'], read: readQuery }],
  ['/linearized', { methods: POST, read: readQuery }],
  ['/stream', { methods: POST, read: readStream }],
  ['/stream/1', { methods: POST, read: readNewStream }],
  ['/ping', { methods: ['GET', 'HEAD'], isPublic: true, read: readPing }],
  ['/authorized', { methods: ['GET', 'HEAD'], isMethodFirst: true, read: () => ({ kind: 'authorized' }) }],
  [
    '/error',
    { methods: ['GET', 'HEAD'], isPublic: true, read: () => refuse(500, 'internal server error', SAMPLE_ERROR) },
  ],
])

const SAMPLE_ERROR = 'java.lang.RuntimeException: Sample error Please create a ticket at https://support.fauna.com'
const SCOPES: ReadonlyMap<string, string> = new Map([
  ['all', 'all'],
  ['write', 'write'],
  ['read', 'read'],
  ['global', 'write'],
  ['local', 'read'],
])
const DEFAULT_SCOPE = 'write'
const OTHER_SCOPE = 'node'

/**
 * Refuses what the server fails on before it looks at headers: a path that is no URI, and a web token, which nobody
 * here can read.
 */
export function refuseUnreadable({ path, headers }: Pick<WireRequest, 'path' | 'headers'>): Refusal | undefined {
  if (splitTarget(path) === undefined) return refuseBare(400, 'bad request')
  return isWebToken(headers['authorization']) ? refuseBare(500, 'internal server error') : undefined
}

/** Finds what a request is for; `isKnown` says whether its secret is somebody's. Its headers are in order. */
export function findRoute(request: Asked & Pick<WireRequest, 'path'>, isKnown: boolean): Route | Refusal {
  const { path, params } = splitTarget(request.path) ?? { path: '/', params: new Map() }
  const row = ROUTES.get(path) ?? restRow(path)
  if (row === undefined) return refuseNotFound()
  const isRefused = !isKnown && row.isPublic !== true
  if (isRefused && row.isMethodFirst !== true) return refuseUnknown()
  if (row.methods !== 'any' && !row.methods.includes(request.method))
    return refuseMethod(row.methods.filter(method => method !== 'HEAD'))
  return isRefused ? refuseUnknown() : row.read({ ...request, params })
}

/** A path that names something: there are as many as there are things. */
function restRow(text: string): Row | undefined {
  const path = parseRestPath(text.slice(1))
  return path && { methods: 'any', read: ({ params }) => ({ kind: 'rest', path, params }) }
}

function refuseNotFound(): Refusal {
  return refuse(404, 'not found', 'Not Found')
}

/** Why there is no query for a request of old. */
export function refuseRest({ refused, description = '' }: Extract<RestQuery, { readonly refused: unknown }>): Refusal {
  if (refused === 'not found') return refuseNotFound()
  return refused === 'forbidden' ? refuse(403, refused, description) : refuseMethod(refused)
}

/** The answer to a secret that nobody has. */
function refuseUnknown(): Refusal {
  return refuse(401, 'unauthorized', 'Unauthorized', { 'www-authenticate': 'Basic realm="Unauthorized"' })
}

function readQuery({ method, body, hasBody, params }: Target): Route {
  if (method !== 'GET') return { kind: 'query', source: hasBody ? body : undefined, isReadOnly: false }
  const query = params.get('q')
  return { kind: 'query', source: query === undefined ? undefined : Buffer.from(query), isReadOnly: true }
}

function readStream({ body, hasBody, params }: Target): Route | Refusal {
  const names = splitFields(params.get('fields'))
  const unknown = names.filter(name => !isField(name))
  if (unknown.length > 0) return refuseFields(unknown)
  return { kind: 'stream', source: hasBody ? body : undefined, fields: new Set(names.filter(isField)) }
}

/** Names are trimmed; empty ones at the end do not count, unless nothing at all was given (Java's `split`). */
function splitFields(given: string | undefined): readonly string[] {
  if (given === undefined) return defaultEventFields
  const names = given.split(',')
  const least = given === '' ? 1 : 0
  while (names.length > least && names.at(-1) === '') names.pop()
  return names.map(name => name.trim())
}

function isField(name: string): name is EventField {
  return (eventFields as readonly string[]).includes(name)
}

/** Streams of FQL X are not served; asked for one without its token, the server says what is missing. */
function readNewStream({ body }: Target): Refusal {
  const missing =
    '{"error":{"code":"invalid_request","message":"Invalid request body: Value for key token not found."}}'
  if (lacksToken(body)) return { kind: 'refusal', status: 400, headers: {}, body: missing, dress: 'plain' }
  return refuseNotFound()
}

function lacksToken(body: Uint8Array): boolean {
  try {
    const json = readJson(body)
    return json instanceof Map && !json.has('token')
  } catch (error) {
    if (error instanceof JsonError) return false
    throw error
  }
}

function readPing({ params }: Target): Route {
  const scope = SCOPES.get(params.get('scope') ?? DEFAULT_SCOPE) ?? OTHER_SCOPE
  return { kind: 'ping', body: `{"resource":"Scope ${scope} is OK"}` }
}

function refuse(
  status: number,
  code: string,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  const body = `{"errors":[{"code":${writeString(code)},"description":${writeString(description)}}]}`
  return { kind: 'refusal', status, headers, body: status === 500 ? indent(body) : body, dress: 'measured' }
}

function refuseBare(status: number, error: string): Refusal {
  return { kind: 'refusal', status, headers: {}, body: indent(`{"error":${writeString(error)}}`), dress: 'bare' }
}

function refuseMethod(methods: readonly string[]): Refusal {
  const allowed = methods.join(', ')
  return refuse(405, 'method not allowed', `Allowed methods are ${allowed}.`, { allow: allowed })
}

function refuseFields(names: readonly string[]): Refusal {
  const errors = names.map(name => {
    const description = `Invalid url parameter fields. Invalid field name '${name}'.`
    return `{"position":[],"code":"invalid url parameter","description":${writeString(description)}}`
  })
  return { kind: 'refusal', status: 400, headers: {}, body: `{"errors":[${errors.join()}]}`, dress: 'measured' }
}

/** Scheme and authority of a URI: of `//stream` the path is empty. */
const BEFORE_PATH = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?(?:\/\/[^/?#]*)?/
/** What may not stand in a URI unescaped, and brackets in its path (RFC 2396, as Java reads it). */
const NOT_IN_URI = /[\s"<>\\^`{|}\u007f]|%(?![0-9a-fA-F]{2})|^[^?#]*[[\]]|^\/\/$/

/** Path and parameters of a request target; undefined for what is no URI. */
function splitTarget(target: string): { path: string; params: ReadonlyMap<string, string> } | undefined {
  if (NOT_IN_URI.test(target)) return undefined
  const [beforeFragment = ''] = target.split('#', 1)
  const local = beforeFragment.replace(BEFORE_PATH, '')
  const at = local.indexOf('?')
  return at < 0
    ? { path: local, params: new Map() }
    : { path: local.slice(0, at), params: readParams(local.slice(at + 1)) }
}

/** Parameters of a query; of those that are repeated the last counts, one without `=` is empty. */
function readParams(query: string): ReadonlyMap<string, string> {
  const params = new Map<string, string>()
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
    params.set(unescape(name), unescape(value))
  }
  return params
}

/** Resolves `%xx` and `+`; bytes that are no UTF-8 become U+FFFD. */
function unescape(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replaceAll(/(?:%[0-9a-fA-F]{2})+/g, escapes => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString())
}
