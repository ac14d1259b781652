/** How long the evaluation of a request may take: `X-Query-Timeout` (protocol.md A.5, A.8). */
import { Fault } from './failures.ts'

/** What is said where the time is over, or would be. */
export const TIMED_OUT = 'Read timed out (Query eval has timed out.)'
/** The forms that are evaluated between two looks at the clock: a short query never looks. */
const FORMS_BETWEEN_LOOKS = 1024

/** The time that one evaluation has, from when this is made. */
export class Deadline {
  readonly #endsAt: number
  #left = FORMS_BETWEEN_LOOKS

  constructor(timeoutMs: number) {
    this.#endsAt = performance.now() + timeoutMs
  }

  /** To be called for each form that is evaluated. Throws where the time is over. */
  step(): void {
    this.#left -= 1
    if (this.#left > 0) return
    this.#left = FORMS_BETWEEN_LOOKS
    if (performance.now() > this.#endsAt) throw new Fault(503, 'time out', TIMED_OUT)
  }
}
