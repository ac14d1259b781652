/** What an observer is told of an event: a request and its answer, as of a query. */
import type { AnyEvent } from '../events/types.ts'
import { callSafely, type Observer } from '../observe.ts'
import { encode } from '../values/index.ts'
import type { Head, StreamRequest } from './link.ts'

/** The opening that an event came by. */
export type Opening = {
  readonly request: StreamRequest
  /** The expression as the caller gave it. */
  readonly content: unknown
  /** `undefined` where the event came by none, as one that history told after a loss. */
  readonly head: Head | undefined
  /** In milliseconds since the Unix epoch. */
  readonly openedAt: number
}

/** Tells an event; what history told has no line, and is shown in wire form. */
export function tellObserver(
  observer: Observer,
  { request, content, head, openedAt }: Opening,
  event: AnyEvent,
  line: string | undefined,
  now: number,
): void {
  const { status = 0, headers = {} } = head ?? {}
  callSafely(observer, {
    method: 'POST',
    path: '/stream',
    query: request.fields ? { fields: request.fields.join(',') } : {},
    requestRaw: request.body,
    requestContent: content,
    responseRaw: line ?? encode(event),
    responseContent: event,
    statusCode: status,
    responseHeaders: headers,
    startTime: openedAt,
    endTime: now,
  })
}
