/** What sets are read from: the entries of indexes and collections, who may read them, and since when they are kept. */
import { Collection } from './database.ts'
import type { EntrySet } from './entries.ts'
import { failure } from './failures.ts'
import type { Frame, SetContext } from './frame.ts'
import { requireFilled } from './index-builds.ts'
import { Index, placeOf } from './indexing.ts'
import type { SetOwner } from './indexing.ts'
import { COLLECTIONS, INDEXES } from './native.ts'
import { inside } from './position.ts'
import type { Position } from './position.ts'
import { checkRetained, floorOf, indexFloorOf } from './retention.ts'
import type { Store } from './store.ts'
import { Ref } from './values.ts'
import type { SetForm } from './values.ts'

/** Who has the set, and the entries, of an index or a collection; undefined where there never was one. */
type Found = { readonly owner: SetOwner; readonly entries: EntrySet | undefined }

/** A set that has entries of its own. */
export type LeafForm = Extract<SetForm, { kind: 'match' | 'documents' }>

/** The entries of a `match` or `documents`: none where the collection is gone. Throws where an index is, or not ready. */
export function findEntries(form: LeafForm, context: SetContext): Found {
  const { store } = context.frame.query
  if (form.kind === 'documents') {
    const { database, id } = form.collection
    const owner = store.database(database)?.collections.get(Number(id)) ?? new Collection(database, Number(id))
    return { owner, entries: owner.entries }
  }
  const owner = store.database(form.index.database)?.indexes.get(form.index.id)
  if (owner === undefined) throw undefinedIndex(context, form.index)
  if (!owner.isActive) throw inactive(form.index, inside(context.at, 'index'), store)
  requireFilled(context.frame.query, owner)
  return { owner, entries: owner.findEntries(placeOf(owner, form.terms)) }
}

/** The failure of an index that is not active. */
export function inactive(index: Ref, at: Position, store: Store): Error {
  const description = `Index '${store.nameOf(index) ?? ''}' is not active.`
  return failure(at, 'instance not found', description, { status: 400 })
}

function undefinedIndex(context: SetContext, ref: Ref): Error {
  const name = context.frame.query.store.nameOf(ref) ?? ''
  return failure(context.at, 'invalid ref', `Ref refers to undefined index '${name}'`)
}

/**
 * How a key may read the set of an index or a collection: `all` of it, only `some` documents (they are asked for one
 * by one), or `none` of it.
 */
export function readingOf(owner: SetOwner, form: LeafForm, { frame }: SetContext): 'all' | 'some' | 'none' {
  const { access } = frame.query
  const resource = owner instanceof Collection ? owner.collectionRef : owner instanceof Index ? owner.ref : undefined
  if (resource === undefined) return 'all'
  // A native collection as a set is read as a document of the collections.
  if (form.kind === 'documents' && form.isSchema === true) return canRead(resource, frame) ? 'some' : 'none'
  const terms = form.kind === 'match' ? [...form.terms] : null
  if (access.allows('unrestricted_read', resource, [terms])) return 'all'
  return form.kind === 'match' && !access.allows('read', resource, [terms]) ? 'none' : 'some'
}

/** The earliest time that a set can be read at. */
export function floorOfOwner(owner: SetOwner, { frame }: SetContext): number {
  const { store, transaction } = frame.query
  if (owner instanceof Index) return indexFloorOf(store, owner.ref.database, owner.definition, transaction.snapshot)
  return owner instanceof Collection ? floorOf(store, owner.database, owner.number, transaction.snapshot) : 0
}

/** Whether a document may be read; its collection may be gone. */
export function canRead(ref: Ref, { query }: Frame, privilege: 'read' | 'history_read' = 'read'): boolean {
  const collection = new Ref(ref.database, COLLECTIONS, BigInt(ref.collection))
  return query.access.allows(privilege, collection, [ref])
}

/** Whether the set of one document may be read: its history is what it takes. */
export function canReadSingle(ref: Ref, frame: Frame): boolean {
  return canRead(ref, frame, 'history_read')
}

/**
 * Whether a set tells of a document: not where its collection is gone. Of an index only while the cache of the real server
 * has it, whatever the time that is read at (MODEL/set/IndexSet.scala): none that is gone, and none that the query makes.
 */
export function isListed(ref: Ref, { frame }: SetContext): boolean {
  const { store, transaction } = frame.query
  const database = store.database(ref.database)
  if (database?.collections.has(ref.collection) !== true) return false
  if (ref.collection !== INDEXES) return true
  const version = store.hasQuirks ? transaction.readCached(database, ref) : transaction.read(database, ref)
  return version !== undefined
}

/** Fails where a document cannot be read at the time of the frame any more. */
export function checkDocumentRetained(ref: Ref, { readAt, query }: Frame): void {
  if (readAt === undefined) return
  checkRetained(readAt, floorOf(query.store, ref.database, ref.collection, query.transaction.snapshot))
}
