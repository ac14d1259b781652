/** Planned hand-overs of a stream, one after the other: who waits to take over, and when it has waited long enough. */
import type { Timer } from '../time.ts'
import type { Attempt } from './attempt.ts'
import type { Link } from './link.ts'
import type { Opener } from './opener.ts'
import { overlapMs, Successor } from './successor.ts'

/** Who was quiet for long enough, but whose connection may be dead, is looked at again after so long, in milliseconds. */
const lookAgainMs = 1_000

/** What a hand-over asks of its stream. */
export interface HandOverOwner {
  /** The attempt that is open, once it is; `undefined` before the first. */
  opened(): Promise<Attempt | undefined> | undefined
  /** Whether the stream is still on this attempt, and goes on. */
  isOn(attempt: Attempt): boolean
  /**
   * Where the stream waits for events, and got none since this time, in milliseconds since the Unix epoch: how many bytes
   * it holds of one that has not come whole; otherwise `undefined`.
   */
  heldSinceQuiet(time: number): number | undefined
  /** Whether history shows something up to this transaction time that was not told; `undefined` where that is not known. */
  hasMissed(until: number): Promise<boolean | undefined>
  /** The old attempt has told everything up to the successor's start. */
  passed(successor: Successor): void
  /** The old attempt does not tell what it should. */
  stalled(): void
}

/** Who is waited for, who waits, and when the start of that one was heard, in milliseconds since the Unix epoch. */
type Overlap = { readonly before: Attempt; readonly successor: Successor; readonly startedAt: number }

/** Holds the attempt that takes over as planned, when the one before it has passed its start. */
export class HandOver {
  readonly #link: Link
  readonly #opener: Opener
  readonly #owner: HandOverOwner
  #successor: Successor | undefined
  #overlap: Timer | undefined
  #last: Promise<void> = Promise.resolve()

  constructor(link: Link, opener: Opener, owner: HandOverOwner) {
    this.#link = link
    this.#opener = opener
    this.#owner = owner
  }

  /** Who waits to take over. */
  get successor(): Successor | undefined {
    return this.#successor
  }

  /** Opens a successor; resolves when it took over, or is not needed. Rejects where its opening is refused. */
  begin(): Promise<void> {
    // One after the other: the next one may be asked for with yet another secret.
    const done = this.#last.then(() => this.#begin())
    this.#last = done.catch(() => undefined)
    return done
  }

  /** The successor took over, or is not needed. */
  settle(): void {
    this.#overlap?.cancel()
    this.#successor?.settle()
    this.#successor = undefined
  }

  /** Lets the successor go. */
  cancel(): void {
    this.#successor?.attempt.cancel()
    this.settle()
  }

  async #begin(): Promise<void> {
    const before = await this.#owner.opened()
    if (before === undefined || !this.#owner.isOn(before)) return
    const successor = await Successor.of(await this.#opener.openOnce(), this.#link)
    // Where it was lost meanwhile, it came back by itself.
    if (successor === undefined || !this.#owner.isOn(before)) return successor?.attempt.cancel()
    this.#successor = successor
    this.#awaitSilence({ before, successor, startedAt: successor.attempt.lastHeardAt })
    return successor.settled
  }

  /**
   * A loop that waits in vain for so long has heard everything that the old stream had to tell, unless a part of a line is
   * there: the rest is waited for as long as it grows. A dead connection is as quiet: its peer must have been heard since
   * the successor's start was; where it never is, the PING ends the old stream, and that is a loss.
   */
  #awaitSilence(overlap: Overlap, heldBefore = 0, delayMs = overlapMs): void {
    const { before, startedAt } = overlap
    const { time } = this.#link
    this.#overlap = time.after(delayMs, () => {
      const held = this.#owner.heldSinceQuiet(time.now() - overlapMs)
      const isAlive = before.lastHeardAt >= startedAt
      if (held === 0) return isAlive ? void this.#pass(overlap) : this.#awaitSilence(overlap, 0, lookAgainMs)
      if (held !== undefined && held === heldBefore) return this.#owner.stalled()
      this.#awaitSilence(overlap, held)
    })
  }

  /** A stream whose collection was made anew is quiet for ever (protocol.md B.9): history is asked before that is believed. */
  async #pass(overlap: Overlap): Promise<void> {
    const { before, successor } = overlap
    const hasMissed = await this.#owner.hasMissed(successor.startTxn)
    if (this.#successor !== successor || !this.#owner.isOn(before)) return
    if (hasMissed) return this.#owner.stalled()
    if (this.#owner.heldSinceQuiet(this.#link.time.now() - overlapMs) === 0) return this.#owner.passed(successor)
    this.#awaitSilence(overlap)
  }
}
