/** The records of transactions as bytes, one row a kind of edit. The numbers of the kinds are part of the format. */
import { Collection } from '../database.ts'
import { weightOf } from '../edits.ts'
import type { Edit, EditOf, TransactionRecord } from '../edits.ts'
import type { Version } from '../history.ts'
import { placeOf } from '../indexing.ts'
import type { IndexDefinition, PlacedEvent, SetOwner } from '../indexing.ts'
import { INDEXES } from '../native.ts'
import type { State } from '../state.ts'
import { Ref } from '../values.ts'
import type { Value } from '../values.ts'
import { ByteWriter } from './byte-writer.ts'
import { ByteReader, CodecError } from './byte-reader.ts'

/** How many edits of a whole state stand in one record. */
const EDITS_IN_RECORD = 200

/** A record, and the last id that had been given out. */
export type LogRecord = TransactionRecord & { readonly lastId: bigint }

type Row<Kind extends Edit['kind']> = {
  /** Part of the format: a new kind gets a new number. */
  readonly number: number
  readonly write: (writer: ByteWriter, edit: EditOf<Kind>) => void
  readonly read: (reader: ByteReader, state: State) => EditOf<Kind>
}

function writeRef(writer: ByteWriter, { database, collection, id }: Ref): void {
  writer.count(database)
  writer.count(collection)
  writer.value(id)
}

function readRef(reader: ByteReader): Ref {
  return new Ref(reader.count(), reader.count(), reader.value<bigint>())
}

/** Whose set it is: a collection, by its number, or an index. */
function writeOwner(writer: ByteWriter, owner: SetOwner): void {
  const { ref } = owner
  writer.byte(ref === undefined ? 0 : 1)
  if (ref !== undefined) {
    writer.count(ref.database)
    writer.value(ref.id)
  } else if (owner instanceof Collection) {
    writer.count(owner.database)
    writer.count(owner.number)
  }
}

function readOwner(reader: ByteReader, state: State): SetOwner {
  if (reader.byte() === 1) return state.indexOf(new Ref(reader.count(), INDEXES, reader.value<bigint>()))
  const database = state.databaseOf(reader.count())
  const number = reader.count()
  const collection = database.collections.get(number)
  if (collection === undefined) throw new TypeError(`There is no collection ${number} in database ${database.number}`)
  return collection
}

function writeEvents(writer: ByteWriter, events: readonly PlacedEvent[]): void {
  writer.count(events.length)
  for (const { ts, action, placed } of events) {
    const { set, entry } = placed
    writeOwner(writer, set.owner)
    if (set.owner.ref !== undefined) writer.value(set.terms)
    writer.value(ts)
    writer.byte(action === 'add' ? 1 : 0)
    writer.value(entry.values)
    writeRef(writer, entry.ref)
    writer.value(entry.ttl)
  }
}

function readEvent(reader: ByteReader, state: State): PlacedEvent {
  const owner = readOwner(reader, state)
  const set = owner instanceof Collection ? owner.set : placeOf(owner, reader.value<Value[]>())
  const ts = reader.value<number>()
  const action = reader.byte() === 1 ? 'add' : 'remove'
  const values = reader.value<Value[]>()
  const ref = readRef(reader)
  return { ts, action, placed: { set, entry: { values, ref, ttl: reader.value<bigint | undefined>() } } }
}

function readEvents(reader: ByteReader, state: State): PlacedEvent[] {
  const events: PlacedEvent[] = []
  for (let left = reader.count(); left > 0; left--) events.push(readEvent(reader, state))
  return events
}

