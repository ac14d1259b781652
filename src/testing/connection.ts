/**
 * One connection of a frame peer: sends the frames it is told to, whole or not, and lists those that come. It checks
 * nothing and completes nothing by itself, but for what its switches say (RFC 9113 §4, §6).
 */
import type { Socket } from 'node:net'
import { PieceWriter, type Split } from './pieces.ts'
import {
  encodeFrame,
  encodeNumbers,
  encodeSettings,
  errorCode,
  type Frame,
  frameFlag,
  FrameReader,
  frameType,
  type SettingPairs,
} from './frame.ts'
import { encodeHeaders, type Headers } from './hpack.ts'
import { cutSocket, type HowToCut } from './tcp.ts'
import { RequestReader, type FrameRequest } from './request.ts'
import { SendWindows } from './window.ts'

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Text that waits for room in a stream's window. */
type Waiting = {
  readonly streamId: number
  rest: Buffer
  readonly isLast: boolean
  readonly done: (isSent: boolean) => void
}

/** What a connection tells its peer. */
export type ConnectionTold = {
  /** The preface has come, and the first frame; before it is acknowledged. */
  opened(connection: FrameConnection): void
  /** A request has come whole. */
  request(connection: FrameConnection, request: FrameRequest): void
  /** A frame has come, and all that it leads to is done. */
  frame(connection: FrameConnection, frame: Frame): void
  closed(connection: FrameConnection): void
}

/** One connection of a frame peer. */
export class FrameConnection {
  readonly socket: Socket
  /** Every frame that came. */
  readonly frames: Frame[] = []
  /** Every request that came whole. */
  readonly requests: FrameRequest[] = []
  /** Whether PING and SETTINGS are acknowledged, as they must be. */
  acknowledges = true
  /** Whether the client gets back the window of the DATA it sent, at once. */
  givesBack = true
  isClosed = false
  readonly #told: ConnectionTold
  readonly #writer: PieceWriter
  readonly #windows = new SendWindows()
  readonly #frameReader = new FrameReader()
  readonly #requestReader = new RequestReader()
  readonly #reset = new Set<number>()
  #waiting: Waiting[] = []
  #beginning: Buffer | undefined = Buffer.alloc(0)

