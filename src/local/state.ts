/**
 * What the server keeps, and the only place where it changes: by edits, each of which can be taken back for as long as
 * nothing but later edits came behind it.
 */
import { Collection, Database } from './database.ts'
import type { Edit, EditOf } from './edits.ts'
import { Filling } from './filling.ts'
import { DocumentHistory } from './history.ts'
import { Index } from './indexing.ts'
import type { ComputeBinding, PlacedEvent } from './indexing.ts'
import type { Ref } from './values.ts'

/** The number of the database that the root secret belongs to. */
const ROOT = 0

/** Takes an edit back. */
export type Undo = () => void

type Makers = { readonly [Kind in Edit['kind']]: (state: State, edit: EditOf<Kind>) => Undo }

/** All databases, who holds which secret, and which indexes are being built. */
export class State {
  readonly root = new Database(ROOT, undefined)
  readonly databases = new Map<number, Database>([[ROOT, this.root]])
  /** The keys and tokens, by the digests of their secrets. */
  readonly holders = new Map<string, Ref>()
  /** The indexes that are not active yet, and when they are to be (microseconds). */
  readonly pendingBuilds = new Map<Index, number>()
  /** The indexes that do not have all documents yet. */
  readonly fillings = new Map<Index, Filling>()
  readonly computeBinding: ComputeBinding
  /** The number of the next database; numbers are not given out again. */
  nextDatabase = ROOT + 1

  constructor(computeBinding: ComputeBinding) {
    this.computeBinding = computeBinding
  }

  /** Makes an edit. Throws where it names something that is not there. */
  make(edit: Edit): Undo {
    const maker = makers[edit.kind] as (state: State, edit: Edit) => Undo
    return maker(this, edit)
  }

  /** The database of a number. Throws where there is none. */
  databaseOf(number: number): Database {
    const database = this.databases.get(number)
    if (database === undefined) throw new TypeError(`There is no database ${number}`)
    return database
  }

  /** The index of a ref. Throws where there is none. */
  indexOf({ database, id }: Ref): Index {
    const index = this.databaseOf(database).indexes.get(id)
    if (index === undefined) throw new TypeError(`There is no index ${id} in database ${database}`)
    return index
  }
}

/** Sets the value of a key, or deletes the key. Gives back how to have it as it was. */
function assign<K, V>(map: Map<K, V>, key: K, value: V | undefined): Undo {
  const old = map.get(key)
  const set = (one: V | undefined): void => {
    if (one === undefined) map.delete(key)
    else map.set(key, one)
  }
  set(value)
  return () => set(old)
}

/** Sets the collection or the index of a key; who has sets of what is then to be found out again. */
function assignOwner<K, V>(database: Database, map: Map<K, V>, key: K, value: V | undefined): Undo {
  const undo = assign(map, key, value)
  database.forgetOwners()
  return () => {
    undo()
    database.forgetOwners()
  }
}

/** Nobody builds the indexes of a database that is gone. */
function forgetBuilds(state: State, database: number): Undo[] {
  const isIn = ({ ref }: Index): boolean => ref.database === database
  return [
    ...[...state.pendingBuilds.keys()].filter(isIn).map(index => assign(state.pendingBuilds, index, undefined)),
    ...[...state.fillings.keys()].filter(isIn).map(index => assign(state.fillings, index, undefined)),
  ]
}

function makeDatabase(state: State, { number, parent, isGone }: EditOf<'database'>): Undo {
  const above = parent === undefined ? undefined : state.databaseOf(parent)
  const { nextDatabase } = state
  const undoBuilds = isGone ? forgetBuilds(state, number) : []
  const undo = assign(state.databases, number, isGone ? undefined : new Database(number, above))
  state.nextDatabase = Math.max(nextDatabase, number + 1)
  return () => {
    state.nextDatabase = nextDatabase
    undo()
    for (const undoBuild of undoBuilds) undoBuild()
  }
}

