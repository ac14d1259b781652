/** What the peer of a connection may still be sent: the windows of its streams, and of the whole (RFC 9113 §5.2, §6.9). */
import { decodeSettings, type Frame, frameType, settingId } from './frame.ts'

const defaultWindowBytes = 65_535
const defaultFrameBytes = 16_384

/** The windows of one connection, as the frames that came from its client have set them. */
export class SendWindows {
  /** The longest payload that the client takes, in bytes. */
  maxFrameBytes = defaultFrameBytes
  #initial = defaultWindowBytes
  #connection = defaultWindowBytes
  /** What was given to each stream beside the initial window, less what it was sent. */
  readonly #balances = new Map<number, number>()

  /** How many bytes of DATA a stream may be sent now; not above 0 where it may be sent none. */
  room(streamId: number): number {
    return Math.min(this.#connection, this.#initial + (this.#balances.get(streamId) ?? 0), this.maxFrameBytes)
  }

  /** Counts DATA that was sent, whether there was room for it or not. */
  spend(streamId: number, bytes: number): void {
    this.#connection -= bytes
    this.#add(streamId, -bytes)
  }

  /** Takes what a frame of the client says of windows; others say nothing. */
  take({ type, flags, streamId, payload }: Frame): void {
    if (type === frameType.windowUpdate && payload.length === 4) {
      if (streamId === 0) this.#connection += payload.readUInt32BE()
      else this.#add(streamId, payload.readUInt32BE())
    }
    if (type !== frameType.settings || flags !== 0) return
    for (const [id, value] of decodeSettings(payload)) {
      // A new initial window holds for open streams too (RFC 9113 §6.9.2): the balances stay as they are.
      if (id === settingId.initialWindowSize) this.#initial = value
      if (id === settingId.maxFrameSize) this.maxFrameBytes = value
    }
  }

  /** Forgets a stream that has ended. */
  forget(streamId: number): void {
    this.#balances.delete(streamId)
  }

  #add(streamId: number, bytes: number): void {
    this.#balances.set(streamId, (this.#balances.get(streamId) ?? 0) + bytes)
  }
}
