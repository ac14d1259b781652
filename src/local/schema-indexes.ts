/** Index documents: their fields, and the index that they define (protocol.md E.7). */
import { canonicalKey } from './equality.ts'
import type { FieldFailure } from './failures.ts'
import type { IndexDefinition, IndexField, IndexSource } from './indexing.ts'
import { COLLECTIONS, DATABASES } from './native.ts'
import { readBoolean, readData, readName } from './schema-fields.ts'
import type { FieldReader, FieldRule } from './schema-fields.ts'
import type { Prepared } from './schema-kind.ts'
import { wrongStoredType } from './stored.ts'
import { Lambda, Ref } from './values.ts'
import type { ObjectValue, Value } from './values.ts'

/** Partitions of an index without terms, and with. They show only in the order inside of a transaction. */
const MAX_PARTITIONS = 8n
const PARTITIONS_TERMLESS = MAX_PARTITIONS
const PARTITIONS = 1n

/** The wildcard source: every collection. */
const EVERY = '_'

type Read = ReturnType<FieldReader>

function wrong(field: readonly string[], value: Value, expected: string): Read {
  return { failure: wrongStoredType(field, value, expected) }
}

function valueRequired(field: string): { failure: FieldFailure } {
  return { failure: { field: [field], code: 'value required', description: 'Required value not found.' } }
}

/** What is wrong with a list: what is wrong with the first of its elements that something is wrong with. */
function readAll(values: readonly Value[], read: (value: Value) => Read): Read {
  for (const value of values) {
    const one = read(value)
    if ('failure' in one) return one
  }
  return { value: [...values] }
}

function isCollectionRef(value: Value): boolean {
  return value instanceof Ref && value.collection === COLLECTIONS
}

/** Reads the collections of a source under one of the two names that they may have. */
function readCollections(source: ObjectValue, field: string): Read {
  const value = source.get(field)
  if (value === undefined) return valueRequired(field)
  if (value === EVERY || isCollectionRef(value)) return { value }
  if (!Array.isArray(value)) return wrong([field], value, 'SourceClass')
  return readAll(value, one => (isCollectionRef(one) ? { value: one } : wrong([field], one, 'Class Ref')))
}

/** Where neither name leads to collections, it is the old one that is told. */
function readSourceObject(source: ObjectValue): Read {
  const byOldName = readCollections(source, 'class')
  if ('failure' in byOldName && 'failure' in readCollections(source, 'collection')) return byOldName
  const bindings = source.get('fields')
  if (bindings === undefined) return { value: source }
  if (!(bindings instanceof Map)) return wrong(['fields'], bindings, 'Query Map')
  const [wrongOne] = [...bindings].filter(([, lambda]) => !(lambda instanceof Lambda))
  return wrongOne === undefined ? { value: source } : wrong(['fields', wrongOne[0]], wrongOne[1], 'Query')
}

function readOneSource(value: Value, field: string): Read {
  const isPlain = value === EVERY || isCollectionRef(value)
  const read = isPlain ? { value } : value instanceof Map ? readSourceObject(value) : undefined
  if (read === undefined) return wrong([field], value, 'SourceClass')
  const isOfDatabases = collectionsOf(value).some(one => one instanceof Ref && Number(one.id) === DATABASES)
  if ('failure' in read || !isOfDatabases) return read
  return { failure: { field: [field], code: 'invalid reference', description: 'Cannot read reference.' } }
}

const readSource: FieldReader = (value, field) => {
  if (!Array.isArray(value)) return readOneSource(value, field)
  const read = readAll(value, one => readOneSource(one, field))
  if ('failure' in read) return read
  if (hasRepeated(value)) {
    const description = 'A collection ref may only match one binding.'
    return { failure: { field: [field], code: 'multiple bindings', description } }
  }
  if (hasMixedWildcard(value)) {
    const description = 'Cannot mix collection refs and wildcards without providing bindings.'
    return { failure: { field: [field], code: 'mixed wildcards', description } }
  }
  return read
}

/** The collections of a source; the old word for them goes before the new one. */
function collectionsOf(source: Value): Value[] {
  if (!(source instanceof Map)) return [source]
  const byOldName = 'value' in readCollections(source, 'class')
  return listOf(source.get(byOldName ? 'class' : 'collection'))
}

/** Whether several sources are over the very same collections. */
function hasRepeated(sources: readonly Value[]): boolean {
  const keys = sources
    .filter(source => !collectionsOf(source).includes(EVERY))
    .map(source => collectionsOf(source).map(canonicalKey).sort().join())
  return new Set(keys).size < keys.length
}

/** Whether every collection is a source among others, and none of them computes anything. */
function hasMixedWildcard(sources: readonly Value[]): boolean {
  const isPlain = sources.every(source => !(source instanceof Map) || !hasBindings(source))
  return sources.length > 1 && isPlain && sources.some(source => collectionsOf(source).includes(EVERY))
}

function hasBindings(source: ObjectValue): boolean {
  const bindings = source.get('fields')
  return bindings instanceof Map && bindings.size > 0
}

function invalidValue(field: string, value: Value): FieldFailure {
  return { field: [field], code: 'invalid value', description: `Invalid value \`${String(value)}\` at \`${field}\`` }
}