const rows: { readonly [Kind in Edit['kind']]: Row<Kind> } = {
  database: {
    number: 0,
    write: (writer, { number, parent, isGone }) => writer.value([number, parent, isGone]),
    read: reader => {
      const [number, parent, isGone] = reader.value<[number, number | undefined, boolean]>()
      return { kind: 'database', number, parent, isGone }
    },
  },
  'database moved': {
    number: 11,
    write: (writer, { number, parent }) => writer.value([number, parent]),
    read: reader => {
      const [number, parent] = reader.value<[number, number]>()
      return { kind: 'database moved', number, parent }
    },
  },
  collection: {
    number: 1,
    write: (writer, { database, number, isGone }) => writer.value([database, number, isGone]),
    read: reader => {
      const [database, number, isGone] = reader.value<[number, number, boolean]>()
      return { kind: 'collection', database, number, isGone }
    },
  },
  index: {
    number: 2,
    write: (writer, { ref, definition, isActive }) => writer.value([ref, definition, isActive]),
    read: reader => {
      const [ref, definition, isActive] = reader.value<[Ref, IndexDefinition, boolean]>()
      return { kind: 'index', ref, definition, isActive }
    },
  },
  'index gone': {
    number: 3,
    write: (writer, { ref }) => writer.value(ref),
    read: reader => ({ kind: 'index gone', ref: reader.value<Ref>() }),
  },
  'index due': {
    number: 4,
    write: (writer, { ref, dueAt }) => writer.value([ref, dueAt]),
    read: reader => {
      const [ref, dueAt] = reader.value<[Ref, number | undefined]>()
      return { kind: 'index due', ref, dueAt }
    },
  },
  'index active': {
    number: 5,
    write: (writer, { ref }) => writer.value(ref),
    read: reader => ({ kind: 'index active', ref: reader.value<Ref>() }),
  },
  'index filling': {
    number: 12,
    write: (writer, { ref, isDone }) => writer.value([ref, isDone]),
    read: reader => {
      const [ref, isDone] = reader.value<[Ref, boolean]>()
      return { kind: 'index filling', ref, isDone }
    },
  },
  number: {
    number: 6,
    write: (writer, { database, next }) => writer.value([database, next]),
    read: reader => {
      const [database, next] = reader.value<[number, number]>()
      return { kind: 'number', database, next }
    },
  },
  name: {
    number: 7,
    write: (writer, { database, native, name, id }) => writer.value([database, native, name, id]),
    read: reader => {
      const [database, native, name, id] = reader.value<[number, number, string, bigint | undefined]>()
      return { kind: 'name', database, native, name, id }
    },
  },
  secret: {
    number: 8,
    write: (writer, { digest, holder }) => writer.value([digest, holder]),
    read: reader => {
      const [digest, holder] = reader.value<[string, Ref]>()
      return { kind: 'secret', digest, holder }
    },
  },
  version: {
    number: 9,
    write: (writer, { ref, version, isTaken }) => {
      writeRef(writer, ref)
      writer.byte(isTaken ? 1 : 0)
      writer.value(version)
    },
    read: reader => {
      const ref = readRef(reader)
      const isTaken = reader.byte() === 1
      return { kind: 'version', ref, isTaken, version: reader.value<Version>() }
    },
  },
  entries: {
    number: 10,
    write: (writer, { taken, put }) => {
      writeEvents(writer, taken)
      writeEvents(writer, put)
    },
    read: (reader, state) => {
      const taken = readEvents(reader, state)
      return { kind: 'entries', taken, put: readEvents(reader, state) }
    },
  },
}

const byNumber: ReadonlyMap<number, Row<Edit['kind']>> = new Map(
  Object.values(rows).map(row => [row.number, row as Row<Edit['kind']>]),
)

/** The bytes of a record. */
export function writeRecord({ txn, lastId, edits }: LogRecord): Buffer {
  const writer = new ByteWriter()
  writer.value(txn)
  writer.value(lastId)
  writer.count(edits.length)
  for (const edit of edits) {
    const row = rows[edit.kind] as Row<Edit['kind']>
    writer.byte(row.number)
    row.write(writer, edit)
  }
  return writer.bytes
}

/**
 * Reads a record and makes its edits, one by one: what one of them names may have come with the one before it. Throws where the
 * bytes are no record, or name something that is not there. `size` is the weight of its edits.
 */
export function replayRecord(
  bytes: Buffer,
  state: State,
  make: (edit: Edit) => void = edit => void state.make(edit),
): { txn: number; lastId: bigint; size: number } {
  const reader = new ByteReader(bytes)
  const txn = reader.value<number>()
  const lastId = reader.value<bigint>()
  let size = 0
  for (let left = reader.count(); left > 0; left--) {
    const number = reader.byte()
    const row = byNumber.get(number)
    if (row === undefined) throw new CodecError(`no edit has the number ${number}`)
    const edit = row.read(reader, state)
    make(edit)
    size += weightOf(edit)
  }
  if (!reader.isAtEnd) throw new CodecError('there is more behind the record')
  return { txn, lastId, size }
}

/** Records of many edits, a part of them each: together they are one state. */
export function* recordsOf(edits: Iterable<Edit>, txn: number, lastId: bigint): Generator<Buffer> {
  for (const group of groupsOf(edits)) yield writeRecord({ txn, lastId, edits: group })
}

function* groupsOf(edits: Iterable<Edit>): Generator<Edit[]> {
  let group: Edit[] = []
  for (const edit of edits) {
    group.push(edit)
    if (group.length < EDITS_IN_RECORD) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
