/** The streams that are open: how many of them count against the limit, and how all of them end. */
import type { ReplyStream } from './exchange.ts'
import type { LiveStream, StreamError } from './live-stream.ts'

/** A stream, whether it counts against the limit, and how it stops following. */
export type OpenStream = { readonly live: LiveStream; readonly isCounted: boolean; readonly stop: () => void }

/** The open streams of a server. */
export class OpenStreams {
  readonly #open = new Set<OpenStream>()
  #counted = 0

  /** How many of them count against the limit. */
  get counted(): number {
    return this.#counted
  }

  /** Remembers a stream until it closes. */
  keep(wire: ReplyStream, open: OpenStream): void {
    const weight = open.isCounted ? 1 : 0
    this.#counted += weight
    this.#open.add(open)
    wire.onClose(() => {
      this.#counted -= weight
      open.stop()
      open.live.close()
      this.#open.delete(open)
    })
  }

  /** Ends every stream: with an error, or as the real server does when it shuts down, without a word. */
  endAll(error?: StreamError): void {
    for (const { live, stop } of this.#open) {
      stop()
      if (error === undefined) live.end()
      else live.fail(error)
    }
    this.#open.clear()
  }
}