/** Reads a term or a value of an index. */
function readFieldObject(value: Value, field: string): Read {
  if (!(value instanceof Map)) return wrong([field], value, 'Term')
  const [binding, path] = [value.get('binding'), value.get('field')]
  if (binding === undefined && path === undefined) {
    const description = 'Must provide one of the following: field, binding'
    return { failure: { field: ['field'], code: 'value required', description } }
  }
  if (typeof binding !== 'string' && !isPath(path)) {
    if (binding !== undefined) return wrong(['binding'], binding, 'String')
    return wrong(['field'], listOf(path).find(step => !isStep(step)) ?? null, 'Long or String')
  }
  for (const name of ['reverse', 'mva']) {
    const flag = value.get(name)
    if (flag !== undefined && typeof flag !== 'boolean') return wrong([name], flag, 'Boolean')
  }
  const transform = value.get('transform')
  if (transform !== undefined && typeof transform !== 'string') return wrong(['transform'], transform, 'String')
  if (transform !== undefined && transform !== 'casefold') return { failure: invalidValue('transform', transform) }
  return { value }
}

function isStep(value: Value): boolean {
  return typeof value === 'string' || typeof value === 'bigint'
}

/** Whether a value leads somewhere in a document: one step, or a list of them. */
function isPath(value: Value | undefined): boolean {
  return value !== undefined && [value].flat().every(isStep)
}

const readFields: FieldReader = (value, field) =>
  Array.isArray(value) ? readAll(value, one => readFieldObject(one, field)) : readFieldObject(value, field)

/** What there is to say of a term or a value. */
const fieldParts: readonly string[] = ['binding', 'field', 'reverse', 'mva', 'transform']

/** Of the terms and values in a list is kept what there is to say of them; of one that stands alone all is kept. */
export function settleIndex(fields: ObjectValue): ObjectValue {
  const settled: ObjectValue = new Map(fields)
  for (const name of ['terms', 'values']) {
    const value = fields.get(name)
    if (!Array.isArray(value)) continue
    const select = (one: Value): Value =>
      one instanceof Map ? new Map([...one].filter(([part]) => fieldParts.includes(part))) : one
    settled.set(name, value.map(select))
  }
  return settled
}

/** What is no integer counts as not given. */
const readPartitions: FieldReader = (value, field) => {
  if (typeof value !== 'bigint') return { value: null }
  if (value >= 1n && value <= MAX_PARTITIONS) return { value }
  const description = `Value ${value} is not in expected range 1 to ${MAX_PARTITIONS}.`
  return { failure: { field: [field], code: 'bounds error', description } }
}

/** The fields of an index document, in the order in which they are checked. */
export const indexFields: readonly FieldRule[] = [
  { name: 'partitions', read: readPartitions },
  { name: 'source', isRequired: true, read: readSource },
  { name: 'active', isRequired: true, isNeededBefore: true, read: readBoolean },
  { name: 'data', read: readData },
  { name: 'name', isRequired: true, read: readName },
  { name: 'terms', read: readFields },
  { name: 'values', read: readFields },
  { name: 'unique', read: readBoolean },
  { name: 'serialized', read: readBoolean },
]

/** What the server adds. Whether an index is active is never up to its document. */
export function completeIndex(fields: ObjectValue, isActive: boolean): ObjectValue {
  const complete: ObjectValue = new Map(fields).set('active', isActive)
  if (!complete.has('partitions')) {
    complete.set('partitions', isSpread(listOf(complete.get('terms'))) ? PARTITIONS_TERMLESS : PARTITIONS)
  }
  return complete
}

/** Whether the entries of an index would all stand in a few sets: it has no terms, or the collection for its only one. */
function isSpread(terms: readonly Value[]): boolean {
  const [first] = terms
  if (first === undefined) return true
  const steps = first instanceof Map && first.get('binding') === undefined ? listOf(first.get('field')) : []
  return terms.length === 1 && steps.length === 1 && steps[0] === 'class'
}

function isEmpty(value: Value | undefined): boolean {
  return value instanceof Map && value.size === 0
}

/**
 * An index that is active stays so, whatever is asked for. A source without anything in it is told twice, and terms
 * without anything in them, which are not kept, still make it one with terms.
 */
export function prepareIndex(parameters: ObjectValue, base: ObjectValue | undefined): Prepared {
  const prepared: ObjectValue = new Map(parameters)
  if (base?.get('active') === true) prepared.set('active', true)
  if (isEmpty(parameters.get('terms')) && !parameters.has('partitions')) prepared.set('partitions', PARTITIONS)
  return { parameters: prepared, failures: isEmpty(parameters.get('source')) ? [valueRequired('class').failure] : [] }
}

/** A field that holds one or many, as many. */
export function listOf(value: Value | undefined): Value[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]
}

function pathOf(value: Value | undefined): (string | bigint)[] {
  return listOf(value).filter((step): step is string | bigint => typeof step === 'string' || typeof step === 'bigint')
}

function fieldOf(value: Value): IndexField {
  const field: ObjectValue = value instanceof Map ? value : new Map()
  const binding = field.get('binding')
  return {
    path: pathOf(field.get('field')),
    binding: typeof binding === 'string' ? binding : undefined,
    isReversed: field.get('reverse') === true,
    isMultiValued: field.get('mva') !== false,
    isCasefolded: field.get('transform') === 'casefold',
  }
}

function sourceOf(value: Value): IndexSource {
  const collections = collectionsOf(value)
  const bindings = value instanceof Map ? value.get('fields') : undefined
  return {
    collections: collections.includes(EVERY)
      ? null
      : collections.flatMap(one => (one instanceof Ref ? [Number(one.id)] : [])),
    bindings: new Map(
      [...(bindings instanceof Map ? bindings : [])].flatMap(([name, lambda]) =>
        lambda instanceof Lambda ? [[name, lambda]] : [],
      ),
    ),
  }
}

/** The index that a document defines. */
export function defineIndex(fields: ObjectValue): IndexDefinition {
  return {
    sources: listOf(fields.get('source')).map(sourceOf),
    terms: listOf(fields.get('terms')).map(fieldOf),
    values: listOf(fields.get('values')).map(fieldOf),
  }
}
