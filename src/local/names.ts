/** From names to refs: what `{"collection":"users"}` and `{"@ref":…}` stand for in a query. */
import type { Query } from './call.ts'
import type { Database } from './database.ts'
import { failure } from './failures.ts'
import { COLLECTIONS, DATABASES, nativeOfKind, natives, nativesByName } from './native.ts'
import { Ref, UnresolvedRef, inside } from './values.ts'
import type { Position, RefLiteral, SchemaKind } from './values.ts'

/** The ref of a schema document by its name; unresolved where nothing has the name. */
export function findSchema(database: Database, kind: SchemaKind, name: string): Ref | UnresolvedRef {
  const native = nativeOfKind[kind]
  const id = database.findName(native, name)
  return id === undefined ? new UnresolvedRef(kind, name) : new Ref(database.number, native, id)
}

/** The ref of a native collection. */
export function nativeRef(database: Pick<Database, 'number'>, number: number): Ref {
  return new Ref(database.number, COLLECTIONS, BigInt(number))
}

/** A document of a collection that may be unresolved. */
export function documentRef(collection: Ref | UnresolvedRef, id: string): Ref | UnresolvedRef {
  if (collection instanceof UnresolvedRef) {
    return new UnresolvedRef(collection.kind, collection.name, id, collection.scope)
  }
  return new Ref(collection.database, Number(collection.id), BigInt(id))
}

/** The database that a ref names as its scope; undefined where it is unknown. */
export function findDatabase(query: Query, ref: Ref): Database | undefined {
  return ref.collection === DATABASES ? query.store.database(Number(ref.id)) : undefined
}

/** What a written ref stands for. Throws where it can stand for nothing. */
export function resolveRef(query: Query, ref: RefLiteral, at: Position): Ref | UnresolvedRef {
  const scope = ref.database ?? ref.collection?.database
  if (scope === undefined) return resolveIn(query.database, ref, at)
  const owner = resolveRef(query, scope, at)
  const database = owner instanceof Ref ? findDatabase(query, owner) : undefined
  if (database === undefined) return unresolvedIn(owner, scope.id, ref)
  const found = resolveIn(database, ref, at)
  return found instanceof UnresolvedRef ? found.within(owner) : found
}

/** A ref into a database that is not there keeps its own name; a native collection of it has but the database's. */
function unresolvedIn(owner: Ref | UnresolvedRef, database: string, { id, collection }: RefLiteral): UnresolvedRef {
  if (collection === undefined) return new UnresolvedRef('database', database)
  if (collection.collection !== undefined) return new UnresolvedRef('collection', collection.id, id, owner)
  return new UnresolvedRef(nativesByName.get(collection.id)?.kind ?? 'collection', id, undefined, owner)
}

function resolveIn(database: Database, ref: RefLiteral, at: Position): Ref | UnresolvedRef {
  if (ref.collection === undefined) {
    const native = nativesByName.get(ref.id)
    if (native === undefined) throw failure(at, 'invalid expression', 'Invalid ref.')
    return nativeRef(database, native.number)
  }
  const native = ref.collection.collection === undefined ? nativesByName.get(ref.collection.id) : undefined
  if (native?.kind !== undefined) return findSchema(database, native.kind, ref.id)
  if (native !== undefined) return new Ref(database.number, native.number, BigInt(numericId(ref.id, at)))
  if (ref.collection.collection === undefined) throw failure(at, 'invalid expression', 'Invalid ref.')
  const collection = resolveIn(database, { ...ref.collection, database: undefined }, at)
  return documentRef(collection, numericId(ref.id, at))
}

function numericId(id: string, at: Position): string {
  if (/^-?\d+$/.test(id)) return id
  const description = `Number or numeric String expected, non-numeric '${id}' provided.`
  throw failure(inside(at, 'id'), 'invalid expression', description)
}

/** The word for a document of a collection in messages: `Document`, `Collection`, `Key`. */
export function nounOf(ref: Ref): string {
  return natives.get(ref.collection)?.noun ?? 'Document'
}
