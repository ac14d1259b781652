/** Which session an exchange goes on: as many sessions as the exchanges need; queries have their own. */
import { aborted, orAbort } from '../abort.ts'
import type { End } from '../end.ts'
import type { Exchange, WireRequest } from './exchange.ts'
import { Session, type SessionOptions } from './session.ts'

/** Queries never wait behind streams: each kind has sessions of its own. */
export type Kind = 'query' | 'stream'

/** The sessions of one endpoint. */
export class Pool {
  readonly #options: SessionOptions
  readonly #sessions: Record<Kind, Set<Session>> = { query: new Set(), stream: new Set() }
  #isClosed = false

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** Sessions and exchanges, by kind. */
  count(): Readonly<Record<Kind, { sessions: number; exchanges: number }>> {
    const of = (kind: Kind) => {
      const sessions = [...this.#sessions[kind]]
      return { sessions: sessions.length, exchanges: sessions.reduce((sum, s) => sum + s.size, 0) }
    }
    return { query: of('query'), stream: of('stream') }
  }

  /** Opens an exchange on a session with a free place, connecting where there is none. */
  async open(kind: Kind, wire: WireRequest, signal: AbortSignal): Promise<Exchange | End> {
    while (!this.#isClosed) {
      const session = this.#find(kind) ?? this.#connect(kind)
      session.taken++
      const opened = await this.#openOn(session, wire, signal)
      if (opened === undefined) {
        // Its places went to others, as when the peer allows fewer than we supposed.
        session.taken--
        continue
      }
      if ('how' in opened) this.#giveBack(session)
      else void opened.end.then(() => session.taken--)
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

  async #openOn(session: Session, wire: WireRequest, signal: AbortSignal): Promise<Exchange | End | undefined> {
    const fault = await orAbort(session.ready, signal)
    if (fault === aborted || signal.aborted || this.#isClosed) return { how: 'closed' }
    if (fault) return fault
    if (session.hasPlace) return session.open(wire)
    if (session.isOpen && session.limit === 0) return { how: 'refused', by: 'the peer allows no exchanges at all' }
    return undefined
  }

  /** A connection that is still being made, and that nobody waits for any more, is not worth its wait. */
  #giveBack(session: Session): void {
    session.taken--
    if (session.taken === 0 && !session.isReady) session.destroy()
  }

  #find(kind: Kind): Session | undefined {
    for (const session of this.#sessions[kind]) {
      if (session.isOpen && session.taken < session.limit) return session
    }
    return undefined
  }

  #connect(kind: Kind): Session {
    const session = new Session(this.#options)
    this.#sessions[kind].add(session)
    void session.closed.then(() => this.#sessions[kind].delete(session))
    return session
  }
}
