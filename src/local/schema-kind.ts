/** What there is to say about a kind of schema document: its fields, and what it means that one comes or goes. */
import type { Query } from './call.ts'
import type { FieldFailure } from './failures.ts'
import type { FieldRule } from './schema-fields.ts'
import type { Ref, ObjectValue, Value } from './values.ts'

/** Parameters as they are to be read, and what is wrong with how they change what was. */
export type Prepared = { readonly parameters: ObjectValue; readonly failures: readonly FieldFailure[] }

/** One kind of schema document. */
export type Kind = {
  readonly native: number
  readonly fields: readonly FieldRule[]
  /** What a new one has unless it is told otherwise; these come first. */
  readonly defaults?: readonly (readonly [string, Value])[]
  /** What a `replace` does not take away. */
  readonly kept?: readonly string[]
  readonly takeId?: (query: Query) => bigint
  /** Makes what is kept of fields that are not; `base` is what there was, of a document that changes. */
  readonly prepare?: (query: Query, parameters: ObjectValue, ref: Ref, base: ObjectValue | undefined) => Prepared
  /** What of the fields is kept. */
  readonly settle?: (fields: ObjectValue) => ObjectValue
  /** Whether the refs in it have to name something. */
  readonly hasReferences?: boolean
  /** Whether another document stands where this one would. */
  readonly isTaken?: (query: Query, fields: ObjectValue, ref: Ref) => boolean
  /** What is wrong with the fields beside each other, or beside other documents; `self` is the document that changes. */
  readonly check?: (query: Query, given: ObjectValue, self: Ref | undefined) => readonly FieldFailure[]
  /** What is wrong with all the fields that it is to have. */
  readonly checkFields?: (fields: ObjectValue, query: Query) => readonly FieldFailure[]
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
