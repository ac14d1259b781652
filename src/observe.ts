/** What an observer is told of each query and each event. */

/** One exchange as an observer sees it: a query and its answer, or one event of a stream. */
export type RequestResult = {
  readonly method: 'POST'
  /** `/` for queries, `/stream` for streams. */
  readonly path: string
  /** The parameters of the URL; streams have `fields` where they were named. */
  readonly query: Readonly<Record<string, string>>
  /** The body that was sent. */
  readonly requestRaw: string
  /** The expression as the caller gave it. */
  readonly requestContent: unknown
  /** The body that came; of a stream, the line of the event. */
  readonly responseRaw: string
  /** The decoded value or event; of a refused query, the errors of the answer. */
  readonly responseContent: unknown
  /** The HTTP status. */
  readonly statusCode: number
  /** Headers of the answer, names in lower case. */
  readonly responseHeaders: Readonly<Record<string, string>>
  /** When the request was sent, in milliseconds since the Unix epoch. */
  readonly startTime: number
  /** When the answer, or this event, had been read, in milliseconds since the Unix epoch. */
  readonly endTime: number
}

/** Called once per query and once per event. */
export type Observer = (result: RequestResult) => void

/** Calls a function of the user's; what it throws is thrown again in a microtask, where it harms nothing of ours. */
export function callSafely<A extends readonly unknown[]>(run: (...args: A) => void, ...args: A): void {
  try {
    run(...args)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
