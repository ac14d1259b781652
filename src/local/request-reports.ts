/** Tells what requests come to: for a log of those who run the server. It changes nothing of them. */
import type { Handle, Reply, ReplyStream } from './exchange.ts'

/** What was asked. `body` is as it came: it may hold what is not to be shown. */
export type ReportedRequest = {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly body: Uint8Array
}

/** What came of a request, at once or in the end. */
export type RequestReport =
  | {
      readonly kind: 'answered'
      readonly request: ReportedRequest
      readonly status: number
      /** The code of the first error of the answer. */
      readonly code: string | undefined
      readonly durationMs: number
    }
  /** A stream is open; `stream` counts them from 1. */
  | { readonly kind: 'opened'; readonly request: ReportedRequest; readonly stream: number }
  | {
      readonly kind: 'ended'
      readonly request: ReportedRequest
      readonly stream: number
      /** How many events it was told, `start` not counted. */
      readonly events: number
      /** The code of the error that ended it. */
      readonly code: string | undefined
      readonly durationMs: number
    }

/** Listens to reports. What it throws is thrown again outside of the request. */
export type ReportListener = (report: RequestReport) => void

const errorCode = /"(?:code|error)":\s*"((?:[^"\\]|\\.)*)"/
/** What begins a line of a stream that is no event. */
const startLine = '{"type":"start"'
const errorLine = '{"type":"error"'

function findCode(status: number, body: string | Uint8Array): string | undefined {
  return status < 400 ? undefined : errorCode.exec(Buffer.from(body).toString())?.[1]
}

/** The same handler; `listener` is told of every request that comes to it. */
export function reportRequests(handle: Handle, listener: ReportListener): Handle {
  let streams = 0
  const tell = (report: RequestReport): void => {
    try {
      listener(report)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
  return (wire, reply) => {
    const beganAt = performance.now()
    const passedMs = (): number => performance.now() - beganAt
    const request = { method: wire.method, path: wire.path, body: wire.body }
    const reported: Reply = {
      send(status, headers, body) {
        reply.send(status, headers, body)
        tell({ kind: 'answered', request, status, code: findCode(status, body), durationMs: passedMs() })
      },
      stream(status, headers) {
        const stream = ++streams
        tell({ kind: 'opened', request, stream })
        return countEvents(reply.stream(status, headers), (events, code) =>
          tell({ kind: 'ended', request, stream, events, code, durationMs: passedMs() }),
        )
      },
    }
    return handle(wire, reported)
  }
}

/** The same stream; `ended` is called once, when nothing more can be sent. */
function countEvents(wire: ReplyStream, ended: (events: number, code: string | undefined) => void): ReplyStream {
  let events = 0
  let code: string | undefined
  wire.onClose(() => ended(events, code))
  return {
    write(text) {
      const head = typeof text === 'string' ? text.slice(0, startLine.length) : undefined
      if (head === errorLine) code = errorCode.exec(String(text))?.[1]
      else if (head !== startLine) events++
      return wire.write(text)
    },
    onDrain: listener => wire.onDrain(listener),
    onClose: listener => wire.onClose(listener),
    end: () => wire.end(),
    reset: () => wire.reset(),
    get isClosed() {
      return wire.isClosed
    },
  }
}
