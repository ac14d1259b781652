/** Forms that follow paths into values: `select` with its kin, and whether something is at a path. */
import type { Query } from '../frame.ts'
import type { Argument, Call, Evaluate } from '../call.ts'
import { castBoolean, isNativeCollection, undefinedRef } from '../casts.ts'
import { fieldsOf } from '../compare.ts'
import { dialectOf, isBefore } from '../dialects.ts'
import { eventAt } from '../event-cursors.ts'
import { collect, failure, wrongType } from '../failures.ts'
import { typeName } from '../kinds.ts'
import { COLLECTIONS, INDEXES, collectionOf, natives } from '../native.ts'
import { partsOfSet } from '../set-shapes.ts'
import { EventPlace, Page, Ref, SetEventValue, SetValue, UnresolvedRef, VersionValue } from '../values.ts'
import type { Value } from '../values.ts'
import { readVersion } from './reads.ts'

/** Only the version `UNSTABLE`, which is above all that have numbers, finds these behind a ref: in its document. */
const READS_DOCUMENTS_SINCE = Number.POSITIVE_INFINITY
const fieldsOfDocuments: ReadonlySet<string> = new Set(['ref', 'ts', 'data'])

/** A field of a ref; what has a name has it for its id, and only a ref into another database says which. */
function refField(call: Call, ref: Ref, key: string): Value | undefined {
  const { query } = call
  if (key === 'id') return nativeName(query, ref) ?? query.store.nameOf(ref) ?? ref.id.toString()
  if (key === 'collection' || key === 'class') return collectionOf(ref)
  if (fieldsOfDocuments.has(key) && !isBefore(query.apiVersion, READS_DOCUMENTS_SINCE)) {
    const version = readVersion(ref, { ...call.frame, readAt: undefined })
    return version && fieldsOf(version)?.get(key)
  }
  if (key !== 'database') return undefined
  const database = ref.database === query.database.number ? undefined : query.store.database(ref.database)
  return database && query.store.refOfDatabase(database)
}

function nativeName({ apiVersion }: Query, ref: Ref): string | undefined {
  if (!isNativeCollection(ref)) return undefined
  const number = Number(ref.id)
  const isOld = number === COLLECTIONS && dialectOf(apiVersion).refs !== 'collection'
  return isOld ? OLD_NAME_OF_COLLECTIONS : natives.get(number)?.name
}

/** What `collections` was called before. */
const OLD_NAME_OF_COLLECTIONS = 'classes'

/** Other names of the fields of events. */
const eventAliases: Readonly<Record<string, string>> = { instance: 'document', resource: 'document' }

/** An element of an array; of a place only the low 32 bits count. */
function elementOf(values: readonly Value[], place: bigint): Value | undefined {
  return values[Number(BigInt.asIntN(32, place))]
}

/** One step of a path, the last one or not; undefined where there is nothing. */
function step(call: Call, value: Value, key: Value, isLast: boolean): Value | undefined {
  if (Array.isArray(value)) return typeof key === 'bigint' ? elementOf(value, key) : undefined
  if (value instanceof Page && typeof key === 'bigint') return elementOf(value.data, key)
  if (typeof key !== 'string') return undefined
  if (value instanceof SetValue && key === '@set') return isLast ? value : partsOfSet(value.form)
  if (value instanceof Ref) return refField(call, value, key)
  // A document says what it is in by the word of old only.
  if (value instanceof VersionValue && key === 'class') return collectionOf(value.ref)
  if (value instanceof SetEventValue && key === 'data') return dataOf(value)
  const fields = fieldsOf(value)
  const name = fields?.has(key) === true || value instanceof Map ? key : (eventAliases[key] ?? key)
  const found = fields?.get(name)
  return found instanceof EventPlace ? eventAt(found) : found
}

/** A single value stands for itself. */
function dataOf({ values = [] }: SetEventValue): Value {
  return values.length === 1 ? (values[0] ?? null) : [...values]
}

/**
 * The path into a document as it is followed: in one of an index the collection of a source is sought by the word of
 * old, which finds it only where it was written with that.
 */
function inWordsOf(value: Value, path: readonly Value[]): readonly Value[] {
  if (!(value instanceof VersionValue) || value.ref.collection !== INDEXES || path[0] !== 'source') return path
  const place = typeof path[1] === 'bigint' ? 2 : 1
  return path[place] === 'collection' ? path.with(place, 'class') : path
}

function follow(call: Call, value: Value, path: readonly Value[]): Value | undefined {
  const [key, ...rest] = inWordsOf(value, path)
  if (key === undefined) return value
  const found = step(call, value, key, rest.length === 0)
  return found === undefined ? undefined : follow(call, found, rest)
}

function flatten(value: Value): Value[] {
  return Array.isArray(value) ? value.flatMap(flatten) : [value]
}

/** Every value that a path finds where arrays on the way stand for all of their elements. */
function followAll(call: Call, value: Value, path: readonly Value[]): Value[] {
  const [key, ...rest] = inWordsOf(value, path)
  if (key === undefined) return flatten(value)
  if (Array.isArray(value) && typeof key === 'string') return value.flatMap(element => followAll(call, element, path))
  const found = step(call, value, key, rest.length === 0)
  return found === undefined ? [] : followAll(call, found, rest)
}

/** The steps of a path; all that are none are told. */
function castPath(steps: readonly Argument[]): Value[] {
  return collect(steps, ({ value, at }) => {
    if (typeof value !== 'string' && typeof value !== 'bigint')
      throw wrongType(at, 'String or Integer', typeName(value))
    return value
  })
}

/** What a path finds, or all that it finds; the default is evaluated only where it is needed, but for forms of old. */
function selectFrom(key: 'select' | 'select_all' | 'select_as_index'): Evaluate {
  return call => {
    const steps = call.list(key)
    // Newer versions evaluate everything before they look at any of it.
    const early = call.form.isEager === true ? castPath(steps) : undefined
    const from = call.value('from')
    const all = key !== 'select' || (call.has('all') && call.value('all'))
    const path = early ?? castPath(steps)
    const isAll = castBoolean(all, call.at('all'))
    const fallback = call.form.isEager === true && call.has('default') ? call.value('default') : undefined
    if (from instanceof UnresolvedRef) throw undefinedRef(from, call.at('from'))
    if (isAll) return followAll(call, from, path)
    const found = follow(call, from, path)
    if (found !== undefined) return found
    if (call.has('default')) return fallback ?? call.value('default')
    throw failure(call.at('from'), 'value not found', `Value not found at path [${path.map(String).join()}].`)
  }
}

function containsPath(key: 'contains' | 'contains_path'): Evaluate {
  return call => {
    const path = castPath(call.list(key))
    return follow(call, call.value('in'), path) !== undefined
  }
}

const evaluateContainsField: Evaluate = call => {
  const field = call.string('contains_field')
  const value = call.value('in')
  if (Array.isArray(value)) throw wrongType(call.at('in'), 'Object', typeName(value))
  return step(call, value, field, true) !== undefined
}

/** The forms of this file. */
export const paths = {
  select: selectFrom('select'),
  select_all: selectFrom('select_all'),
  select_as_index: selectFrom('select_as_index'),
  contains: containsPath('contains'),
  contains_path: containsPath('contains_path'),
  contains_field: evaluateContainsField,
} satisfies Record<string, Evaluate>
