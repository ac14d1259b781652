/** What an observer is told of each query and each event, and subscribers of `node:diagnostics_channel` of everything else. */
import { channel } from 'node:diagnostics_channel'
import type { GapReason } from './errors.ts'
import type { ClientHealth, StreamHealth } from './health.ts'
import type { StreamSignals, StreamState } from './signals.ts'

export { addCounters, type ClientHealth, type Counters, makeCounters, type StreamHealth } from './health.ts'

/** One exchange as an observer sees it: a query and its answer, or one event of a stream. */
export type RequestResult = {
  readonly method: 'POST'
  /** `/` for queries, `/stream` for streams. */
  readonly path: string
  /** The parameters of the URL; streams have `fields` where they were named. */
  readonly query: Readonly<Record<string, string>>
  /** The body that was sent. */
  readonly requestRaw: string
  /** The expression as the caller gave it. */
  readonly requestContent: unknown
  /** The body that came; of a stream, the line of the event. */
  readonly responseRaw: string
  /** The decoded value or event; of a refused query, the errors of the answer. */
  readonly responseContent: unknown
  /** The HTTP status. */
  readonly statusCode: number
  /** Headers of the answer, names in lower case. */
  readonly responseHeaders: Readonly<Record<string, string>>
  /** When the request was sent, in milliseconds since the Unix epoch. */
  readonly startTime: number
  /** When the answer, or this event, had been read, in milliseconds since the Unix epoch. */
  readonly endTime: number
}

/** Called once per query and once per event. */
export type Observer = (result: RequestResult) => void

/** Calls a function of the user's; what it throws is thrown again in a microtask, where it harms nothing of ours. */
export function callSafely<A extends readonly unknown[]>(run: (...args: A) => void, ...args: A): void {
  try {
    run(...args)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

/** A client as messages name it. */
export interface ObservedClient {
  /** Scheme, host and port. */
  readonly endpoint: string
  health(): ClientHealth
}

/** A stream as messages name it: by schema only, never by an id or a term. */
export interface ObservedStream {
  /** Scheme, host and port. */
  readonly endpoint: string
  /** `expression` where only the server knows what it gives. */
  readonly kind: 'document' | 'set' | 'expression'
  /** The collection of a document or of `Documents`. */
  readonly collection: string | undefined
  /** The index of a `Match`. */
  readonly index: string | undefined
  health(): StreamHealth
}

/** How an operation ended; absent before. */
type Outcome = {
  /** What it failed with. */
  error?: Error | undefined
  /** Whether it was given up by its caller, which is no error. */
  isAborted?: boolean | undefined
  /** The HTTP status, where an answer came. */
  statusCode?: number | undefined
}

/** A query of a caller, or of a stream that reads history; its `parent` is then what it was sent for. */
export type QueryOperation = Outcome & {
  readonly type: 'query'
  readonly client: ObservedClient
  readonly parent: Operation | undefined
}

/** One attempt to open a stream: from the request until its `start` has come. */
export type OpeningOperation = Outcome & {
  readonly type: 'opening'
  readonly stream: ObservedStream
  /** Counts the attempts of the stream, from 1. */
  readonly number: number
  /** The transaction time of `start`, in microseconds. */
  txn?: number | undefined
}

/** What a stream reads with queries: what was missed, what an exact stream announced, the state of a snapshot. */
export type CatchUpOperation = Outcome & {
  readonly type: 'catch-up'
  readonly stream: ObservedStream
  readonly kind: 'missed' | 'awaited' | 'state'
  /** What happened after this transaction time and up to `until` is read; of a state both are its time. Microseconds. */
  readonly after: number
  readonly until: number
  /** How many events were read. */
  events?: number
  /** Why events are lacking, where they are. */
  reason?: GapReason | undefined
}

/** What takes time. The same object comes at its start and at its end. */
export type Operation = QueryOperation | OpeningOperation | CatchUpOperation

type Operations = { query: QueryOperation; opening: OpeningOperation; 'catch-up': CatchUpOperation }

/** A signal of a stream, as a message. */
type Signalled<S extends keyof StreamSignals> = { readonly stream: ObservedStream } & Parameters<StreamSignals[S]>[0]

type Messages = {
  'client:open': { readonly client: ObservedClient }
  'client:close': { readonly client: ObservedClient }
  'session:open': { readonly endpoint: string; readonly kind: 'stream' | 'query' }
  /** `error` where no usable connection came about. */
  'session:close': { readonly endpoint: string; readonly kind: 'stream' | 'query'; readonly error: Error | undefined }
  /** A request that is about to be sent. What is put into `headers` is sent with it; the client's own win. */
  request: {
    readonly client: ObservedClient
    readonly operation: Operation | undefined
    readonly method: 'POST'
    readonly path: string
    readonly headers: Record<string, string>
  }
  'stream:state': { readonly stream: ObservedStream; readonly state: StreamState; readonly before: StreamState }
  'stream:start': Signalled<'start'>
  'stream:lost': Signalled<'lost'>
  'stream:retry': Signalled<'retry'>
  'stream:recovered': Signalled<'recovered'>
  'stream:warning': Signalled<'warning'>
  'stream:gap': Signalled<'gap'>
  'stream:ping': Signalled<'ping'>
  'stream:close': Signalled<'close'>
} & { [N in keyof Operations as `${N}:start` | `${N}:end`]: Operations[N] }

/** What subscribers of each channel are given, by the channel's name. */
export type ChannelMessages = { [N in keyof Messages as `fauna-streams:${N}`]: Messages[N] }

const names = [
  'client:open',
  'client:close',
  'session:open',
  'session:close',
  'request',
  'query:start',
  'query:end',
  'opening:start',
  'opening:end',
  'catch-up:start',
  'catch-up:end',
  'stream:state',
  'stream:start',
  'stream:lost',
  'stream:retry',
  'stream:recovered',
  'stream:warning',
  'stream:gap',
  'stream:ping',
  'stream:close',
] as const

type Name = (typeof names)[number]

/** The names of all channels. */
export const channelNames: readonly (keyof ChannelMessages)[] = names.map(name => `fauna-streams:${name}` as const)

const channels = Object.fromEntries(names.map(name => [name, channel(`fauna-streams:${name}`)])) as Readonly<
  Record<Name, ReturnType<typeof channel>>
>

/** Tells subscribers; without any, nothing is made. */
export function tell<N extends Name>(name: N, make: () => Messages[N]): void {
  if (channels[name].hasSubscribers) channels[name].publish(make())
}

/** Tells that an operation begins; `undefined` where nobody would hear of it. */
export function begin<N extends keyof Operations>(name: N, make: () => Operations[N]): Operations[N] | undefined {
  const start = channels[`${name}:start`]
  if (!start.hasSubscribers && !channels[`${name}:end`].hasSubscribers) return undefined
  const operation = make()
  start.publish(operation)
  return operation
}

/** Tells that an operation has ended, and how. */
export function end<O extends Operation>(operation: O | undefined, outcome: Partial<O>): void {
  if (operation) channels[`${operation.type}:end`].publish(Object.assign(operation, outcome))
}

/** Whether a message of this channel would be heard. */
export function isHeard(name: Name): boolean {
  return channels[name].hasSubscribers
}
