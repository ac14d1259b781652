/**
 * Fills an empty store with the lines of an export, or of a file that somebody wrote (docs/embedded-server.md). A version with a
 * time is put back as it was; what has none is made as `Create` makes it. All of it is imported, or nothing.
 */
import { StateError } from '../../errors.ts'
import { builtInAccess } from '../built-in-roles.ts'
import type { Query } from '../frame.ts'
import type { Database } from '../database.ts'
import { createDocument } from '../documents.ts'
import type { Edit } from '../edits.ts'
import { Failure } from '../failures.ts'
import { Filling } from '../filling.ts'
import type { LiveVersion, Version } from '../history.ts'
import { JsonError, readJson } from '../json.ts'
import type { Json } from '../json.ts'
import { contentsOf } from '../log/contents.ts'
import { recordsOf, replayRecord } from '../log/records.ts'
import { nativeRef } from '../names.ts'
import { COLLECTIONS, DATABASES, INDEXES, isNamed, nativesByName } from '../native.ts'
import { defineIndex } from '../schema-indexes.ts'
import { timelineOf } from '../indexing.ts'
import type { SetOwner } from '../indexing.ts'
import type { Store } from '../store.ts'
import { Ref } from '../values.ts'
import type { ObjectValue, Value } from '../values.ts'
import { EXPORT_FORMAT, EXPORT_VERSION } from './format.ts'
import { ValueText } from './text.ts'

type Line = ReadonlyMap<string, Json>

const places = { form: null, key: null }

/**
 * Imports lines into a store; `makeScratch` makes another one like it. Throws `StateError` (`bad_import`), naming the line,
 * where one cannot be read, and where the store is not empty.
 */
export function importLines(lines: Iterable<string>, store: Store, makeScratch: () => Store): void {
  if ([...contentsOf(store.state)].some(({ kind }) => kind !== 'number')) {
    throw new StateError('bad_import', 'the server has data already: import fills an empty one; nothing was imported')
  }
  const scratch = new Import(makeScratch())
  scratch.run(lines)
  const { clock, lastId, state } = scratch.store
  clock.snapshot()
  store.clock.restore(clock.last)
  store.restoreId(lastId)
  store.transact(transaction => {
    transaction.begin()
    // As bytes in between: edits hold the indexes and collections of their own store.
    for (const record of recordsOf(contentsOf(state), clock.last, lastId)) {
      replayRecord(record, store.state, edit => transaction.make(edit))
    }
  })
}

/** One import, into a store that is thrown away where it fails. */
class Import {
  readonly store: Store
  readonly #texts = new Map<Database, ValueText>()
  readonly #names = new Map<string, Edit>()

  constructor(store: Store) {
    this.store = store
  }

