/**
 * Everything that the server keeps: the databases, the clock, the ids and who holds which secret.
 */
import { createHash } from 'node:crypto'
import type { Access } from './access.ts'
import { Clock } from './clock.ts'
import { Database } from './database.ts'
import { isLive } from './history.ts'
import type { DocumentHistory, LiveVersion } from './history.ts'
import type { ComputeBinding, Index } from './indexing.ts'
import { DATABASES } from './native.ts'
import { Transaction } from './transaction.ts'
import { Ref } from './values.ts'
import type { ObjectValue, Value } from './values.ts'

/** How a store behaves; `now` gives milliseconds since the epoch. */
export type StoreOptions = {
  readonly now?: () => number
  readonly hasQuirks: boolean
  readonly computeBinding: ComputeBinding
  readonly accessOfRole: AccessOfRole
}

/** The rights that a function with a role of its own runs with, whoever calls it. */
export type AccessOfRole = (database: Database, role: Value, caller: Access) => Access

/** Ids count milliseconds from here (protocol.md E.3). */
const ID_EPOCH_MS = 1336258850000
/** The bits of an id below its milliseconds. */
const ID_SEQUENCE_BITS = 20n
/** The number of the database that the root secret belongs to. */
const ROOT = 0

/** The state of a server. */
export class Store {
  readonly clock: Clock
  readonly hasQuirks: boolean
  readonly computeBinding: ComputeBinding
  readonly accessOfRole: AccessOfRole
  readonly root = new Database(ROOT, undefined)
  /** The indexes that are not active yet, and when they are to be (microseconds). */
  readonly pendingBuilds = new Map<Index, number>()
  readonly #databases = new Map<number, Database>([[ROOT, this.root]])
  readonly #holders = new Map<string, Ref>()
  #nextDatabase = ROOT + 1
  #lastId = 0n

  constructor(options: StoreOptions) {
    this.clock = new Clock(options.now)
    this.hasQuirks = options.hasQuirks
    this.computeBinding = options.computeBinding
    this.accessOfRole = options.accessOfRole
  }

  /** Begins a transaction; its snapshot is not before what its client has seen (microseconds). */
  begin(lastSeen = 0): Transaction {
    return new Transaction(this.clock, Math.max(this.clock.snapshot(), lastSeen), this.hasQuirks)
  }

  /** A new id: milliseconds and a sequence, always rising. */
  takeId(): bigint {
    const milliseconds = BigInt(Math.floor(this.clock.last / 1000) - ID_EPOCH_MS)
    const id = milliseconds << ID_SEQUENCE_BITS
    this.#lastId = id > this.#lastId ? id : this.#lastId + 1n
    return this.#lastId
  }

  /** The database of a number; undefined once it was deleted. */
  database(number: number): Database | undefined {
    return this.#databases.get(number)
  }

  /** Makes a database below another one. */
  addDatabase(parent: Database): Database {
    const database = new Database(this.#nextDatabase++, parent)
    this.#databases.set(database.number, database)
    return database
  }

  /** Lets a database go, or takes that back. */
  dropDatabase(database: Database): void {
    this.#databases.delete(database.number)
  }

  restoreDatabase(database: Database): void {
    this.#databases.set(database.number, database)
  }

  /** Remembers who holds a secret: the document of a key or a token. */
  rememberSecret(secret: string, holder: Ref): void {
    this.#holders.set(digest(secret), holder)
  }

  /** The key or token that a secret was given out for, whether or not it still is there. */
  holderOf(secret: string): Ref | undefined {
    return this.#holders.get(digest(secret))
  }

  /** The history of a document, wherever it is. */
  historyOf(ref: Ref): DocumentHistory | undefined {
    return this.#databases.get(ref.database)?.findHistory(ref.collection, ref.id)
  }

  /** The content of a schema document as it is now; of a deleted one as it was last. */
  lastFieldsOf(ref: Ref): ObjectValue | undefined {
    const versions = this.historyOf(ref)?.versions ?? []
    for (let i = versions.length - 1; i >= 0; i--) {
      const fields = versions[i]?.fields
      if (fields !== null && fields !== undefined) return fields
    }
    return undefined
  }

  /** The name of a schema document; of a deleted one its last. */
  nameOf(ref: Ref): string | undefined {
    const name = this.lastFieldsOf(ref)?.get('name')
    return typeof name === 'string' ? name : undefined
  }

  /** The ref of a database in its parent; undefined for the root. */
  refOfDatabase(database: Database): Ref | undefined {
    return database.parent && new Ref(database.parent.number, DATABASES, BigInt(database.number))
  }

  /** The newest version of a document, if it is there now. */
  current(ref: Ref): LiveVersion | undefined {
    const version = this.historyOf(ref)?.newest
    return isLive(version, this.clock.now) ? version : undefined
  }
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64')
}
