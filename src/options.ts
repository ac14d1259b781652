/** The options of a client and of a stream: their checks, their defaults, each written once. */
import { createSecureContext } from 'node:tls'
import { z } from 'zod'
import type { BackoffOptions } from './backoff.ts'
import { OptionError } from './errors.ts'
import { isStandardSchema, type SchemaInput, type SchemaOutput, type StandardSchema } from './events/standard-schema.ts'
import { type Field, fieldNames, type GapEvent, type InvalidEvent, type StateEvent } from './events/types.ts'
import { defaultMaxLineBytes, longestLineBytes } from './ndjson/splitter.ts'
import type { Observer } from './observe.ts'
import { isSendable, type SecretSource } from './secret.ts'
import { defaultPageSize, maxPageSize } from './stream/catch-up.ts'
import type { CheckpointStore } from './stream/checkpoint.ts'
import { systemTime, type Time } from './time.ts'
import type { TlsOptions } from './transport/opening.ts'
import { defaultReceiveBufferBytes, minWindowBytes } from './transport/windows.ts'

export type { SecretSource } from './secret.ts'
export type { Time, Timer } from './time.ts'
export type { TlsOptions } from './transport/opening.ts'

/** Options of a `Client`. Times are in milliseconds. */
export type ClientOptions = {
  /** Where the server is: `http:` (HTTP/2 with prior knowledge) or `https:`. Default: `FAUNA_ENDPOINT`. */
  readonly endpoint?: string | URL | undefined
  /** A secret, or a function that gives one: asked when needed, and again when it was refused. Default: `FAUNA_SECRET`. */
  readonly secret?: SecretSource | undefined
  /** Bounds the evaluation of an expression, 1 to 600,000; sent as `X-Query-Timeout`. Default: the server's. */
  readonly queryTimeoutMs?: number | undefined
  /** Added to every request; the client's own headers win. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** For `https:` endpoints. */
  readonly tls?: TlsOptions | undefined
  /** Called once per query and once per event. */
  readonly observer?: Observer | undefined
  /** To a usable connection. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined
  /** From the answer's headers to the `start` event. Default 10,000. */
  readonly startTimeoutMs?: number | undefined
  /** A PING is sent when nothing came for this long. Default 15,000. */
  readonly pingIntervalMs?: number | undefined
  /** The peer is given up when it does not answer a PING for this long. Default 10,000. */
  readonly pingTimeoutMs?: number | undefined
  /** Streams on one connection, never above what the peer announces; more open more connections. Default 100. */
  readonly maxStreamsPerSession?: number | undefined
  /**
   * What all paused loops of one connection may hold together, in bytes: it bounds how far a server may send ahead.
   * At least 64 KiB. Default 16 MiB.
   */
  readonly receiveBufferBytes?: number | undefined
  /** The waits between the attempts of a stream that was lost. */
  readonly backoff?: Partial<BackoffOptions> | undefined
  /** The source of time; for tests. Default: the system's. */
  readonly time?: Time | undefined
}