  run(lines: Iterable<string>): void {
    const read: { readonly number: number; readonly line: Line }[] = []
    let number = 0
    const at = (line: number, act: () => void): void => {
      try {
        act()
      } catch (error) {
        throw toImportError(error, line)
      }
    }
    for (const text of lines) {
      number++
      if (text.trim() === '') continue
      at(number, () => {
        const line = readJson(Buffer.from(text))
        if (!(line instanceof Map)) throw new TypeError('a line is an object')
        read.push({ number, line })
      })
    }
    // What lines name may be made by later ones: first all that has a name, then what is in it.
    for (const { number: one, line } of read) at(one, () => this.#declare(line))
    for (const edit of this.#names.values()) this.store.state.make(edit)
    for (const { number: one, line } of read) at(one, () => this.#put(line))
    for (const database of this.store.state.databases.values()) this.#finish(database)
    for (const { number: one, line } of read) at(one, () => this.#putRest(line))
  }

  #databaseOf(line: Line): Database {
    return this.store.state.databaseOf(Number(integerOf(line, 'database') ?? 0n))
  }

  /** Databases, collections and names that are there at the end. */
  #declare(line: Line): void {
    if (line.has('format')) this.#readHeader(line)
    const native = nativeOf(line)
    const ts = integerOf(line, 'ts')
    if (ts !== undefined) this.store.clock.restore(Number(ts))
    if (native === undefined || ts === undefined) return
    const { state } = this.store
    const { number: database } = this.#databaseOf(line)
    const ref = new Ref(database, native, idOf(line))
    const isGone = line.get('deleted') === true
    const name = fieldOf(line, 'name')
    const child = Number(ref.id)
    if (native === DATABASES && state.databases.has(child) === isGone) {
      state.make({ kind: 'database', number: child, parent: isGone ? undefined : database, isGone })
    }
    if (native === COLLECTIONS) state.make({ kind: 'collection', database, number: child, isGone })
    if (!isNamed(native)) return
    // The last line of a document counts: a name that it had before is free, and another may have it.
    const key = `${database} ${native} ${ref.id}`
    if (typeof name !== 'string' || isGone) this.#names.delete(key)
    else this.#names.set(key, { kind: 'name', database, native, name, id: ref.id })
  }

  #readHeader(line: Line): void {
    const { state, clock } = this.store
    if (line.get('format') !== EXPORT_FORMAT || line.get('version') !== BigInt(EXPORT_VERSION)) {
      throw new TypeError(`the format is not "${EXPORT_FORMAT}" of version ${EXPORT_VERSION}`)
    }
    clock.restore(Number(integerOf(line, 'time') ?? 0n))
    this.store.restoreId(BigInt(textOf(line, 'lastId') ?? '0'))
    const last = Number(integerOf(line, 'nextDatabase') ?? 1n) - 1
    if (last > 0) state.make({ kind: 'database', number: last, parent: undefined, isGone: true })
  }

  /** A version of a document, or a new document. */
  #put(line: Line): void {
    if (line.has('secret')) return
    const database = this.#databaseOf(line)
    const native = nativeOf(line)
    const name = textOf(line, 'collection')
    if (native === undefined && name === undefined) {
      this.#putNumber(line, database)
      return
    }
    const collection = native === undefined ? database.findName(COLLECTIONS, name ?? '') : BigInt(native)
    if (collection === undefined) throw new TypeError(`there is no collection ${JSON.stringify(name)}`)
    const ts = integerOf(line, 'ts')
    const fields = line.get('deleted') === true ? null : this.#fieldsOf(line, database)
    if (ts === undefined) this.#create(database, collection, line, fields ?? new Map())
    else {
      const ref = new Ref(database.number, Number(collection), idOf(line))
      const version: Version = { ts: Number(ts), fields, ...this.#beforeOf(line, database) }
      this.store.state.make({ kind: 'version', ref, version, isTaken: false })
    }
  }

  #fieldsOf(line: Line, database: Database): ObjectValue {
    const text = this.#textOf(database)
    const all = line.get('fields')
    if (all !== undefined) return objectOf(text.read(all), 'fields')
    return new Map(
      [...line].filter(([key]) => key === 'data' || key === 'ttl').map(([key, item]) => [key, text.read(item)]),
    )
  }

  #beforeOf(line: Line, database: Database): { knownBefore?: LiveVersion | null } {
    const before = line.get('before')
    if (before === undefined) return {}
    if (!(before instanceof Map)) return { knownBefore: null }
    const fields = objectOf(this.#textOf(database).read(before.get('fields') ?? null), 'before')
    return { knownBefore: { ts: Number(integerOf(before, 'ts') ?? 0n), fields } }
  }

