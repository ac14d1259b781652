/** The values that hold no other values: bytes, times, identities and names. */

/** A string of bytes. */
export class Bytes {
  readonly bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/** A point in time: nanoseconds since the epoch. */
export class Time {
  readonly nanoseconds: bigint
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds
  }

  /** The same point from transaction time: microseconds since the epoch. */
  static ofMicros(micros: number): Time {
    return new Time(BigInt(micros) * 1000n)
  }

  /** Whole microseconds since the epoch, rounded down. */
  get micros(): bigint {
    const micros = this.nanoseconds / 1000n
    return this.nanoseconds < 0n && micros * 1000n !== this.nanoseconds ? micros - 1n : micros
  }
}

/** A day: days since 1970-01-01. */
export class CalendarDate {
  readonly days: number
  constructor(days: number) {
    this.days = days
  }
}

/** A UUID, in its canonical text. */
export class Uuid {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/**
 * A reference by identity, never by name, so that a rename shows everywhere: the number of a database, the number of
 * a collection in it, and an id. Collections, indexes, databases and so on are documents of native collections.
 */
export class Ref {
  readonly database: number
  readonly collection: number
  readonly id: bigint
  constructor(database: number, collection: number, id: bigint) {
    this.database = database
    this.collection = collection
    this.id = id
  }

  /** Whether both name the same document. */
  equals(other: Ref): boolean {
    return this.database === other.database && this.collection === other.collection && this.id === other.id
  }
}

/** The kinds of schema document that a name can stand for. */
export type SchemaKind = 'collection' | 'database' | 'index' | 'function' | 'role' | 'access_provider'

/** A name that nothing has: it may be passed around, and fails when it is used. */
export class UnresolvedRef {
  readonly kind: SchemaKind
  readonly name: string
  /** The id of a document in an unknown collection. */
  readonly id: string | undefined
  /** The database that it was sought in, where that is not the one of the request. */
  readonly scope: Ref | UnresolvedRef | undefined
  constructor(kind: SchemaKind, name: string, id?: string, scope?: Ref | UnresolvedRef) {
    this.kind = kind
    this.name = name
    this.id = id
    this.scope = scope
  }

  /** The same, sought in another database. */
  within(scope: Ref | UnresolvedRef): UnresolvedRef {
    return new UnresolvedRef(this.kind, this.name, this.id, scope)
  }
}

/** What was done: of documents and of sets. */
export type ActionName = 'create' | 'update' | 'delete' | 'add' | 'remove'

/** The action of an event as a value. */
export class Action {
  readonly name: ActionName
  constructor(name: ActionName) {
    this.name = name
  }
}

/** The time of the transaction that is running: unknown until it commits. */
export class PendingTime {
  readonly micros: number
  constructor(micros: number) {
    this.micros = micros
  }
}
