// One port that speaks HTTP/2 with prior knowledge and HTTP/1.1, told apart by the first bytes. protocol.md A.1–A.3.
import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  constants,
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { addAbortSignal } from 'node:stream'
import { serve, type Channel, type Handle } from './exchange.ts'
import { indent } from './json-layout.ts'
import { startNodeTimer, type StartTimer } from './timers.ts'

export type { Handle, Reply, ReplyStream, WireRequest } from './exchange.ts'
export type { StartTimer } from './timers.ts'

/** Where to listen (port 0: any free one), who answers, and for tests the timer of the read timeout. */
export type ListenOptions = { host: string; port: number; handle: Handle; startTimer?: StartTimer }

/** A port that is listened on. */
export interface Listener {
  readonly port: number
  /** Stops listening, ends every connection (what was written still leaves) and resolves when all are gone. */
  close(): Promise<void>
  /** Cuts every connection off and goes on listening. */
  destroyConnections(): void
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
/** An HTTP/1.1 connection without a request for this long is closed. */
const HTTP1_KEEP_ALIVE_MS = 5_000
/** Request line (16 KiB) and headers (8 KiB) of HTTP/1.1. */
const MAX_HTTP1_HEAD_BYTES = 24 * 1024
/** TCP probes a silent connection after this long. */
const TCP_KEEP_ALIVE_MS = 120_000
/** What a closing listener grants connections to take what was written. */
const CLOSE_GRACE_MS = 1_000

/** `strictFieldWhitespaceValidation`: newer than the typings in some releases; unknown options are ignored. */
const HTTP2_OPTIONS: ServerOptions & { strictFieldWhitespaceValidation: boolean } = {
  // The two settings that the server announces; all else is the default of RFC 9113, unannounced (protocol.md A.2).
  settings: { maxConcurrentStreams: 2 ** 31 - 1, maxHeaderListSize: 8192 },
  // In MB; what streams hold back is bounded by their writers, so a session is never refused for its size.
  maxSessionMemory: 1024,
  // The server takes blanks around header values as part of them (RFC 9113 section 8.2.1 would refuse the request).
  strictFieldWhitespaceValidation: false,
}

/** Listens on one port. Rejects if the port cannot be had; after that nothing a peer does is an error here. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { handle, startTimer = startNodeTimer } = options
  const http1 = createHttp1Server({
    keepAliveTimeout: HTTP1_KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HTTP1_HEAD_BYTES,
    requestTimeout: 0,
  })
  const http2 = createHttp2Server(HTTP2_OPTIONS)
  http1.on('request', (request, response) => serve(new Http1Channel(request, response), handle, startTimer))
  http1.on('clientError', (_error, socket) => refuseGarbage(socket as Socket))
  http2.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
    serve(new Http2Channel(stream, headers), handle, startTimer),
  )
  http2.on('session', session => session.on('error', ignore))
  http2.on('sessionError', ignore)

  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS }, socket => {
    sockets.add(socket)
    socket.on('error', ignore)
    socket.once('close', () => sockets.delete(socket))
    chooseProtocol(socket, isHttp2 => (isHttp2 ? http2 : http1).emit('connection', socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => {
      server.off('error', reject).on('error', ignore)
      resolve()
    })
  })

  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) endSocket(socket)
      }),
    destroyConnections: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Decides by the first bytes, which stay to be read; a peer that leaves before that is forgotten. */
function chooseProtocol(socket: Socket, choose: (isHttp2: boolean) => void, seen: Buffer = Buffer.alloc(0)): void {
  const chunk = socket.read() as Buffer | null
  if (chunk === null && !socket.readable) return void socket.destroy()
  const head = chunk === null ? seen : Buffer.concat([seen, chunk])
  const length = Math.min(head.length, PREFACE.length)
  const isLikePreface = head.compare(PREFACE, 0, length, 0, length) === 0
  if (isLikePreface && length < PREFACE.length) {
    socket.once('readable', () => chooseProtocol(socket, choose, head))
    return
  }
  socket.unshift(head)
  choose(isLikePreface)
}

/** Lets what is on its way leave, then closes, by force after a while. */
function endSocket(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), CLOSE_GRACE_MS)
  socket.once('close', () => clearTimeout(timer))
  // Frames written in this turn of the event loop reach the socket at its end.
  setImmediate(() => socket.destroySoon())
}

/** What is no HTTP/1.1 is told so (protocol.md A.10), if the peer still listens. */
function refuseGarbage(socket: Socket): void {
  const body = indent('{"error":"bad request"}')
  const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json;charset=utf-8\r\ncontent-length: ${body.length}\r\nconnection: close`
  if (socket.writable) socket.end(`${head}\r\n\r\n${body}`)
  else socket.destroy()
}

class Http1Channel implements Channel {
  readonly head: Channel['head']
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.head = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: joinValues(request.headers),
      hasBody: 'transfer-encoding' in request.headers || Number(request.headers['content-length'] ?? 0) > 0,
      version: 1,
    }
    this.incoming = request.on('error', ignore)
    this.outgoing = response.on('error', ignore)
    response.sendDate = false
    // The server names no connection options; Node would.
    response.removeHeader('connection')
  }

  respond(status: number, headers: Record<string, string>, hasBody: boolean): void {
    const isCutShort = !this.incoming.complete
    this.outgoing.writeHead(status, isCutShort ? { ...headers, connection: 'close' } : headers)
    if (hasBody) this.outgoing.flushHeaders()
    else this.outgoing.end()
  }

  abort(): void {
    this.incoming.socket.destroySoon()
  }
}

class Http2Channel implements Channel {
  readonly head: Channel['head']
  readonly incoming: ServerHttp2Stream
  readonly outgoing: ServerHttp2Stream

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.head = {
      method: headers[':method'] ?? '',
      path: headers[':path'] ?? '',
      headers: joinValues(headers),
      // The real server has none only where frames of data come behind a length of 0 (NET/http/HttpRequestHandler.scala).
      hasBody: stream.endAfterHeaders || headers['content-length'] !== '0',
      version: 2,
    }
    this.incoming = this.outgoing = stream.on('error', ignore)
  }

  respond(status: number, headers: Record<string, string>, hasBody: boolean): void {
    this.outgoing.respond({ ':status': status, ...headers }, { endStream: !hasBody, sendDate: false } as object)
  }

  abort(reason: 'cancel' | 'calm'): void {
    // close() would end an answer that is under way with END_STREAM first; an abort signal is Node's RST_STREAM(CANCEL).
    if (!this.outgoing.writableEnded) addAbortSignal(AbortSignal.abort(), this.outgoing)
    else this.outgoing.close(reason === 'cancel' ? constants.NGHTTP2_CANCEL : constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }
}

/** Plain header fields, those that came several times joined; pseudo-headers are left out. */
function joinValues(headers: Readonly<Record<string, string | string[] | number | undefined>>): Record<string, string> {
  const joined: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !name.startsWith(':'))
      joined[name] = Array.isArray(value) ? value.join(', ') : String(value)
  }
  return joined
}

/** A peer that breaks off or talks nonsense concerns nobody but itself: its socket closes, and that is acted upon. */
function ignore(): void {}