  #putNumber(line: Line, { number }: Database): void {
    const next = integerOf(line, 'nextNumber')
    if (next !== undefined) this.store.state.make({ kind: 'number', database: number, next: Number(next) })
    else if (!['format', 'building'].some(key => line.has(key))) {
      throw new TypeError('it says neither "collection" nor "schema"')
    }
  }

  /** As `Create` does it, with all its checks. */
  #create(database: Database, collection: bigint, line: Line, fields: ObjectValue): void {
    const transaction = this.store.begin()
    const access = builtInAccess(this.store, database, 'admin', undefined)
    const query: Query = { store: this.store, database, transaction, access, apiVersion: '4', kind: 'query' }
    createDocument(
      query,
      nativeRef(database, Number(collection)),
      line.has('id') ? idOf(line) : undefined,
      fields,
      places,
    )
    transaction.commit()
  }

  /** Indexes, and the sets of all that was put. */
  #finish(database: Database): void {
    const { state } = this.store
    for (const [id, history] of database.collections.get(INDEXES)?.documents ?? []) {
      const fields = history.newest?.fields
      if (fields === null || fields === undefined || database.indexes.has(id)) continue
      const ref = new Ref(database.number, INDEXES, id)
      state.make({ kind: 'index', ref, definition: defineIndex(fields), isActive: fields.get('active') === true })
    }
    for (const index of database.indexes.values()) {
      const put = new Filling(database, index).take(Number.POSITIVE_INFINITY)
      state.make({ kind: 'entries', taken: [], put })
    }
    for (const collection of database.collections.values()) {
      const owner: SetOwner = collection
      for (const [id, history] of collection.documents) {
        const put = timelineOf(owner, new Ref(database.number, collection.number, id), history.versions)
        state.make({ kind: 'entries', taken: [], put })
      }
    }
  }

  /** What names keys and indexes. */
  #putRest(line: Line): void {
    const { state } = this.store
    const building = textOf(line, 'building')
    if (building !== undefined) {
      const dueAt = Number(integerOf(line, 'dueAt') ?? 0n)
      state.make({ kind: 'index due', ref: new Ref(this.#databaseOf(line).number, INDEXES, BigInt(building)), dueAt })
    }
    // It may be of a key that went with its database.
    const database = Number(integerOf(line, 'database') ?? 0n)
    const digest = textOf(line, 'secret')
    if (digest === undefined) return
    const native = nativesByName.get(textOf(line, 'of') ?? '')
    if (native === undefined) throw new TypeError('"of" is "keys" or "tokens"')
    state.make({ kind: 'secret', digest, holder: new Ref(database, native.number, idOf(line)) })
  }

  #textOf(database: Database): ValueText {
    const text = this.#texts.get(database) ?? new ValueText(this.store, database)
    this.#texts.set(database, text)
    return text
  }
}

function nativeOf(line: Line): number | undefined {
  const name = textOf(line, 'schema')
  if (name === undefined) return undefined
  const native = nativesByName.get(name)
  if (native === undefined) throw new TypeError(`there is no schema ${JSON.stringify(name)}`)
  return native.number
}

function idOf(line: Line): bigint {
  const id = line.get('id')
  if (typeof id === 'bigint') return id
  if (typeof id === 'string' && /^-?\d{1,19}$/.test(id)) return BigInt(id)
  throw new TypeError('"id" is a whole number, in quotation marks or not')
}

function textOf(line: Line, key: string): string | undefined {
  const value = line.get(key)
  if (value === undefined || typeof value === 'string') return value
  throw new TypeError(`"${key}" is a text`)
}

function integerOf(line: Line, key: string): bigint | undefined {
  const value = line.get(key)
  const isRight = typeof value === 'bigint' && value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)
  if (value === undefined || isRight) return value
  throw new TypeError(`"${key}" is a whole number from 0`)
}

function fieldOf(line: Line, field: string): Json | undefined {
  const fields = line.get('fields')
  return fields instanceof Map ? fields.get(field) : undefined
}

function objectOf(value: Value, key: string): ObjectValue {
  if (value instanceof Map) return value
  throw new TypeError(`"${key}" is an object`)
}

/** Of the line itself nothing is shown: it may hold what is secret. */
function toImportError(cause: unknown, line: number): StateError {
  const reason =
    cause instanceof JsonError
      ? 'it is no JSON'
      : cause instanceof Failure
        ? cause.errors.map(describeFailure).join('; ')
        : (cause as Error).message
  return new StateError('bad_import', `line ${line}: ${reason}; nothing was imported`, { cause })
}

function describeFailure({ description, failures }: Failure['errors'][number]): string {
  const fields = (failures ?? []).map(({ field, description: what }) => `${field.join('.')}: ${what}`)
  return [description, ...fields].join(' ')
}
