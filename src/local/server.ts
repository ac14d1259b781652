/**
 * The embedded server as a whole: a service behind a port that can be closed and opened again. What was written stays
 * for as long as the object lives.
 */
import { listen } from './listener.ts'
import type { Listener } from './listener.ts'
import type { StreamError } from './live-stream.ts'
import { Service } from './service.ts'

/** Options of the embedded server. */
export type LocalOptions = {
  /** Where to listen. Default: `'127.0.0.1'`. */
  readonly host?: string
  /** Default 0: any free port. */
  readonly port?: number
  /** The root secret: it may do everything. Default: `'secret'`. */
  readonly secret?: string
  /** Whether the faults of the real server are repeated. Default: true. */
  readonly quirks?: boolean
  /** Milliseconds since the epoch; transaction times come from it. Default: `Date.now`. */
  readonly now?: () => number
  /** How many streams of documents may be open at once. Default: 50 000. */
  readonly maxStreams?: number
  /**
   * Milliseconds between the headers of a stream and its `start` (the real server takes up to 300); what is committed
   * meanwhile is not told. Default: 0.
   */
  readonly startDelayMs?: number
}

/** The limit of the real server. */
const DEFAULT_MAX_STREAMS = 50_000
const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_SECRET = 'secret'

/** A running embedded server. */
export class LocalServer {
  readonly #host: string
  readonly #service: Service
  readonly secret: string
  #port: number
  #listener: Listener | undefined

  constructor(options: LocalOptions) {
    this.#host = options.host ?? DEFAULT_HOST
    this.#port = options.port ?? 0
    this.secret = options.secret ?? DEFAULT_SECRET
    this.#service = new Service({
      secret: this.secret,
      quirks: options.quirks ?? true,
      maxStreams: options.maxStreams ?? DEFAULT_MAX_STREAMS,
      startDelayMs: options.startDelayMs ?? 0,
      ...(options.now && { now: options.now }),
    })
  }

  /** The port; it stays the same when the server is stopped and started again. */
  get port(): number {
    return this.#port
  }

  /** `http://host:port`. */
  get endpoint(): string {
    return `http://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.#port}`
  }

  /** Listens, with all the data that there was before. Does nothing while it listens already. */
  async start(): Promise<void> {
    if (this.#listener !== undefined) return
    const handle = this.#service.handle.bind(this.#service)
    this.#listener = await listen({ host: this.#host, port: this.#port, handle })
    this.#port = this.#listener.port
  }

  /** Ends all streams and connections, as the real server does when it shuts down; the data stays. */
  async stop(): Promise<void> {
    const listener = this.#listener
    this.#listener = undefined
    this.#service.stop()
    await listener?.close()
  }

  /** Stops for good. */
  async close(): Promise<void> {
    await this.stop()
  }

  /** Ends every open stream: with an error event, or without a word. */
  endStreams(error?: StreamError): void {
    this.#service.endStreams(error)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
