/** Index documents: their fields, and the index that they define (protocol.md E.7). */
import type { Query } from './call.ts'
import type { FieldFailure } from './failures.ts'
import type { IndexDefinition, IndexField, IndexSource } from './indexing.ts'
import { schemaKindOf } from './kinds.ts'
import { FIRST_USER_COLLECTION } from './native.ts'
import { readAny, readBoolean, readData, readInteger, readName } from './schema-fields.ts'
import type { FieldReader, FieldRule } from './schema-fields.ts'
import { wrongStoredType } from './stored.ts'
import { Lambda, Ref } from './values.ts'
import type { ObjectValue, Value } from './values.ts'

/** Partitions of an index without terms, and with. They show only in the order inside of a transaction. */
const PARTITIONS_TERMLESS = 8n
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
  const isUsers = value instanceof Ref && Number(value.id) >= FIRST_USER_COLLECTION
  return isUsers ? readAny(value, field, query) : invalidReference(field)
}

function readSourceObject(value: ObjectValue, query: Query): Read {
  const collection = value.get('collection') ?? value.get('class')
  const field = 'collection'
  if (collection === undefined || collection === null) {
    return { failure: { field: [field], code: 'value required', description: 'Required value not found.' } }
  }
  for (const one of [collection].flat()) {
    const read = readSourceRef(one, field, query)
    if ('failure' in read) return read
  }
  const source: ObjectValue = new Map([[field, collection]])
  const fields = value.get('fields')
  if (fields instanceof Map) source.set('fields', fields)
  return { value: source }
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
  return { value: sources }
}

/** Whether a collection stands in several sources. */
function hasRepeated(sources: readonly Value[]): boolean {
  const refs = sources.flatMap(source => (source instanceof Map ? listOf(source.get('collection')) : [source]))
  return refs.some((ref, i) =>
    refs.slice(i + 1).some(other => ref instanceof Ref && other instanceof Ref && ref.equals(other)),
  )
}

function invalidValue(field: string, value: Value): FieldFailure {
  return { field: [field], code: 'invalid value', description: `Invalid value \`${String(value)}\` at \`${field}\`` }
}

function readFieldObject(value: Value, field: string): Read {
  if (!(value instanceof Map)) return { failure: wrongStoredType([field], value, field === 'terms' ? 'Term' : 'Map') }
  if ((value.get('field') ?? value.get('binding') ?? null) === null) {
    const description = 'Must provide one of the following: field, binding'
    return { failure: { field: ['field'], code: 'value required', description } }
  }
  const transform = value.get('transform')
  if (transform !== undefined && transform !== null && transform !== 'casefold') {
    return { failure: invalidValue('transform', transform) }
  }
  return { value: new Map([...value].filter(([, part]) => part !== null)) }
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

const readPartitions: FieldReader = (value, field, query) => {
  const read = readInteger(value, field, query)
  if ('failure' in read || (Number(read.value) >= 1 && Number(read.value) <= 8)) return read
  const description = `Value ${Number(read.value)} is not in expected range 1 to 8.`
  return { failure: { field: [field], code: 'bounds error', description } }
}

/** The fields of an index document. */
export const indexFields: readonly FieldRule[] = [
  { name: 'source', isRequired: true, read: readSource },
  { name: 'name', isRequired: true, read: readName },
  { name: 'active', read: readBoolean },
  { name: 'serialized', read: readBoolean },
  { name: 'unique', read: readBoolean },
  { name: 'terms', read: readFields },
  { name: 'values', read: readFields },
  { name: 'partitions', read: readPartitions },
  { name: 'data', read: readData },
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

function listOf(value: Value | undefined): Value[] {
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
