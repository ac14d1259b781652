/**
 * The embedded server as a whole: a service behind a port that can be closed and opened again. What was written stays
 * for as long as the object lives, and in a folder where one is given.
 */
import { listen } from './listener.ts'
import type { Listener } from './listener.ts'
import type { StreamError } from './live-stream.ts'
import { settleOptions } from './options.ts'
import type { SettledOptions } from './options.ts'
import { reportRequests } from './request-reports.ts'
import type { ReportListener } from './request-reports.ts'
import { Service } from './service.ts'

/** Options of the embedded server. */
export type LocalOptions = {
  /** Where to listen. Default: `'127.0.0.1'`. */
  readonly host?: string | undefined
  /** Default 0: any free port. */
  readonly port?: number | undefined
  /** The root secret: it may do everything. Default: `'secret'`. */
  readonly secret?: string | undefined
  /** Whether the faults of the real server are repeated. Default: true. */
  readonly quirks?: boolean | undefined
  /** Milliseconds since the epoch; transaction times come from it. Default: `Date.now`. */
  readonly now?: (() => number) | undefined
  /** How many streams of documents may be open at once; as on the real server one more gets through. Default: 50 000. */
  readonly maxStreams?: number | undefined
  /**
   * Milliseconds between the headers of a stream and its `start` (the real server takes up to 300); what is committed
   * meanwhile is not told. Default: 0.
   */
  readonly startDelayMs?: number | undefined
  /** Told what each request came to, and when streams open and end. Default: nobody is told. */
  readonly onRequest?: ReportListener | undefined
  /**
   * A folder that keeps what is written between runs; it is made where there is none. An answer is sent when what it
   * tells is on the disk. One server at a time uses a folder. Default: everything is gone with the object.
   */
  readonly dataDir?: string | undefined
}

/** A running embedded server. */
export class LocalServer {
  readonly #options: SettledOptions
  #service: Service
  readonly secret: string
  #port: number
  #listener: Listener | undefined
  #hasFolder = false

  /** Throws `OptionError` where an option cannot be used. */
  constructor(options: LocalOptions) {
    this.#options = settleOptions(options)
    this.#port = this.#options.port
    this.secret = this.#options.secret
    this.#service = new Service(this.#options)
  }

  /** The port; it stays the same when the server is stopped and started again. */
  get port(): number {
    return this.#port
  }

  /** `http://host:port`. */
  get endpoint(): string {
    const { host } = this.#options
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}`
  }

  /**
   * Listens, with all the data that there was before. Does nothing while it listens already. Rejects with a `StateError`
   * where the data folder is used by another server (`data_in_use`), or cannot be read (`bad_data`).
   */
  async start(): Promise<void> {
    if (this.#listener !== undefined) return
    const { host, dataDir, onRequest } = this.#options
    if (dataDir !== undefined && !this.#hasFolder) await this.#openFolder(dataDir)
    const answer = this.#service.handle.bind(this.#service)
    const handle = onRequest === undefined ? answer : reportRequests(answer, onRequest)
    this.#listener = await listen({ host, port: this.#port, handle })
    this.#port = this.#listener.port
  }

  /**
   * Ends all streams and connections, and listens no more; the data stays. With grace, which is the default, streams
   * end without an error after all that was written, as when the real server gets SIGTERM; without it connections are
   * just gone, as after SIGKILL.
   */
  async stop({ grace = true }: { readonly grace?: boolean } = {}): Promise<void> {
    const listener = this.#listener
    this.#listener = undefined
    if (!grace) listener?.destroyConnections()
    else {
      // What was written is answered before the connections end.
      if (this.#hasFolder) await this.#service.settle()
      this.#service.stop()
    }
    await listener?.close()
    this.#service.stop()
  }

  /** Stops for good, and lets the data folder go; started again, it reads what the folder holds then. */
  async close(): Promise<void> {
    await this.stop()
    if (this.#hasFolder) await this.#closeFolder()
  }

  /** Ends every open stream: with an error event, or without a word. */
  endStreams(error?: StreamError): void {
    this.#service.endStreams(error)
  }

  /** All that the server holds as newline-delimited JSON (docs/embedded-server.md): the lines, without their ends. */
  exportLines(): Iterable<string> {
    return this.#service.exportLines()
  }

  /**
   * Fills an empty server with such lines: all of them, or none. Resolves when they are kept. Rejects with a `StateError`
   * (`bad_import`) that names the line which cannot be read, or says that there is data already.
   */
  async importLines(lines: Iterable<string>): Promise<void> {
    this.#service.importLines(lines)
    await this.#service.settle()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #openFolder(path: string): Promise<void> {
    try {
      await this.#service.keepIn(path)
      this.#hasFolder = true
    } catch (error) {
      // It may have read a part of what is there.
      this.#service = new Service(this.#options)
      throw error
    }
  }

  async #closeFolder(): Promise<void> {
    this.#hasFolder = false
    const service = this.#service
    this.#service = new Service(this.#options)
    await service.close()
  }
}
