/** What is counted of streams and clients: plain numbers that JSON can hold, kept at all times. */
import type { StreamState } from './signals.ts'

/** Each thing that is counted from the beginning on, and begins at 0; nothing here ever goes back. */
const zero = {
  /** Everything that loops got: changes, `start`, states, gaps. */
  events: 0,
  /** Bytes of streams as they came; those of queries beside them are not in it. */
  bytes: 0,
  /** How often a stream was open again after a loss. */
  reconnects: 0,
  /** How often the signal `lost` was given: a lost connection, and each attempt after it that failed. */
  losses: 0,
  /** Events that came a second time after a reopening, and were dropped. */
  duplicates: 0,
  /** How often events were missed that could not be had. */
  gaps: 0,
  /** Events that were missed and read back. */
  recovered: 0,
}

/** What is counted, by name. */
export type Counters = { [name in keyof typeof zero]: number }

/** Counters at the beginning. */
export function makeCounters(): Counters {
  return { ...zero }
}

/** Adds the counts of one to those of another. */
export function addCounters(sum: Counters, added: Readonly<Counters>): void {
  for (const name of Object.keys(zero) as (keyof Counters)[]) sum[name] += added[name]
}

/** How a stream fares; times in milliseconds since the Unix epoch. `undefined` is not yet known, and absent in JSON. */
export type StreamHealth = Readonly<Counters> & {
  readonly state: StreamState
  /**
   * How far the loop is behind the server, in milliseconds. Where it waits for events on an open stream: how late the
   * last one came. Else how long ago that was, up to which everything was surely told. `undefined` before anything was
   * told, and after the end. It compares our clock with the server's, and is never below 0.
   */
  readonly lagMs: number | undefined
  /** Microseconds; the highest transaction time that was told. */
  readonly lastTxn: number | undefined
  readonly lastHeardAt: number | undefined
  readonly lastEventAt: number | undefined
}

/** What is open: sessions, the exchanges on them, those let go and not gone yet, and requests that wait for a place. */
export type PlaceCount = { sessions: number; exchanges: number; closing: number; waiting: number }

/**
 * How a client fares: what it holds open, and what is counted of all its streams, those that have ended included.
 * `streams` and `queries` count connections, the requests on them, those that were let go and are not gone from the wire
 * yet, and those that wait for a connection or a place on one.
 */
export type ClientHealth = Readonly<Counters> & {
  readonly streams: Readonly<PlaceCount>
  readonly queries: Readonly<PlaceCount>
  /** How many streams each connection carries. */
  readonly streamsPerSession: readonly number[]
  /** How many streams are in each state; those that have ended are not counted. */
  readonly states: { readonly connecting: number; readonly open: number }
  /** The largest lag of a stream. */
  readonly lagMs: number | undefined
  /** Microseconds; the highest transaction time seen. */
  readonly lastTxn: number | undefined
}
