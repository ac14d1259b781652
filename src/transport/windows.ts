/**
 * How far a peer may send ahead of us (RFC 9113 §5.2): as far as the distance needs, and never further than loops that
 * pause may hold. No fixed window is right both for one machine and for another continent (performance.md).
 */
import type { Time } from '../time.ts'

const kib = 1024

/** What all paused loops of a connection may hold together by default, in bytes. */
export const defaultReceiveBufferBytes = 16 * kib * kib
/** The least that can be asked for, and that a stream has, however many there are. */
export const minWindowBytes = 64 * kib
/** Node's 64 KiB makes a bulk read 3.7 times slower; above this nothing is gained without distance. */
const firstWindowBytes = 256 * kib
/** Node gives credit for the connection back at once: this bounds what is on its way, never what a paused loop holds. */
const minConnectionBytes = kib * kib

/**
 * A window was what held the peer up where this share of it came each round trip: it is given back by halves, so that
 * not all of it is used.
 */
const fullShare = 0.4
/** A larger window must have brought so many times the rate before a still larger one is tried. */
const minGain = 1.25
/** After so many round trips without gain it rests, so that a steady stream is not a stream of PINGs. */
const maxFruitless = 16
const restMs = 10_000

/** A connection whose windows can be set. */
export interface Windowed {
  /** Sends a PING, and calls back when it is answered; false where none can be sent now. Never throws. */
  sound(answered: () => void): boolean
  /** Gives each stream and the connection such windows, and calls back when the peer has them. Never throws. */
  setWindows(streamBytes: number, connectionBytes: number, applied: () => void): void
}

/** The windows of one connection: they grow to its bandwidth-delay product, and shrink as streams open. */
export class Windows {
  readonly #connection: Windowed
  readonly #time: Time
  readonly #receiveBufferBytes: number
  #streamBytes: number
  #streams = 0
  /** Bytes since the last measurement ended, or since the one that goes on began. */
  #received = 0
  #isMeasuring = false
  #beganAt = 0
  #roundTripMs: number | undefined
  /** The peer has yet to take note of the windows. */
  #isSetting = false
  #bestRate = 0
  #fruitless = 0
  #restsUntil = 0

  /** `receiveBufferBytes` bounds what paused loops hold together: each stream gets its share. */
  constructor(connection: Windowed, time: Time, receiveBufferBytes: number) {
    this.#connection = connection
    this.#time = time
    this.#receiveBufferBytes = receiveBufferBytes
    this.#streamBytes = Math.min(firstWindowBytes, this.#share)
  }

  /** Bytes that each stream may send ahead. */
  get streamBytes(): number {
    return this.#streamBytes
  }

  /** Bytes that all streams together may send ahead. */
  get connectionBytes(): number {
    return Math.max(minConnectionBytes, 2 * this.#streamBytes)
  }

  /** Tells how many streams are open now. */
  share(streams: number): void {
    this.#streams = streams
    // It grows again when it is needed.
    if (this.#share < this.#streamBytes) this.#set(this.#share)
  }

  /** Tells that so many bytes of streams came. */
  received(bytes: number): void {
    this.#received += bytes
    if (this.#isMeasuring) this.#weigh()
    else if (!this.#isSetting && 2 * this.#received >= this.#streamBytes) this.#measure()
  }

  /** The largest power of two that each stream may have: so that few streams more or less change nothing. */
  get #share(): number {
    const share = this.#receiveBufferBytes / Math.max(1, this.#streams)
    return Math.max(minWindowBytes, 2 ** Math.floor(Math.log2(share)))
  }

  /** Where a larger window is to be had: measures a round trip, and how long one window takes to come. */
  #measure(): void {
    this.#received = 0
    this.#beganAt = this.#time.now()
    if (this.#streamBytes >= this.#share || this.#beganAt < this.#restsUntil) return
    this.#roundTripMs = undefined
    this.#isMeasuring = this.#connection.sound(() => {
      this.#roundTripMs = this.#time.now() - this.#beganAt
      this.#weigh()
    })
  }

  #weigh(): void {
    const [bytes, roundTripMs, now] = [this.#received, this.#roundTripMs, this.#time.now()]
    if (roundTripMs === undefined || bytes < this.#streamBytes) return
    this.#isMeasuring = false
    this.#received = 0
    const rate = bytes / Math.max(1, now - this.#beganAt)
    // More on its way that comes no faster is only a longer queue.
    if (rate * roundTripMs >= fullShare * this.#streamBytes && rate >= minGain * this.#bestRate) {
      this.#bestRate = rate
      this.#fruitless = 0
      return this.#set(Math.min(2 * this.#streamBytes, this.#share))
    }
    if (++this.#fruitless < maxFruitless) return
    this.#fruitless = 0
    this.#restsUntil = now + restMs
  }

  #set(streamBytes: number): void {
    if (streamBytes === this.#streamBytes) return
    this.#streamBytes = streamBytes
    this.#isMeasuring = false
    this.#isSetting = true
    this.#connection.setWindows(streamBytes, this.connectionBytes, () => {
      this.#isSetting = false
      this.#received = 0
    })
  }
}
