/** Names that nothing has inside of values, and how the real server fails where it would have to store one. */
import { serverFault } from './failures.ts'
import type { Fault } from './failures.ts'
import { UnresolvedRef } from './values.ts'
import type { SchemaKind, Value } from './values.ts'

/** What the real server calls the refs of names (MODEL/RefParser.scala). */
const refClasses: Readonly<Record<SchemaKind, string>> = {
  database: 'DatabaseRef',
  collection: 'CollectionRef',
  index: 'IndexRef',
  function: 'UserFunctionRef',
  role: 'RoleRef',
  access_provider: 'AccessProviderRef',
}

function print({ kind, name, id, scope }: UnresolvedRef): string {
  const within = scope instanceof UnresolvedRef ? `Some(${print(scope)})` : 'None'
  const named = `${refClasses[kind]}(${name},${within})`
  return id === undefined ? named : `InstanceRef(Right(SubID(${id})),${named})`
}

/** The failure of a name that would have to be stored: nobody expects that exception there. */
export function cannotEncode(unknown: UnresolvedRef): Fault {
  return serverFault(`fauna.ast.UnresolvedRefL$IRException: Unresolved ref '${print(unknown)}' cannot be encoded`)
}

/** The first name in a value that nothing has. */
export function findUnknown(value: Value): UnresolvedRef | undefined {
  if (value instanceof UnresolvedRef) return value
  const parts = Array.isArray(value) ? value : value instanceof Map ? value.values() : []
  for (const part of parts) {
    const unknown = findUnknown(part)
    if (unknown !== undefined) return unknown
  }
  return undefined
}
