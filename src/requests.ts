/** One request to the server: its headers, its secret, its place on a connection; and the time that answers tell. */
import { aborted, orAbort } from './abort.ts'
import type { End } from './end.ts'
import { callSafely, isHeard, type ObservedClient, type Operation, tell } from './observe.ts'
import { checkHeaders, type CheckedClientOptions } from './options.ts'
import { Secret, type SecretSource } from './secret.ts'
import type { Exchange } from './transport/exchange.ts'
import type { Kind, Pool } from './transport/pool.ts'

const apiVersion = '4'

/** What a request is sent with besides its body. */
export type Terms = {
  readonly signal: AbortSignal
  /** Told to the server instead of `lastTxn`, in microseconds. */
  readonly lastSeen?: number | undefined
  /** What it is sent for. */
  readonly operation?: Operation | undefined
}

/** What requests need to know of their client. */
export type RequestsOptions = Pick<CheckedClientOptions, 'secret' | 'endpoint' | 'headers' | 'queryTimeoutMs'> & {
  readonly pool: Pool
  readonly client: ObservedClient
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal
}

/** Sends requests. */
export class Requests {
  readonly #options: Omit<RequestsOptions, 'secret'>
  #secret: Secret
  #lastTxn: number | undefined

  constructor({ secret, ...options }: RequestsOptions) {
    this.#options = options
    this.#secret = new Secret(secret)
  }

  /** The highest transaction time seen, in microseconds; sent with every request. */
  get lastTxn(): number | undefined {
    return this.#lastTxn
  }

  /** Takes note of a transaction time, in microseconds. */
  see(txn: number): void {
    if (!Number.isSafeInteger(txn)) return
    if (this.#lastTxn === undefined || txn > this.#lastTxn) this.#lastTxn = txn
  }

  /** What a request to this path is called in messages. */
  where(path: string): string {
    return `POST ${this.#prefix}${path} at ${this.#options.endpoint.origin}`
  }

  /** The secret, however long its function takes, unless the caller or the client gives up first. */
  async readSecret(signal: AbortSignal, from: Secret = this.#secret): Promise<string | End> {
    try {
      const secret = await orAbort(from.read(), signal, this.#options.closing)
      return secret === aborted ? { how: 'closed' } : secret
    } catch (cause) {
      return { how: 'no_secret', cause }
    }
  }

  /** A request was refused that was sent with this secret; says whether asking for it again may give another. */
  refuse(used: string | undefined): boolean {
    return this.#secret.refuse(used)
  }

  /** A secret to change to: this one, or the same, to be asked for anew where a function gives it. */
  nextSecret(source: SecretSource | undefined): Secret {
    return source === undefined ? this.#secret.renewed() : new Secret(source)
  }

  /** Sends this secret from now on. */
  use(secret: Secret): void {
    this.#secret = secret
  }

  /** Sends a request; an `End` where no exchange came about. */
  open(kind: Kind, path: string, body: string, secret: string, terms: Terms): Promise<Exchange | End> {
    const { signal, lastSeen = this.#lastTxn, operation } = terms
    const whole = this.#prefix + path
    const headers = { ...this.#askForHeaders(whole, operation), ...this.#headers(secret, lastSeen) }
    return this.#options.pool.open(kind, { path: whole, headers, body }, signal)
  }

  /** The path of the endpoint, which the paths of requests are added to. */
  get #prefix(): string {
    return this.#options.endpoint.pathname.replace(/\/$/, '')
  }

  /** The headers of the options, and what subscribers add: what cannot be sent is an error of theirs, not of the request. */
  #askForHeaders(path: string, operation: Operation | undefined): Readonly<Record<string, string>> {
    const { client, headers } = this.#options
    if (!isHeard('request')) return headers
    // Only theirs: a key that stands in the options is nobody else's.
    const added: Record<string, string> = {}
    tell('request', () => ({ client, operation, method: 'POST', path, headers: added }))
    let checked = {}
    callSafely(() => (checked = checkHeaders(added)))
    return { ...headers, ...checked }
  }

  #headers(secret: string, lastSeen: number | undefined): Record<string, string> {
    const { queryTimeoutMs } = this.#options
    return {
      authorization: `Bearer ${secret}`,
      'content-type': 'application/json;charset=utf-8',
      'x-faunadb-api-version': apiVersion,
      ...(queryTimeoutMs === undefined ? {} : { 'x-query-timeout': String(queryTimeoutMs) }),
      ...(lastSeen === undefined ? {} : { 'x-last-seen-txn': String(lastSeen) }),
    }
  }
}