function makeDatabaseMoved(state: State, { number, parent }: EditOf<'database moved'>): Undo {
  const database = state.databaseOf(number)
  const above = database.parent
  database.parent = state.databaseOf(parent)
  return () => {
    database.parent = above
  }
}

function makeCollection(state: State, { database: number, number: collection, isGone }: EditOf<'collection'>): Undo {
  const database = state.databaseOf(number)
  return assignOwner(
    database,
    database.collections,
    collection,
    isGone ? undefined : new Collection(number, collection),
  )
}

function makeIndex(state: State, { ref, definition, isActive }: EditOf<'index'>): Undo {
  const database = state.databaseOf(ref.database)
  const index = new Index(ref, definition, state.computeBinding)
  index.isActive = isActive
  return assignOwner(database, database.indexes, ref.id, index)
}

function makeIndexGone(state: State, { ref }: EditOf<'index gone'>): Undo {
  const database = state.databaseOf(ref.database)
  const undoDue = assign(state.pendingBuilds, state.indexOf(ref), undefined)
  const undoFilling = assign(state.fillings, state.indexOf(ref), undefined)
  const undo = assignOwner(database, database.indexes, ref.id, undefined)
  return () => {
    undo()
    undoFilling()
    undoDue()
  }
}

function makeIndexActive(state: State, { ref }: EditOf<'index active'>): Undo {
  const index = state.indexOf(ref)
  const { isActive } = index
  index.isActive = true
  return () => {
    index.isActive = isActive
  }
}

/** Filling begins with the first document: what the index has already it is not given again. */
function makeIndexFilling(state: State, { ref, isDone }: EditOf<'index filling'>): Undo {
  const index = state.indexOf(ref)
  return assign(state.fillings, index, isDone ? undefined : new Filling(state.databaseOf(ref.database), index))
}

function makeNumber(state: State, { database: number, next }: EditOf<'number'>): Undo {
  const database = state.databaseOf(number)
  const { nextNumber } = database
  database.nextNumber = next
  return () => {
    database.nextNumber = nextNumber
  }
}

/** A document of a collection that is gone is nowhere. */
function makeVersion(state: State, { ref, version, isTaken }: EditOf<'version'>): Undo {
  const documents = state.databaseOf(ref.database).collections.get(ref.collection)?.documents
  const known = documents?.get(ref.id)
  const history = known ?? new DocumentHistory()
  if (known === undefined) documents?.set(ref.id, history)
  const old = isTaken ? history.find(version.ts) : history.put(version)
  if (isTaken && old !== undefined) history.take(old)
  return () => {
    if (!isTaken) history.take(version)
    if (old !== undefined) history.put(old)
    if (known === undefined) documents?.delete(ref.id)
  }
}

function takeEvents(events: readonly PlacedEvent[]): void {
  for (const { ts, action, placed } of events)
    placed.set.owner.entriesOf(placed.set).take({ ts, action, entry: placed.entry })
}

function putEvents(events: readonly PlacedEvent[]): void {
  for (const { ts, action, placed } of events)
    placed.set.owner.entriesOf(placed.set).put({ ts, action, entry: placed.entry })
}

function makeEntries(_state: State, { taken, put }: EditOf<'entries'>): Undo {
  takeEvents(taken)
  putEvents(put)
  return () => {
    takeEvents(put)
    putEvents(taken)
  }
}

const makers: Makers = {
  database: makeDatabase,
  'database moved': makeDatabaseMoved,
  collection: makeCollection,
  index: makeIndex,
  'index gone': makeIndexGone,
  'index due': (state, { ref, dueAt }) => assign(state.pendingBuilds, state.indexOf(ref), dueAt),
  'index active': makeIndexActive,
  'index filling': makeIndexFilling,
  number: makeNumber,
  name: (state, { database, native, name, id }) =>
    assign(state.databaseOf(database).names.get(native) ?? new Map<string, bigint>(), name, id),
  secret: (state, { digest, holder }) => assign(state.holders, digest, holder),
  version: makeVersion,
  entries: makeEntries,
}
