/**
 * What becomes of values when they are stored: nulls go, sets, pages, versions and events become plain objects, and
 * refs must be of this database (protocol.md E.3).
 */
import type { Query } from './frame.ts'
import { storedFieldsOf } from './compare.ts'
import { invalidData } from './failures.ts'
import type { FieldFailure } from './failures.ts'
import { renewRef } from './schema-names.ts'
import { Action, Bytes, CalendarDate, Lambda, PendingTime, Ref, Time, UnresolvedRef, Uuid } from './values.ts'
import type { ObjectValue, Value } from './values.ts'
import type { Position } from './position.ts'

/** The names of stored types in messages of validation. */
export function storedTypeName(value: Value): string {
  switch (typeof value) {
    case 'bigint':
      return 'Long'
    case 'number':
      return 'Double'
    case 'string':
      return 'String'
    case 'boolean':
      return 'Boolean'
  }
  if (Array.isArray(value)) return 'Array'
  if (value instanceof Ref || value instanceof UnresolvedRef) return 'Ref'
  if (value instanceof Time) return 'Time'
  if (value instanceof CalendarDate) return 'Date'
  if (value instanceof Bytes) return 'Bytes'
  if (value instanceof Uuid) return 'UUID'
  if (value instanceof Lambda) return 'Query'
  return 'Map'
}

/** A failure of a field that has the wrong type. */
export function wrongStoredType(field: readonly string[], value: Value, expected: string): FieldFailure {
  const description = `Invalid type ${storedTypeName(value)}, expected type ${expected}.`
  return { field, code: 'invalid type', description }
}

/** Turns values into what is stored of them, and notes the refs that cannot be stored. */
class Storer {
  readonly failures: FieldFailure[] = []
  readonly #query: Query

  constructor(query: Query) {
    this.#query = query
  }

  /** The stored form; null where nothing is stored. In an update nulls of objects are kept: they take keys away. */
  store(value: Value, path: readonly string[], keepsNulls = false): Value {
    if (Array.isArray(value)) return this.#array(value, path)
    if (value instanceof Map) return this.#object(value, path, keepsNulls)
    if (value instanceof Ref || value instanceof UnresolvedRef) return this.#ref(value, path)
    if (value instanceof PendingTime) return BigInt(value.micros)
    if (value instanceof Action) return value.name
    const fields = storedFieldsOf(value)
    return fields === undefined ? value : this.#object(fields, path, false)
  }

  #array(values: readonly Value[], path: readonly string[]): Value[] {
    const stored = values.map((value, i) => this.store(value, [...path, String(i)]))
    return stored.filter(value => value !== null)
  }

  #object(fields: ObjectValue, path: readonly string[], keepsNulls: boolean): ObjectValue {
    const stored: ObjectValue = new Map()
    for (const [key, value] of fields) {
      const inner = this.store(value, [...path, key], keepsNulls)
      if (inner !== null || keepsNulls) stored.set(key, inner)
    }
    return stored
  }

  #ref(ref: Ref | UnresolvedRef, path: readonly string[]): Value {
    if (ref instanceof Ref) {
      if (ref.database === this.#query.database.number) return renewRef(this.#query, ref)
      this.#fail(path, 'Reference cannot be scoped.')
      return ref
    }
    this.#fail(path, 'Cannot read reference.')
    return null
  }

  #fail(field: readonly string[], description: string): void {
    this.failures.push({ field, code: 'invalid reference', description })
  }
}

/**
 * Parameters in their stored form; nulls are kept, for they take fields away. Fails, before anything else is looked at,
 * where a ref in them cannot be stored.
 */
export function storeParameters(query: Query, parameters: ObjectValue, at: Position): ObjectValue {
  const storer = new Storer(query)
  const stored = storer.store(parameters, [], true)
  if (storer.failures.length > 0) throw invalidData(at, storer.failures)
  return stored instanceof Map ? stored : parameters
}
