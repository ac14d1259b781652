/** Forms that name things: refs of documents and of schema, native collections, new ids. */
import type { Call, Evaluate } from '../call.ts'
import { castRef, undefinedRef } from '../call.ts'
import { parseId } from '../escapes.ts'
import { collect, failure, wrongType } from '../failures.ts'
import { schemaKindOf, typeName } from '../kinds.ts'
import { documentRef, findDatabase, findSchema, nativeRef } from '../names.ts'
import { DATABASES, isNamed, nativesByName } from '../native.ts'
import { findDatabaseName } from '../schema-names.ts'
import type { Database } from '../database.ts'
import { checkMayWrite } from './writes.ts'
import { Ref, UnresolvedRef } from '../values.ts'
import type { Position, SchemaKind, Value } from '../values.ts'

/** The database that a `scope` names; undefined where it names an unknown one. */
function scopeOf(call: Call): Database | UnresolvedRef {
  if (!call.has('scope')) return call.query.database
  const scope = call.value('scope')
  return databaseOf(call, scope, 'scope')
}

function databaseOf(call: Call, scope: Value, key: string, expected = 'Database Ref'): Database | UnresolvedRef {
  if (schemaKindOf(scope) !== 'database') throw wrongType(call.at(key), expected, typeName(scope))
  if (scope instanceof UnresolvedRef) return scope
  const database = findDatabase(call.query, castRef(scope, call.at(key)))
  return database ?? new UnresolvedRef('database', call.query.store.nameOf(scope as Ref) ?? '')
}

/** A form that names a schema document of one kind. */
function named(key: string, kind: SchemaKind): Evaluate {
  return call => {
    const name = call.string(key)
    const database = scopeOf(call)
    if (database instanceof UnresolvedRef) return new UnresolvedRef(kind, name, undefined, database)
    const found = kind === 'database' ? findDatabaseNow(call, database, name) : findSchema(database, kind, name)
    const scope = call.query.store.refOfDatabase(database)
    const isElsewhere = database !== call.query.database && scope !== undefined
    return found instanceof UnresolvedRef && isElsewhere ? found.within(scope) : found
  }
}

function findDatabaseNow(call: Call, parent: Database, name: string): Ref | UnresolvedRef {
  const id = findDatabaseName(call.query, parent, name)
  return id === undefined ? new UnresolvedRef('database', name) : new Ref(parent.number, DATABASES, id)
}

/** A form that stands for a native collection: of this database (`null`) or of another one. */
function native(name: string): Evaluate {
  return call => {
    const scope = call.value(name)
    const database = scope === null ? call.query.database : databaseOf(call, scope, name, 'Database Ref or Null')
    const number = nativesByName.get(name)?.number ?? 0
    return database instanceof UnresolvedRef ? database : nativeRef(database, number)
  }
}

/** The collection of a `ref`: one of documents that have ids, not names; it need not be there. */
function collectionOf(call: Call): Ref | UnresolvedRef {
  const collection = call.value('ref')
  if (schemaKindOf(collection) === 'collection') return collection as Ref | UnresolvedRef
  if (collection instanceof UnresolvedRef) throw undefinedRef(collection, call.at('ref'))
  throw wrongType(call.at('ref'), 'Collection Ref', typeName(collection))
}

function checkHasIds(collection: Ref | UnresolvedRef, at: Position): void {
  if (collection instanceof UnresolvedRef || !isNamed(Number(collection.id))) return
  throw wrongType(at, 'Regular Class Ref', 'Schema Class Ref')
}

const evaluateRef: Evaluate = call => {
  const collection = collectionOf(call)
  const id = call.value('id')
  const at = call.at('id')
  if (typeof id !== 'bigint' && typeof id !== 'string') throw wrongType(at, 'String or Number', typeName(id))
  const checks = [
    () => checkHasIds(collection, call.at('ref')),
    () => parseId(String(id), description => failure(at, 'invalid argument', description)),
  ]
  const [, text] = collect(checks, check => check())
  return documentRef(collection, String(text))
}

function makeId(key: 'new_id' | 'next_id'): Evaluate {
  return call => {
    call.nothing(key)
    checkMayWrite(call)
    return call.query.store.takeId().toString()
  }
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
  access_provider: named('access_provider', 'access_provider'),
  databases: native('databases'),
  indexes: native('indexes'),
  classes: native('classes'),
  collections: native('collections'),
  keys: native('keys'),
  tokens: native('tokens'),
  credentials: native('credentials'),
  functions: native('functions'),
  roles: native('roles'),
  access_providers: native('access_providers'),
  new_id: makeId('new_id'),
  next_id: makeId('next_id'),
} satisfies Record<string, Evaluate>
