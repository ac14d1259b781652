/** A TCP peer that does as it is told with each connection: on 127.0.0.1, any free port, gone at the end. */
import { type AddressInfo, createServer, type Socket } from 'node:net'

/**
 * How a connection is ended: in order, or by a reset. A reset takes along what the other side has not read; Node tells
 * it as FIN where bytes came in the same turn.
 */
export type HowToCut = 'fin' | 'rst'

/** A running TCP peer. */
export type TcpPeer = {
  readonly port: number
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string
  /** The connections that are open. */
  readonly sockets: ReadonlySet<Socket>
  /** Stops listening and destroys every connection; resolves when all are gone. */
  close(): Promise<void>
}

/**
 * Serves TCP on a free port: `connected` is called with each connection. Its errors concern nobody. A client's FIN is
 * answered with FIN, unless `allowHalfOpen`.
 */
export async function serveTcp(
  connected: (socket: Socket) => void,
  { allowHalfOpen = false }: { readonly allowHalfOpen?: boolean } = {},
): Promise<TcpPeer> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen, noDelay: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    connected(socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    endpoint: `http://127.0.0.1:${port}`,
    sockets,
    close: () => {
      for (const socket of sockets) destroySocket(socket)
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
}

/** Sockets that are being reset: their end is on its way. */
const resetting = new WeakSet<Socket>()

/** Ends a connection as told. */
export function cutSocket(socket: Socket, how: HowToCut): void {
  if (how === 'fin') return void socket.end()
  resetting.add(socket)
  if (isShuttingDown(socket)) socket.once('finish', () => socket.resetAndDestroy())
  else socket.resetAndDestroy()
}

/**
 * Destroys a connection at once. One that is being reset while its FIN is on the way destroys itself when that is out:
 * Node would never close it otherwise, since libuv refuses the reset (uv_tcp_close_reset) and Node forgets the handle.
 */
export function destroySocket(socket: Socket): void {
  if (!resetting.has(socket) || !isShuttingDown(socket)) socket.destroy()
}

function isShuttingDown({ writableEnded, writableFinished, writableLength }: Socket): boolean {
  return writableEnded && !writableFinished && writableLength === 0
}
