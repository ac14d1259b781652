/** `contains_value`: which values are in a container, by the kind of the container. */
import type { Call, Evaluate } from '../call.ts'
import { undefinedRef } from '../casts.ts'
import { fieldsOf } from '../compare.ts'
import { isIdentical } from '../equality.ts'
import { wrongType } from '../failures.ts'
import { collectionOf, isNamed } from '../native.ts'
import { Action, Lambda, Page, Ref, SetEventValue, SetValue, Sourced, UnresolvedRef, VersionValue } from '../values.ts'
import type { SetForm, Value } from '../values.ts'
import { readPage } from './pages.ts'

/** What a ref contains: what has a name contains nothing, not even the name. */
function valuesOfRef({ query }: Call, ref: Ref): Value[] {
  if (isNamed(ref.collection)) return []
  const database = ref.database === query.database.number ? undefined : query.store.database(ref.database)
  const owner = database && query.store.refOfDatabase(database)
  return [ref.id.toString(), collectionOf(ref), ...(owner === undefined ? [] : [owner])]
}

/** A page contains its whole data as one value, and the cursors that it shows. */
function valuesOfPage({ data, before, after }: Page): Value[] {
  return [data, ...[before, after].filter(cursor => Array.isArray(cursor))]
}

/** A document contains its collection too. */
function valuesOfVersion(version: VersionValue): Value[] {
  return [collectionOf(version.ref), ...(fieldsOf(version) ?? new Map()).values()]
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

/** The form of this file. */
export const containedValues = {
  contains_value: evaluateContainsValue,
} satisfies Record<string, Evaluate>
