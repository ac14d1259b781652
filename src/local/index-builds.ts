/**
 * Indexes that are not ready when they are made (protocol.md E.7). The real server builds an index over many documents,
 * or over more than one collection, some time later, and nobody reads it before. Here that it becomes active is a matter
 * of the clock, looked at when a request begins. Apart from that an index over very many documents is filled little by
 * little: whoever needs it before it is full waits.
 */
import type { Query } from './frame.ts'
import type { Database } from './database.ts'
import { ownFault } from './failures.ts'
import { Filling } from './filling.ts'
import type { Index, IndexDefinition } from './indexing.ts'
import type { Store } from './store.ts'
import type { Transaction } from './transaction.ts'

/** An index over no more documents than this is built when it is made. */
export const MAX_BUILT_AT_ONCE = 128
/** Documents that an index takes in when it is made, in some 10 ms; with more it is filled little by little. */
export const MAX_FILLED_AT_ONCE = 500
/** Documents that are taken in between two looks at the clock. */
const STEP_DOCUMENTS = 32
/** How long building takes, in microseconds. On the real server it is from seconds to minutes. */
export const BUILD_MICROS = 2_000_000

/** Whether an index is over more than one collection. */
export function isWide({ sources }: IndexDefinition): boolean {
  return sources.length > 1 || sources.some(({ collections }) => collections?.length !== 1)
}

/** Whether the real server gives a new index out as active. `isAsked`: it was asked to. */
export function isActiveAtOnce(definition: IndexDefinition, database: Database, isAsked: boolean): boolean {
  if (isAsked) return true
  if (isWide(definition)) return false
  const [collection] = definition.sources.flatMap(source => source.collections ?? [])
  const documents = collection === undefined ? undefined : database.collections.get(collection)?.documents
  return (documents?.size ?? 0) <= MAX_BUILT_AT_ONCE
}

/** When an index that is made now becomes active. */
export function buildEnd(store: Store): number {
  return store.clock.now + BUILD_MICROS
}

/** Makes those active that are full and whose time has come, each in a transaction of its own. */
export function finishBuilds(store: Store): void {
  const { fillings, pendingBuilds } = store.state
  for (const [index, dueAt] of pendingBuilds) {
    if (dueAt <= store.clock.now && !fillings.has(index)) activate(store, index)
  }
}

/** The document of an index is none that can be streamed, so nobody is told. */
function activate(store: Store, { ref }: Index): void {
  store.transact(transaction => {
    const fields = store.current(ref)?.fields
    const database = store.database(ref.database)
    if (fields !== undefined && database !== undefined) {
      transaction.write(database, ref, new Map(fields).set('active', true), 'update')
    }
    transaction.begin()
    transaction.make({ kind: 'index due', ref, dueAt: undefined })
    transaction.make({ kind: 'index active', ref })
  })
}

/** Thrown by a query that needs an index which does not have all documents yet: it is to be run again later. */
export class UnfilledIndex extends Error {
  override readonly name = 'UnfilledIndex'
}

/** Fills a new index with the documents that are there already; where there are many, the rest is done later. */
export function startFilling({ database, store, transaction }: Query, index: Index): void {
  const first = new Filling(database, index)
  takeInto(first, MAX_FILLED_AT_ONCE, transaction)
  if (first.isFull) return
  transaction.make({ kind: 'index filling', ref: index.ref, isDone: false })
  const filling = store.state.fillings.get(index)
  if (filling === undefined) return
  filling.isCommitted = false
  transaction.onCommit(() => {
    filling.isCommitted = true
  })
}

function takeInto(filling: Filling, documents: number, transaction: Transaction): void {
  const put = filling.take(documents)
  if (put.length > 0) transaction.make({ kind: 'entries', taken: [], put })
}

/** Fills an index until it is full or `isTime`. */
function fill(index: Index, filling: Filling, transaction: Transaction, isTime: () => boolean): void {
  transaction.begin()
  do takeInto(filling, STEP_DOCUMENTS, transaction)
  while (!filling.isFull && !isTime())
  if (filling.isFull) transaction.make({ kind: 'index filling', ref: index.ref, isDone: true })
}

const isNever = (): boolean => false

/**
 * Makes sure that an index has all documents. Throws `UnfilledIndex` where the query can wait until it has, and a `Fault`
 * where it never will.
 */
export function requireFilled({ store, transaction, canWait }: Query, index: Index): void {
  const filling = store.state.fillings.get(index)
  if (filling === undefined) return
  if (filling.fault !== undefined) throw filling.fault
  if (!filling.isCommitted) fill(index, filling, transaction, isNever)
  else if (canWait === true) throw new UnfilledIndex()
  else fillAlone(store, index, filling, isNever)
}

/** Fills in a transaction of its own. Where that fails it is for ever: what was taken last would be missing. */
function fillAlone(store: Store, index: Index, filling: Filling, isTime: () => boolean): void {
  try {
    store.transact(transaction => fill(index, filling, transaction, isTime))
  } catch (error) {
    filling.fault = ownFault(error)
    throw filling.fault
  }
}

function findOldest({ state }: Store): readonly [Index, Filling] | undefined {
  for (const entry of state.fillings) if (entry[1].fault === undefined) return entry
  return undefined
}

/** Whether there is something to fill. */
export function hasFillings(store: Store): boolean {
  return findOldest(store) !== undefined
}

/**
 * Goes on filling the oldest of the indexes, until it is full or `isTime`. Says whether that was the last of it: it is
 * full, or has failed, which those who need it are told.
 */
export function continueFilling(store: Store, isTime: () => boolean): boolean {
  const oldest = findOldest(store)
  if (oldest === undefined) return false
  const [index, filling] = oldest
  try {
    fillAlone(store, index, filling, isTime)
  } catch (error) {
    if (error !== filling.fault) throw error
  }
  return filling.isFull || filling.fault !== undefined
}
