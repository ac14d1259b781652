/** Opens a stream's exchange, again and again where its stream resumes: the one place that decides on a retry. */
import { wait } from '../abort.ts'
import { isSecretRefused } from '../answer.ts'
import { Backoff } from '../backoff.ts'
import { type End, toError } from '../end.ts'
import type { Asking } from './asking.ts'
import { Attempt, type AttemptOptions } from './attempt.ts'
import type { Link } from './link.ts'
import { judge } from './verdict.ts'
import type { Hearer } from './watch.ts'

/** A stream that stayed open for so long was healthy: the attempts are counted anew, in milliseconds. */
const healthyMs = 10_000

/** Gives one attempt after the other. */
export class Opener {
  readonly #link: Link
  readonly #asking: Asking
  readonly #maxLineBytes: number
  readonly #signal: AbortSignal
  readonly #hearer: Hearer
  readonly #backoff: Backoff
  #delayMs = 0
  #startedAt: number | undefined
  /** Whether an answer has begun: what it follows is known, and asked for from then on. */
  #wasAnswered = false
  /** Whether a `start` came. */
  #wasOpen = false
  /** Set by a replay at once: the next one waits, so that a peer that always refuses cannot spin us. */
  #isReplayed = false
  /** Set by a reopening after a lost right: a second one, with no event in between, would not help. */
  #isReauthorized = false

  constructor(link: Link, asking: Asking, maxLineBytes: number, signal: AbortSignal, hearer: Hearer) {
    this.#link = link
    this.#asking = asking
    this.#maxLineBytes = maxLineBytes
    this.#signal = signal
    this.#hearer = hearer
    this.#backoff = new Backoff(link.backoff)
  }

  /** The next attempt whose answer has begun; `undefined` where the stream was closed. Throws what cannot be retried. */
  async open(): Promise<Attempt | undefined> {
    while (!this.#signal.aborted) {
      if (this.#delayMs > 0 && !(await this.rest())) break
      const attempt = await this.openOnce()
      if (!('how' in attempt)) {
        this.#wasAnswered = true
        return attempt
      }
      if (attempt.how === 'closed') break
      this.lose(attempt)
    }
    return undefined
  }

  /** One opening; a secret that a function gives may have been changed meanwhile, and is asked for once more. */
  async openOnce(): Promise<Attempt | End> {
    const prepared = this.#asking.prepare(this.#wasAnswered)
    const request = 'then' in prepared ? await prepared : prepared
    if ('how' in request) return request
    const pinged = (roundTripMs: number) => this.#hearer.signal('ping', { roundTripMs })
    const options: AttemptOptions = { request, maxLineBytes: this.#maxLineBytes, pinged, watch: this.#hearer.watch }
    const attempt = await Attempt.open(this.#link, options, this.#signal)
    const isRefused = 'how' in attempt && attempt.how === 'answered' && isSecretRefused(attempt.error)
    if (!isRefused || !this.#link.secretRefused()) return attempt
    return Attempt.open(this.#link, options, this.#signal)
  }

  /** Waits as long as the last loss asks for; false where the stream was closed meanwhile. */
  async rest(): Promise<boolean> {
    const delayMs = this.#delayMs
    this.#delayMs = 0
    return wait(this.#link.time, delayMs, this.#signal)
  }

  /** The stream was confirmed: `start` came. */
  started(): void {
    this.#startedAt = this.#link.time.now()
    this.#wasOpen = true
  }

  /** Something was told: a right that is lost now is lost anew. */
  progressed(): void {
    this.#isReauthorized = false
  }

  /** Something that was missed was read: what comes next is another loss. */
  recovered(): void {
    this.#backoff.reset()
    this.#isReplayed = false
    this.#isReauthorized = false
  }

  /**
   * Takes an end that we did not ask for; the next `open` waits as it should. Throws its error where there is no
   * coming back. `heldBytes` is the length of an unfinished line.
   */
  lose(end: Exclude<End, { how: 'closed' }>, heldBytes = 0): void {
    this.#forgetWhenHealthy()
    this.fail(end, heldBytes)
  }

  /** As `lose`, of a query beside the stream, which stays as it is. */
  fail(end: Exclude<End, { how: 'closed' }>, heldBytes = 0): void {
    const error = toError(end, this.#link.where, heldBytes)
    const delayMs = this.#asking.resumes ? this.#delayAfter(end) : undefined
    if (delayMs === undefined) throw error
    this.#delayMs = delayMs
    this.#hearer.signal('lost', { error })
    this.#hearer.signal('retry', { attempt: this.#backoff.attempts, delayMs })
  }

  #forgetWhenHealthy(): void {
    const openMs = this.#startedAt === undefined ? 0 : this.#link.time.now() - this.#startedAt
    this.#startedAt = undefined
    if (openMs < healthyMs) return
    this.#backoff.reset()
    this.#isReplayed = false
  }

  #delayAfter(end: Exclude<End, { how: 'closed' }>): number | undefined {
    switch (judge(end, this.#wasOpen)) {
      case 'fatal':
        return undefined
      case 'again':
        if (this.#isReplayed) return this.#backoff.next()
        this.#isReplayed = true
        return 0
      case 'reauthorize':
        if (this.#isReauthorized) return undefined
        this.#isReauthorized = true
        return 0
      case 'later':
        return this.#backoff.next()
    }
  }
}
