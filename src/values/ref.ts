/** Refs: the names of documents, of schema, and of the native collections that hold schema. */
import { OptionError } from '../errors.ts'
import { Value } from './value.ts'

/** Names of the native collections, with the function that names one of their members in FQL (protocol.md D.1). */
const natives: Readonly<Record<string, { readonly all: string; readonly one?: string }>> = {
  collections: { all: 'Collections', one: 'Collection' },
  databases: { all: 'Databases', one: 'Database' },
  indexes: { all: 'Indexes', one: 'Index' },
  functions: { all: 'Functions', one: 'Function' },
  roles: { all: 'Roles', one: 'Role' },
  access_providers: { all: 'AccessProviders', one: 'AccessProvider' },
  keys: { all: 'Keys' },
  tokens: { all: 'Tokens' },
  credentials: { all: 'Credentials' },
}

/**
 * The ref of a document (`new Ref('1', new Ref('orders', Ref.native('collections')))`), of a named piece of schema
 * (`new Ref('orders', Ref.native('collections'))`) or of a native collection (`Ref.native('collections')`).
 *
 * Throws `OptionError` if the id is not a string.
 */
export class Ref extends Value {
  /** A document's number in decimal digits, or the name of a collection, index, database, function or role. */
  readonly id: string
  /** What the id is looked up in; `undefined` for a native collection. */
  readonly collection: Ref | undefined
  /** The child database that holds it; `undefined` for the database of the secret. */
  readonly database: Ref | undefined

  constructor(id: string, collection?: Ref, database?: Ref) {
    super()
    if (typeof id !== 'string') throw new OptionError('Ref(id)', `must be a string, got a ${typeof id}`)
    this.id = id
    this.collection = collection
    this.database = database
    Object.freeze(this)
  }

  /** The ref of a native collection of the secret's own database, as `Ref.native('collections')`. */
  static native(id: string): Ref {
    return nativeRefs.get(id) ?? new Ref(id)
  }

  /** The mark by which the official package's `Ref.equals` knows a ref. */
  get _isFaunaRef(): true {
    return true
  }

  /** The parts that the wire form has. */
  get value(): { id: string; collection?: Ref; database?: Ref } {
    return {
      id: this.id,
      ...(this.collection && { collection: this.collection }),
      ...(this.database && { database: this.database }),
    }
  }

  toJSON(): { '@ref': { id: string; collection?: Ref; database?: Ref } } {
    return { '@ref': this.value }
  }

  /** Whether the other one, of this package or the official one, names the same thing. */
  equals(other: unknown): boolean {
    if (!isRef(other) || this.id !== other.id) return false
    return areEqual(this.collection, other.collection) && areEqual(this.database, other.database)
  }

  toString(): string {
    const scope = this.database ? String(this.database) : ''
    if (this.collection === undefined) return `${natives[this.id]?.all ?? this.id}(${scope})`
    const id = JSON.stringify(this.id)
    const one = this.collection.collection === undefined ? natives[this.collection.id]?.one : undefined
    if (one === undefined) return `Ref(${this.collection}, ${id})`
    return `${one}(${id}${scope && `, ${scope}`})`
  }
}

const nativeRefs: ReadonlyMap<string, Ref> = new Map(Object.keys(natives).map(id => [id, new Ref(id)]))

function isRef(value: unknown): value is Ref {
  return typeof value === 'object' && value !== null && '_isFaunaRef' in value
}

function areEqual(a: Ref | undefined, b: Ref | undefined): boolean {
  return a === undefined ? b === undefined : a.equals(b)
}
