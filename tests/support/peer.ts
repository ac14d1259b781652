/** HTTP/2 and raw TCP peers for tests: on 127.0.0.1, any port, gone at the end. */
import { createServer, type ServerHttp2Session, type ServerHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'

import { type FrameConnection, startLine } from '../../src/testing/index.ts'

export { serveTcp, startLine, versionLine } from '../../src/testing/index.ts'

/** One request as a peer sees it, its body read to the end. */
export type PeerRequest = {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A running peer. */
export type Peer = {
  readonly endpoint: string
  readonly requests: PeerRequest[]
  readonly sessions: ReadonlySet<ServerHttp2Session>
  /** Cuts every connection: with FIN, or with RST. */
  cut(how: 'fin' | 'rst'): void
  close(): Promise<void>
}

/** The settings of HTTP/2 that a test may choose. */
export type PeerSettings = { readonly maxConcurrentStreams?: number }

/** An HTTP/2 peer that answers as told. */
export async function servePeer(answer: (request: PeerRequest) => void, settings: PeerSettings = {}): Promise<Peer> {
  const server = createServer({ settings: { ...settings } })
  const sessions = new Set<ServerHttp2Session>()
  const sockets = new Set<Socket>()
  const requests: PeerRequest[] = []
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('session', session => {
    sessions.add(session)
    session.on('error', () => undefined)
    session.once('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('error', () => undefined)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      const request: PeerRequest = {
        stream: stream as ServerHttp2Stream,
        headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      if (stream.destroyed) return
      requests.push(request)
      answer(request)
    })
  })
  const port = await listen(server)
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    sessions,
    cut: how => {
      for (const socket of sockets) {
        if (how === 'fin') socket.end()
        else socket.resetAndDestroy()
      }
    },
    close: () => {
      for (const session of sessions) session.destroy()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
}

/** A port on which nobody listens. */
export async function findClosedPort(): Promise<number> {
  const server = createTcpServer()
  const port = await listen(server)
  await new Promise(resolve => server.close(resolve))
  return port
}

function listen(server: Server | ReturnType<typeof createServer>): Promise<number> {
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

/** Begins a stream's answer: status 200 and the given lines. */
export function beginStream({ stream }: PeerRequest, lines: readonly string[]): void {
  stream.respond({ ':status': 200, 'content-type': 'application/json;charset=utf-8', 'x-txn-time': '1700000000000000' })
  for (const line of lines) stream.write(line + '\r\n')
}

/** Answers with a status and a body. */
export function answer(
  { stream }: PeerRequest,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  stream.respond({ ':status': status, 'content-type': 'application/json;charset=utf-8', ...headers })
  stream.end(body)
}

/** Begins a stream's answer frame by frame: status 200 and its `start`. */
export function beginFrames(connection: FrameConnection, streamId: number): void {
  connection.respond(streamId)
  connection.data(streamId, startLine(1) + '\r\n')
}
