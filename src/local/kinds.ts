/** The names of types as messages tell them (protocol.md C.4), and what kind of ref a ref is. */
import {
  Action,
  Bytes,
  CalendarDate,
  Lambda,
  Page,
  PendingTime,
  Ref,
  SetValue,
  Time,
  UnresolvedRef,
  Uuid,
} from './values.ts'
import type { SchemaKind, Value } from './values.ts'
import { natives } from './native.ts'

const refNames: Readonly<Record<SchemaKind, string>> = {
  collection: 'Collection Ref',
  database: 'Database Ref',
  index: 'Index Ref',
  function: 'User Function Ref',
  role: 'Role Ref',
  access_provider: 'Access Provider Ref',
}

/** Refs of these have a name of their own only while nothing has theirs. */
const plainKinds: ReadonlySet<SchemaKind> = new Set(['role', 'access_provider'])

/** The kind of schema document that a ref names, if it names one. */
export function schemaKindOf(value: Value): SchemaKind | undefined {
  if (value instanceof Ref) return natives.get(value.collection)?.kind
  if (value instanceof UnresolvedRef) return value.id === undefined ? value.kind : undefined
  return undefined
}

function refName(value: Ref | UnresolvedRef): string {
  const kind = schemaKindOf(value)
  if (kind !== undefined && (value instanceof UnresolvedRef || !plainKinds.has(kind))) return refNames[kind]
  return value instanceof Ref && natives.get(value.collection)?.name === 'keys' ? 'Key Ref' : 'Ref'
}

/** The name of the type of a value. */
export function typeName(value: Value): string {
  if (value === null) return 'Null'
  switch (typeof value) {
    case 'bigint':
      return 'Integer'
    case 'number':
      return 'Double'
    case 'string':
      return 'String'
    case 'boolean':
      return 'Boolean'
  }
  if (Array.isArray(value)) return 'Array'
  if (value instanceof Ref || value instanceof UnresolvedRef) return refName(value)
  if (value instanceof SetValue) return 'Set'
  if (value instanceof Page) return 'Page'
  if (value instanceof Lambda) return 'Lambda'
  if (value instanceof Time) return 'Time'
  if (value instanceof CalendarDate) return 'Date'
  if (value instanceof Bytes) return 'Bytes'
  if (value instanceof Uuid) return 'UUID'
  if (value instanceof Action) return 'Action'
  if (value instanceof PendingTime) return 'Unresolved Transaction Time'
  return 'Object'
}

/** The types that are no scalars. */
const compounds: ReadonlySet<string> = new Set(['Object', 'Array', 'Page', 'Set', 'Lambda'])

/** Whether a value has no parts: refs are scalars, sets and functions are not. */
export function isScalar(value: Value): boolean {
  return !compounds.has(typeName(value))
}
