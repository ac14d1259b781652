/** The form of HTTP/2 frames: their types, flags and codes; bytes to frames and frames to bytes (RFC 9113 §4, §6, §7). */

/** Types of frames (RFC 9113 §6). */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

/** Flags of frames; which fits which type is told in RFC 9113 §6. */
export const frameFlag = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const

/** Ids of SETTINGS (RFC 9113 §6.5.2). */
export const settingId = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const

/** Codes of RST_STREAM and GOAWAY (RFC 9113 §7). */
export const errorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const

/** One frame as it came. */
export type Frame = {
  readonly type: number
  readonly flags: number
  /** 0 is the connection. */
  readonly streamId: number
  readonly payload: Buffer
}

/** Settings as they are sent: pairs of an id (`settingId`, or any other) and a value, repeated ones included. */
export type SettingPairs = readonly (readonly [id: number, value: number])[]

const headBytes = 9
const settingBytes = 6

/** The bytes of a frame, its head included; nothing is checked. */
export function encodeFrame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

/** The payload of a SETTINGS frame. */
export function encodeSettings(values: SettingPairs): Buffer {
  const payload = Buffer.alloc(values.length * settingBytes)
  for (const [i, [id, value]] of values.entries()) {
    payload.writeUInt16BE(id, i * settingBytes)
    payload.writeUInt32BE(value, i * settingBytes + 2)
  }
  return payload
}

/** The settings in the payload of a SETTINGS frame. */
export function decodeSettings(payload: Buffer): SettingPairs {
  return Array.from({ length: Math.floor(payload.length / settingBytes) }, (_, i) => {
    return [payload.readUInt16BE(i * settingBytes), payload.readUInt32BE(i * settingBytes + 2)]
  })
}

/** Numbers of four bytes each, as payloads of RST_STREAM, GOAWAY and WINDOW_UPDATE hold them. */
export function encodeNumbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, i * 4)
  return bytes
}

/** Puts frames together from chunks, however they were cut. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  /** The frames that are whole with this chunk. */
  read(chunk: Buffer): Frame[] {
    const frames: Frame[] = []
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= headBytes) {
      const end = headBytes + this.#rest.readUIntBE(0, 3)
      if (this.#rest.length < end) break
      const [type, flags] = [this.#rest[3]!, this.#rest[4]!]
      const streamId = this.#rest.readUInt32BE(5) & 0x7fffffff
      // A copy: frames are kept, and must not keep the chunks they came in.
      const payload = Buffer.from(this.#rest.subarray(headBytes, end))
      this.#rest = this.#rest.subarray(end)
      frames.push({ type, flags, streamId, payload })
    }
    return frames
  }
}
