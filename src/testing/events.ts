/**
 * A peer that plays a FaunaDB whose streams a test writes line by line, and ends as it likes. Of the database it knows
 * nothing: `fauna-streams/local` does. Queries are answered with what the test says.
 */
import type { FrameConnection } from './connection.ts'
import { type FramePeer, type FramePeerOptions, serveFrames } from './frames.ts'
import { startLine } from './lines.ts'
import type { FrameRequest } from './request.ts'

/** What ends each line on the wire. */
const lineEnd = '\r\n'
const jsonType = { 'content-type': 'application/json;charset=utf-8' }

/** One request and its answer. */
export class EventExchange {
  readonly connection: FrameConnection
  readonly request: FrameRequest
  /** The transaction time that its `start` tells, in microseconds. */
  readonly txn: number

  constructor(connection: FrameConnection, request: FrameRequest, txn: number) {
    this.connection = connection
    this.request = request
    this.txn = txn
  }

  /** Whether the answer was reset, by either side, or the connection is gone. */
  get isReset(): boolean {
    return this.connection.isReset(this.request.streamId)
  }

  /** Begins the answer of a stream: the status 200, and the `start` line; `null`: no line yet. */
  start(line: string | null = startLine(this.txn)): void {
    this.connection.respond(this.request.streamId, 200, { ...jsonType, 'x-txn-time': String(this.txn) })
    if (line !== null) void this.send(line)
  }

  /**
   * Sends a line, and what ends it. Resolves with whether all of it was sent: a client that does not read takes only
   * so much (`FrameConnection.write`).
   */
  send(line: string): Promise<boolean> {
    return this.write(line + lineEnd)
  }

  /** Sends bytes as they are: half a line, or none. */
  write(bytes: string | Uint8Array): Promise<boolean> {
    return this.connection.write(this.request.streamId, bytes)
  }

  /** Answers whole: a refusal, or a query's answer. */
  respond(status: number, body: unknown): void {
    this.connection.respond(this.request.streamId, status, { ...jsonType, 'x-txn-time': String(this.txn) })
    void this.connection.write(this.request.streamId, JSON.stringify(body), true)
  }

  /** Ends the answer as a server does that shuts down (END_STREAM), after all that was sent. */
  end(): void {
    void this.connection.write(this.request.streamId, '', true)
  }

  /** Resets the answer (RST_STREAM) with one of `errorCode`, or any other. */
  reset(code: number): void {
    this.connection.reset(this.request.streamId, code)
  }
}

/** What an event peer does by itself. */
export type EventPeerOptions = Pick<FramePeerOptions, 'settings' | 'maxConcurrentStreams' | 'split'> & {
  /** The lines that each stream is sent after its `start`. Default: none. */
  readonly lines?: readonly string[]
  /**
   * Called with each stream instead: begins the answer itself. The number is 0 for the first stream, and counts up.
   */
  readonly script?: (exchange: EventExchange, index: number) => void
  /**
   * Called with each query: answers it itself, with `exchange.respond(200, { resource })`. Default: its resource is `null`,
   * which is no page of history: a stream that reads history or a state (`resume: 'history'`, `since`, `snapshot`) ends there.
   */
  readonly query?: (exchange: EventExchange) => void
}

/** A running event peer. */
export type EventPeer = FramePeer & {
  /** The streams that were opened, in order, those that are gone included. */
  readonly streams: readonly EventExchange[]
  /** The queries that came. */
  readonly queries: readonly EventExchange[]
  /** Resolves with the stream that was opened as number `index`, the first being 0, once it is there. */
  opened(index?: number): Promise<EventExchange>
}

/** The transaction time of a peer's first exchange, and how much later that of each next one is; in microseconds. */
const firstTxn = 1_700_000_000_000_000
const txnStep = 1_000_000

/** Serves streams that a test writes, over HTTP/2 with prior knowledge on 127.0.0.1. */
export async function serveEvents(options: EventPeerOptions = {}): Promise<EventPeer> {
  const { lines = [], script, query = exchange => exchange.respond(200, { resource: null }), ...frameOptions } = options
  const streams: EventExchange[] = []
  const queries: EventExchange[] = []
  const play = (exchange: EventExchange) => {
    exchange.start()
    for (const line of lines) void exchange.send(line)
  }
  const peer = await serveFrames({
    ...frameOptions,
    requested(connection, _streamId, request) {
      const exchange = new EventExchange(connection, request, firstTxn + txnStep * (streams.length + queries.length))
      const isStream = request.headers[':path']?.startsWith('/stream') ?? false
      const count = (isStream ? streams : queries).push(exchange)
      if (!isStream) query(exchange)
      else if (script) script(exchange, count - 1)
      else play(exchange)
    },
  })
  const opened = async (index = 0): Promise<EventExchange> => {
    await peer.until(() => streams.length > index)
    return streams[index]!
  }
  return { ...peer, streams, queries, opened }
}
