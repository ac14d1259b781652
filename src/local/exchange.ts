// One request and its answer, whichever version of HTTP carries it: the body is read whole within its limits, the
// handler is called, and what it writes goes out event by event under flow control. protocol.md A.3, A.4, A.10, B.3.
import type { Readable, Writable } from 'node:stream'
import { ownFault } from './failures.ts'
import { indent } from './json-layout.ts'
import type { StartTimer } from './timers.ts'

/** A request with its whole body. `path` is raw and has the query; names of `headers` are lowercase. */
export type WireRequest = {
  method: string
  path: string
  headers: Record<string, string>
  body: Uint8Array
  /** Whether there is a body at all, were it an empty one. */
  hasBody: boolean
  version: 1 | 2
}

/** The answer to one request: either `send` or `stream` is called, once. */
export interface Reply {
  /** Sends a whole answer; `content-length` is added. The body of an answer to HEAD is only measured. */
  send(status: number, headers: Record<string, string>, body: string | Uint8Array): void
  /** Starts an answer of unknown length; the headers leave at once. */
  stream(status: number, headers: Record<string, string>): ReplyStream
}

/** A streaming answer. */
export interface ReplyStream {
  /** Sends one event as one DATA frame or chunk; false: wait for `onDrain` before writing more. */
  write(text: string | Buffer): boolean
  /** Calls back whenever all that was written has left after `write` said false. */
  onDrain(listener: () => void): void
  /** Calls back once, when nothing more can be sent: ended, reset, or the peer is gone (at once if it already is). */
  onClose(listener: () => void): void
  /** Ends the answer after what was written. */
  end(): void
  /** Cuts the answer off: RST_STREAM(CANCEL), or the connection on HTTP/1.1. */
  reset(): void
  /** Whether nothing more can be sent. */
  readonly isClosed: boolean
}

/** Answers one request; what it throws becomes status 500 and is told there, or a reset if the answer has begun. */
export type Handle = (request: WireRequest, reply: Reply) => void | Promise<void>

/** What one version of HTTP has to offer for one request. */
export interface Channel {
  readonly head: Omit<WireRequest, 'body'>
  readonly incoming: Readable
  readonly outgoing: Writable
  /** Sends status and headers at once; with `hasBody` false they are the whole answer. */
  respond(status: number, headers: Record<string, string>, hasBody: boolean): void
  /** Ends request and answer now. */
  abort(reason: 'cancel' | 'calm'): void
}

/** Larger bodies are answered with 413 (8 MiB). */
const MAX_BODY_BYTES = 8 * 1024 * 1024
/** What is read and dropped of a body that is too large before the request is reset. */
const MAX_DROPPED_BYTES = 16 * 1024 * 1024
/** The longest silence while a body is incomplete. */
const READ_TIMEOUT_MS = 60_000
/** A stream with this many bytes waiting asks its writer to wait too. */
const HIGH_WATER_BYTES = 16 * 1024

const CONTENT_TYPE = { 'content-type': 'application/json;charset=utf-8' }
const TOO_LARGE = { errors: [{ code: 'request too large', description: 'Request entity is too large' }] }
const TIMED_OUT = { error: 'request timeout: Client timed out.' }

/** Serves one request from its first header to the end of its answer; never throws. */
export function serve(channel: Channel, handle: Handle, startTimer: StartTimer): void {
  const { incoming } = channel
  const chunks: Uint8Array[] = []
  let size = 0
  let cancelTimer = startTimer(timeOut, READ_TIMEOUT_MS)

  function timeOut(): void {
    incoming.off('data', take).off('end', finish)
    refuse(channel, 408, TIMED_OUT, () => channel.abort('cancel'))
  }
  function take(chunk: Uint8Array): void {
    cancelTimer()
    size += chunk.length
    if (size > MAX_BODY_BYTES) {
      incoming.off('data', take).off('end', finish)
      refuse(channel, 413, TOO_LARGE)
      drop(channel, size)
      return
    }
    chunks.push(chunk)
    cancelTimer = startTimer(timeOut, READ_TIMEOUT_MS)
  }
  function finish(): void {
    cancelTimer()
    void answer(channel, Buffer.concat(chunks), handle)
  }
  incoming.on('data', take).once('end', finish)
  incoming.once('close', () => cancelTimer())
}

