/**
 * An HTTP/2 peer that sends the frames it is told to, whole or not: Node's own server ends an answer politely before it
 * resets it, and so cannot show what a client must stand.
 */
import { FrameConnection } from './connection.ts'
import { type Frame, settingId, type SettingPairs } from './frame.ts'
import type { Split } from './pieces.ts'
import type { FrameRequest } from './request.ts'
import { serveTcp } from './tcp.ts'
import { Waits } from './waits.ts'

/** What a frame peer does by itself. */
export type FramePeerOptions = {
  /** Called with each request when it has come whole. */
  readonly requested?: (connection: FrameConnection, streamId: number, request: FrameRequest) => void
  /** Called with each frame that comes. */
  readonly received?: (connection: FrameConnection, frame: Frame) => void
  /** Called when a connection's preface has come; by default the peer sends its SETTINGS. */
  readonly connected?: (connection: FrameConnection) => void
  /** What its SETTINGS say. Default: nothing. */
  readonly settings?: SettingPairs
  /** A short way to set this one setting. */
  readonly maxConcurrentStreams?: number
  /** How what each connection sends is cut into pieces. Default: not at all. */
  readonly split?: Split
}

/** A running frame peer. */
export type FramePeer = AsyncDisposable & {
  /** `http://127.0.0.1:<port>`, to be spoken to in HTTP/2 with prior knowledge. */
  readonly endpoint: string
  /** Every connection that was made, those that are gone included. */
  readonly connections: readonly FrameConnection[]
  /**
   * Resolves when `check` holds; looked at after each frame, connection and end that comes. Rejects when the peer is
   * closed before.
   */
  until(check: () => boolean): Promise<void>
  /** Destroys every connection; resolves when nothing is left. */
  close(): Promise<void>
}

/** Serves HTTP/2 with prior knowledge on 127.0.0.1, frame by frame. */
export async function serveFrames(options: FramePeerOptions = {}): Promise<FramePeer> {
  const { maxConcurrentStreams: limit, settings = [], split } = options
  const allSettings: SettingPairs = [
    ...settings,
    ...(limit === undefined ? [] : [[settingId.maxConcurrentStreams, limit] as const]),
  ]
  const connect = options.connected ?? (connection => connection.settings(allSettings))
  const connections: FrameConnection[] = []
  const waits = new Waits()
  const peer = await serveTcp(socket => {
    const connection = new FrameConnection(socket, {
      opened: connect,
      request: (from, request) => options.requested?.(from, request.streamId, request),
      frame(from, frame) {
        options.received?.(from, frame)
        waits.look()
      },
      closed: () => waits.look(),
    })
    connection.split = split
    connections.push(connection)
    waits.look()
  })
  const close = () => {
    waits.end(new Error('the peer was closed'))
    return peer.close()
  }
  return {
    endpoint: peer.endpoint,
    connections,
    until: check => waits.until(check),
    close,
    [Symbol.asyncDispose]: close,
  }
}
