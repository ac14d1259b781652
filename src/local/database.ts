/**
 * Databases, their collections and their indexes, as they are in memory. Nothing here decides who may do what, or
 * what a transaction is: see `transaction.ts`.
 */
import { EntrySet } from './entries.ts'
import { ttlOf } from './history.ts'
import type { DocumentHistory, Version } from './history.ts'
import { placeOf, placedIn } from './indexing.ts'
import type { Index, Placed, PlacedEvent, SetOwner, SetPlace } from './indexing.ts'
import { OrderedMap } from './ordered.ts'
import { COLLECTIONS, FIRST_USER_COLLECTION, natives } from './native.ts'
import { Ref } from './values.ts'

/** A collection: its documents, and their set in the order of their ids. */
export class Collection implements SetOwner {
  readonly number: number
  readonly database: number
  readonly identity: string
  readonly ref = undefined
  /** The documents by their ids. A tree, because a large `Map` stands still while it makes itself larger. */
  readonly documents = new OrderedMap<bigint, DocumentHistory>(compareIds)
  readonly entries = new EntrySet()
  readonly #place: SetPlace

  constructor(database: number, number: number) {
    this.database = database
    this.number = number
    this.identity = `documents ${database}/${number} `
    this.#place = placeOf(this, [this.collectionRef])
  }

  /** The ref of the collection itself. */
  get collectionRef(): Ref {
    return new Ref(this.database, COLLECTIONS, BigInt(this.number))
  }

  /** The set of its documents. */
  get set(): SetPlace {
    return this.#place
  }

  entriesOf(): EntrySet {
    return this.entries
  }

  placed(): Iterable<PlacedEvent> {
    return placedIn(this.#place, this.entries)
  }

  place(ref: Ref, version: Version): Placed[] {
    if (version.fields === null) return []
    return [{ set: this.#place, entry: { values: noValues, ref, ttl: ttlOf(version.fields) } }]
  }
}

/** All documents of collections share it. */
const noValues: readonly [] = []

function compareIds(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** One database. */
export class Database {
  readonly number: number
  /** The database that it is in; it changes where databases are moved. */
  parent: Database | undefined
  readonly collections = new Map<number, Collection>()
  readonly indexes = new Map<bigint, Index>()
  /** Names of schema documents, by the number of their native collection: as committed. */
  readonly names = new Map<number, Map<string, bigint>>()
  /** The number of the next collection, index, function or role. */
  nextNumber = FIRST_USER_COLLECTION
  readonly #owners = new Map<number, SetOwner[]>()

  constructor(number: number, parent: Database | undefined) {
    this.number = number
    this.parent = parent
    for (const native of natives.keys()) {
      this.collections.set(native, new Collection(number, native))
      this.names.set(native, new Map())
    }
  }

  /** The id of the schema document with a name, as committed. */
  findName(native: number, name: string): bigint | undefined {
    return this.names.get(native)?.get(name)
  }

  /** The history of a document, if it ever had one. */
  findHistory(collection: number, id: bigint): DocumentHistory | undefined {
    return this.collections.get(collection)?.documents.get(id)
  }

  /** Everything that has sets with documents of the collection in them: the collection itself first. */
  ownersOf(collection: number): readonly SetOwner[] {
    let owners = this.#owners.get(collection)
    if (owners === undefined) {
      const indexes = [...this.indexes.values()].filter(index => index.covers(collection))
      const own = this.collections.get(collection)
      owners = own === undefined ? indexes : [own, ...indexes]
      this.#owners.set(collection, owners)
    }
    return owners
  }

  /** To be called when an index or a collection came or went. */
  forgetOwners(): void {
    this.#owners.clear()
  }

  /** Whether this database is the other one or below it. */
  isWithin(other: Database): boolean {
    return this === other || (this.parent?.isWithin(other) ?? false)
  }
}
