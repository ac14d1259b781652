/** Whether a value is of a type: it never fails, whatever the value is. */
import type { Evaluate } from '../call.ts'
import { isNativeCollection } from '../casts.ts'
import { fieldsOf } from '../compare.ts'
import { COLLECTIONS, CREDENTIALS, DATABASES, FUNCTIONS, INDEXES, KEYS, ROLES, TOKENS } from '../native.ts'
import {
  Action,
  Bytes,
  CalendarDate,
  Lambda,
  Ref,
  SetValue,
  Sourced,
  Time,
  UnresolvedRef,
  Uuid,
  VersionValue,
} from '../values.ts'
import type { Value } from '../values.ts'

type Test = (value: Value) => boolean

/** Documents of one native collection, and refs of them. */
function inCollection(collection: number): Test {
  return value => {
    const ref = value instanceof VersionValue ? value.ref : value
    return ref instanceof Ref && ref.collection === collection
  }
}

function isNumber(value: Value): boolean {
  return typeof value === 'bigint' || typeof value === 'number'
}

/** A form that tells whether its one argument passes. */
function test(key: string, passes: Test): Evaluate {
  return call => passes(call.value(key))
}

/** The forms of this file. */
export const typeTests = {
  is_number: test('is_number', isNumber),
  is_double: test('is_double', value => typeof value === 'number'),
  is_integer: test('is_integer', value => typeof value === 'bigint'),
  is_boolean: test('is_boolean', value => typeof value === 'boolean'),
  is_null: test('is_null', value => value === null),
  is_bytes: test('is_bytes', value => value instanceof Bytes),
  is_timestamp: test('is_timestamp', value => value instanceof Time),
  is_date: test('is_date', value => value instanceof CalendarDate),
  is_uuid: test('is_uuid', value => value instanceof Uuid),
  is_string: test('is_string', value => typeof value === 'string' || value instanceof Action),
  is_array: test('is_array', value => Array.isArray(value)),
  is_object: test('is_object', value => fieldsOf(value) !== undefined && !(value instanceof Sourced)),
  is_ref: test('is_ref', value => value instanceof Ref || value instanceof UnresolvedRef),
  is_set: test('is_set', value => value instanceof SetValue || (value instanceof Ref && isNativeCollection(value))),
  is_doc: test('is_doc', value => value instanceof Ref || value instanceof VersionValue),
  is_lambda: test('is_lambda', value => value instanceof Lambda),
  is_collection: test('is_collection', inCollection(COLLECTIONS)),
  is_database: test('is_database', inCollection(DATABASES)),
  is_index: test('is_index', inCollection(INDEXES)),
  is_function: test('is_function', inCollection(FUNCTIONS)),
  is_key: test('is_key', inCollection(KEYS)),
  is_token: test('is_token', inCollection(TOKENS)),
  is_credentials: test('is_credentials', inCollection(CREDENTIALS)),
  is_role: test('is_role', inCollection(ROLES)),
} satisfies Record<string, Evaluate>
