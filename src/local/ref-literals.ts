/**
 * `{"@ref":…}` as it is written, in its new spelling and in that of old: which shapes there are, and what is wrong with
 * the others (protocol.md D.3; MODEL/RefParser.scala). What a written ref stands for is another matter.
 */
import { collect, failure } from './failures.ts'
import type { Failure } from './failures.ts'
import { typeName } from './kinds.ts'
import { SELF, isSchemaName } from './names.ts'
import { COLLECTIONS, KEYS, nativesByName } from './native.ts'
import type { Native } from './native.ts'
import { inside } from './position.ts'
import type { Position } from './position.ts'
import type { Value } from './values.ts'

/** A ref as it was written: its names are not looked up yet. */
export type RefLiteral = {
  readonly id: string
  /** Whether the id was no text, but a number. */
  readonly isNumber?: boolean
  readonly collection: RefLiteral | undefined
  readonly database: RefLiteral | undefined
}

const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

/** The text of a document's id, normalised: `007` is `7`. Throws where it is no number or too large. */
export function parseId(text: string, fail: (description: string) => Error): string {
  if (/^[+-]?\d+$/.test(text)) {
    const id = BigInt(text.replace(/^\+/, ''))
    if (id >= INT64_MIN && id <= INT64_MAX) return id.toString()
  }
  // Of what is no number it asks only whether it is digits throughout, which nothing at all is too.
  if (/^\d*$/.test(text)) throw fail(`The id provided is too large: '${text}'`)
  throw fail(`Number or numeric String expected, non-numeric '${text}' provided.`)
}

const refShapes: readonly (readonly string[])[] = [
  ['id'],
  ['id', 'class'],
  ['id', 'collection'],
  ['id', 'database'],
  ['id', 'class', 'database'],
  ['id', 'collection', 'database'],
]

/** The types of what is named in a native collection, and of a key by its number. */
const typesInNatives: ReadonlyMap<string, string> = new Map([
  ['databases', 'Database Ref'],
  ['collections', 'Collection Ref'],
  ['classes', 'Collection Ref'],
  ['indexes', 'Index Ref'],
  ['functions', 'User Function Ref'],
  ['roles', 'Role Ref'],
  ['access_providers', 'Access Provider Ref'],
])

function wrongPart(at: Position, expected: string, provided: string): Failure {
  return failure(at, 'invalid expression', `${expected} expected, ${provided} provided.`)
}

/** The native collection that a ref is, of the database of the request. */
function nativeOf(ref: RefLiteral | undefined): Native | undefined {
  return ref?.collection === undefined && ref?.database === undefined ? nativesByName.get(ref?.id ?? '') : undefined
}

function typeOf(ref: RefLiteral): string {
  if (ref.collection === undefined) return 'Collection Ref'
  const native = nativeOf(ref.collection)
  if (native?.number === KEYS && ref.isNumber === true) return 'Key Ref'
  return (ref.isNumber !== true && native !== undefined && typesInNatives.get(native.name)) || 'Ref'
}

/** A ref inside of another one, of one type; `null` is none. */
function readPart(value: Value | undefined, type: string, at: Position): RefLiteral | undefined {
  if (value === undefined || value === null) return undefined
  const ref = readObject(value, at)
  if (typeOf(ref) !== type) throw wrongPart(at, type, typeOf(ref))
  return ref
}

function readObject(value: Value, at: Position): RefLiteral {
  if (!(value instanceof Map)) throw wrongPart(at, 'Ref', typeName(value))
  const inner = value.size === 1 ? value.get('@ref') : undefined
  if (inner !== undefined) return readObject(inner, at)
  const isRef = refShapes.some(keys => keys.length === value.size && keys.every(key => value.has(key)))
  if (!isRef) throw wrongPart(at, 'Ref', 'Object')
  const id = value.get('id') ?? null
  // The parts are told by their old names.
  const parts = [
    (): undefined => {
      if (typeof id !== 'string' && typeof id !== 'bigint')
        throw wrongPart(inside(at, 'id'), 'String or Integer', typeName(id))
    },
    () => readPart(value.get('collection') ?? value.get('class'), 'Collection Ref', inside(at, 'class')),
    () => readPart(value.get('database'), 'Database Ref', inside(at, 'database')),
  ]
  const [, collection, database] = collect(parts, read => read())
  return combine({ id: String(id), isNumber: typeof id === 'bigint', collection, database }, at)
}

/** Checks what the parts of a ref make together, and normalises the number of a document. */
function combine(ref: RefLiteral & { readonly isNumber: boolean }, at: Position): RefLiteral {
  const { id, isNumber, collection, database } = ref
  const idAt = inside(at, 'id')
  if (collection === undefined) {
    if (isNumber) throw wrongPart(idAt, 'String', 'Number')
    if (nativesByName.has(id)) return ref
    throw wrongPart(idAt, 'Valid native collection name', `'${id}'`)
  }
  const native = nativeOf(collection)
  if (!isNumber && native?.kind !== undefined) return ref
  if (isNumber && native?.number === KEYS) return ref
  if (database !== undefined) throw wrongPart(inside(at, 'database'), 'Null', 'Database Ref')
  if (!isNumber && id === SELF) return ref
  return { ...ref, id: parseId(id, text => failure(idAt, 'invalid expression', text)) }
}

/** Reads what stands in an `@ref`. */
export function readRefLiteral(value: Value, at: Position): RefLiteral {
  if (typeof value === 'string') return readPath(value, at)
  if (!(value instanceof Map)) throw invalidRef(at)
  return readObject(value, at)
}

/** The failure of what is no ref. */
export function invalidRef(at: Position): Failure {
  return failure(at, 'invalid expression', 'Invalid ref.')
}

/** Words that the old spelling of a ref keeps for itself: nothing named so can be written in it. */
const reservedInPaths: ReadonlySet<string> = new Set([SELF, 'events', '_'])

/** The old spelling of a ref: `classes/users/1`, `indexes/all`, `tokens/self`; undefined where it is none. */
export function parseRefPath(path: string): RefLiteral | undefined {
  const [root = '', ...steps] = path.split('/')
  const native = nativesByName.get(root)
  if (native === undefined) return undefined
  let ref: RefLiteral = { id: root, collection: undefined, database: undefined }
  for (const kind of stepsBelow(native)) {
    const step = steps.shift()
    if (step === undefined) break
    const id = readStep(step, kind)
    if (id === undefined) return undefined
    ref = { id, collection: ref, database: undefined }
  }
  return steps.length > 0 ? undefined : ref
}

function readPath(path: string, at: Position): RefLiteral {
  const ref = parseRefPath(path)
  if (ref === undefined) throw invalidRef(at)
  return ref
}

/** What can follow in a path: the name of a schema document, and the id of a document in a collection. */
function stepsBelow(native: Native): readonly ('name' | 'id')[] {
  if (native.number === COLLECTIONS) return ['name', 'id']
  return native.kind === undefined ? ['id'] : ['name']
}

function readStep(step: string, kind: 'name' | 'id'): string | undefined {
  if (kind === 'name') return isSchemaName(step) && !reservedInPaths.has(step) ? step : undefined
  if (step === SELF) return step
  return /^\d+$/.test(step) && BigInt(step) <= INT64_MAX ? BigInt(step).toString() : undefined
}
