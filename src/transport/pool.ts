/** Which session an exchange goes on: as many sessions as the exchanges need; queries have their own. */
import { aborted, onAbort, orAbort, wait } from '../abort.ts'
import { Backoff, type BackoffOptions } from '../backoff.ts'
import { type End, toError } from '../end.ts'
import type { PlaceCount } from '../health.ts'
import { tell } from '../observe.ts'
import type { Exchange, WireRequest } from './exchange.ts'
import { Session, type SessionOptions } from './session.ts'

/** Queries never wait behind streams: each kind has sessions of its own. */
export type Kind = 'query' | 'stream'

/** What a pool needs to know: as its sessions, and how long streams wait after a connection that failed. */
export type PoolOptions = Omit<SessionOptions, 'supposedLimit' | 'maySound'> & { readonly backoff: BackoffOptions }

/** When a request stops waiting for a place, whichever connections it tries; set when it first has to wait. */
type Deadline = { at: number | undefined }

/** The sessions of one endpoint. */
export class Pool {
  readonly #options: PoolOptions
  readonly #sessions: Record<Kind, Set<Session>> = { query: new Set(), stream: new Set() }
  readonly #waiting: Record<Kind, number> = { query: 0, stream: 0 }
  /** What the peer last said that it allows on one connection: the next ones are filled accordingly. */
  #supposedLimit = Number.POSITIVE_INFINITY
  #pingIntervalMs: number
  /** Streams that come back together share the wait for a peer that takes no connection. */
  readonly #backoff: Backoff
  #connectAt = 0
  #isClosed = false

  constructor(options: PoolOptions) {
    this.#options = options
    this.#pingIntervalMs = options.pingIntervalMs
    this.#backoff = new Backoff({ ...options.backoff, maxAttempts: Number.POSITIVE_INFINITY })
  }

  /** What is open now, by kind. */
  count(): Readonly<Record<Kind, PlaceCount>> {
    const of = (kind: Kind): PlaceCount => {
      const count = { sessions: 0, exchanges: 0, closing: 0, waiting: this.#waiting[kind] }
      for (const session of this.#sessions[kind]) {
        const { size, closing } = session
        count.sessions++
        count.exchanges += size - closing
        count.closing += closing
      }
      return count
    }
    return { query: of('query'), stream: of('stream') }
  }

  /** How many exchanges each session of a kind carries. */
  sizes(kind: Kind): number[] {
    return [...this.#sessions[kind]].map(session => session.size - session.closing)
  }

  /** Opens an exchange on a session with a free place, connecting where there is none. */
  async open(kind: Kind, wire: WireRequest, signal: AbortSignal): Promise<Exchange | End> {
    const place: Deadline = { at: undefined }
    while (!this.#isClosed && !signal.aborted) {
      const session = await this.#choose(kind, signal)
      if (session === undefined) break
      const opened = await this.#openOn(kind, session, wire, place, signal)
      if (opened === undefined) {
        // Its places went to others, as when the peer allows fewer than we supposed.
        session.taken--
        continue
      }
      if ('how' in opened) this.#giveBack(session)
      else void opened.gone.then(() => session.taken--)
      return opened
    }
    return { how: 'closed' }
  }

  /** Closes every connection at once; resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true
    const sessions = [...this.#sessions.query, ...this.#sessions.stream]
    for (const session of sessions) session.destroy()
    await Promise.all(sessions.map(session => session.closed))
  }

  async #openOn(kind: Kind, session: Session, wire: WireRequest, place: Deadline, signal: AbortSignal) {
    const fault = await orAbort(session.ready, signal)
    if (fault === aborted || signal.aborted || this.#isClosed) return { how: 'closed' } as const
    if (fault) return fault
    if (session.hasPlace) return session.open(wire)
    if (session.isBarred) return this.#awaitPlace(kind, session, place, signal)
    return undefined
  }

  /** A peer that allows nothing at all for now may allow it soon: the wait has an end, and stands in `count()`. */
  async #awaitPlace(kind: Kind, session: Session, place: Deadline, signal: AbortSignal): Promise<End | undefined> {
    const { time, connectTimeoutMs: waitedMs } = this.#options
    place.at ??= time.now() + waitedMs
    const restMs = Math.max(0, place.at - time.now())
    this.#waiting[kind]++
    try {
      return await new Promise(resolve => {
        const stops = [
          session.watch(() => {
            if (session.limit > 0 || !session.isOpen) done(undefined)
          }),
          onAbort(signal, () => done({ how: 'closed' })),
        ]
        // Nothing is open on the connection: the wait itself keeps the process alive.
        const timer = time.after(restMs, () => done({ how: 'silent', awaited: 'place', waitedMs }), { isAwaited: true })
        function done(end: End | undefined): void {
          timer.cancel()
          for (const stop of stops) stop()
          resolve(end)
        }
      })
    } finally {
      this.#waiting[kind]--
      // The next try gets a connection of its own, where the peer may think otherwise.
      if (session.isBarred) session.retire()
    }
  }

  /** A connection that is still being made, and that nobody waits for any more, is not worth its wait. */
  #giveBack(session: Session): void {
    session.taken--
    if (session.taken === 0 && !session.isReady) session.destroy()
  }

  /** The session to go on, a place on it taken; `undefined` where the wait for a new one was given up. */
  async #choose(kind: Kind, signal: AbortSignal): Promise<Session | undefined> {
    while (!signal.aborted && !this.#isClosed) {
      const waitMs = kind === 'stream' ? this.#connectAt - this.#options.time.now() : 0
      const session = this.#find(kind) ?? (waitMs <= 0 ? this.#connect(kind) : undefined)
      if (session) {
        // In this very turn: in the next one the last who waited for it may have given it up.
        session.taken++
        return session
      }
      this.#waiting[kind]++
      await wait(this.#options.time, waitMs, signal)
      this.#waiting[kind]--
    }
    return undefined
  }

  #find(kind: Kind): Session | undefined {
    const open = [...this.#sessions[kind]].filter(session => session.isOpen)
    // Where the peer allows nothing on one connection, more connections would not help.
    return open.find(session => session.taken < session.limit) ?? open.find(session => session.isBarred)
  }

  #connect(kind: Kind): Session {
    const [supposedLimit, pingIntervalMs] = [this.#supposedLimit, this.#pingIntervalMs]
    const maySound = pingIntervalMs === this.#options.pingIntervalMs
    const session = new Session({ ...this.#options, pingIntervalMs, supposedLimit, maySound })
    this.#sessions[kind].add(session)
    const unwatch = session.watch(() => {
      // A peer that allows nothing for now says nothing of what it allows later.
      if (session.peerLimit > 0) this.#supposedLimit = session.peerLimit
    })
    const { origin: endpoint } = this.#options.endpoint
    let error: Error | undefined
    void session.ready.then(fault => {
      this.#heed(fault)
      if (fault === undefined) tell('session:open', () => ({ endpoint, kind }))
      else if (fault.how !== 'closed') error = toError(fault, endpoint)
    })
    void session.closed.then(() => {
      tell('session:close', () => ({ endpoint, kind, error }))
      unwatch()
      this.#sessions[kind].delete(session)
      this.#pingIntervalMs = Math.max(this.#pingIntervalMs, session.nextPingIntervalMs)
    })
    return session
  }

  /** After a connection that could not be made the streams wait together, each time longer. */
  #heed(fault: End | undefined): void {
    if (fault === undefined) this.#backoff.reset()
    else if (fault.how !== 'closed') this.#connectAt = this.#options.time.now() + (this.#backoff.next() ?? 0)
  }
}
