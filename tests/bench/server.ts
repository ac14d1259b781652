/**
 * The bench's server, a process of its own: answers every `POST /stream` over HTTP/2 (prior knowledge) with the
 * prepared bytes, in pieces of 16 KiB, as fast as flow control lets it, and then keeps the stream open or ends it.
 * Started by `startServer`; ends with the process that started it.
 */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { cutPieces, type EventsOptions, makeEvents } from './events.ts'

/** What the server is told, as JSON in its first argument. */
export interface ServerOptions extends EventsOptions {
  /** What follows the last event: nothing (`open`, as a real server does) or the end of the stream. */
  readonly after: 'open' | 'end'
}

/** What it tells once it listens, as a message to its parent. */
export interface ServerReady {
  readonly port: number
  /** The length of a whole answer. */
  readonly bytes: number
}

/** One write: a DATA frame of HTTP/2's first maximum size (RFC 9113 §4.2). */
const pieceBytes = 16_384

/** Sends all bytes, no faster than the peer takes them. */
async function send(stream: ServerHttp2Stream, bytes: Buffer, after: ServerOptions['after']): Promise<void> {
  stream.respond({ ':status': 200, 'content-type': 'application/json;charset=utf-8' })
  const closed = new AbortController()
  stream.once('close', () => closed.abort())
  for (const piece of cutPieces(bytes, pieceBytes)) {
    if (stream.destroyed) return
    if (!stream.write(piece)) await once(stream, 'drain', { signal: closed.signal }).catch(() => undefined)
  }
  if (after === 'end' && !stream.destroyed) stream.end()
}

const { after, ...what } = JSON.parse(process.argv[2] ?? '') as ServerOptions
const bytes = makeEvents(what)
const server = createServer()
server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
  stream.on('error', () => stream.destroy())
  if (headers[':method'] === 'POST' && headers[':path']?.startsWith('/stream')) void send(stream, bytes, after)
  else stream.respond({ ':status': 404 }, { endStream: true })
})
server.listen(0, '127.0.0.1', () => {
  const ready: ServerReady = { port: (server.address() as AddressInfo).port, bytes: bytes.length }
  process.send?.(ready)
})
process.once('disconnect', () => process.exit())
