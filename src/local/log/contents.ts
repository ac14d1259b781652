/** All that a state holds, as the edits that make it of an empty one. */
import type { SetOwner } from '../indexing.ts'
import type { Database } from '../database.ts'
import { weightOf } from '../edits.ts'
import type { Edit } from '../edits.ts'
import { FIRST_USER_COLLECTION } from '../native.ts'
import type { State } from '../state.ts'
import { Ref } from '../values.ts'

/** How many entries one edit puts. */
const ENTRIES_AT_ONCE = 500

/** The edits, each of which names only what those before it made. */
export function* contentsOf(state: State): Generator<Edit> {
  const databases = listFrom(state, state.root)
  for (const { number, parent } of databases) {
    if (parent !== undefined) yield { kind: 'database', number, parent: parent.number, isGone: false }
  }
  // That the numbers of databases which are gone are not given out again.
  const last = state.nextDatabase - 1
  if (!state.databases.has(last)) yield { kind: 'database', number: last, parent: undefined, isGone: true }
  for (const database of databases) {
    yield* schemaOf(database)
    yield* versionsOf(database)
    yield* entriesOf(database)
  }
  for (const { ref } of state.fillings.keys()) yield { kind: 'index filling', ref, isDone: false }
  for (const [{ ref }, dueAt] of state.pendingBuilds) yield { kind: 'index due', ref, dueAt }
  for (const [digest, holder] of state.holders) yield { kind: 'secret', digest, holder }
}

/** A database and all below it, each behind the one that it is in. */
export function listFrom(state: State, database: Database): Database[] {
  const below = [...state.databases.values()].filter(({ parent }) => parent === database)
  return [database, ...below.flatMap(one => listFrom(state, one))]
}

/** How much a state holds, in the measure of `weightOf`. */
export function sizeOf(edits: Iterable<Edit>): number {
  let size = 0
  for (const edit of edits) size += weightOf(edit)
  return size
}

function* schemaOf(database: Database): Generator<Edit> {
  const { number } = database
  yield { kind: 'number', database: number, next: database.nextNumber }
  for (const collection of database.collections.keys()) {
    if (collection >= FIRST_USER_COLLECTION) {
      yield { kind: 'collection', database: number, number: collection, isGone: false }
    }
  }
  for (const { ref, definition, isActive } of database.indexes.values()) {
    yield { kind: 'index', ref, definition, isActive }
  }
  for (const [native, names] of database.names) {
    for (const [name, id] of names) yield { kind: 'name', database: number, native, name, id }
  }
}

function* versionsOf(database: Database): Generator<Edit> {
  for (const collection of database.collections.values()) {
    for (const [id, history] of collection.documents) {
      const ref = new Ref(database.number, collection.number, id)
      for (const version of history.versions) yield { kind: 'version', ref, version, isTaken: false }
    }
  }
}

function* entriesOf(database: Database): Generator<Edit> {
  const owners: SetOwner[] = [...database.collections.values(), ...database.indexes.values()]
  for (const owner of owners) {
    const events = [...owner.placed()]
    for (let at = 0; at < events.length; at += ENTRIES_AT_ONCE) {
      yield { kind: 'entries', taken: [], put: events.slice(at, at + ENTRIES_AT_ONCE) }
    }
  }
}
