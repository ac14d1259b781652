/** Index documents: their fields, and the index that they define (protocol.md E.7). */
import type { Query } from './call.ts'
import { canonicalKey } from './compare.ts'
import type { FieldFailure } from './failures.ts'
import type { IndexDefinition, IndexField, IndexSource } from './indexing.ts'
import { schemaKindOf } from './kinds.ts'
import { DATABASES } from './native.ts'
import { readAny, readBoolean, readData, readName } from './schema-fields.ts'
import type { FieldReader, FieldRule } from './schema-fields.ts'
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

function invalidReference(field: string): Read {
  return { failure: { field: [field], code: 'invalid reference', description: 'Cannot read reference.' } }
}

function readSourceRef(value: Value, field: string, query: Query): Read {
  if (value === EVERY) return { value }
  if (schemaKindOf(value) !== 'collection') return { failure: wrongStoredType([field], value, 'SourceClass') }
  const isIndexable = value instanceof Ref && Number(value.id) !== DATABASES
  return isIndexable ? readAny(value, field, query) : invalidReference(field)
}

/** Reads the collections of a source under one of the two names that they may have. */
function readCollections(source: ObjectValue, field: string, query: Query): Read {
  const collections = source.get(field) ?? null
  if (collections === null) return valueRequired(field)
  for (const one of [collections].flat()) {
    const read = readSourceRef(one, field, query)
    if ('failure' in read) return read
  }
  return { value: collections }
}

/** Where neither name leads to collections, it is the old one that is told. */
function readSourceObject(value: ObjectValue, query: Query): Read {
  const byOldName = readCollections(value, 'class', query)
  const read = 'failure' in byOldName ? readCollections(value, 'collection', query) : byOldName
  if ('failure' in read) return byOldName
  const fields = value.get('fields') ?? null
  if (fields === null) return { value: new Map([['collection', read.value]]) }
  if (!(fields instanceof Map)) return { failure: wrongStoredType(['fields'], fields, 'Map') }
  for (const [name, lambda] of fields) {
    if (!(lambda instanceof Lambda)) return { failure: wrongStoredType(['fields', name], lambda, 'Query') }
  }
  return {
    value: new Map([
      ['collection', read.value],
      ['fields', fields],
    ]),
  }
}

function valueRequired(field: string): Read {
  return { failure: { field: [field], code: 'value required', description: 'Required value not found.' } }
}

const readSource: FieldReader = (value, field, query) => {
  if (value instanceof Map) return readSourceObject(value, query)
  if (!Array.isArray(value)) return readSourceRef(value, field, query)
  const sources: Value[] = []
  for (const one of value) {
    const read = one instanceof Map ? readSourceObject(one, query) : readSourceRef(one, field, query)
    if ('failure' in read) return read
    sources.push(read.value)
  }
  if (hasRepeated(sources)) {
    const description = 'A collection ref may only match one binding.'
    return { failure: { field: [field], code: 'multiple bindings', description } }
  }
  if (hasMixedWildcard(sources)) {
    const description = 'Cannot mix collection refs and wildcards without providing bindings.'
    return { failure: { field: [field], code: 'mixed wildcards', description } }
  }
  return { value: sources }
}

function collectionsOf(source: Value): Value[] {
  return source instanceof Map ? listOf(source.get('collection')) : [source]
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
  const isPlain = sources.every(source => !(source instanceof Map) || !source.has('fields'))
  return sources.length > 1 && isPlain && sources.some(source => collectionsOf(source).includes(EVERY))
}

function invalidValue(field: string, value: Value): FieldFailure {
  return { field: [field], code: 'invalid value', description: `Invalid value \`${String(value)}\` at \`${field}\`` }
}

function readFieldObject(value: Value, field: string): Read {
  if (!(value instanceof Map)) return { failure: wrongStoredType([field], value, 'Term') }
  const part = (name: string): Value => value.get(name) ?? null
  const [binding, path] = [part('binding'), part('field')]
  if (binding === null && path === null) {
    const description = 'Must provide one of the following: field, binding'
    return { failure: { field: ['field'], code: 'value required', description } }
  }
  if (typeof binding !== 'string' && !isPath(path)) {
    if (binding !== null) return { failure: wrongStoredType(['binding'], binding, 'String') }
    const wrong = [path].flat().find(step => !isStep(step)) ?? null
    return { failure: wrongStoredType(['field'], wrong, 'Long or String') }
  }
  for (const name of ['reverse', 'mva']) {
    const flag = part(name)
    if (flag !== null && typeof flag !== 'boolean') return { failure: wrongStoredType([name], flag, 'Boolean') }
  }
  const transform = part('transform')
  if (transform !== null && typeof transform !== 'string') {
    return { failure: wrongStoredType(['transform'], transform, 'String') }
  }
  if (transform !== null && transform !== 'casefold') return { failure: invalidValue('transform', transform) }
  return { value: new Map([...value].filter(([, part]) => part !== null)) }
}

function isStep(value: Value): boolean {
  return typeof value === 'string' || typeof value === 'bigint'
}

/** Whether a value leads somewhere in a document: one step, or a list of them. */
function isPath(value: Value): boolean {
  return value !== null && [value].flat().every(isStep)
}

const readFields: FieldReader = (value, field) => {
  if (!Array.isArray(value)) return readFieldObject(value, field)
  const fields: Value[] = []
  for (const one of value) {
    const read = readFieldObject(one, field)
    if ('failure' in read) return read
    fields.push(read.value)
  }
  return { value: fields }
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
  { name: 'active', isNeededBefore: true, read: readBoolean },
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
    const hasTerms = listOf(complete.get('terms')).length > 0
    complete.set('partitions', hasTerms ? PARTITIONS : PARTITIONS_TERMLESS)
  }
  return complete
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
  const object = value instanceof Map ? value : new Map<string, Value>([['collection', value]])
  const collections = listOf(object.get('collection'))
  const bindings = object.get('fields')
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
    isUnique: fields.get('unique') === true,
  }
}