/** Reads on, so that the answer can be read by a peer that writes first, but not for ever. */
function drop(channel: Channel, already: number): void {
  let size = already
  channel.incoming.on('data', (chunk: Uint8Array) => {
    size += chunk.length
    if (size > MAX_DROPPED_BYTES) channel.abort('calm')
  })
}

async function answer(channel: Channel, body: Uint8Array, handle: Handle): Promise<void> {
  const reply = new ChannelReply(channel)
  try {
    await handle({ ...channel.head, body }, reply)
  } catch (error) {
    const { status, code, message: description } = ownFault(error)
    if (reply.isBegun) channel.abort('cancel')
    else refuse(channel, status, { errors: [{ code, description }] })
  }
}

/** Answers without asking the handler; such bodies are always indented. */
function refuse(channel: Channel, status: number, error: object, then?: () => void): void {
  new ChannelReply(channel).send(status, CONTENT_TYPE, indent(JSON.stringify(error)), then)
}

class ChannelReply implements Reply {
  readonly #channel: Channel
  isBegun = false

  constructor(channel: Channel) {
    this.#channel = channel
  }

  send(status: number, headers: Record<string, string>, body: string | Uint8Array, then?: () => void): void {
    this.#begin()
    const { outgoing, head } = this.#channel
    if (outgoing.destroyed) return
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    const hasBody = bytes.length > 0 && head.method !== 'HEAD'
    this.#channel.respond(status, { ...headers, 'content-length': String(bytes.length) }, hasBody)
    if (hasBody) outgoing.end(bytes, then)
  }

  stream(status: number, headers: Record<string, string>): ReplyStream {
    this.#begin()
    if (!this.#channel.outgoing.destroyed) this.#channel.respond(status, headers, true)
    return new ChannelStream(this.#channel)
  }

  #begin(): void {
    if (this.isBegun) throw new Error('A request is answered once')
    this.isBegun = true
  }
}

/**
 * Writes one event at a time: Node joins the writes that wait for the socket into one DATA frame, and the real server
 * never puts two events into a frame (protocol.md B.3).
 */
class ChannelStream implements ReplyStream {
  readonly #channel: Channel
  readonly #waiting: Buffer[] = []
  #waitingBytes = 0
  #isWriting = false
  #isEnding = false
  #isDrainOwed = false
  #isClosed = false
  readonly #drainListeners: (() => void)[] = []
  readonly #closeListeners: (() => void)[] = []

  constructor(channel: Channel) {
    this.#channel = channel
    if (channel.outgoing.destroyed) this.#close()
    else channel.outgoing.once('close', () => this.#close())
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  write(text: string | Buffer): boolean {
    if (this.#isClosed || this.#isEnding) return false
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#pump()
    const hasRoom = this.#waitingBytes < HIGH_WATER_BYTES
    if (!hasRoom) this.#isDrainOwed = true
    return hasRoom
  }

  onDrain(listener: () => void): void {
    this.#drainListeners.push(listener)
  }

  onClose(listener: () => void): void {
    if (this.#isClosed) listener()
    else this.#closeListeners.push(listener)
  }

  end(): void {
    this.#isEnding = true
    this.#pump()
  }

  reset(): void {
    if (this.#isClosed) return
    this.#channel.abort('cancel')
    this.#close()
  }

  #pump(): void {
    if (this.#isWriting || this.#isClosed) return
    const next = this.#waiting.shift()
    if (next) {
      this.#isWriting = true
      this.#channel.outgoing.write(next, () => this.#settle(next.length))
    } else if (this.#isEnding) {
      this.#channel.outgoing.end()
    }
  }

  #settle(bytes: number): void {
    this.#isWriting = false
    this.#waitingBytes -= bytes
    this.#pump()
    if (this.#isDrainOwed && this.#waitingBytes === 0 && !this.#isClosed) {
      this.#isDrainOwed = false
      for (const listener of this.#drainListeners) listener()
    }
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#waiting.length = 0
    for (const listener of this.#closeListeners.splice(0)) listener()
  }
}
