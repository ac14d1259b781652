/**
 * The door of the SDK: every public name, listed one by one.
 * @module fauna-streams
 */
export type { BackoffOptions } from './backoff.ts'
export { Client, type Follow } from './client.ts'
export type { ErrorCode, SdkErrorCode, ServerErrorCode } from './error-codes.ts'
export {
  type ErrorDetail,
  type Failure,
  FaunaError,
  type Gap,
  GapError,
  type GapReason,
  OptionError,
  type Outcome,
  ProtocolError,
  QueryError,
  QueryTextError,
  SchemaError,
  type SchemaIssue,
  StateError,
  StreamError,
  TransportError,
} from './errors.ts'
export type { MergePatch } from './events/merge-patch.ts'
export type { StandardSchema } from './events/standard-schema.ts'
export type {
  Data,
  DefaultField,
  DocumentDiff,
  DocumentVersion,
  Field,
  GapEvent,
  HistoryRewriteEvent,
  IndexEntry,
  InvalidEvent,
  ResetEvent,
  SetEvent,
  SetFields,
  SnapshotEvent,
  StartEvent,
  StateEvent,
  StreamEvent,
  SyncedEvent,
  UnknownEvent,
  VersionEvent,
  VersionFields,
} from './events/types.ts'
export type { ClientHealth, Counters, PlaceCount, StreamHealth } from './health.ts'
export type { LiveSignals, LiveView } from './live/live.ts'
export type { Change, Member } from './live/member.ts'
export type {
  CatchUpOperation,
  ChannelMessages,
  ObservedClient,
  ObservedStream,
  Observer,
  OpeningOperation,
  Operation,
  QueryOperation,
  RequestResult,
} from './observe.ts'
export type {
  ClientOptions,
  DataOf,
  GapEventOf,
  InvalidEventOf,
  LiveOptions,
  NoOptions,
  QueryOptions,
  SecretSource,
  StateEventOf,
  StoredOf,
  StreamOptions,
  Time,
  Timer,
  TlsOptions,
} from './options.ts'
export { type Bindings, type Builders, Expr, type ExprArg, type PaginateOptions, q } from './query/index.ts'
export type { StreamSignals, StreamState, WarningCode } from './signals.ts'
export type { CheckpointStore } from './stream/checkpoint.ts'
export type { BatchOptions, EventStream } from './stream/stream.ts'
export { fql } from './text/fql.ts'
export { Bytes, FaunaDate, FaunaTime, Query, Ref, SetRef, Uuid } from './values/index.ts'
