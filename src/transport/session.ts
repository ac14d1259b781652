/** One HTTP/2 connection: the exchanges on it, how many it takes, and when it takes no more. */
import type { ClientHttp2Session, Settings } from 'node:http2'
import type { End } from '../end.ts'
import { Exchange, type ExchangeOwner, type WireRequest } from './exchange.ts'
import { KeepAlive, type Pingable } from './keepalive.ts'
import { awaitSettings, connectTo, type OpeningOptions } from './opening.ts'
import { Pings } from './pings.ts'
import { Resets } from './resets.ts'
import { SessionEnd } from './session-end.ts'
import { type Windowed, Windows } from './windows.ts'

/** What a session needs to know; times in milliseconds. */
export type SessionOptions = OpeningOptions & {
  readonly pingIntervalMs: number
  readonly pingTimeoutMs: number
  readonly maxExchanges: number
  /** How many exchanges its peer is supposed to allow before its SETTINGS say so. */
  readonly supposedLimit: number
  /** What all paused loops of the session may hold together, in bytes. */
  readonly receiveBufferBytes: number
  /** Whether it may send PINGs to measure the distance: not to a peer that called them too many. */
  readonly maySound: boolean
}

/** No peer makes us wait longer than this before a PING by calling them too many, in milliseconds. */
const maxRaisedIntervalMs = 5 * 60_000

/** One `http2.connect`. Usable when `ready` resolves with nothing. */
export class Session implements ExchangeOwner, Pingable, Windowed {
  /** `undefined` when the peer's SETTINGS have come; else the end that made it unusable. Never rejects. */
  readonly ready: Promise<End | undefined>
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>
  /** Exchanges that were promised a place or have one. */
  taken = 0
  lastHeardAt: number
  readonly #http2: ClientHttp2Session
  readonly #options: SessionOptions
  readonly #keepAlive: KeepAlive
  readonly #exchanges = new Set<Exchange>()
  readonly #windows: Windows
  readonly #pings: Pings
  readonly #resets: Resets
  readonly #end = new SessionEnd()
  /** Called when the limit may have changed, or no more exchanges are taken. */
  readonly #watchers = new Set<() => void>()
  #peerLimit: number
  #isReady = false
  #isRetired = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.#peerLimit = options.supposedLimit
    this.#resets = new Resets(options.time)
    this.#windows = new Windows(this, options.time, options.receiveBufferBytes)
    this.lastHeardAt = options.time.now()
    this.#keepAlive = new KeepAlive(this, options.time, options.pingIntervalMs, options.pingTimeoutMs)
    this.#http2 = connectTo(options, this.#windows)
    this.#pings = new Pings(this.#http2)
    this.ready = awaitSettings(this.#http2, this.#end, options, () => {
      this.#isReady = true
      if (this.#exchanges.size === 0) this.#http2.unref()
    })
    this.closed = new Promise(resolve => this.#http2.once('close', resolve))
    this.#listen()
  }

  /** Whether the peer's SETTINGS have come. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** How many exchanges it carries. */
  get size(): number {
    return this.#exchanges.size
  }

