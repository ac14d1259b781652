/** What there is to say about a kind of schema document: its fields, and what it means that one comes or goes. */
import type { Query } from './frame.ts'
import type { FieldFailure } from './failures.ts'
import type { FieldRule } from './schema-fields.ts'
import type { Position } from './position.ts'
import type { ObjectValue, Ref, Value } from './values.ts'

/** Parameters as they are to be read, and what is wrong with how they change what was. */
export type Prepared = { readonly parameters: ObjectValue; readonly failures: readonly FieldFailure[] }

/** A document as it is to be, for what looks at more of it than one field. */
export type Proposed = {
  readonly query: Query
  /** The fields that hold what they may. */
  readonly fields: ObjectValue
  /** All of them, those that hold something else too. */
  readonly all: ObjectValue
  /** The document that changes; undefined where it is new. */
  readonly self: Ref | undefined
  /** Where its failures are told. */
  readonly at: Position
}

/** What is wrong with the fields beside each other, or beside other documents. */
export type Check = (proposed: Proposed) => readonly FieldFailure[]

/** One kind of schema document. */
export type Kind = {
  readonly native: number
  readonly fields: readonly FieldRule[]
  /** What a new one has unless it is told otherwise; these come first. */
  readonly defaults?: readonly (readonly [string, Value])[]
  /** What a `replace` does not take away. */
  readonly kept?: readonly string[]
  readonly takeId?: (query: Query) => bigint
  /** Whether versions of it can be written into the past. */
  readonly hasPast?: boolean
  /** Makes what is kept of fields that are not; `base` is what there was, of a document that changes. */
  readonly prepare?: (query: Query, parameters: ObjectValue, ref: Ref, base: ObjectValue | undefined) => Prepared
  /** What of the fields is kept. */
  readonly settle?: (fields: ObjectValue) => ObjectValue
  /** Whether another document stands where this one would. */
  readonly isTaken?: (query: Query, fields: ObjectValue, ref: Ref) => boolean
  /** Told together with the failures of the fields, in this order. */
  readonly checks?: readonly Check[]
  /** Made only where nothing else is wrong. */
  readonly lastCheck?: Check
  /** Why the schema may not become that: each reason is an error of its own. `old` is what there was, if anything. */
  readonly forbid?: (proposed: Proposed, old: ObjectValue | undefined) => readonly string[]
  /** Why it may not be deleted. */
  readonly forbidDelete?: (query: Query) => string | undefined
  /** What of it may not become something else. */
  readonly checkChange?: (old: ObjectValue, fields: ObjectValue) => readonly FieldFailure[]
  /** What the server adds before it is stored. */
  readonly complete?: (fields: ObjectValue, ref: Ref, query: Query) => ObjectValue
  readonly attach?: (query: Query, ref: Ref, fields: ObjectValue) => void
  readonly detach?: (query: Query, ref: Ref, fields: ObjectValue) => void
  /** Makes the secret of one that has none; it is shown once, in the answer. */
  readonly makeSecret?: (query: Query, ref: Ref) => string
  /** Whether the answer that makes or changes one shows the hash of its secret too. */
  readonly showsHash?: boolean
}
