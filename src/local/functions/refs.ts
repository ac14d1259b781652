/** Forms that name things: refs of documents and of schema, native collections, new ids. */
import type { Call, Evaluate } from '../call.ts'
import { castRef } from '../call.ts'
import { parseId } from '../escapes.ts'
import { failure, wrongType } from '../failures.ts'
import { schemaKindOf, typeName } from '../kinds.ts'
import { documentRef, findDatabase, findSchema, nativeRef } from '../names.ts'
import { nativesByName } from '../native.ts'
import type { Database } from '../database.ts'
import { checkMayWrite } from './writes.ts'
import { UnresolvedRef } from '../values.ts'
import type { Ref, SchemaKind, Value } from '../values.ts'

/** The database that a `scope` names; undefined where it names an unknown one. */
function scopeOf(call: Call): Database | UnresolvedRef {
  if (!call.has('scope')) return call.query.database
  const scope = call.value('scope')
  return databaseOf(call, scope, 'scope')
}

function databaseOf(call: Call, scope: Value, key: string): Database | UnresolvedRef {
  if (schemaKindOf(scope) !== 'database') throw wrongType(call.at(key), 'Database Ref', typeName(scope))
  if (scope instanceof UnresolvedRef) return scope
  const database = findDatabase(call.query, castRef(scope, call.at(key)))
  return database ?? new UnresolvedRef('database', call.query.store.nameOf(scope as Ref) ?? '')
}

/** A form that names a schema document of one kind. */
function named(key: string, kind: SchemaKind): Evaluate {
  return call => {
    const name = call.string(key)
    const database = scopeOf(call)
    return database instanceof UnresolvedRef ? database : findSchema(database, kind, name)
  }
}

/** A form that stands for a native collection: of this database (`null`) or of another one. */
function native(name: string): Evaluate {
  return call => {
    const scope = call.value(name)
    const database = scope === null ? call.query.database : databaseOf(call, scope, name)
    const number = nativesByName.get(name)?.number ?? 0
    return database instanceof UnresolvedRef ? database : nativeRef(database, number)
  }
}

const evaluateRef: Evaluate = call => {
  const collection = call.value('ref')
  if (schemaKindOf(collection) !== 'collection') throw wrongType(call.at('ref'), 'Collection Ref', typeName(collection))
  const id = call.value('id')
  if (typeof id !== 'bigint' && typeof id !== 'string') throw wrongType(call.at('id'), 'Identifier', typeName(id))
  const text = parseId(String(id), description => failure(call.at('id'), 'invalid argument', description))
  return documentRef(collection as Ref | UnresolvedRef, text)
}

/** The forms of this file. */
export const refs = {
  ref: evaluateRef,
  database: named('database', 'database'),
  index: named('index', 'index'),
  class: named('class', 'collection'),
  collection: named('collection', 'collection'),
  function: named('function', 'function'),
  role: named('role', 'role'),
  databases: native('databases'),
  indexes: native('indexes'),
  classes: native('classes'),
  collections: native('collections'),
  keys: native('keys'),
  tokens: native('tokens'),
  credentials: native('credentials'),
  functions: native('functions'),
  roles: native('roles'),
  new_id: call => {
    checkMayWrite(call)
    return call.query.store.takeId().toString()
  },
} satisfies Record<string, Evaluate>
