/**
 * The escapes of the wire: objects whose one key begins with `@` stand for values that JSON has no word for
 * (protocol.md D.3). Refs are kept as written: their names are looked up when the expression is evaluated.
 */
import { explainBase64, parseBase64 } from './bytes.ts'
import { collect, failure, Failure, serverFault } from './failures.ts'
import { jsonTypeName } from './json.ts'
import type { Json } from './json.ts'
import { SELF, isSchemaName } from './names.ts'
import { COLLECTIONS, nativesByName } from './native.ts'
import type { Native } from './native.ts'
import { parseDate, parseTime } from './time.ts'
import { Bytes, CalendarDate, Lambda, Time, Uuid, inside } from './values.ts'
import type { Expression, Position, RefLiteral, Value } from './values.ts'

type LambdaExpression = Extract<Expression, { kind: 'lambda' }>

/** Reads the `{"lambda":…,"expr":…}` of an `@query`, of a version or of the request's; undefined with free variables. */
export type LambdaReader = (json: Json, at: Position, apiVersion?: string) => LambdaExpression | undefined

type EscapeReader = (json: Json, at: Position, readLambda: LambdaReader) => Expression

const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)
/** The version that the functions of an `@query` get when it names none. */
const OLD_QUERY_VERSION = '2.12'

function invalid(at: Position, what: string): Failure {
  return failure(at, 'invalid expression', `Invalid ${what}.`)
}

function literal(value: Value, at: Position): Expression {
  return { kind: 'literal', value, at }
}

/** The text of a document's id, normalised: `007` is `7`. Throws where it is no number or too large. */
export function parseId(text: string, fail: (description: string) => Error): string {
  if (text !== '' && !/^[+-]?\d+$/.test(text))
    throw fail(`Number or numeric String expected, non-numeric '${text}' provided.`)
  const id = text === '' ? INT64_MAX + 1n : BigInt(text.replace(/^\+/, ''))
  if (id > INT64_MAX || id < INT64_MIN) throw fail(`The id provided is too large: '${text}'`)
  return id.toString()
}

const refShapes: readonly (readonly string[])[] = [
  ['id'],
  ['id', 'class'],
  ['id', 'collection'],
  ['id', 'database'],
  ['id', 'class', 'database'],
  ['id', 'collection', 'database'],
]

function wrongPart(at: Position, expected: string, json: Json): Failure {
  return failure(at, 'invalid expression', `${expected} expected, ${jsonTypeName(json)} provided.`)
}

/** A ref inside of another one; `null` is none. */
function readRefPart(json: Json | undefined, at: Position): RefLiteral | undefined {
  if (json === undefined || json === null) return undefined
  const body = json instanceof Map && json.size === 1 && json.has('@ref') ? json.get('@ref') : json
  if (!(body instanceof Map)) throw wrongPart(at, 'Ref', body ?? null)
  return readRefBody(body, at)
}

function readRefBody(json: Json, at: Position): RefLiteral {
  if (typeof json === 'string') return readRefPath(json, at)
  if (!(json instanceof Map)) throw invalid(at, 'ref')
  const isRef = refShapes.some(keys => keys.length === json.size && keys.every(key => json.has(key)))
  if (!isRef) throw wrongPart(at, 'Ref', json)
  const id = json.get('id') ?? null
  const idAt = inside(at, 'id')
  // The parts are told by their old names.
  const parts = [
    (): RefLiteral | undefined => {
      if (typeof id !== 'string' && typeof id !== 'bigint') throw wrongPart(idAt, 'String or Integer', id)
      return undefined
    },
    () => readRefPart(json.get('collection') ?? json.get('class'), inside(at, 'class')),
    () => readRefPart(json.get('database'), inside(at, 'database')),
  ]
  const [, collection, database] = collect(parts, read => read())
  if (collection === undefined && typeof id === 'bigint')
    throw failure(idAt, 'invalid expression', 'String expected, Number provided.')
  if (collection === undefined && !nativesByName.has(String(id))) {
    throw failure(idAt, 'invalid expression', `Valid native collection name expected, '${String(id)}' provided.`)
  }
  const fail = (text: string): Failure => failure(idAt, 'invalid expression', text)
  const hasNumber = collection !== undefined && (collection.collection !== undefined || !isNamedCollection(collection))
  const isOwn = id === SELF && database === undefined
  return { id: hasNumber && !isOwn ? parseId(String(id), fail) : String(id), collection, database }
}

function isNamedCollection({ id }: RefLiteral): boolean {
  return nativesByName.get(id)?.kind !== undefined
}

/** Words that the old spelling of a ref keeps for itself: nothing named so can be written in it. */
const reservedInPaths: ReadonlySet<string> = new Set([SELF, 'events'])

