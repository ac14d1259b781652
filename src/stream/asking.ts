/** What a stream asks of the server, and what its lines are taken for: they say what happened, or only when. */
import type { StreamError } from '../errors.ts'
import { sortFields, widenFields } from './exact.ts'

/** Changes where the server turns out to be unable to tell something. */
export class Asking {
  #fields: readonly string[] | undefined
  #isExact: boolean
  /** Whether events may have `diff` or `prev`. */
  readonly mayHoldVersions: boolean
  /** Whether the server could not tell an event, and history did. */
  #wasUntellable = false

  constructor(fields: readonly string[] | undefined, isExact: boolean) {
    this.#fields = isExact ? widenFields(sortFields(fields)) : fields
    this.#isExact = isExact
    this.mayHoldVersions = ['diff', 'prev'].some(field => this.#fields?.includes(field))
  }

  /** The fields that are asked for; `undefined` for those that the server sends where none are named. */
  get fields(): readonly string[] | undefined {
    return this.#fields
  }

  /** Whether a line only says when, and history says what. */
  get isExact(): boolean {
    return this.#isExact
  }

  /**
   * Learns that the server could not tell an event: history tells it. Where that happens again, the stream is left to say
   * only when. Says whether that begins now.
   */
  seeUntellable(): boolean {
    const wasExact = this.#isExact
    if (wasExact || this.#wasUntellable) {
      this.#isExact = true
      this.#fields = ['action']
    }
    this.#wasUntellable = true
    return this.#isExact && !wasExact
  }
}

/** Whether the server ended the stream since it cannot write an event, as one of bytes (protocol.md B.7). */
export function isUntellable({ code, description }: StreamError): boolean {
  return code === 'internal server error' && /refCnt/.test(description)
}
