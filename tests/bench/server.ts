/**
 * The bench's server, a process of its own: answers every `POST /stream` over HTTP/2 (prior knowledge) with the
 * prepared bytes, as fast as flow control lets it. Started by `startServer`; ends with the process that started it.
 */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { encodeFrame, type FrameConnection, frameType, serveFrames } from '../../src/testing/index.ts'
import { SendWindows } from '../../src/testing/window.ts'
import { cutPieces, type EventsOptions, makeEvents, makeEventsV10 } from './events.ts'

/** What the server is told, as JSON in its first argument. */
export interface ServerOptions extends EventsOptions {
  /**
   * What follows the last event: nothing (`open`, as a real server does), the end of the stream, or all events again,
   * and again.
   */
  readonly after: 'open' | 'end' | 'again'
  /**
   * How the bytes are sent: in frames of 16 KiB, a frame for each event, or an event each millisecond, in the document of
   * which stands when it was sent.
   */
  readonly pace?: 'packed' | 'each' | 'timed' | undefined
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
async function send(stream: ServerHttp2Stream, bytes: Buffer): Promise<void> {
  const closed = new AbortController()
  stream.once('close', () => closed.abort())
  for (const piece of cutPieces(bytes, pieceBytes)) {
    if (stream.destroyed) return
    if (!stream.write(piece)) await once(stream, 'drain', { signal: closed.signal }).catch(() => undefined)
  }
}

async function answer(stream: ServerHttp2Stream, { after }: ServerOptions, bytes: Buffer): Promise<void> {
  await send(stream, bytes)
  const events = bytes.subarray(bytes.indexOf('\n') + 1)
  if (after === 'again') while (!stream.destroyed) await send(stream, events)
  else if (after === 'end' && !stream.destroyed) stream.end()
}

/** An event a millisecond, each with the time of its sending: microseconds of the clock that all processes share. */
function sendTimed(stream: ServerHttp2Stream, bytes: Buffer): void {
  const [start, line] = bytes.toString().split('\r\n') as [string, string]
  stream.write(`${start}\r\n`)
  const timer = setInterval(() => {
    if (stream.destroyed) return clearInterval(timer)
    stream.write(`${line.replace('"data":{', `"data":{"sent":${process.hrtime.bigint() / 1000n},`)}\r\n`)
  }, 1)
}

async function serveStreams(options: ServerOptions, bytes: Buffer): Promise<number> {
  let newer: Buffer | undefined
  const server = createServer()
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => stream.destroy())
    const path = headers[':method'] === 'POST' ? headers[':path'] : undefined
    if (!path?.startsWith('/stream')) return stream.respond({ ':status': 404 }, { endStream: true })
    stream.respond({ ':status': 200, 'content-type': 'application/json;charset=utf-8' })
    if (options.pace === 'timed') sendTimed(stream, bytes)
    else void answer(stream, options, path === '/stream/1' ? (newer ??= makeEventsV10(options)) : bytes)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** The id of a connection's first stream (RFC 9113 §5.1.1): the one that is sent what was prepared. */
const firstId = 1

/** A frame for each event: Node's own server would put several into one. */
async function serveEach(bytes: Buffer): Promise<number> {
  const frames: Buffer[] = []
  for (let from = 0; from < bytes.length;) {
    const to = bytes.indexOf('\n', from) + 1
    frames.push(encodeFrame(frameType.data, 0, firstId, bytes.subarray(from, to)))
    from = to
  }
  const headBytes = encodeFrame(frameType.data, 0, firstId, Buffer.alloc(0)).length
  const all = Buffer.concat(frames)
  const sizes = frames.map(frame => frame.length)
  const windows = new WeakMap<FrameConnection, SendWindows>()
  /** How many frames, and bytes of them, each connection was sent. */
  const sent = new WeakMap<FrameConnection, { frames: number; bytes: number }>()
  const sendOn = (connection: FrameConnection): void => {
    const [done, window] = [sent.get(connection), windows.get(connection)]
    if (!done || !window || connection.isReset(firstId)) return
    const from = done.bytes
    for (let size = sizes[done.frames]; size && size - headBytes <= window.room(firstId); size = sizes[done.frames]) {
      window.spend(firstId, size - headBytes)
      done.frames++
      done.bytes += size
    }
    if (done.bytes > from) connection.sendBytes(all.subarray(from, done.bytes))
  }
  const peer = await serveFrames({
    requested(connection, id, { headers }) {
      if (id !== firstId || !headers[':path']?.startsWith('/stream')) return connection.respond(id, 404, {}, true)
      connection.socket.setNoDelay(true)
      connection.respond(id, 200, { 'content-type': 'application/json;charset=utf-8' })
      sent.set(connection, { frames: 0, bytes: 0 })
      sendOn(connection)
    },
    received(connection, frame) {
      const window = windows.get(connection) ?? new SendWindows()
      windows.set(connection, window)
      window.take(frame)
      sendOn(connection)
    },
  })
  return Number(new URL(peer.endpoint).port)
}

const options = JSON.parse(process.argv[2] ?? '') as ServerOptions
const bytes = makeEvents(options)
const port = await (options.pace === 'each' ? serveEach(bytes) : serveStreams(options, bytes))
const ready: ServerReady = { port, bytes: bytes.length }
process.send?.(ready)
process.once('disconnect', () => process.exit())