/** Options of `client.stream`. */
export type StreamOptions = {
  /** Aborts like the stream's controller. */
  readonly signal?: AbortSignal | undefined
  /**
   * What a loss of the connection does: `'history'` reads back what was missed, `'live'` opens the stream anew and tells
   * the hole, `false` throws. Default `'history'`.
   */
  readonly resume?: 'history' | 'live' | false | undefined
  /** What a hole does: `'throw'` throws a `GapError`, `'yield'` gives a `gap` event. Default `'throw'`, with `resume: 'live'` `'yield'`. */
  readonly onGap?: 'yield' | 'throw' | undefined
  /**
   * The stream only says when, history says what: true events where a transaction writes a document twice, and where
   * documents hold bytes. Costs a query a wake-up. Default false.
   */
  readonly exact?: boolean | undefined
  /** The state first, then changes. Default false. */
  readonly snapshot?: boolean | undefined
  /** Begin with what happened after this transaction time, in microseconds. A checkpoint that was saved goes before it. */
  readonly since?: number | undefined
  /** Where the stream's place is kept between runs: saved when the loop asks for what comes after. */
  readonly checkpoint?: CheckpointStore | undefined
  /** Saves are at least this far apart, in milliseconds; 0 saves at every transaction. Default 0. */
  readonly checkpointIntervalMs?: number | undefined
  /**
   * What the data of documents has to be, as a Standard Schema (zod, valibot, arktype …) that is synchronous. The loop
   * gets what it gives in `document` and `prev`.
   */
  readonly schema?: StandardSchema | undefined
  /** What data does that does not fit: `'throw'` throws a `SchemaError`, `'yield'` gives an `invalid` event. Default `'throw'`. */
  readonly onInvalid?: 'yield' | 'throw' | undefined
  /** Elements in a page of history or of a snapshot, 1 to 100,000. Default 1,000. */
  readonly pageSize?: number | undefined
  /** A longer line is a `ProtocolError`; in bytes, at most the longest text in Node (536,870,888). Default 64 MiB. */
  readonly maxLineBytes?: number | undefined
}

/** Options of `client.live`. */
export type LiveOptions = {
  /** Closes the view. */
  readonly signal?: AbortSignal | undefined
  /** As of a stream. Default true for a set, false for a document. */
  readonly exact?: boolean | undefined
}

/** Options of `client.query`. */
export type QueryOptions = {
  /** Gives the query up; the server may have processed it all the same. */
  readonly signal?: AbortSignal | undefined
}

const maxDelayMs = 2 ** 31 - 1
/** The largest window of HTTP/2 (RFC 9113 §6.9.1) has a byte more; a power of two is its half. */
const maxWindowBytes = 2 ** 30
const maxQueryTimeoutMs = 600_000
const delay = (defaultMs: number) => z.int().positive().max(maxDelayMs).default(defaultMs)

/** A header's name (RFC 9110 §5.1). */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Headers that HTTP/2 does not have (RFC 9113 §8.2.2), or that the body decides. */
const impossibleHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

const header = z.record(
  z
    .string()
    .regex(headerName, 'is not the name of a header')
    .transform(name => name.toLowerCase())
    .refine(name => !impossibleHeaders.has(name), 'cannot be set on an HTTP/2 request'),
  z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'has characters that a header cannot hold'),
)

const pem = z.union([z.string(), z.instanceof(Uint8Array)])
const isFunction = (value: unknown) => typeof value === 'function'

const secretSchema = z.custom<SecretSource>(
  value => isSendable(value) || isFunction(value),
  'give a secret (visible ASCII characters) or a function that gives one',
)

const clientSchema = z.strictObject({
  endpoint: z.union([z.string(), z.instanceof(URL)], 'give the URL of the server, as http://localhost:8443'),
  secret: secretSchema,
  queryTimeoutMs: z.int().positive().max(maxQueryTimeoutMs).optional(),
  headers: header.default({}),
  tls: z
    .strictObject({
      ca: z.union([pem, z.array(pem)]).optional(),
      cert: pem.optional(),
      key: pem.optional(),
      servername: z.string().optional(),
      rejectUnauthorized: z.boolean().optional(),
    })
    .default({}),
  observer: z.custom<Observer>(isFunction, 'give a function').optional(),
  connectTimeoutMs: delay(10_000),
  startTimeoutMs: delay(10_000),
  pingIntervalMs: delay(15_000),
  pingTimeoutMs: delay(10_000),
  maxStreamsPerSession: z.int().positive().default(100),
  receiveBufferBytes: z.int().min(minWindowBytes).max(maxWindowBytes).default(defaultReceiveBufferBytes),
  backoff: z
    .strictObject({
      firstMs: delay(100),
      maxMs: delay(20_000),
      maxAttempts: z
        .union([z.int().nonnegative(), z.literal(Number.POSITIVE_INFINITY)])
        .default(Number.POSITIVE_INFINITY),
    })
    .prefault({}),
  time: z.custom<Time>(value => typeof value === 'object' && value !== null).default(systemTime),
})

