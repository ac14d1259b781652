/** What a ref that is written out, as `{"@ref":…}`, stands for in a query. */
import type { Query } from './frame.ts'
import type { Database } from './database.ts'
import { SELF, documentRef, findDatabase, findSchema, nativeRef } from './names.ts'
import { CREDENTIALS, TOKENS, nativesByName } from './native.ts'
import { findCredentials } from './passwords.ts'
import { invalidRef } from './ref-literals.ts'
import type { RefLiteral } from './ref-literals.ts'
import { Ref, UnresolvedRef } from './values.ts'
import type { Position } from './position.ts'

/** Who asks, and where: what a ref stands for depends on it. */
type Asker = Pick<Query, 'store' | 'database' | 'access'>

/** What a written ref stands for. Throws where it can stand for nothing. */
export function resolveRef(query: Asker, ref: RefLiteral, at: Position): Ref | UnresolvedRef {
  if (ref.id === SELF && ref.collection !== undefined && !isNamedIn(ref.collection)) {
    return resolveSelf(query, ref.collection, at)
  }
  const scope = ref.database ?? ref.collection?.database
  if (scope === undefined) return resolveIn(query.database, ref, at)
  const owner = resolveRef(query, scope, at)
  const database = owner instanceof Ref ? findDatabase(query, owner) : undefined
  if (database === undefined) return unresolvedIn(owner, scope.id, ref)
  const found = resolveIn(database, ref, at)
  return found instanceof UnresolvedRef ? found.within(owner) : found
}

/** Whether the documents of a native collection have names, not ids. */
function isNamedIn(collection: RefLiteral): boolean {
  return collection.collection === undefined && nativesByName.get(collection.id)?.kind !== undefined
}

/** The token of who asks, the credentials behind it, or the document that it stands for. A key has none of them. */
function resolveSelf(query: Asker, literal: RefLiteral, at: Position): Ref {
  const collection = resolveIn(query.database, { ...literal, database: undefined }, at)
  const number = collection instanceof Ref ? Number(collection.id) : undefined
  const own = number === undefined ? undefined : ownDocument(query, number)
  if (own === undefined) throw invalidRef(at)
  return own
}

function ownDocument(query: Asker, collection: number): Ref | undefined {
  const { holder, identity } = query.access
  if (holder?.collection === TOKENS && collection === TOKENS) return holder
  if (holder?.collection === TOKENS && identity !== undefined && collection === CREDENTIALS) {
    return findCredentials(query, identity)
  }
  return identity?.collection === collection ? identity : undefined
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
    if (native === undefined) throw invalidRef(at)
    return nativeRef(database, native.number)
  }
  const native = ref.collection.collection === undefined ? nativesByName.get(ref.collection.id) : undefined
  if (native?.kind !== undefined && ref.isNumber !== true) return findSchema(database, native.kind, ref.id)
  if (native !== undefined) return new Ref(database.number, native.number, BigInt(ref.id))
  if (ref.collection.collection === undefined) throw invalidRef(at)
  const collection = resolveIn(database, { ...ref.collection, database: undefined }, at)
  return documentRef(collection, ref.id)
}
