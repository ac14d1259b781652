/**
 * An HTTP/2 peer that sends the frames it is told to, whole or not: Node's own server ends an answer politely before it
 * resets it, and so cannot show these faults. It reads frames, and no more of them than it needs (RFC 9113 §4, §6).
 */
import type { Socket } from 'node:net'
import { serveTcp } from './peer.ts'

/** Types of frames (RFC 9113 §6). */
export const frameType = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const

const endStream = 0x1
const endHeaders = 0x4
const ack = 0x1
const headBytes = 9
const prefaceBytes = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'.length

/** SETTINGS_MAX_CONCURRENT_STREAMS (RFC 9113 §6.5.2). */
const maxConcurrentStreams = 0x3

/** One frame as it came. */
export type Frame = {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

/** What a frame peer does by itself. */
export type FramePeerOptions = {
  /** Called with each request when it has come whole. */
  readonly requested?: (connection: FrameConnection, streamId: number) => void
  /** Called when a connection's preface has come; by default the peer sends its SETTINGS. */
  readonly connected?: (connection: FrameConnection) => void
  readonly maxConcurrentStreams?: number
}

/** A running frame peer. */
export type FramePeer = {
  readonly endpoint: string
  readonly connections: readonly FrameConnection[]
  /** Resolves when `check` holds; looked at after each frame, connection and end that comes. */
  until(check: () => boolean): Promise<void>
  close(): Promise<void>
}

/** One connection of a frame peer. */
export class FrameConnection {
  readonly socket: Socket
  readonly frames: Frame[] = []
  /** Whether PING and SETTINGS are acknowledged, as they must be. */
  acknowledges = true
  isClosed = false
  readonly #told: (frame: Frame) => void
  #rest: Buffer = Buffer.alloc(0)
  #awaitsPreface = true

  constructor(socket: Socket, told: (frame: Frame | undefined) => void) {
    this.socket = socket
    this.#told = told
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.once('close', () => {
      this.isClosed = true
      told(undefined)
    })
  }

  /** The frames of a type that came, for one stream where it is given. */
  received(type: number, streamId?: number): Frame[] {
    return this.frames.filter(frame => frame.type === type && (streamId === undefined || frame.streamId === streamId))
  }

  settings(values: readonly (readonly [id: number, value: number])[] = []): void {
    const payload = Buffer.alloc(values.length * 6)
    for (const [i, [id, value]] of values.entries()) {
      payload.writeUInt16BE(id, i * 6)
      payload.writeUInt32BE(value, i * 6 + 2)
    }
    this.send(frameType.settings, 0, 0, payload)
  }

  /** Begins an answer: a status and no other header. */
  respond(streamId: number, status = 200): void {
    // `:status` is entry 8 of the static table, with the value 200 (RFC 7541 appendix A); others are literals.
    const block = status === 200 ? Buffer.of(0x88) : Buffer.concat([Buffer.of(0x08, 3), Buffer.from(String(status))])
    this.send(frameType.headers, endHeaders, streamId, block)
  }

  data(streamId: number, bytes: string | Uint8Array, isLast = false): void {
    this.send(frameType.data, isLast ? endStream : 0, streamId, Buffer.from(bytes as string))
  }

  reset(streamId: number, code: number): void {
    this.send(frameType.reset, 0, streamId, numbers(code))
  }

  goaway(lastStreamId: number, code: number): void {
    this.send(frameType.goaway, 0, 0, numbers(lastStreamId, code))
  }

  send(type: number, flags: number, streamId: number, payload: Buffer): void {
    const head = Buffer.alloc(headBytes)
    head.writeUIntBE(payload.length, 0, 3)
    head[3] = type
    head[4] = flags
    head.writeUInt32BE(streamId, 5)
    this.socket.write(Buffer.concat([head, payload]))
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    if (this.#awaitsPreface) {
      if (this.#rest.length < prefaceBytes) return
      this.#rest = this.#rest.subarray(prefaceBytes)
      this.#awaitsPreface = false
    }
    while (this.#rest.length >= headBytes) {
      const length = this.#rest.readUIntBE(0, 3)
      if (this.#rest.length < headBytes + length) return
      const [type, flags] = [this.#rest[3]!, this.#rest[4]!]
      const streamId = this.#rest.readUInt32BE(5) & 0x7fffffff
      const payload = this.#rest.subarray(headBytes, headBytes + length)
      this.#rest = this.#rest.subarray(headBytes + length)
      this.#take({ type, flags, streamId, payload })
    }
  }

  #take(frame: Frame): void {
    this.frames.push(frame)
    // The peer's own SETTINGS, sent when it is told, must be its first frame.
    this.#told(frame)
    const isAck = (frame.flags & ack) !== 0
    if (isAck || !this.acknowledges) return
    if (frame.type === frameType.settings) this.send(frameType.settings, ack, 0, Buffer.alloc(0))
    if (frame.type === frameType.ping) this.send(frameType.ping, ack, 0, frame.payload)
  }
}

/** Serves HTTP/2 with prior knowledge, frame by frame. */
export async function serveFrames(options: FramePeerOptions = {}): Promise<FramePeer> {
  const { maxConcurrentStreams: limit } = options
  const sendSettings = (connection: FrameConnection) =>
    connection.settings(limit === undefined ? [] : [[maxConcurrentStreams, limit]])
  const { connected = sendSettings, requested = () => undefined } = options
  const connections: FrameConnection[] = []
  const checks = new Set<() => void>()
  const peer = await serveTcp(socket => {
    const connection: FrameConnection = new FrameConnection(socket, frame => {
      // The client's SETTINGS are the first frame after its preface (RFC 9113 §3.4).
      if (connection.frames.length === 1 && frame) connected(connection)
      if (frame && isLastOfRequest(frame)) requested(connection, frame.streamId)
      for (const check of checks) check()
    })
    connections.push(connection)
  })
  return {
    endpoint: peer.endpoint,
    connections,
    until: check =>
      new Promise(resolve => {
        const look = () => {
          if (!check()) return
          checks.delete(look)
          resolve()
        }
        checks.add(look)
        look()
      }),
    close: () => peer.close(),
  }
}

function isLastOfRequest({ type, flags }: Frame): boolean {
  return (type === frameType.data || type === frameType.headers) && (flags & endStream) !== 0
}

function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, i * 4)
  return bytes
}
