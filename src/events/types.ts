/** The types of events: narrowed by `type`, and by the fields that were asked for. */
import type { Gap, GapReason, SchemaIssue } from '../errors.ts'
import type { FaunaTime, Ref } from '../values/index.ts'
import type { MergePatch } from './merge-patch.ts'

/** The fields that an event can have (protocol.md B.1), in the order in which the server renders them. */
export const fieldNames = ['action', 'document', 'diff', 'prev', 'index'] as const

/** A field that an event can have. */
export type Field = (typeof fieldNames)[number]

/** What the server sends where no fields are named (protocol.md B.1). */
export type DefaultField = 'action' | 'document'

/** Data of a document whose shape is not known. */
export type Data = Record<string, unknown>

/** One version of a document (protocol.md B.5). Of a delete, `document` is the deleted content and `ts` its old time. */
export type DocumentVersion<T = Data> = {
  readonly ref: Ref
  /** Microseconds since the Unix epoch. To order and to tell events apart use the event's `txn`. */
  readonly ts: number
  readonly data?: T
  readonly ttl?: FaunaTime
}

/** What a transaction changed, as a JSON merge patch (RFC 7396) of the data as it is stored: `null` where a key went. */
export type DocumentDiff<Stored = Data> = {
  readonly ref: Ref
  readonly ts: number
  readonly data?: MergePatch<Stored> | null
  readonly ttl?: FaunaTime | null
}

/** The entry of an index that came or went (protocol.md B.6). */
export type IndexEntry = {
  /** Absent on `Documents(collection)` streams. */
  readonly ref?: Ref
  readonly terms: readonly unknown[]
  readonly values: readonly unknown[]
}

/** What an event of a document tells, field by field; of these it has those that were asked for. */
export type VersionFields<T, Stored = T> = {
  readonly action: 'create' | 'update' | 'delete'
  readonly document: DocumentVersion<T>
  readonly diff: DocumentDiff<Stored>
  readonly prev: DocumentVersion<T>
}

/** What an event of a set tells, field by field; of these it has those that were asked for. */
export type SetFields = {
  readonly action: 'add' | 'remove'
  readonly document: { readonly ref: Ref; readonly ts: number }
  readonly index: IndexEntry
}

/** The first event: the stream is open; everything after `txn` follows. */
export type StartEvent = { readonly type: 'start'; readonly txn: number; readonly event: number }

/** A write of the document (protocol.md B.5). With a schema, `T` is what it gives and `Stored` what it takes. */
export type VersionEvent<F extends Field = Field, T = Data, Stored = T> = {
  readonly type: 'version'
  readonly txn: number
  readonly event: Pick<VersionFields<T, Stored>, F & keyof VersionFields<T, Stored>>
  /** Set where it was read from history after a loss. */
  readonly recovered?: true
}

/** A change of the document's past, by `Insert` or `Remove` (protocol.md B.5). */
export type HistoryRewriteEvent<F extends Field = Field, T = Data, Stored = T> = {
  readonly type: 'history_rewrite'
  readonly txn: number
  readonly event: Pick<VersionFields<T, Stored>, F & keyof VersionFields<T, Stored>>
}

/** An entry of the set came or went (protocol.md B.6). */
export type SetEvent<F extends Field = Field> = {
  readonly type: 'set'
  readonly txn: number
  readonly event: Pick<SetFields, F & keyof SetFields>
  /** Set where it was read from history after a loss. */
  readonly recovered?: true
}

/** An event of a type that this version does not know; `raw` is the whole of it, values decoded. */
export type UnknownEvent = { readonly type: 'unknown'; readonly raw: unknown }

/** What a loop over a stream gets. */
export type StreamEvent<F extends Field = Field, T = Data, Stored = T> =
  StartEvent | VersionEvent<F, T, Stored> | HistoryRewriteEvent<F, T, Stored> | SetEvent<F> | UnknownEvent

/**
 * A hole: what came after the event at `after`, up to and including `until`, may be missing; both in microseconds.
 * Of a set, the transaction at `after` itself may be incomplete. Everything after `until` follows.
 */
export type GapEvent = Gap & { readonly type: 'gap' }

/**
 * A part of the state at `txn`: the document (`null` where there is none), or a member of the set. Of a member that may
 * not be read, `document` is its ref alone. `index` is there on sets where it was asked for.
 */
export type SnapshotEvent<F extends Field = Field, T = Data> = {
  readonly type: 'snapshot'
  readonly txn: number
  readonly event: { readonly document: DocumentVersion<T> | null } & Partial<Pick<SetFields, F & 'index'>>
}

/** The state at `txn` is complete; changes follow. */
export type SyncedEvent = { readonly type: 'synced'; readonly txn: number }

/** Forget what you hold: the state is told anew, as it is at `txn`, because changes were missed and cannot be had. */
export type ResetEvent = { readonly type: 'reset'; readonly txn: number; readonly reason: GapReason }

/** What a stream with `snapshot` tells besides the changes. */
export type StateEvent<F extends Field = Field, T = Data> = SnapshotEvent<F, T> | SyncedEvent | ResetEvent

/** The data of `event` does not fit the stream's schema; `event` is as it came. */
export type InvalidEvent<F extends Field = Field> = {
  readonly type: 'invalid'
  readonly txn: number
  /** What does not fit; the paths begin in the payload, as `['document', 'data', 'state']`. */
  readonly issues: readonly SchemaIssue[]
  readonly event: VersionEvent<F> | HistoryRewriteEvent<F> | SnapshotEvent<F>
}

/** Everything that a loop can get. */
export type AnyEvent<F extends Field = Field, T = Data> =
  StreamEvent<F, T> | GapEvent | StateEvent<F, T> | InvalidEvent<F>
