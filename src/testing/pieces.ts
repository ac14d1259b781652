/** Bytes in pieces: how what is sent is cut, and that each piece leaves alone, so that it is read alone. */
import type { Socket } from 'node:net'

/** Cuts bytes into the pieces in which they are sent. */
export type Split = (bytes: Buffer) => Iterable<Uint8Array>

/** Cuts into pieces of `size` bytes; of 1 byte where it is not given. */
export function splitEvery(size = 1): Split {
  return function* (bytes) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
}

/** Cuts once or more: before each of these offsets, in bytes from the beginning of what is sent at once. */
export function splitAt(...offsets: readonly number[]): Split {
  return function* (bytes) {
    const cuts = [0, ...offsets.filter(offset => offset > 0 && offset < bytes.length), bytes.length]
    for (const [i, cut] of cuts.sort((a, b) => a - b).entries()) {
      const next = cuts[i + 1]
      if (next !== undefined && next > cut) yield bytes.subarray(cut, next)
    }
  }
}

/** Writes to a socket, whole or in pieces: a piece a turn of the event loop, in the order in which they were given. */
export class PieceWriter {
  /** How bytes are cut from now on; whole where there is none. */
  split: Split | undefined
  readonly #socket: Socket
  readonly #waiting: Uint8Array[] = []
  #turn: NodeJS.Immediate | undefined
  #isEnding = false

  constructor(socket: Socket) {
    this.#socket = socket
    socket.once('close', () => clearImmediate(this.#turn))
  }

  write(bytes: Buffer): void {
    // What is whole waits its turn behind pieces that still wait.
    if (!this.split && this.#waiting.length === 0) return void (this.#socket.writable && this.#socket.write(bytes))
    for (const piece of this.split?.(bytes) ?? [bytes]) this.#waiting.push(piece)
    this.#proceed()
  }

  /** Sends FIN after all that was written. */
  end(): void {
    this.#isEnding = true
    if (this.#waiting.length === 0) this.#socket.end()
  }

  #proceed(): void {
    if (this.#turn !== undefined || this.#waiting.length === 0) return
    this.#turn = setImmediate(() => {
      this.#turn = undefined
      const piece = this.#waiting.shift()
      if (piece && this.#socket.writable) this.#socket.write(piece)
      if (this.#waiting.length === 0 && this.#isEnding) this.#socket.end()
      this.#proceed()
    })
  }
}
