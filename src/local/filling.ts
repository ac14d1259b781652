/**
 * Filling a new index with the documents that are there already, some at a time, so that requests are answered in
 * between. What is written meanwhile gets into the index at once; when its turn comes it is found there already.
 */
import type { Database } from './database.ts'
import type { Fault } from './failures.ts'
import { timelineOf } from './indexing.ts'
import type { Index, PlacedEvent } from './indexing.ts'
import { Ref } from './values.ts'

/** How far the filling of one index has come. */
export class Filling {
  /** Whether the transaction that made the index has committed: before that nobody can wait for it. */
  isCommitted = true
  /** Why it goes no further: its index cannot be read. */
  fault: Fault | undefined
  readonly #database: Database
  readonly #index: Index
  /** The collections that are left; of the first of them the documents up to `#taken` have been taken. */
  readonly #collections: number[]
  #taken: bigint | undefined

  constructor(database: Database, index: Index) {
    this.#database = database
    this.#index = index
    this.#collections = [...database.collections.keys()].filter(number => index.covers(number))
  }

  /** Whether the index has all documents. */
  get isFull(): boolean {
    return this.#collections.length === 0
  }

  /** What came to the index and went from it in the history of the next so many documents. */
  take(documents: number): PlacedEvent[] {
    const events: PlacedEvent[] = []
    let left = documents
    for (let number = this.#collections[0]; number !== undefined; number = this.#collections[0]) {
      for (const [id, history] of this.#database.collections.get(number)?.documents.ascend(this.#taken, false) ?? []) {
        if (left-- === 0) return events
        for (const event of timelineOf(this.#index, new Ref(this.#database.number, number, id), history.versions)) {
          events.push(event)
        }
        this.#taken = id
      }
      this.#collections.shift()
      this.#taken = undefined
    }
    return events
  }
}
