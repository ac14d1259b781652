/** One HTTP/2 connection: its opening, its places, its liveness, its end. */
import { type ClientHttp2Session, connect, type Settings } from 'node:http2'
import type { End } from '../end.ts'
import type { Time, Timer } from '../time.ts'
import { enhanceYourCalm, nameOf, noError } from './codes.ts'
import { Exchange, type ExchangeOwner, type WireRequest } from './exchange.ts'
import { KeepAlive, type Pingable } from './keepalive.ts'
import { ResetBudget } from './reset-budget.ts'
import { type Windowed, Windows } from './windows.ts'

/** The subset of TLS options that can be given: as in `tls.connect`. */
export type TlsOptions = {
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  readonly cert?: string | Uint8Array | undefined
  readonly key?: string | Uint8Array | undefined
  readonly servername?: string | undefined
  readonly rejectUnauthorized?: boolean | undefined
}

/** What a session needs to know; times in milliseconds. */
export type SessionOptions = {
  readonly endpoint: URL
  readonly tls: TlsOptions
  readonly time: Time
  readonly connectTimeoutMs: number
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

/** OpenSSL's name for the alert of a TLS peer that does not offer `h2` (RFC 7301 §3.2). */
const noCommonProtocol = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'

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
  readonly #resets: ResetBudget
  readonly #windows: Windows
  /** Exchanges that were let go and whose reset waits its turn; oldest first. */
  readonly #unreset = new Set<Exchange>()
  #resetTimer: Timer | undefined
  /** Called when the limit may have changed, or no more exchanges are taken. */
  readonly #watchers = new Set<() => void>()
  #pingsUnanswered = 0
  #peerLimit: number
  #isReady = false
  #isRetired = false
  #goaway: { code: number; lastStreamId: number; reason: string } | undefined
  #end: End | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#peerLimit = options.supposedLimit
    this.#resets = new ResetBudget(options.time)
    this.#windows = new Windows(this, options.time, options.receiveBufferBytes)
    this.lastHeardAt = options.time.now()
    this.#keepAlive = new KeepAlive(this, options.time, options.pingIntervalMs, options.pingTimeoutMs)
    this.#http2 = connect(options.endpoint.origin, {
      ...toNodeTls(options.tls),
      settings: { initialWindowSize: this.#windows.streamBytes, enablePush: false },
    })
    this.#http2.once('connect', (_session, socket: ClientHttp2Session['socket']) => {
      // Node tells this a turn late: the session may have been destroyed meanwhile.
      if (this.#http2.destroyed) return
      socket.setNoDelay(true)
      this.#http2.setLocalWindowSize(this.#windows.connectionBytes)
    })
    this.ready = this.#becomeReady()
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
    const isTooOften = this.#goaway?.reason === 'too_many_pings' && this.#goaway.code === enhanceYourCalm
    return isTooOften ? Math.max(pingIntervalMs, Math.min(2 * pingIntervalMs, maxRaisedIntervalMs)) : pingIntervalMs
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
    return !this.#isRetired && this.#end === undefined && !this.#http2.closed && !this.#http2.destroyed
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
    if (this.#resets.spend()) return true
    // Past the budget it takes nothing new: what is open goes on, what is let go waits its turn.
    this.retire()
    this.#unreset.add(exchange)
    this.#awaitReset()
    return false
  }

  cancelled(): void {
    // Nobody reads here any more: closing the connection costs no reset.
    if (this.#unreset.size > 0 && this.closing === this.size) this.destroy()
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
    this.#end ??= { how: 'closed' }
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
    if (!this.#options.maySound || this.#http2.destroyed || this.#http2.closed) return false
    return this.#http2.ping(error => {
      if (error) return
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
    if (this.#http2.destroyed) return false
    const sentAt = this.#options.time.now()
    const answered = (error: Error | null) => {
      this.#pingsUnanswered = 0
      if (error) return
      this.heard()
      for (const exchange of this.#exchanges) exchange.pinged?.(this.lastHeardAt - sentAt)
    }
    try {
      // Node refuses an eleventh PING while ten are unanswered; one is enough to wait for.
      if (this.#pingsUnanswered > 0) return true
      // After GOAWAY Node sends no PING, and the exchanges that go on need one (RFC 9113 §6.8): an empty SETTINGS frame
      // changes nothing and must be acknowledged at once too (§6.5.3).
      if (this.#http2.closed) this.#http2.settings({}, answered)
      else if (!this.#http2.ping(answered)) return false
      this.#pingsUnanswered++
      return true
    } catch {
      // Destroyed meanwhile: both throw on the spot, and its own end tells.
      return false
    }
  }

  giveUp(waitedMs: number): void {
    this.#fail({ how: 'silent', awaited: 'ping', waitedMs })
  }

  endOf(streamId: number | undefined): End | undefined {
    const goaway = this.#goaway
    if (goaway && streamId !== undefined && streamId > goaway.lastStreamId) {
      return { how: 'refused', by: `GOAWAY ${nameOf(goaway.code)} with a lower last stream` }
    }
    if (this.#end) return this.#end
    if (goaway && goaway.code !== noError) {
      return { how: 'goaway', code: goaway.code, codeName: nameOf(goaway.code) }
    }
    // After a FIN Node ends the exchange with CANCEL and no error, and the socket is gone by then.
    return isGone(this.#http2) ? { how: 'cut' } : undefined
  }

  #release(exchange: Exchange): void {
    this.#exchanges.delete(exchange)
    this.#unreset.delete(exchange)
    this.#windows.share(this.#exchanges.size)
    if (this.#exchanges.size > 0) return this.cancelled()
    this.#keepAlive.stop()
    if (this.#isRetired) this.#http2.close()
    // Nothing is open: the process may exit.
    else if (!this.#http2.destroyed) this.#http2.unref()
  }

  #awaitReset(): void {
    this.#resetTimer ??= this.#options.time.after(this.#resets.waitMs, () => {
      this.#resetTimer = undefined
      for (const exchange of this.#unreset) {
        if (!this.#resets.spend()) return this.#awaitReset()
        this.#unreset.delete(exchange)
        exchange.reset()
      }
    })
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) watcher()
  }

  #fail(end: End): void {
    this.#end ??= end
    this.#http2.destroy()
  }

  #listen(): void {
    this.#http2.on('remoteSettings', (settings: Settings) => {
      this.heard()
      this.#peerLimit = settings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY
      this.#tellWatchers()
    })
    this.#http2.on('goaway', (code, lastStreamId, reason?: Uint8Array) => {
      this.#isRetired = true
      this.#goaway = { code, lastStreamId, reason: Buffer.from(reason ?? []).toString('latin1') }
      this.#tellWatchers()
    })
    this.#http2.on('error', cause => {
      if (this.#goaway === undefined) this.#end ??= { how: 'cut', cause }
    })
    this.#http2.once('close', () => {
      this.#keepAlive.stop()
      this.#resetTimer?.cancel()
      this.#end ??= { how: 'cut' }
      this.#tellWatchers()
    })
  }

  /** A session is usable when the peer's SETTINGS came: a peer that is not HTTP/2 accepts the connection as well. */
  #becomeReady(): Promise<End | undefined> {
    const { time, connectTimeoutMs } = this.#options
    return new Promise(resolve => {
      const timer = time.after(connectTimeoutMs, () => {
        this.#fail({ how: 'silent', awaited: 'connection', waitedMs: connectTimeoutMs })
      })
      this.#http2.once('remoteSettings', () => {
        timer.cancel()
        this.#isReady = true
        if (this.#exchanges.size === 0) this.#http2.unref()
        resolve(undefined)
      })
      let error: Error | undefined
      this.#http2.once('error', e => (error = e))
      this.#http2.once('close', () => {
        timer.cancel()
        if (this.#end === undefined || this.#end.how === 'cut') this.#end = this.#classifyOpening(error)
        resolve(this.#end)
      })
    })
  }

  /** A peer that wants TLS closes a connection in clear text, most often without a word. */
  get #hint(): string {
    return this.#options.endpoint.protocol === 'http:' ? ' (a server that wants TLS does so: is it https://?)' : ''
  }

  #classifyOpening(cause: Error | undefined): End {
    if (this.#isReady) return { how: 'cut', cause }
    const code = cause && 'code' in cause ? String(cause.code) : ''
    // Who was cut off before its SETTINGS may speak HTTP/2 the next time; of other words nghttp2 makes an error.
    const isForeign = code.startsWith('ERR_HTTP2') || code === noCommonProtocol
    if (isForeign) return { how: 'foreign', cause }
    return {
      how: 'unreachable',
      cause: cause ?? new Error(`the connection was closed before SETTINGS came${this.#hint}`),
    }
  }
}

function isGone(http2: ClientHttp2Session): boolean {
  return http2.destroyed || http2.socket === undefined || http2.socket.destroyed
}

function toNodeTls(tls: TlsOptions): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined))
}