  /** How many of its exchanges were let go and are not gone yet. */
  get closing(): number {
    return [...this.#exchanges].filter(exchange => exchange.isClosing).length
  }

  /** How many exchanges the peer allows at once, by its SETTINGS. */
  get peerLimit(): number {
    return this.#peerLimit
  }

  /** How long the next one should wait before it PINGs: twice as long where the peer said that it was too often. */
  get nextPingIntervalMs(): number {
    const { pingIntervalMs } = this.#options
    if (!this.#end.isTooManyPings) return pingIntervalMs
    return Math.max(pingIntervalMs, Math.min(2 * pingIntervalMs, maxRaisedIntervalMs))
  }

  /** Whether the peer allows nothing at all here, now: not even what was there before. */
  get isBarred(): boolean {
    return this.isOpen && this.#isReady && this.limit === 0 && this.size === 0
  }

  /** How many exchanges it may carry at once: our limit, never above the peer's (RFC 9113 §5.1.2). */
  get limit(): number {
    return Math.min(this.#options.maxExchanges, this.#peerLimit)
  }

  /** Whether new exchanges may be put here. */
  get isOpen(): boolean {
    return !this.#isRetired && !this.#end.isKnown && !this.#http2.closed && !this.#http2.destroyed
  }

  /** Whether one more exchange can be opened now. */
  get hasPlace(): boolean {
    return this.isOpen && this.#isReady && this.#exchanges.size < this.limit
  }

  /** Opens an exchange; an `End` where the session turned out to be unusable. */
  open(wire: WireRequest): Exchange | End {
    // Not every version of Node throws for a session that is closing.
    if (!this.isOpen) return { how: 'refused', by: 'the session is closing' }
    let exchange: Exchange
    try {
      exchange = new Exchange(this.#http2, this, wire)
    } catch (cause) {
      // request() throws on the spot on a destroyed session, and after GOAWAY.
      return { how: 'refused', by: 'the session is closing', cause }
    }
    this.#exchanges.add(exchange)
    this.#windows.share(this.#exchanges.size)
    if (this.#exchanges.size === 1) {
      this.#http2.ref()
      this.#keepAlive.start()
    }
    void exchange.gone.then(() => this.#release(exchange))
    return exchange
  }

  /** Calls `run` when the limit may have changed or the session takes no more; gives a function that stops that. */
  watch(run: () => void): () => void {
    this.#watchers.add(run)
    return () => this.#watchers.delete(run)
  }

  mayReset(exchange: Exchange): boolean {
    if (this.#resets.mayReset(exchange)) return true
    // Past the budget it takes nothing new: what is open goes on, what is let go waits its turn.
    this.retire()
    return false
  }

  cancelled(): void {
    // Nobody reads here any more: closing the connection costs no reset.
    if (this.#resets.areWaiting && this.closing === this.size) this.destroy()
  }

  /** Takes no new exchanges; the connection closes when the last one has ended. */
  retire(): void {
    this.#isRetired = true
    this.#tellWatchers()
    if (this.#exchanges.size === 0) this.#http2.close()
  }

  /** Closes the connection and all its exchanges at once. */
  destroy(): void {
    this.#isRetired = true
    this.#end.settle({ how: 'closed' })
    this.#http2.destroy()
  }

  heard(): void {
    this.lastHeardAt = this.#options.time.now()
  }

  received(bytes: number): void {
    this.heard()
    this.#windows.received(bytes)
  }

  sound(answered: () => void): boolean {
    if (!this.#options.maySound) return false
    return this.#pings.sound(() => {
      this.heard()
      answered()
    })
  }

  setWindows(streamBytes: number, connectionBytes: number, applied: () => void): void {
    try {
      this.#http2.settings({ initialWindowSize: streamBytes }, applied)
      this.#http2.setLocalWindowSize(connectionBytes)
    } catch {
      // Destroyed meanwhile: its own end tells.
    }
  }

  ping(): boolean {
    const sentAt = this.#options.time.now()
    return this.#pings.ask(() => {
      this.heard()
      for (const exchange of this.#exchanges) exchange.pinged?.(this.lastHeardAt - sentAt)
    })
  }

  giveUp(waitedMs: number): void {
    this.#end.settle({ how: 'silent', awaited: 'ping', waitedMs })
    this.#http2.destroy()
  }

  endOf(streamId: number | undefined): End | undefined {
    return this.#end.of(streamId, isGone(this.#http2))
  }

  #release(exchange: Exchange): void {
    this.#exchanges.delete(exchange)
    this.#resets.forget(exchange)
    this.#windows.share(this.#exchanges.size)
    if (this.#exchanges.size > 0) return this.cancelled()
    this.#keepAlive.stop()
    if (this.#isRetired) this.#http2.close()
    // Nothing is open: the process may exit.
    else if (!this.#http2.destroyed) this.#http2.unref()
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) watcher()
  }

  #listen(): void {
    this.#http2.on('remoteSettings', (settings: Settings) => {
      this.heard()
      this.#peerLimit = settings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY
      this.#tellWatchers()
    })
    this.#http2.on('goaway', (code, lastStreamId, reason?: Uint8Array) => {
      this.#isRetired = true
      this.#end.goAway(code, lastStreamId, reason)
      this.#tellWatchers()
    })
    this.#http2.on('error', cause => this.#end.fail(cause))
    this.#http2.once('close', () => {
      this.#keepAlive.stop()
      this.#resets.stop()
      this.#end.settle({ how: 'cut' })
      this.#tellWatchers()
    })
  }
}

function isGone(http2: ClientHttp2Session): boolean {
  return http2.destroyed || http2.socket === undefined || http2.socket.destroyed
}