const streamSchema = z.strictObject({
  signal: z.instanceof(AbortSignal, { error: 'give an AbortSignal' }).optional(),
  resume: z.literal(['history', 'live', false], "give 'history', 'live' or false").default('history'),
  onGap: z.literal(['yield', 'throw'], "give 'yield' or 'throw'").optional(),
  exact: z.boolean().default(false),
  snapshot: z.boolean().default(false),
  since: z.int('give a transaction time, a whole number of microseconds').nonnegative().optional(),
  checkpoint: z.custom<CheckpointStore>(isStore, 'give an object with load() and save(cursor)').optional(),
  checkpointIntervalMs: z.int().nonnegative().max(maxDelayMs).default(0),
  schema: z
    .custom<StandardSchema>(isStandardSchema, 'give a Standard Schema, as zod, valibot and arktype make them')
    .optional(),
  onInvalid: z.literal(['yield', 'throw'], "give 'yield' or 'throw'").default('throw'),
  pageSize: z.int().positive().max(maxPageSize).default(defaultPageSize),
  maxLineBytes: z.int().positive().max(longestLineBytes).default(defaultMaxLineBytes),
})

function isStore(value: unknown): boolean {
  const { load, save } = (value ?? {}) as Partial<CheckpointStore>
  return typeof load === 'function' && typeof save === 'function'
}

const querySchema = streamSchema.pick({ signal: true })
const liveSchema = querySchema.extend({ exact: z.boolean().optional() })

/** What an option may be; `undefined` where it is left out. */
type Chosen<O, Name extends keyof StreamOptions> = Name extends keyof O ? O[Name] : undefined

/** No option at all. */
export type NoOptions = Readonly<Record<never, never>>

/** The `gap` event, where a stream with these options may give one: elsewhere a `GapError` is thrown. */
export type GapEventOf<O> =
  'yield' extends Chosen<O, 'onGap'>
    ? GapEvent
    : Chosen<O, 'onGap'> extends 'throw'
      ? never
      : 'live' extends Chosen<O, 'resume'>
        ? GapEvent
        : never

/** The data that a stream with these options gives: what its schema makes of it; `T` where there is none, or none that is known. */
export type DataOf<O, T> = Chosen<O, 'schema'> extends StandardSchema ? SchemaOutput<Chosen<O, 'schema'>> : T

/** The data as it is stored, which `diff` tells the changes of: what the schema takes. */
export type StoredOf<O, T> = Chosen<O, 'schema'> extends StandardSchema ? SchemaInput<Chosen<O, 'schema'>> : T

/** The `invalid` event, where a stream with these options may give one: elsewhere a `SchemaError` is thrown. */
export type InvalidEventOf<O, F extends Field> =
  'yield' extends Chosen<O, 'onInvalid'> ? ([Chosen<O, 'schema'>] extends [undefined] ? never : InvalidEvent<F>) : never

/** What a stream with these options tells besides changes. */
export type StateEventOf<O, F extends Field, T> = true extends Chosen<O, 'snapshot'> ? StateEvent<F, T> : never

/** Checked options of a client, defaults filled in. */
export type CheckedClientOptions = Omit<z.output<typeof clientSchema>, 'endpoint'> & { readonly endpoint: URL }

/** Checked options of a stream, defaults filled in. */
export type CheckedStreamOptions = z.output<typeof streamSchema> & { readonly onGap: 'yield' | 'throw' }

/** Checks the options of a client. @throws OptionError */
export function checkClientOptions(options: ClientOptions): CheckedClientOptions {
  const { FAUNA_ENDPOINT, FAUNA_SECRET } = process.env
  const checked = check(clientSchema, {
    ...options,
    endpoint: options.endpoint ?? FAUNA_ENDPOINT,
    secret: options.secret ?? FAUNA_SECRET,
  })
  checkTls(checked.tls)
  return { ...checked, endpoint: checkEndpoint(checked.endpoint) }
}

