/** What a stream asks of the server, and what its lines are taken for: they say what happened, or only when. */
import type { End } from '../end.ts'
import type { StreamError } from '../errors.ts'
import type { Signal } from '../signals.ts'
import { sortFields, widenFields } from './exact.ts'
import type { History } from './history.ts'
import type { Link, StreamRequest } from './link.ts'

/** What the caller asked for. */
export type AskingOptions = {
  readonly request: StreamRequest
  readonly resume: 'history' | 'live' | false
  readonly exact: boolean
}

/** Changes where the server turns out to be unable to tell something. */
export class Asking {
  readonly #link: Link
  readonly #history: History
  readonly #body: string
  readonly #signal: Signal
  readonly #resume: AskingOptions['resume']
  readonly #fields: readonly string[] | undefined
  #isExact: boolean
  /** Whether the server is asked only for what it can tell whatever was written. */
  #isBare = false
  /** Whether events may have `diff` or `prev`. */
  readonly mayHoldVersions: boolean
  /** Whether the server could not tell an event, and history did. */
  #wasUntellable = false

  constructor(link: Link, history: History, { request, resume, exact }: AskingOptions, signal: Signal) {
    this.#link = link
    this.#history = history
    this.#body = request.body
    this.#signal = signal
    this.#resume = resume
    this.#fields = exact ? widenFields(sortFields(request.fields)) : request.fields
    this.#isExact = exact
    this.mayHoldVersions = ['diff', 'prev'].some(field => this.#fields?.includes(field))
  }

  /** Whether a line only says when, and history says what. */
  get isExact(): boolean {
    return this.#isExact
  }

  /** Whether the stream is opened anew after a loss. */
  get resumes(): boolean {
    return this.#resume !== false
  }

  /** Whether what a loss missed is read back from history. */
  get recovers(): boolean {
    return this.#resume === 'history'
  }

  /** What an opening asks for; a stream that was answered before is opened on what it followed. */
  prepare(isAgain: boolean): StreamRequest | Promise<StreamRequest | End> {
    if (!isAgain) return this.#toRequest(this.#body)
    return this.#history.findBody().then(found => (typeof found === 'string' ? this.#toRequest(found) : found))
  }

  /** What the server says at the end of a stream changes how the next one is asked for. */
  learn(error: StreamError): void {
    if (error.code === 'permission denied') this.#link.secretRefused()
    if (!isUntellable(error) || !this.recovers) return
    if (this.#seeUntellable()) this.#signal('warning', { code: 'exact_forced', message: exactForced })
  }

  /**
   * The server could not tell an event: history tells it. Where that happens again, the stream is left to say only when.
   * Says whether that begins now.
   */
  #seeUntellable(): boolean {
    const wasExact = this.#isExact
    if (wasExact || this.#wasUntellable) {
      this.#isExact = true
      this.#isBare = true
    }
    this.#wasUntellable = true
    return this.#isExact && !wasExact
  }

  #toRequest(body: string): StreamRequest {
    if (!this.#isBare) return { body, fields: this.#fields }
    // Of a member the server tells no contents, but its time: that shows a change of the past.
    return { body, fields: this.#history.kind === 'set' ? ['action', 'document'] : ['action'] }
  }
}

const exactForced =
  'the server cannot tell an event of this stream, as one of bytes: from now on it only says when, and history says what'

/** Whether the server ended the stream since it cannot write an event, as one of bytes (protocol.md B.7). */
function isUntellable({ code, description }: StreamError): boolean {
  return code === 'internal server error' && /refCnt/.test(description)
}
