/** One proxied connection: a client's socket, a socket to the server, and a lane each way between them. */
import { connect, type Socket } from 'node:net'
import { Lane, type LaneRules, type ProxyTime } from './lane.ts'
import { cutSocket, destroySocket, type HowToCut } from './tcp.ts'

/** What a link shares with the others of its proxy. */
export type LinkContext = {
  readonly host: string
  readonly port: number
  readonly rules: LaneRules
  readonly time: ProxyTime
  /** Told when bytes of the server have left for the client. */
  readonly passed: (link: Link) => void
}

/** One proxied connection. */
export class Link {
  /** Resolves when both sockets are gone. */
  readonly closed: Promise<unknown>
  readonly #client: Socket
  readonly #server: Socket
  readonly #lanes: readonly Lane[]
  readonly #rules: LaneRules
  #room = Number.POSITIVE_INFINITY
  #isCut = false
  #isLost = false

  constructor(client: Socket, { host, port, rules, time, passed }: LinkContext) {
    const server = connect({ host, port, allowHalfOpen: true, noDelay: true })
    this.#client = client
    this.#server = server
    this.#rules = rules
    this.closed = Promise.all([client, server].map(socket => new Promise(resolve => socket.once('close', resolve))))
    // A reset of the one side, or a server that cannot be reached, is a reset for the other.
    for (const socket of [client, server]) socket.on('error', () => this.#lose())
    const up = { source: client, sink: server, room: () => Number.POSITIVE_INFINITY, passed: () => undefined }
    const pass = (bytes: number) => {
      this.#room -= bytes
      passed(this)
    }
    const down = { source: server, sink: client, room: () => this.#room, passed: pass }
    this.#lanes = [up, down].map(ends => new Lane(ends, rules, time))
  }

  /** Whether it has passed on all that `allow` let it. */
  get isUsedUp(): boolean {
    return this.#room <= 0
  }

  /** How many more bytes of the server may leave for the client. */
  allow(bytes: number): void {
    this.#room = bytes
  }

  /** Sends what may be sent now; called when the rules have changed. */
  proceed(): void {
    if (this.#isLost) this.#lose()
    for (const lane of this.#lanes) lane.proceed()
  }

  /** Ends both sides as told; what is on its way is lost. */
  cut(how: HowToCut): void {
    if (this.#isCut && how === 'fin') return
    this.#isCut = true
    for (const lane of this.#lanes) lane.stop()
    cutSocket(this.#client, how)
    cutSocket(this.#server, how)
  }

  /**
   * Passes nothing more on, and cuts once a client in the same process has read what was passed: a reset beside bytes
   * that are not read is told by Node as FIN.
   */
  async cutAfterReading(how: HowToCut): Promise<void> {
    for (const lane of this.#lanes) lane.stop()
    // What was written in this turn is read in the next.
    for (let turns = 0; turns < 2; turns++) await new Promise(resolve => setImmediate(resolve))
    this.cut(how)
  }

  /** Destroys both sides; resolves when they are gone. */
  async destroy(): Promise<void> {
    for (const lane of this.#lanes) lane.stop()
    destroySocket(this.#client)
    destroySocket(this.#server)
    await this.closed
  }

  /** One side is gone: the other hears of it, unless nothing passes. */
  #lose(): void {
    this.#isLost = true
    if (!this.#rules.isFrozen) this.cut('rst')
  }
}
