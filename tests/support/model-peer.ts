/** The server of a model run: it tells a stream what is committed, until it is made to fail. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { FrameConnection } from '../../src/testing/connection.ts'
import { frameType, type FrameRequest } from '../../src/testing/index.ts'
import { Waits } from '../../src/testing/waits.ts'
import { ManualTime } from './clock.ts'

const jsonType = { 'content-type': 'application/json;charset=utf-8' }

/** Time in which the waits between attempts take one turn; everything else waits until the model lets time pass. */
export class ModelTime extends ManualTime {
  override after(delayMs: number, run: () => void, { isAwaited = false } = {}) {
    const timer = super.after(delayMs, run)
    if (!isAwaited) return timer
    const at = this.now() + delayMs
    const immediate = setImmediate(() => this.pass(Math.max(0, at - this.now())))
    return {
      cancel() {
        clearImmediate(immediate)
        timer.cancel()
      },
    }
  }
}

/** One stream that the client opened. */
export class Opening {
  readonly connection: FrameConnection
  readonly id: number

  constructor(connection: FrameConnection, id: number) {
    this.connection = connection
    this.id = id
  }

  /** Whether the client has let it go, or the connection is gone. */
  get isOver(): boolean {
    return this.connection.isClosed || this.connection.received(frameType.reset, this.id).length > 0
  }

  respond(status = 200): void {
    this.connection.respond(this.id, status, jsonType)
  }

  /** Sends bytes as the client's windows let it. */
  write(bytes: string | Uint8Array): void {
    void this.connection.write(this.id, bytes)
  }

  end(): void {
    this.connection.data(this.id, '', true)
  }
}

/** A server on one port of 127.0.0.1, which it can leave and take again. */
export class ModelPeer {
  readonly waits = new Waits()
  readonly time: ModelTime
  readonly #secret: string
  readonly #opened: (opening: Opening) => void
  readonly #connections = new Set<FrameConnection>()
  readonly #sockets = new Set<Socket>()
  /** What is done to the next connections, where that is not HTTP/2. */
  readonly #greetings: ((socket: Socket) => void)[] = []
  #server: Server | undefined
  #port = 0
  #isClosed = false

  private constructor(time: ModelTime, secret: string, opened: (opening: Opening) => void) {
    this.time = time
    this.#secret = secret
    this.#opened = opened
  }

  /** `opened` is called with each stream that comes with this secret: any other came to a port that changed hands. */
  static async listen(time: ModelTime, secret: string, opened: (opening: Opening) => void): Promise<ModelPeer> {
    const peer = new ModelPeer(time, secret, opened)
    await peer.#listen()
    return peer
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Ends every connection. */
  cut(how: 'fin' | 'rst'): void {
    for (const connection of this.#connections) connection.close(how)
  }

  /** What is done to the next connection instead of HTTP/2. */
  greet(greeting: (socket: Socket) => void): void {
    this.#greetings.push(greeting)
  }

  /** Refuses connections until `check` holds. */
  async refuseUntil(check: () => boolean): Promise<void> {
    this.#server?.close()
    this.cut('rst')
    await this.waits.until(check)
    await this.#listen()
  }

  /** Lets time pass, in steps in which everything that is under way arrives, until `check` holds. */
  async passUntil(check: () => boolean): Promise<void> {
    while (!check() && !this.#isClosed) {
      this.time.pass(5_000)
      await turn()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.waits.end(new Error('the run is over'))
    const server = this.#server
    const closed = server?.listening ? new Promise(resolve => server.close(resolve)) : undefined
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #listen(): Promise<void> {
    for (;;) {
      const server = createServer({ noDelay: true, allowHalfOpen: false }, socket => this.#accept(socket))
      const isTaken = await new Promise<boolean>((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) => {
          if (error.code === 'EADDRINUSE') resolve(false)
          else reject(error)
        })
        server.listen(this.#port, '127.0.0.1', () => resolve(true))
      })
      if (isTaken) {
        this.#server = server
        this.#port = (server.address() as AddressInfo).port
        return
      }
      // Someone has the port for a moment, which we had left.
      await turn()
    }
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => this.#sockets.delete(socket))
    const greeting = this.#greetings.shift()
    if (greeting) {
      socket.resume()
      return greeting(socket)
    }
    const connection = new FrameConnection(socket, {
      opened: from => from.settings(),
      request: (from, request) => this.#take(from, request),
      frame: () => this.waits.look(),
      closed: from => {
        this.#connections.delete(from)
        this.waits.look()
      },
    })
    this.#connections.add(connection)
  }

  #take(connection: FrameConnection, { streamId, headers }: FrameRequest): void {
    if (headers['authorization'] !== `Bearer ${this.#secret}`) return connection.close('rst')
    this.#opened(new Opening(connection, streamId))
  }
}
