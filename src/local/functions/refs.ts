/** Forms that name things: refs of documents and of schema, native collections, new ids. */
import type { Call, Evaluate } from '../call.ts'
import { castRef, undefinedRef } from '../casts.ts'
import { parseId } from '../ref-literals.ts'
import { collect, failure, wrongType } from '../failures.ts'
import { schemaKindOf, typeName } from '../kinds.ts'
import { documentRef, findDatabase, findSchema, nativeRef } from '../names.ts'
import { DATABASES, isNamed, nativesByName } from '../native.ts'
import { findDatabaseName } from '../schema-names.ts'
import type { Database } from '../database.ts'
import { checkMayWrite } from './writes.ts'
import { Ref, UnresolvedRef } from '../values.ts'
import type { SchemaKind, Value } from '../values.ts'
import type { Position } from '../position.ts'

/** The ref of a database that stands at a key. */
function databaseRefAt(call: Call, key: string, expected = 'Database Ref'): Ref {
  const scope = call.value(key)
  if (scope instanceof UnresolvedRef) throw undefinedRef(scope, call.at(key))
  if (schemaKindOf(scope) !== 'database') throw wrongType(call.at(key), expected, typeName(scope))
  return castRef(scope, call.at(key))
}

/** The database that stands at a key; unresolved where it is gone. */
function databaseAt(call: Call, key: string, expected?: string): Database | UnresolvedRef {
  const ref = databaseRefAt(call, key, expected)
  return findDatabase(call.query, ref) ?? new UnresolvedRef('database', call.query.store.nameOf(ref) ?? '')
}

/** A form that names a schema document of one kind. */
function named(key: string, kind: SchemaKind): Evaluate {
  return call => {
    const name = call.string(key)
    const database = call.has('scope') ? databaseAt(call, 'scope') : call.query.database
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
    const isOwn = call.value(name) === null
    const database = isOwn ? call.query.database : databaseAt(call, name, 'Database Ref or Null')
    const number = nativesByName.get(name)?.number ?? 0
    return database instanceof UnresolvedRef ? database : nativeRef(database, number)
  }
}

/** The collection of a `ref`: one of documents that have ids, not names; it need not be there. */
function castCollection(value: Value, at: Position): Ref | UnresolvedRef {
  if (schemaKindOf(value) !== 'collection') throw wrongType(at, 'Collection Ref', typeName(value))
  const collection = value as Ref | UnresolvedRef
  const hasNames = collection instanceof Ref && isNamed(Number(collection.id))
  if (hasNames) throw wrongType(at, 'Regular Class Ref', 'Schema Class Ref')
  return collection
}

function castId(value: Value, at: Position): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'string') throw wrongType(at, 'String or Number', typeName(value))
  return parseId(value, description => failure(at, 'invalid argument', description))
}

/**
 * All that is wrong with the collection and the id is told. With a `scope`, which is a database, the ref is one of where
 * the document of that database is: not of what is in it.
 */
const evaluateRef: Evaluate = call => {
  const value = call.value('ref')
  const id = call.value('id')
  const scope = call.has('scope') ? databaseRefAt(call, 'scope') : undefined
  const casts = [(): Ref | UnresolvedRef => castCollection(value, call.at('ref')), () => castId(id, call.at('id'))]
  const [collection, text] = collect<() => unknown, unknown>(casts, cast => cast())
  const ref = documentRef(collection as Ref | UnresolvedRef, text as string)
  return ref instanceof Ref && scope !== undefined ? new Ref(scope.database, ref.collection, ref.id) : ref
}

function makeId(key: 'new_id' | 'next_id'): Evaluate {
  return call => {
    checkMayWrite(call)
    call.nothing(key)
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
