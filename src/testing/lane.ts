/** One way of a proxied connection: what comes at one socket leaves at the other, when and as the rules say. */
import type { Socket } from 'node:net'
import type { Split } from './pieces.ts'

/** The clock and timers of a proxy; times in milliseconds. */
export type ProxyTime = {
  now(): number
  after(delayMs: number, run: () => void): { cancel(): void }
}

/** The rules that every lane of a proxy obeys, looked at before each piece. */
export type LaneRules = {
  isFrozen: boolean
  delayMs: number
  bytesPerSecond: number
  split: Split | undefined
}

/** Bytes that wait in one lane before it stops reading: as in any network, what is on its way is bounded. */
const maxHeldBytes = 1024 * 1024

/** A throttled lane sends what this time allows, in milliseconds, as one piece. */
const throttleStepMs = 20

/** What came together and waits to leave, cut as it leaves; the end has no pieces. */
type Held = { readonly pieces: Iterator<Uint8Array> | undefined; readonly bytes: number; readonly at: number }

/** What leaves next; the end has no bytes. */
type Next = { bytes: Uint8Array | undefined; readonly at: number }

/** What a lane asks of its link. */
export type LaneEnds = {
  readonly source: Socket
  readonly sink: Socket
  /** How many of the next bytes may leave. */
  readonly room: () => number
  /** Told of all that leaves. */
  readonly passed: (bytes: number) => void
}

/** One way of a connection. */
export class Lane {
  readonly #ends: LaneEnds
  readonly #rules: LaneRules
  readonly #time: ProxyTime
  readonly #held: Held[] = []
  #heldBytes = 0
  #next: Next | undefined
  #lastSent = { at: 0, bytes: 0 }
  #isBlocked = false
  #isOver = false
  #timer: { cancel(): void } | undefined
  #turn: NodeJS.Immediate | undefined

  constructor(ends: LaneEnds, rules: LaneRules, time: ProxyTime) {
    this.#ends = ends
    this.#rules = rules
    this.#time = time
    const { source, sink } = ends
    source.on('data', (chunk: Buffer) => this.#take(chunk))
    source.once('end', () => this.#hold({ pieces: undefined, bytes: 0, at: time.now() }))
    sink.on('drain', () => {
      this.#isBlocked = false
      this.proceed()
    })
    this.#readOn()
  }

  /** Sends what may be sent now; called when the rules have changed. */
  proceed(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#rules.split) this.#awaitTurn()
    else while (this.#maySend()) this.#sendNext()
    this.#readOn()
  }

  /** Forwards nothing more: what waits is dropped, and so is what comes. */
  stop(): void {
    this.#isOver = true
    this.#timer?.cancel()
    clearImmediate(this.#turn)
    this.#held.length = 0
    this.#next = undefined
    this.#ends.source.resume()
  }

  #take(chunk: Buffer): void {
    const pieces = this.#rules.split?.(chunk) ?? [chunk]
    this.#hold({ pieces: pieces[Symbol.iterator](), bytes: chunk.length, at: this.#time.now() })
  }

  #hold(held: Held): void {
    if (this.#isOver) return
    this.#held.push(held)
    this.#heldBytes += held.bytes
    this.proceed()
  }

  /** The piece that leaves next, if there is one. */
  #peek(): Next | undefined {
    for (let [head] = this.#held; this.#next === undefined && head; [head] = this.#held) {
      const piece = head.pieces?.next()
      if (piece === undefined) this.#next = { bytes: undefined, at: head.at }
      else if (!piece.done) this.#next = { bytes: piece.value, at: head.at }
      if (piece && !piece.done) break
      this.#held.shift()
      this.#heldBytes -= head.bytes
    }
    return this.#next
  }

  #maySend(): boolean {
    if (this.#isOver || this.#isBlocked || this.#rules.isFrozen) return false
    const next = this.#peek()
    if (!next) return false
    const { delayMs, bytesPerSecond } = this.#rules
    const freeAt = this.#lastSent.at + (this.#lastSent.bytes / bytesPerSecond) * 1000
    const waitMs = Math.max(next.at + delayMs, freeAt) - this.#time.now()
    if (waitMs <= 0) return true
    this.#timer = this.#time.after(waitMs, () => this.proceed())
    return false
  }

  #sendNext(): void {
    const { bytes, at } = this.#next!
    this.#next = undefined
    if (!bytes) return void this.#ends.sink.end()
    const length = Math.min(bytes.length, this.#sizeOfPiece(), this.#ends.room())
    if (length < bytes.length) this.#next = { bytes: bytes.subarray(length), at }
    this.#isBlocked = !this.#ends.sink.write(bytes.subarray(0, length))
    this.#lastSent = { at: this.#time.now(), bytes: length }
    this.#ends.passed(length)
  }

  /** A piece is read alone where each leaves in a turn of its own, at the end of which it is read. */
  #awaitTurn(): void {
    if (this.#turn !== undefined || !this.#maySend()) return
    this.#turn = setImmediate(() => {
      this.#turn = undefined
      if (this.#maySend()) this.#sendNext()
      this.proceed()
    })
  }

  #sizeOfPiece(): number {
    return Math.max(1, Math.floor((this.#rules.bytesPerSecond * throttleStepMs) / 1000))
  }

  #readOn(): void {
    const { source } = this.#ends
    if (this.#isOver) return
    if (this.#rules.isFrozen || this.#heldBytes >= maxHeldBytes) source.pause()
    else source.resume()
  }
}
