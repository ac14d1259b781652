/** The fields of schema documents: what each may hold, and what is said where it holds something else. */
import type { Query } from './call.ts'
import type { FieldFailure } from './failures.ts'
import { isSchemaName } from './names.ts'
import { Storer, wrongStoredType } from './stored.ts'
import { Lambda, Time } from './values.ts'
import type { ObjectValue, Value } from './values.ts'

/** Reads one field: the stored value, or what is wrong with it. */
export type FieldReader = (value: Value, field: string, query: Query) => { value: Value } | { failure: FieldFailure }

/** One field of a kind of schema document. */
export type FieldRule = {
  readonly name: string
  readonly isRequired?: boolean
  /** Whether it has to be there before a change: one that was taken away cannot be given anew. */
  readonly isNeededBefore?: boolean
  readonly read: FieldReader
}

/** What a name may be made of, as messages show it. */
const NAME_PATTERN = String.raw`[;@+$\-_.!~%\w]+`
const RESERVED_NAME = '_'

/** Reads a value of one type. */
export function typed(expected: string, isRight: (value: Value) => boolean): FieldReader {
  return (value, field) => (isRight(value) ? { value } : { failure: wrongStoredType([field], value, expected) })
}

/** A name of a schema document. */
export const readName: FieldReader = (value, field) => {
  if (typeof value !== 'string') return { failure: wrongStoredType([field], value, 'Name') }
  if (value === RESERVED_NAME) {
    const description = `Invalid name ${value}. Reserved names: ${RESERVED_NAME}.`
    return { failure: { field: [field], code: 'reserved name', description } }
  }
  if (isSchemaName(value)) return { value }
  const description = `The name ${value} uses invalid characters. Valid characters must match: ${NAME_PATTERN}`
  return { failure: { field: [field], code: 'invalid characters', description } }
}

/** An object of the user's own. */
export const readData: FieldReader = (value, field, query) => {
  const storer = new Storer(query)
  const stored = storer.store(value, [field], true)
  const [failure] = storer.failures
  if (failure !== undefined) return { failure }
  return stored instanceof Map ? { value: stored } : { failure: wrongStoredType([field], value, 'Map') }
}

export const readInteger = typed('Long', value => typeof value === 'bigint')
export const readBoolean = typed('Boolean', value => typeof value === 'boolean')
export const readTimestamp = typed('Timestamp', value => value instanceof Time)
export const readLambdaField = typed('Query', value => value instanceof Lambda)

/** A count that may not be below zero. */
export const readCount: FieldReader = (value, field, query) => {
  const read = readInteger(value, field, query)
  if ('failure' in read || Number(read.value) >= 0) return read
  return {
    failure: { field: [field], code: 'non-negative value required', description: 'Value must be non-negative.' },
  }
}

/** Whatever can be stored. */
export const readAny: FieldReader = (value, field, query) => {
  const storer = new Storer(query)
  const stored = storer.store(value, [field])
  const [failure] = storer.failures
  return failure === undefined ? { value: stored } : { failure }
}

/** The largest number that the real server takes for a port: it does not look whether there can be such a port. */
const MAX_PORT = 2 ** 31 - 1

/**
 * Whether a text is a URL of `https` as the real server's runtime reads it: it looks at the scheme and the port, and
 * takes all else as it comes.
 */
function isHttpsUrl(text: string): boolean {
  const found = /^https:(?:\/\/([^/?#]*))?/i.exec(text.trim())
  const [, port = ''] = /^(?:[^@]*@)?(?:\[[^\]]*\]|[^:@]*):(.*)$/.exec(found?.[1] ?? '') ?? []
  return found !== null && (port === '' || (/^\+?\d+$/.test(port) && Number(port) <= MAX_PORT))
}

/** Where the keys of an identity provider are. */
export const readHttpsUri: FieldReader = (value, field) => {
  if (typeof value !== 'string') return { failure: wrongStoredType([field], value, 'URI') }
  if (isHttpsUrl(value)) return { value }
  return { failure: { field: [field], code: 'invalid uri', description: `\`${value}\` is a not valid URI` } }
}

/** The priorities that there are; others have the wrong type. */
const LEAST_PRIORITY = 1n
const MOST_PRIORITY = 500n

/** The priority of a database. */
export const readPriority = typed(
  'Priority',
  value => typeof value === 'bigint' && value >= LEAST_PRIORITY && value <= MOST_PRIORITY,
)

/**
 * Reads the fields of a kind from parameters: nulls are kept (they take a field away), unknown fields are dropped,
 * the order is that of the parameters. `whole` is what the document will have: it decides what is missing.
 */
export function readSchemaFields(
  rules: readonly FieldRule[],
  parameters: ObjectValue,
  query: Query,
  has: (field: string) => boolean,
): { fields: ObjectValue; failures: FieldFailure[] } {
  const fields: ObjectValue = new Map()
  const failures: FieldFailure[] = []
  for (const rule of rules) {
    const given = parameters.get(rule.name)
    if (rule.isNeededBefore === true && !has(rule.name)) {
      failures.push({ field: [rule.name], code: 'value required', description: 'Required value not found.' })
      continue
    }
    if (given === undefined || given === null) {
      const isMissing = rule.isRequired === true && (given === null || !has(rule.name))
      if (isMissing) {
        failures.push({ field: [rule.name], code: 'value required', description: 'Required value not found.' })
      }
      if (given === null) fields.set(rule.name, null)
      continue
    }
    const read = rule.read(given, rule.name, query)
    if ('failure' in read) failures.push(read.failure)
    else fields.set(rule.name, read.value)
  }
  const inOrder = new Map(
    [...parameters.keys()].flatMap(key => (fields.has(key) ? [[key, fields.get(key) ?? null]] : [])),
  )
  return { fields: inOrder, failures }
}
