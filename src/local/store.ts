/**
 * The state of the server and how it is asked, the clock and the ids, and where transactions begin and are recorded.
 */
import { createHash } from 'node:crypto'
import type { Access, ReadRole } from './access.ts'
import { Clock } from './clock.ts'
import type { Database } from './database.ts'
import type { TransactionRecord } from './edits.ts'
import { isLive } from './history.ts'
import type { DocumentHistory, LiveVersion } from './history.ts'
import type { ComputeBinding } from './indexing.ts'
import { DATABASES } from './native.ts'
import { State } from './state.ts'
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
export type AccessOfRole = (database: Database, role: Value, caller: Access, readRole: ReadRole) => Access

/** Ids count milliseconds from here (protocol.md E.3). */
const ID_EPOCH_MS = 1336258850000
/** The bits of an id below its milliseconds. */
const ID_SEQUENCE_BITS = 20n
/** Keeps what committed transactions did. Where it throws, the transaction is undone. */
export type Journal = (record: TransactionRecord) => void

/** The state of a server. */
export class Store {
  readonly clock: Clock
  readonly hasQuirks: boolean
  readonly accessOfRole: AccessOfRole
  readonly state: State
  /** Told of every commit, before anyone else is. Default: nothing is kept. */
  journal: Journal = () => {}
  #lastId = 0n

  constructor(options: StoreOptions) {
    this.clock = new Clock(options.now)
    this.hasQuirks = options.hasQuirks
    this.accessOfRole = options.accessOfRole
    this.state = new State(options.computeBinding)
  }

  /** Begins a transaction; its snapshot is not before what its client has seen (microseconds). */
  begin(lastSeen = 0): Transaction {
    const { clock, state, hasQuirks } = this
    const snapshot = Math.max(clock.snapshot(), lastSeen)
    return new Transaction({ clock, state, snapshot, hasQuirks, record: record => this.journal(record) })
  }

  /** Does something in a transaction of its own: all of it, or where it throws nothing. */
  transact(run: (transaction: Transaction) => void): void {
    const transaction = this.begin()
    try {
      run(transaction)
      transaction.commit()
    } catch (error) {
      transaction.rollback()
      throw error
    }
  }

  /** A new id: milliseconds and a sequence, always rising. */
  takeId(): bigint {
    const milliseconds = BigInt(Math.floor(this.clock.last / 1000) - ID_EPOCH_MS)
    const id = milliseconds << ID_SEQUENCE_BITS
    this.#lastId = id > this.#lastId ? id : this.#lastId + 1n
    return this.#lastId
  }

  /** The database of the root secret. */
  get root(): Database {
    return this.state.root
  }

  /** The last id that was given out. */
  get lastId(): bigint {
    return this.#lastId
  }

  /** Goes on behind ids that were given out before. */
  restoreId(id: bigint): void {
    if (id > this.#lastId) this.#lastId = id
  }

  /** The database of a number; undefined once it was deleted. */
  database(number: number): Database | undefined {
    return this.state.databases.get(number)
  }

  /** The key or token that a secret was given out for, whether or not it still is there. */
  holderOf(secret: string): Ref | undefined {
    return this.state.holders.get(digestSecret(secret))
  }

  /** The history of a document, wherever it is. */
  historyOf(ref: Ref): DocumentHistory | undefined {
    return this.database(ref.database)?.findHistory(ref.collection, ref.id)
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

/** What is kept of a secret: enough to know it again. */
export function digestSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64')
}