/** Certificate and key are read when a connection is made; what cannot be read is said now. OpenSSL skips a bad `ca`. */
function checkTls(tls: TlsOptions): void {
  const { cert, key } = tls
  for (const [name, value] of Object.entries({ cert, key })) {
    try {
      if (value !== undefined) createSecureContext({ [name]: value })
    } catch {
      throw new OptionError(`tls.${name}`, 'this is not PEM that can be read')
    }
  }
}

/** Checks the options of a stream. @throws OptionError */
export function checkStreamOptions(options: StreamOptions): CheckedStreamOptions {
  const checked = check(streamSchema, options)
  const { resume, exact, snapshot, since, onGap = resume === 'live' ? 'yield' : 'throw' } = checked
  if (exact && resume === 'live') {
    throw new OptionError('exact', "it reads history, and resume: 'live' reads none: leave one of them out")
  }
  if (snapshot && since !== undefined) {
    throw new OptionError('since', 'a snapshot is the state of now: leave one of them out')
  }
  return { ...checked, onGap }
}

/** Checks the options of a query. @throws OptionError */
export function checkQueryOptions(options: QueryOptions): z.output<typeof querySchema> {
  return check(querySchema, options)
}

/** Checks the options of a live view. @throws OptionError */
export function checkLiveOptions(options: LiveOptions): z.output<typeof liveSchema> {
  return check(liveSchema, options)
}

/** Checks a secret. @throws OptionError */
export function checkSecret(secret: unknown): SecretSource {
  return check(z.strictObject({ secret: secretSchema }), { secret }).secret
}

/** Checks headers that were added to a request; names in lower case. @throws OptionError */
export function checkHeaders(headers: unknown): Readonly<Record<string, string>> {
  return check(z.strictObject({ headers: header }), { headers }).headers
}

/** Checks the fields of a stream before anything is sent. @throws OptionError naming the valid ones and the wrong one. */
export function checkFields(fields: unknown): readonly string[] | undefined {
  if (fields === undefined) return undefined
  const valid = `the fields are ${fieldNames.join(', ')}`
  if (!Array.isArray(fields)) throw new OptionError('fields', `give an array of names; ${valid}`)
  if (fields.length === 0) throw new OptionError('fields', `name at least one, or leave it out; ${valid}`)
  for (const [i, name] of fields.entries()) {
    if ((fieldNames as readonly unknown[]).includes(name)) continue
    throw new OptionError(`fields[${i}]`, `${JSON.stringify(name) ?? String(name)} is not a field; ${valid}`)
  }
  return [...fields]
}

function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys
    const option = [...issue.path, key].join('.')
    throw new OptionError(option, `there is no option of this name; ${describeKeys(schema, issue.path)}`)
  }
  const { message } = (issue.code === 'invalid_key' && issue.issues[0]) || issue
  throw new OptionError(issue.path.join('.') || 'options', message)
}

function describeKeys(schema: z.ZodType, path: readonly PropertyKey[]): string {
  const keys = path.length === 0 && schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  return keys.length > 0 ? `the options are ${keys.join(', ')}` : 'see the documentation of this option'
}

function checkEndpoint(endpoint: string | URL): URL {
  let url: URL
  try {
    url = new URL(endpoint)
  } catch {
    throw new OptionError('endpoint', 'this is not a URL; give one as http://localhost:8443')
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new OptionError('endpoint', `${url.protocol} is not spoken here; begin it with http:// or https://`)
  }
  // Messages name the endpoint, and must never hold a secret.
  if (url.username || url.password)
    throw new OptionError('endpoint', 'a URL may not hold a secret; use the option secret')
  if (url.search || url.hash) throw new OptionError('endpoint', 'a query or fragment has no meaning here; leave it out')
  return url
}