/** A ref in its old spelling; undefined where it is none. */
export function parseRefPath(path: string): RefLiteral | undefined {
  try {
    return readRefPath(path, null)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

/** The old spelling of a ref: `classes/users/1`, `indexes/all`, `tokens/self`. */
function readRefPath(path: string, at: Position): RefLiteral {
  const [root = '', ...steps] = path.split('/')
  const native = nativesByName.get(root)
  if (native === undefined) throw invalid(at, 'ref')
  let ref: RefLiteral = { id: root, collection: undefined, database: undefined }
  for (const kind of stepsBelow(native)) {
    const step = steps.shift()
    if (step === undefined) break
    ref = { id: readStep(step, kind, at), collection: ref, database: undefined }
  }
  if (steps.length > 0) throw invalid(at, 'ref')
  return ref
}

/** What can follow in a path: the name of a schema document, and the id of a document in a collection. */
function stepsBelow(native: Native): readonly ('name' | 'id')[] {
  if (native.number === COLLECTIONS) return ['name', 'id']
  return native.kind === undefined ? ['id'] : ['name']
}

function readStep(step: string, kind: 'name' | 'id', at: Position): string {
  if (kind === 'name') {
    if (!isSchemaName(step) || reservedInPaths.has(step)) throw invalid(at, 'ref')
    return step
  }
  if (step === SELF) return step
  if (!/^\d+$/.test(step)) throw invalid(at, 'ref')
  return parseId(step, () => invalid(at, 'ref'))
}

const uuidShape = /^([0-9a-f]{1,8})-([0-9a-f]{1,4})-([0-9a-f]{1,4})-([0-9a-f]{1,4})-([0-9a-f]{1,12})$/i

function readUuid(json: Json, at: Position): Expression {
  const groups = typeof json === 'string' ? uuidShape.exec(json) : null
  if (groups === null) throw invalid(at, 'UUID')
  const widths = [8, 4, 4, 4, 12]
  const text = groups.slice(1).map((group, i) => group.toLowerCase().padStart(widths[i] ?? 0, '0'))
  return literal(new Uuid(text.join('-')), at)
}

function readBytes(json: Json, at: Position): Expression {
  if (typeof json !== 'string') throw invalid(at, 'bytes')
  const bytes = parseBase64(json)
  if (bytes === undefined) throw serverFault(`java.lang.IllegalArgumentException: ${explainBase64(json)}`)
  return literal(new Bytes(bytes), at)
}

/** A function as a value: it has captured nothing. */
function readQuery(json: Json, at: Position, readLambda: LambdaReader, defaultVersion?: string): Expression {
  if (!(json instanceof Map)) throw invalid(at, 'lambda')
  const { size } = json
  const version = json.get('api_version') ?? defaultVersion
  const isLambda = json.has('lambda') && json.has('expr') && size === (json.has('api_version') ? 3 : 2)
  if (!isLambda || (version !== undefined && typeof version !== 'string')) throw invalid(at, 'lambda')
  const body = new Map([...json].filter(([key]) => key !== 'api_version'))
  const lambda = readLambda(body, at, version)
  if (lambda === undefined) throw invalid(at, 'lambda')
  return literal(new Lambda(lambda.parameters, lambda.body, new Map(), lambda.apiVersion, at), at)
}

/** The shapes inside of `@set`: the keys, the first of which names the kind of set. */
const setShapes: readonly (readonly string[])[] = [
  ['match', 'index'],
  ['match', 'terms'],
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

function readSet(json: Json, at: Position, readLambda: LambdaReader): Expression {
  if (!(json instanceof Map)) throw invalid(at, 'set')
  const shape = setShapes.find(keys => keys.length === json.size && keys.every(key => json.has(key)))
  if (shape === undefined) throw invalid(at, 'set')
  const parts = new Map<string, Expression>()
  for (const [key, part] of json) parts.set(key, readSetPart(key, part, at, readLambda))
  return { kind: 'set', form: shape[1] === 'index' ? 'match index' : (shape[0] as string), parts, at }
}

function readSetPart(key: string, json: Json, at: Position, readLambda: LambdaReader): Expression {
  if (key === 'filter' || key === 'with') return readQuery(json, inside(at, key), readLambda)
  if (key === 'events' && json instanceof Map && !json.has('@ref') && !json.has('@set'))
    return readSet(json, at, readLambda)
  return parseQuoted(json, at, readLambda)
}

const escapes: Readonly<Record<string, EscapeReader>> = {
  '@ref': (json, at) => ({ kind: 'ref', ref: readRefBody(json, at), at }),
  '@set': readSet,
  '@query': (json, at, readLambda) => readQuery(json, at, readLambda, OLD_QUERY_VERSION),
  '@uuid': readUuid,
  '@bytes': readBytes,
  '@obj': (json, at, readLambda) => {
    if (!(json instanceof Map)) throw invalid(at, 'object')
    return readPlainObject(json, at, readLambda)
  },
  '@ts': (json, at) => {
    const time = typeof json === 'string' ? parseTime(json) : undefined
    if (time === undefined) throw invalid(at, 'time')
    return literal(new Time(time), at)
  },
  '@date': (json, at) => {
    const days = typeof json === 'string' ? parseDate(json) : undefined
    if (days === undefined) throw invalid(at, 'date')
    return literal(new CalendarDate(days), at)
  },
}

/** The value of an escape; undefined where the object is none. */
export function parseEscape(
  object: ReadonlyMap<string, Json>,
  at: Position,
  readLambda: LambdaReader,
): Expression | undefined {
  const [only] = object.size === 1 ? object : []
  return only?.[0].startsWith('@') ? escapes[only[0]]?.(only[1], at, readLambda) : undefined
}

function readPlainObject(object: ReadonlyMap<string, Json>, at: Position, readLambda: LambdaReader): Expression {
  const fields = [...object].map(([name, value]) => ({ name, value: parseQuoted(value, inside(at, name), readLambda) }))
  return { kind: 'object', fields, at }
}

/** Reads literal data, as below `quote`: nothing in it is a form, escapes count. */
export function parseQuoted(json: Json, at: Position, readLambda: LambdaReader): Expression {
  if (Array.isArray(json)) {
    return { kind: 'array', items: json.map((item, i) => parseQuoted(item, inside(at, i), readLambda)), at }
  }
  if (!(json instanceof Map)) return literal(json, at)
  return parseEscape(json, at, readLambda) ?? readPlainObject(json, at, readLambda)
}
