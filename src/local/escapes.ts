/**
 * The escapes of the wire: objects whose one key begins with `@` stand for values that JSON has no word for
 * (protocol.md D.3). They are values as soon as they are read: names in refs are looked up then, sets are made then.
 */
import { explainBase64, parseBase64 } from './bytes.ts'
import type { Query } from './frame.ts'
import { isApiVersion } from './dialects.ts'
import { failure, serverFault } from './failures.ts'
import type { Failure } from './failures.ts'
import { checkSetPart, makeSet } from './functions/set-literals.ts'
import { readRefLiteral } from './ref-literals.ts'
import { parseDate, parseTime } from './time.ts'
import { inside } from './position.ts'
import type { Position } from './position.ts'
import { Bytes, CalendarDate, Lambda, Time, Uuid } from './values.ts'
import type { Expression, ObjectValue, Value } from './values.ts'
import { resolveRef } from './written-refs.ts'

type LambdaExpression = Extract<Expression, { kind: 'lambda' }>

/** Reads the `{"lambda":…,"expr":…}` of an `@query`, of a version or of the request's; undefined with free variables. */
export type LambdaReader = (source: ObjectValue, at: Position, apiVersion?: string) => LambdaExpression | undefined

/** What escapes are read with: the request that they are part of. */
export type EscapeContext = { readonly query: Query; readonly readLambda: LambdaReader }

type EscapeReader = (content: Value, at: Position, context: EscapeContext) => Value

/** The version that the functions of an `@query` get when it names none. */
const OLD_QUERY_VERSION = '2.12'

function invalid(at: Position, what: string): Failure {
  return failure(at, 'invalid expression', `Invalid ${what}.`)
}

/** Five numbers in hexadecimal digits: of each only the digits that a UUID has for it count (Java's `fromString`). */
const UUID_PARTS = /^\+?([0-9a-f]+)-\+?([0-9a-f]+)-\+?([0-9a-f]+)-\+?([0-9a-f]+)-\+?([0-9a-f]+)$/i
const UUID_WIDTHS = [8, 4, 4, 4, 12]
const MAX_UUID_LENGTH = 36
const INT64_MAX = 2n ** 63n - 1n

function readUuid(content: Value, at: Position): Uuid {
  const isShort = typeof content === 'string' && content.length <= MAX_UUID_LENGTH
  const [, ...parts] = (isShort && UUID_PARTS.exec(content)) || []
  if (parts.length === 0 || parts.some(part => BigInt(`0x${part}`) > INT64_MAX)) throw invalid(at, 'UUID')
  const text = parts.map((part, i) => {
    const width = UUID_WIDTHS[i] ?? 0
    return part.toLowerCase().padStart(width, '0').slice(-width)
  })
  return new Uuid(text.join('-'))
}

function readBytes(content: Value, at: Position): Bytes {
  if (typeof content !== 'string') throw invalid(at, 'bytes')
  const bytes = parseBase64(content)
  if (bytes === undefined) throw serverFault(`java.lang.IllegalArgumentException: ${explainBase64(content)}`)
  return new Bytes(bytes)
}

/** A function as a value: it has captured nothing. */
function readQuery(content: Value, at: Position, { readLambda }: EscapeContext, defaultVersion?: string): Lambda {
  if (!(content instanceof Map)) throw invalid(at, 'lambda')
  const { size } = content
  const version = content.get('api_version') ?? defaultVersion
  const isLambda = content.has('lambda') && content.has('expr') && size === (content.has('api_version') ? 3 : 2)
  if (!isLambda || (version !== undefined && !isApiVersion(version))) throw invalid(at, 'lambda')
  const body = new Map([...content].filter(([key]) => key !== 'api_version'))
  const lambda = readLambda(body, at, version)
  if (lambda === undefined) throw invalid(at, 'lambda')
  return new Lambda(lambda.parameters, lambda.body, new Map(), lambda.apiVersion, at)
}

/** The shapes inside of `@set`: the keys in the order in which they are read. */
const setShapes: readonly (readonly string[])[] = [
  ['match', 'index'],
  ['terms', 'match'],
  ['match'],
  ['documents'],
  ['singleton'],
  ['events'],
  ['union'],
  ['intersection'],
  ['difference'],
  ['distinct'],
  ['reverse'],
  ['range', 'from', 'to'],
  ['filter', 'collection'],
  ['join', 'with'],
]

function readSet(content: Value, at: Position, context: EscapeContext): Value {
  if (!(content instanceof Map)) throw invalid(at, 'set')
  const shape = setShapes.find(keys => keys.length === content.size && keys.every(key => content.has(key)))
  if (shape === undefined) throw invalid(at, 'set')
  const parts = new Map<string, Value>()
  for (const key of shape) {
    const part = readSetPart(key, content.get(key) ?? null, inside(at, key), context)
    checkSetPart(key, part, inside(at, key))
    parts.set(key, part)
  }
  return makeSet(parts, at, context.query)
}

function readSetPart(key: string, part: Value, at: Position, context: EscapeContext): Value {
  return key === 'filter' || key === 'with' ? readQuery(part, at, context) : parseQuoted(part, at, context)
}

const escapes: Readonly<Record<string, EscapeReader>> = {
  '@ref': (content, at, { query }) => resolveRef(query, readRefLiteral(content, at), at),
  '@set': readSet,
  '@query': (content, at, context) => readQuery(content, at, context, OLD_QUERY_VERSION),
  '@uuid': readUuid,
  '@bytes': readBytes,
  '@obj': (content, at, context) => {
    if (!(content instanceof Map)) throw invalid(at, 'object')
    return readPlainObject(content, at, context)
  },
  '@ts': (content, at) => {
    const time = typeof content === 'string' ? parseTime(content) : undefined
    if (time === undefined) throw invalid(at, 'time')
    return new Time(time)
  },
  '@date': (content, at) => {
    const days = typeof content === 'string' ? parseDate(content) : undefined
    if (days === undefined) throw invalid(at, 'date')
    return new CalendarDate(days)
  },
}

/** The value of an escape; undefined where the object is none. */
export function parseEscape(source: ObjectValue, at: Position, context: EscapeContext): Value | undefined {
  const [only] = source.size === 1 ? source : []
  return only?.[0].startsWith('@') ? escapes[only[0]]?.(only[1], at, context) : undefined
}

function readPlainObject(source: ObjectValue, at: Position, context: EscapeContext): ObjectValue {
  return new Map([...source].map(([name, value]) => [name, parseQuoted(value, inside(at, name), context)]))
}

/** Reads literal data, as below `quote`: nothing in it is a form, escapes count. */
export function parseQuoted(source: Value, at: Position, context: EscapeContext): Value {
  if (Array.isArray(source)) return source.map((item, i) => parseQuoted(item, inside(at, i), context))
  if (!(source instanceof Map)) return source
  return parseEscape(source, at, context) ?? readPlainObject(source, at, context)
}
