/** Forms that read: `get`, `exists`, `first`, `last`, and `select` with its kin. */
import type { Argument, Call, Evaluate, Frame } from '../call.ts'
import { castBoolean, castSet, isNativeCollection, showVersion, undefinedRef } from '../call.ts'
import { collect, failure, permissionDenied, wrongType } from '../failures.ts'
import { isLive } from '../history.ts'
import { typeName } from '../kinds.ts'
import { fieldsOf, isIdentical } from '../compare.ts'
import { nounOf } from '../names.ts'
import { ACCESS_PROVIDERS, COLLECTIONS, ROLES, isNamed, natives } from '../native.ts'
import { canRead, checkDocumentRetained, firstDocument } from '../sets.ts'
import type { SetContext } from '../sets.ts'
import { readPage } from './pages.ts'
import { Action, Lambda, Page, Ref, SetEventValue, SetValue, Sourced, UnresolvedRef, VersionValue } from '../values.ts'
import type { SetForm, Value } from '../values.ts'

/** The frame of a read that names a time of its own. */
function frameAt(call: Call): Frame {
  const micros = call.micros('ts')
  return micros === undefined ? call.frame : { ...call.frame, readAt: micros }
}

function readVersion(ref: Ref, frame: Frame): VersionValue | undefined {
  const { query } = frame
  checkDocumentRetained(ref, frame)
  const history = query.store.historyOf(ref)
  const version = frame.readAt === undefined ? history?.newest : history?.at(frame.readAt)
  return isLive(version, query.transaction.snapshot) ? showVersion(query, ref, version) : undefined
}

function getDocument(call: Call, ref: Ref, frame: Frame): VersionValue {
  const version = readVersion(ref, frame)
  if (!canRead(ref, frame)) throw permissionDenied(call.position)
  if (version === undefined) throw call.fail('instance not found', `${nounOf(ref)} not found.`)
  return version
}

const evaluateGet: Evaluate = call => {
  const subject = call.refOrSet('get')
  const frame = frameAt(call)
  if (subject instanceof Ref) return getDocument(call, subject, frame)
  const ref = firstDocument(subject, call.setContext('get', frame))
  if (ref === undefined) throw call.fail('instance not found', 'Set not found.')
  return getDocument(call, ref, frame)
}

/** Native collections that `exists` takes for documents, which they are not. */
const plainInExists: ReadonlySet<number> = new Set([ROLES, ACCESS_PROVIDERS])

const evaluateExists: Evaluate = call => {
  const value = call.value('exists')
  const frame = frameAt(call)
  if (value instanceof UnresolvedRef) return false
  if (value instanceof SetValue) return hasDocument(value.form, call.setContext('exists', frame))
  if (!(value instanceof Ref)) throw wrongType(call.at('exists'), 'Ref or Set', typeName(value))
  return isNativeCollection(value) && !plainInExists.has(Number(value.id))
    ? hasDocument(castSet(value, call.at('exists')), call.setContext('exists', frame))
    : readVersion(value, frame) !== undefined && canRead(value, frame)
}

/** Whether a set has a document: if the first of it may not be read, it is as if there were none. */
export function hasDocument(form: SetForm, context: SetContext): boolean {
  const ref = firstDocument(form, context)
  return ref !== undefined && readVersion(ref, context.frame) !== undefined && canRead(ref, context.frame)
}

function endOf(key: 'first' | 'last'): Evaluate {
  return call => {
    const value = call.setOrArray(key)
    if (Array.isArray(value)) {
      const element = key === 'first' ? value[0] : value.at(-1)
      if (element === undefined) throw failure(call.at(key), 'invalid argument', 'Non-empty array expected.')
      return element
    }
    const page = readPage(value, call.setContext(key), { size: 1, isAscending: key === 'first' })
    const [element] = page.data
    if (element === undefined) throw failure(call.at(key), 'invalid argument', 'Non-empty set expected.')
    return element
  }
}

/** The fields of a ref: its id, and what it is in. */
function refFields(ref: Ref): Map<string, Value> {
  const collection = new Ref(ref.database, COLLECTIONS, BigInt(ref.collection))
  return new Map<string, Value>([
    ['id', ref.id.toString()],
    ['collection', collection],
    ['class', collection],
  ])
}

/** A field of a ref; what has a name has it for its id, and only a ref into another database says which. */
function refField({ query }: Call, ref: Ref, key: string): Value | undefined {
  if (key === 'id') return nativeName(ref) ?? query.store.nameOf(ref) ?? ref.id.toString()
  if (key !== 'database') return refFields(ref).get(key)
  const database = ref.database === query.database.number ? undefined : query.store.database(ref.database)
  return database && query.store.refOfDatabase(database)
}

function nativeName(ref: Ref): string | undefined {
  return isNativeCollection(ref) ? natives.get(Number(ref.id))?.name : undefined
}

