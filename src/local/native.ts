/**
 * The native collections: those that hold the schema itself and the secrets. They are collections like others, with
 * fixed numbers below those of the user's own.
 */
import { Ref } from './values.ts'
import type { SchemaKind } from './values.ts'

/** A native collection: its number, its name on the wire, and the word for one of its documents in messages. */
export type Native = {
  readonly number: number
  readonly name: string
  readonly noun: string
  readonly kind?: SchemaKind
}

/** The numbers of the native collections. */
export const DATABASES = 1
export const COLLECTIONS = 2
export const INDEXES = 3
export const FUNCTIONS = 4
export const ROLES = 5
export const ACCESS_PROVIDERS = 6
export const KEYS = 7
export const TOKENS = 8
export const CREDENTIALS = 9

/** The first number of a collection that a user made (protocol.md E.7). */
export const FIRST_USER_COLLECTION = 1024

/** The first number of an index that a user made: cursors and sets compare refs by it. */
export const FIRST_USER_INDEX = 32_768

/** Every native collection, by number. */
export const natives: ReadonlyMap<number, Native> = new Map(
  (
    [
      { number: DATABASES, name: 'databases', noun: 'Database', kind: 'database' },
      { number: COLLECTIONS, name: 'collections', noun: 'Collection', kind: 'collection' },
      { number: INDEXES, name: 'indexes', noun: 'Index', kind: 'index' },
      { number: FUNCTIONS, name: 'functions', noun: 'Function', kind: 'function' },
      { number: ROLES, name: 'roles', noun: 'Role', kind: 'role' },
      { number: ACCESS_PROVIDERS, name: 'access_providers', noun: 'other', kind: 'access_provider' },
      { number: KEYS, name: 'keys', noun: 'Key' },
      { number: TOKENS, name: 'tokens', noun: 'Token' },
      { number: CREDENTIALS, name: 'credentials', noun: 'Credentials' },
    ] satisfies Native[]
  ).map(native => [native.number, native]),
)

/** Native collections by the names that the wire knows them by; `classes` is the old name of `collections`. */
export const nativesByName: ReadonlyMap<string, Native> = new Map([
  ...[...natives.values()].map((native): [string, Native] => [native.name, native]),
  ['classes', natives.get(COLLECTIONS) as Native],
])

/** Where the documents of a kind of schema are kept. */
export const nativeOfKind: Readonly<Record<SchemaKind, number>> = {
  collection: COLLECTIONS,
  database: DATABASES,
  index: INDEXES,
  function: FUNCTIONS,
  role: ROLES,
  access_provider: ACCESS_PROVIDERS,
}

/** Whether the documents of this collection are known by name. */
export function isNamed(collection: number): boolean {
  return natives.get(collection)?.kind !== undefined
}

/** The ref of the collection that a document is in. */
export function collectionOf({ database, collection }: Ref): Ref {
  return new Ref(database, COLLECTIONS, BigInt(collection))
}
