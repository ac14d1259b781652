/**
 * What a stream needs of its client, as interfaces: the client fits them with one object literal, and a test with a
 * fake of ten lines. So a stream never imports a client.
 */
import type { BackoffOptions } from '../backoff.ts'
import type { End } from '../end.ts'
import type { Observer, Operation } from '../observe.ts'
import type { Time } from '../time.ts'

/** What a stream asks for: the expression's wire JSON and the fields. */
export type StreamRequest = {
  readonly body: string
  readonly fields: readonly string[] | undefined
}

/** Status and headers of an answer, names in lower case. */
export type Head = { readonly status: number; readonly headers: Readonly<Record<string, string>> }

/** Where the bytes of an answer go. */
export interface Sink {
  push(chunk: Uint8Array): void
  finish(): void
}

/** One request on the wire and its answer. */
export interface Exchange {
  /** `undefined` where it ended before the headers came. */
  readonly head: Promise<Head | undefined>
  /** How it ended; never rejects. */
  readonly end: Promise<End>
  /** When its peer last gave a sign of life, in milliseconds since the Unix epoch. */
  readonly lastHeardAt: number
  /** Called when its peer answered a PING, with the time that took in milliseconds. */
  pinged: ((roundTripMs: number) => void) | undefined
  /** Lets the bytes flow. */
  pipe(sink: Sink): void
  /** The whole answer as text; what came of it where it was cut. Past `maxBytes` it is let go. */
  text(maxBytes: number): Promise<string>
  pause(): void
  resume(): void
  /** Lets the exchange go at once. */
  cancel(): void
}

/** The answer to a query. */
export type QueryAnswer = {
  readonly value: unknown
  /** The value as it came, as wire JSON text: a double that is whole is still one. */
  readonly text: string
  /** The snapshot that it was read from, in microseconds. */
  readonly txnTime: number
}

/** What a query of a stream is sent with. */
export type QueryTerms = {
  readonly signal: AbortSignal
  /** The answer must know everything up to this transaction time, in microseconds. */
  readonly lastSeen: number | undefined
  /** What it is sent for. */
  readonly parent: Operation | undefined
}

/** A stream's way to the server. */
export interface Link {
  /** Where it leads, for messages: `POST /stream at http://…`. */
  readonly where: string
  /** Scheme, host and port. */
  readonly endpoint: string
  readonly time: Time
  /** From the answer's headers to the `start` event, or to the end of a refusal, in milliseconds. */
  readonly startTimeoutMs: number
  /** The waits between attempts. */
  readonly backoff: BackoffOptions
  readonly observer: Observer | undefined
  /** Sends the request; an `End` where no exchange came about. */
  open(request: StreamRequest, signal: AbortSignal, operation: Operation | undefined): Promise<Exchange | End>
  /** Evaluates an expression that only reads; an `End` where no value came of it. */
  query(body: string, terms: QueryTerms): Promise<QueryAnswer | End>
  /** Tells a transaction time that was seen, in microseconds. */
  see(txn: number): void
  /** The secret that was used is no longer good; says whether asking for it again may give another. */
  secretRefused(): boolean
}
