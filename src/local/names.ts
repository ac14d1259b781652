/** From names to refs: what `{"collection":"users"}` stands for in a query. */
import type { Query } from './frame.ts'
import type { Database } from './database.ts'
import { COLLECTIONS, DATABASES, nativeOfKind, natives } from './native.ts'
import { Ref, UnresolvedRef } from './values.ts'
import type { SchemaKind } from './values.ts'

/** The id that stands for the own document of who asks, in the escape for refs (protocol.md D.3). */
export const SELF = 'self'

/** What Java takes for the characters of words, and some signs. */
const nameShape = /^[;@+$\-_.!~%\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+$/u

/** Whether something of the schema can have this name. */
export function isSchemaName(text: string): boolean {
  return nameShape.test(text)
}

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
export function findDatabase(query: Pick<Query, 'store'>, ref: Ref): Database | undefined {
  return ref.collection === DATABASES ? query.store.database(Number(ref.id)) : undefined
}

/** The word for a document of a collection in messages: `Document`, `Collection`, `Key`. */
export function nounOf(ref: Ref): string {
  return natives.get(ref.collection)?.noun ?? 'Document'
}