  constructor(socket: Socket, told: ConnectionTold) {
    this.socket = socket
    this.#told = told
    this.#writer = new PieceWriter(socket)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.once('close', () => {
      this.isClosed = true
      this.#sendWaiting()
      told.closed(this)
    })
  }

  /** How everything sent from now on is cut into pieces, each of which the client reads alone; `undefined`: not at all. */
  set split(split: Split | undefined) {
    this.#writer.split = split
  }

  /** Whether a stream was reset, by either side, or the connection is gone. */
  isReset(streamId: number): boolean {
    return this.isClosed || this.#reset.has(streamId)
  }

  /** The frames of a type that came, for one stream where it is given. */
  received(type: number, streamId?: number): Frame[] {
    return this.frames.filter(frame => frame.type === type && (streamId === undefined || frame.streamId === streamId))
  }

  settings(values: SettingPairs = []): void {
    this.send(frameType.settings, 0, 0, encodeSettings(values))
  }

  /** Sends HEADERS: the beginning of an answer, or the whole of it where `isLast`. */
  respond(streamId: number, status = 200, headers: Headers = {}, isLast = false): void {
    this.headers(streamId, { ':status': String(status), ...headers }, isLast)
  }

  /** Sends HEADERS with these fields and no others: an answer's, or trailers. */
  headers(streamId: number, headers: Headers, isLast = false): void {
    const flags = frameFlag.endHeaders | (isLast ? frameFlag.endStream : 0)
    this.send(frameType.headers, flags, streamId, encodeHeaders(headers))
  }

  /** Sends one DATA frame at once, whatever the client's windows say. `isLast` ends the answer. */
  data(streamId: number, bytes: string | Uint8Array, isLast = false): void {
    const payload = Buffer.from(bytes as string)
    this.#windows.spend(streamId, payload.length)
    this.send(frameType.data, isLast ? frameFlag.endStream : 0, streamId, payload)
    if (isLast) this.#windows.forget(streamId)
  }

  /**
   * Sends DATA as the client's windows let it, in frames that the client takes; several of one stream in order.
   * `isLast` ends the answer. Resolves with whether all of it was sent: `false` where the stream was reset or the
   * connection closed before.
   */
  write(streamId: number, bytes: string | Uint8Array, isLast = false): Promise<boolean> {
    return new Promise(done => {
      this.#waiting.push({ streamId, rest: Buffer.from(bytes as string), isLast, done })
      this.#sendWaiting()
    })
  }

  /** Sends RST_STREAM. */
  reset(streamId: number, code: number): void {
    this.send(frameType.reset, 0, streamId, encodeNumbers(code))
    this.#markReset(streamId)
    this.#sendWaiting()
  }

  /** Sends GOAWAY: streams above `lastStreamId` were not processed. The connection stays open. */
  goaway(lastStreamId: number, code: number, debugData = ''): void {
    const payload = Buffer.concat([encodeNumbers(lastStreamId, code), Buffer.from(debugData)])
    this.send(frameType.goaway, 0, 0, payload)
  }

  /** Sends PING with eight bytes. */
  ping(payload: Uint8Array = Buffer.alloc(8)): void {
    this.send(frameType.ping, 0, 0, payload)
  }

  /** Sends WINDOW_UPDATE; stream 0 is the connection. */
  windowUpdate(streamId: number, bytes: number): void {
    this.send(frameType.windowUpdate, 0, streamId, encodeNumbers(bytes))
  }

  /** Sends any frame. */
  send(type: number, flags: number, streamId: number, payload: Uint8Array = Buffer.alloc(0)): void {
    this.sendBytes(encodeFrame(type, flags, streamId, payload))
  }

  /** Sends any bytes: garbage, or a part of what `encodeFrame` gives. */
  sendBytes(bytes: string | Uint8Array): void {
    this.#writer.write(Buffer.from(bytes as string))
  }

  /** Ends the connection: with FIN after all that was sent, or with RST at once. */
  close(how: HowToCut = 'fin'): void {
    if (how === 'fin') this.#writer.end()
    else cutSocket(this.socket, how)
  }

  #read(chunk: Buffer): void {
    const bytes = this.#beginning ? this.#readPreface(Buffer.concat([this.#beginning, chunk])) : chunk
    if (bytes) for (const frame of this.#frameReader.read(bytes)) this.#take(frame)
  }

  /** Gives what follows the preface; whoever speaks something else than HTTP/2 is cut off. */
  #readPreface(bytes: Buffer): Buffer | undefined {
    const length = Math.min(bytes.length, preface.length)
    if (bytes.compare(preface, 0, length, 0, length) !== 0) {
      this.socket.destroy()
      return undefined
    }
    this.#beginning = length < preface.length ? bytes : undefined
    return this.#beginning ? undefined : bytes.subarray(preface.length)
  }

  #take(frame: Frame): void {
    this.frames.push(frame)
    this.#windows.take(frame)
    if (frame.type === frameType.reset) this.#markReset(frame.streamId)
    // The peer's own SETTINGS, sent when it is told, must be its first frame; the client's are after its preface (§3.4).
    if (this.frames.length === 1) this.#told.opened(this)
    // What a test does to a request comes before anything that is sent unasked.
    this.#takeRequest(frame)
    this.#acknowledge(frame)
    this.#sendWaiting()
    this.#told.frame(this, frame)
  }

  #takeRequest(frame: Frame): void {
    let request: FrameRequest | undefined
    try {
      request = this.#requestReader.take(frame)
    } catch (error) {
      return this.goaway(0, errorCode.compressionError, (error as Error).message)
    }
    if (!request) return
    this.requests.push(request)
    this.#told.request(this, request)
  }

  #acknowledge({ type, flags, streamId, payload }: Frame): void {
    if (type === frameType.data && this.givesBack && payload.length > 0) {
      this.windowUpdate(0, payload.length)
      if ((flags & frameFlag.endStream) === 0) this.windowUpdate(streamId, payload.length)
    }
    if (!this.acknowledges || (flags & frameFlag.ack) !== 0) return
    if (type === frameType.settings) this.send(frameType.settings, frameFlag.ack, 0)
    if (type === frameType.ping) this.send(frameType.ping, frameFlag.ack, 0, payload)
  }

  #markReset(streamId: number): void {
    this.#reset.add(streamId)
    this.#windows.forget(streamId)
  }

  #sendWaiting(): void {
    const blocked = new Set<number>()
    this.#waiting = this.#waiting.filter(waiting => {
      if (blocked.has(waiting.streamId)) return true
      const isOver = this.isReset(waiting.streamId)
      if (!isOver) this.#sendPart(waiting)
      const isSent = waiting.rest.length === 0
      if (isSent || isOver) waiting.done(isSent)
      else blocked.add(waiting.streamId)
      return !isSent && !isOver
    })
  }

  #sendPart(waiting: Waiting): void {
    const { streamId, isLast } = waiting
    do {
      const length = Math.min(this.#windows.room(streamId), waiting.rest.length)
      const isEmpty = waiting.rest.length === 0
      if (isEmpty ? !isLast : length <= 0) return
      this.data(streamId, waiting.rest.subarray(0, length), isLast && length === waiting.rest.length)
      waiting.rest = waiting.rest.subarray(length)
    } while (waiting.rest.length > 0)
  }
}