/** Other names of the fields of events. */
const eventAliases: Readonly<Record<string, string>> = { instance: 'document', resource: 'document' }

/** One step of a path; undefined where there is nothing. */
function step(call: Call, value: Value, key: Value): Value | undefined {
  if (Array.isArray(value)) return typeof key === 'bigint' ? value[Number(key)] : undefined
  if (value instanceof Page && typeof key === 'bigint') return value.data[Number(key)]
  if (typeof key !== 'string') return undefined
  if (value instanceof Ref) return refField(call, value, key)
  if (value instanceof SetEventValue && key === 'data') return [...(value.values ?? [])]
  const fields = fieldsOf(value)
  const name = fields?.has(key) === true || value instanceof Map ? key : (eventAliases[key] ?? key)
  return fields?.get(name)
}

function follow(call: Call, value: Value, path: readonly Value[]): Value | undefined {
  let found: Value | undefined = value
  for (const key of path) {
    found = step(call, found, key)
    if (found === undefined) return undefined
  }
  return found
}

function flatten(value: Value): Value[] {
  return Array.isArray(value) ? value.flatMap(flatten) : [value]
}

/** Every value that a path finds where arrays on the way stand for all of their elements. */
function followAll(call: Call, value: Value, path: readonly Value[]): Value[] {
  const [key, ...rest] = path
  if (key === undefined) return flatten(value)
  if (Array.isArray(value) && typeof key === 'string') return value.flatMap(element => followAll(call, element, path))
  const found = step(call, value, key)
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

/** What a ref contains: what has a name contains nothing, not even the name. */
function valuesOfRef({ query }: Call, ref: Ref): Value[] {
  if (isNamed(ref.collection)) return []
  const database = ref.database === query.database.number ? undefined : query.store.database(ref.database)
  const owner = database && query.store.refOfDatabase(database)
  const collection = new Ref(ref.database, COLLECTIONS, BigInt(ref.collection))
  return [ref.id.toString(), collection, ...(owner === undefined ? [] : [owner])]
}

/** A page contains its whole data as one value, and the cursors that it shows. */
function valuesOfPage({ data, before, after }: Page): Value[] {
  return [data, ...[before, after].filter(cursor => Array.isArray(cursor))]
}

/** A document contains its collection too. */
function valuesOfVersion(version: VersionValue): Value[] {
  const { ref } = version
  return [new Ref(ref.database, COLLECTIONS, BigInt(ref.collection)), ...(fieldsOf(version) ?? new Map()).values()]
}

/** The element of a set that stands where the value would. */
function valueInSet(call: Call, form: SetForm, wanted: Value): Value[] {
  const at = call.at('contains_value')
  if (wanted instanceof UnresolvedRef) throw undefinedRef(wanted, at)
  const context = { ...call.setContext('in'), at: call.position }
  return readPage(form, context, { cursor: { direction: 'after', value: wanted, at }, isAscending: true, size: 1 }).data
}

/** The values that a container has; scalars are none. */
function valuesIn(call: Call, value: Value, wanted: Value): Value[] {
  if (Array.isArray(value)) return value
  if (value instanceof Ref) return valuesOfRef(call, value)
  if (value instanceof SetValue) return valueInSet(call, value.form, wanted)
  if (value instanceof Page) return valuesOfPage(value)
  if (value instanceof VersionValue) return valuesOfVersion(value)
  if (value instanceof Lambda || value instanceof Sourced) return []
  if (value instanceof SetEventValue) {
    return [BigInt(value.ts), new Action(value.action), value.ref, ...(value.values ?? [])]
  }
  const fields = fieldsOf(value)
  if (fields === undefined) throw wrongType(call.at('in'), 'Object, Array, Page, Set, or Ref', 'Scalar')
  return [...fields.values()]
}

const evaluateContainsValue: Evaluate = call => {
  const wanted = call.value('contains_value')
  return valuesIn(call, call.value('in'), wanted).some(one => isIdentical(one, wanted))
}

const evaluateContainsField: Evaluate = call => {
  const field = call.string('contains_field')
  const value = call.value('in')
  if (Array.isArray(value)) throw wrongType(call.at('in'), 'Object', typeName(value))
  return step(call, value, field) !== undefined
}

/** The forms of this file. */
export const reads = {
  exists: evaluateExists,
  get: evaluateGet,
  first: endOf('first'),
  last: endOf('last'),
  select: selectFrom('select'),
  select_all: selectFrom('select_all'),
  select_as_index: selectFrom('select_as_index'),
  contains: containsPath('contains'),
  contains_path: containsPath('contains_path'),
  contains_field: evaluateContainsField,
  contains_value: evaluateContainsValue,
} satisfies Record<string, Evaluate>
