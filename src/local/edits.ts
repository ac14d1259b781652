/**
 * The elementary changes of what the server keeps. A transaction is a list of them, made in order; the log keeps that
 * list. They say what was written, not what was asked for, so that no other evaluator and no other clock can make
 * something else of them. `state.ts` makes them and takes them back: nothing else changes what is kept.
 */
import type { Version } from './history.ts'
import type { IndexDefinition, PlacedEvent } from './indexing.ts'
import type { Ref } from './values.ts'

/** A database comes, below another one, or goes. */
type DatabaseEdit = {
  readonly kind: 'database'
  readonly number: number
  readonly parent: number | undefined
  readonly isGone: boolean
}

/** A database is below another one from now on. */
type DatabaseMovedEdit = { readonly kind: 'database moved'; readonly number: number; readonly parent: number }

/** A collection comes, or goes with all its documents. */
type CollectionEdit = {
  readonly kind: 'collection'
  readonly database: number
  readonly number: number
  readonly isGone: boolean
}

/** An index comes, without entries. */
type IndexEdit = {
  readonly kind: 'index'
  readonly ref: Ref
  readonly definition: IndexDefinition
  readonly isActive: boolean
}

/** An index goes. */
type IndexGoneEdit = { readonly kind: 'index gone'; readonly ref: Ref }

/** An index is to become active at a time (microseconds), or waits for it no more. */
type IndexDueEdit = { readonly kind: 'index due'; readonly ref: Ref; readonly dueAt: number | undefined }

/** An index may be read from now on. */
type IndexActiveEdit = { readonly kind: 'index active'; readonly ref: Ref }

/** An index is to be filled with the documents that are there already, or has all of them. */
type IndexFillingEdit = { readonly kind: 'index filling'; readonly ref: Ref; readonly isDone: boolean }

/** The next number of a collection, an index, a function and so on. */
type NumberEdit = { readonly kind: 'number'; readonly database: number; readonly next: number }

/** A schema document has a name, or has it no more. */
type NameEdit = {
  readonly kind: 'name'
  readonly database: number
  readonly native: number
  readonly name: string
  readonly id: bigint | undefined
}

/** A secret belongs to a key or a token; only its digest is kept. */
type SecretEdit = { readonly kind: 'secret'; readonly digest: string; readonly holder: Ref }

/** A version of a document is put into its place, where it replaces one of the same time, or taken out. */
type VersionEdit = {
  readonly kind: 'version'
  readonly ref: Ref
  readonly version: Version
  readonly isTaken: boolean
}

/** That entries came and went is taken back from their sets, then put into them. */
type EntriesEdit = {
  readonly kind: 'entries'
  readonly taken: readonly PlacedEvent[]
  readonly put: readonly PlacedEvent[]
}

/** One elementary change. */
export type Edit =
  | DatabaseEdit
  | DatabaseMovedEdit
  | CollectionEdit
  | IndexEdit
  | IndexGoneEdit
  | IndexDueEdit
  | IndexActiveEdit
  | IndexFillingEdit
  | NumberEdit
  | NameEdit
  | SecretEdit
  | VersionEdit
  | EntriesEdit

/** The edit of one kind. */
export type EditOf<Kind extends Edit['kind']> = Extract<Edit, { readonly kind: Kind }>

/** All that one transaction changed. */
export type TransactionRecord = {
  /** When it committed, in microseconds. */
  readonly txn: number
  readonly edits: readonly Edit[]
}

/** How much an edit is, in entries and other changes: what the length of a log is measured in. */
export function weightOf(edit: Edit): number {
  return edit.kind === 'entries' ? edit.put.length + edit.taken.length : 1
}
