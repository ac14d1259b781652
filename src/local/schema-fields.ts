/** The fields of schema documents: what each may hold, and what is said where it holds something else. */
import type { FieldFailure } from './failures.ts'
import { patchFields } from './history.ts'
import { isSchemaName } from './names.ts'
import { wrongStoredType } from './stored.ts'
import { Lambda, Time } from './values.ts'
import type { ObjectValue, Value } from './values.ts'

/** Reads one field: the stored value, or what is wrong with it. */
export type FieldReader = (value: Value, field: string) => { value: Value } | { failure: FieldFailure }

/** One field of a kind of schema document. */
export type FieldRule = {
  readonly name: string
  readonly isRequired?: boolean
  /** Whether it has to be there before a change as well: one that was taken away cannot be given anew. */
  readonly isNeededBefore?: boolean
  /** Whether it is looked at and then left out. */
  readonly isDropped?: boolean
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
export const readData = typed('Map', value => value instanceof Map)

export const readInteger = typed('Long', value => typeof value === 'bigint')
export const readString = typed('String', value => typeof value === 'string')
export const readBoolean = typed('Boolean', value => typeof value === 'boolean')
export const readTimestamp = typed('Timestamp', value => value instanceof Time)

/** A function; a string would be one of the newer language, which is read, and then refused. */
export const readBody = typed('Query', value => value instanceof Lambda || typeof value === 'string')

/** A count that may not be below zero. */
export const readCount: FieldReader = (value, field) => {
  const read = readInteger(value, field)
  if ('failure' in read || Number(read.value) >= 0) return read
  return {
    failure: { field: [field], code: 'non-negative value required', description: 'Value must be non-negative.' },
  }
}

/** The account that a database is of: it is looked at, and kept nowhere. */
export const readAccountId: FieldReader = value => {
  const field = ['account', 'id']
  if (!(value instanceof Map)) return { failure: wrongStoredType(field, value, 'Map') }
  const id = value.get('id')
  return id === undefined || typeof id === 'bigint' ? { value } : { failure: wrongStoredType(field, id, 'Account') }
}

/** Whatever can be stored. */
export const readAny: FieldReader = value => ({ value })

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
 * What the fields of a kind become: what was, changed by those of the parameters that there are. Objects without
 * anything in them are not kept, whatever the field.
 */
export function proposeFields(rules: readonly FieldRule[], before: ObjectValue, parameters: ObjectValue): ObjectValue {
  const names = new Set(rules.map(rule => rule.name))
  const given = new Map([...parameters].filter(([name]) => names.has(name)))
  return new Map([...patchFields(before, given)].filter(([, value]) => !(value instanceof Map && value.size === 0)))
}

/** Reads what the fields of a kind are to be: those that hold what they may, and what is wrong with the others. */
export function readSchemaFields(
  rules: readonly FieldRule[],
  all: ObjectValue,
  before: ObjectValue,
): { fields: ObjectValue; failures: FieldFailure[] } {
  const fields: ObjectValue = new Map(all)
  const failures: FieldFailure[] = []
  for (const { name, isRequired, isNeededBefore, isDropped, read } of rules) {
    const value = all.get(name)
    const isMissing = value === undefined && isRequired === true
    if (isMissing || (isNeededBefore === true && !before.has(name))) {
      failures.push({ field: [name], code: 'value required', description: 'Required value not found.' })
    }
    if (value === undefined) continue
    const result = read(value, name)
    if ('failure' in result) failures.push(result.failure)
    if ('failure' in result || isDropped === true || result.value === null) fields.delete(name)
    else if (fields.has(name)) fields.set(name, result.value)
  }
  return { fields, failures }
}
