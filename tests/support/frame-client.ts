/**
 * An HTTP/2 client that sees every frame as it came, and sends back only what it is told to: Node's own joins frames
 * and gives the window back by itself (RFC 9113 §4, §6.9).
 */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Frame } from '../../src/testing/index.ts'
import { frameType } from '../../src/testing/index.ts'

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const HEAD_BYTES = 9
const END_STREAM = 0x1
const END_HEADERS = 0x4
/** SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 §6.5.2). */
const INITIAL_WINDOW_SIZE = 0x4

/** What a client is made with. */
export type FrameClientOptions = {
  readonly port: number
  readonly secret: string
  /** Bytes that a stream may send before it is given more. Default: 65,535. */
  readonly window?: number
  /** Whether what came is given back at once. Default: true. */
  readonly givesBack?: boolean
}

/** One connection. */
export class FrameClient {
  readonly frames: Frame[] = []
  /** How it ended: `'FIN'`, or the code of the socket's error. */
  ending: string | undefined
  readonly #socket: Socket
  readonly #options: FrameClientOptions
  #rest: Buffer = Buffer.alloc(0)
  #nextStream = 1
  #look: () => void = () => {}

  private constructor(socket: Socket, options: FrameClientOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('end', () => this.#end('FIN'))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end(String(error.code)))
  }

  /** Connects, and sends the preface and SETTINGS. */
  static async open(options: FrameClientOptions): Promise<FrameClient> {
    const socket = connect(options.port, '127.0.0.1')
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    socket.setNoDelay()
    const client = new FrameClient(socket, options)
    socket.write(PREFACE)
    client.#send(frameType.settings, 0, 0, settings(options.window ?? 65_535))
    // The window of the connection is no limit here.
    client.give(0, 2 ** 31 - 1 - 65_535)
    return client
  }

  /** Sends a request; gives the number of its stream. */
  request(path: string, expression: unknown): number {
    const stream = this.#nextStream
    this.#nextStream += 2
    const fields = {
      ':method': 'POST',
      ':scheme': 'http',
      ':path': path,
      ':authority': 'local',
      authorization: `Bearer ${this.#options.secret}`,
    }
    this.#send(frameType.headers, END_HEADERS, stream, Buffer.concat(Object.entries(fields).map(literal)))
    const body = Buffer.from(JSON.stringify(expression))
    for (let at = 0; at < body.length; at += 16_384) {
      const part = body.subarray(at, at + 16_384)
      this.#send(frameType.data, at + part.length === body.length ? END_STREAM : 0, stream, part)
    }
    return stream
  }

  /** Lets a stream send more bytes; stream 0 is the connection. */
  give(stream: number, bytes: number): void {
    this.#send(frameType.windowUpdate, 0, stream, uint32(bytes))
  }

  ping(payload: string): void {
    this.#send(frameType.ping, 0, 0, Buffer.from(payload, 'hex'))
  }

  reset(stream: number): void {
    this.#send(frameType.reset, 0, stream, uint32(0x8))
  }

  /** The frames of a stream, HEADERS included. */
  of(stream: number): Frame[] {
    return this.frames.filter(frame => frame.streamId === stream)
  }

  /** The DATA of a stream so far, as text. */
  textOf(stream: number): string {
    const data = this.of(stream).filter(({ type }) => type === frameType.data)
    return Buffer.concat(data.map(({ payload }) => payload)).toString()
  }

  hasEnded(stream: number): boolean {
    return this.of(stream).some(({ type, flags }) => type === frameType.data && (flags & END_STREAM) !== 0)
  }

  /** Resolves when `check` holds; looked at after everything that comes. */
  until(check: () => boolean): Promise<void> {
    return new Promise(resolve => {
      this.#look = () => {
        if (check()) resolve()
      }
      this.#look()
    })
  }

  /** Sends a query and waits for its answer's end; gives its text. */
  async ask(expression: unknown): Promise<string> {
    const stream = this.request('/', expression)
    await this.until(() => this.hasEnded(stream) || this.ending !== undefined)
    return this.textOf(stream)
  }

  close(): void {
    this.#socket.destroy()
  }

  #send(type: number, flags: number, stream: number, payload: Buffer): void {
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUIntBE(payload.length, 0, 3)
    head.set([type, flags], 3)
    head.writeUInt32BE(stream, 5)
    this.#socket.write(Buffer.concat([head, payload]))
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + this.#rest.readUIntBE(0, 3)
      if (this.#rest.length < end) break
      const [type, flags] = [this.#rest[3] ?? 0, this.#rest[4] ?? 0]
      const streamId = this.#rest.readUInt32BE(5)
      const payload = this.#rest.subarray(HEAD_BYTES, end)
      this.#rest = this.#rest.subarray(end)
      this.frames.push({ type, flags, streamId, payload })
      const isData = type === frameType.data && payload.length > 0
      if (isData && this.#options.givesBack !== false && (flags & END_STREAM) === 0) this.give(streamId, payload.length)
    }
    this.#look()
  }

  #end(how: string): void {
    this.ending ??= how
    this.#look()
  }
}

/** A header field without indexing and without Huffman code (RFC 7541 §6.2.2); texts of less than 127 bytes. */
function literal([name, value]: [string, string]): Buffer {
  return Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)])
}

function settings(window: number): Buffer {
  return Buffer.concat([Buffer.of(0, INITIAL_WINDOW_SIZE), uint32(window)])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
