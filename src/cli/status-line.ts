/** The quiet line below the events of a terminal: state, events a second, lag, reconnects; and every loss, told. */
import type { StreamSignals, StreamState } from '../index.ts'
import type { TailEvent } from './lines.ts'
import { defaultColumns, type Output } from './output.ts'

const drawEveryMs = 1_000
const clearLine = '\r\u001b[K'

/** What it reads of a stream. */
export type Followed = {
  readonly state: StreamState
  on<S extends keyof StreamSignals>(signal: S, listener: StreamSignals[S]): unknown
}

/** Draws on a terminal only; losses are told wherever standard error goes. */
export class StatusLine implements Disposable {
  readonly #stream: Followed
  readonly #output: Output
  readonly #timer: NodeJS.Timeout | undefined
  #events = 0
  #eventsBefore = 0
  #reconnects = 0
  #lagMs: number | undefined
  #wasLost = false
  #isDrawn = false

  constructor(stream: Followed, output: Output) {
    this.#stream = stream
    this.#output = output
    stream.on('lost', ({ error }) => {
      this.#wasLost = true
      this.#tell(`lost: ${error.message}`)
    })
    stream.on('retry', ({ attempt, delayMs }) => {
      if (delayMs > 0) this.#tell(`trying again in ${(delayMs / 1000).toFixed(1)} s (attempt ${attempt})`)
    })
    stream.on('recovered', ({ events }) => this.#tell(`${events} events were missed, and are told now`))
    stream.on('warning', ({ message }) => this.#tell(`warning: ${message}`))
    stream.on('state', state => {
      if (state === 'open' && this.#wasLost) {
        this.#wasLost = false
        this.#reconnects++
        this.#tell('connected again')
      }
      this.draw()
    })
    if (output.isTTY) this.#timer = setInterval(() => this.#tick(), drawEveryMs).unref()
  }

  /** Counts an event. */
  count(event: TailEvent): void {
    if (event.type === 'start') return
    this.#events++
    if ('txn' in event) this.#lagMs = Math.max(0, Date.now() - event.txn / 1000)
  }

  /** Takes the line away, so that something else can be written. */
  clear(): void {
    if (this.#isDrawn) this.#output.write(clearLine)
    this.#isDrawn = false
  }

  /** Writes the line anew. */
  draw(): void {
    if (!this.#output.isTTY) return
    const parts = [
      this.#stream.state,
      `${this.#events} events`,
      `${this.#events - this.#eventsBefore}/s`,
      ...(this.#lagMs === undefined ? [] : [`lag ${Math.round(this.#lagMs)} ms`]),
      ...(this.#reconnects === 0 ? [] : [`${this.#reconnects} reconnects`]),
    ]
    this.#output.write(clearLine + parts.join(' · ').slice(0, (this.#output.columns ?? defaultColumns) - 1))
    this.#isDrawn = true
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.clear()
  }

  #tick(): void {
    this.draw()
    this.#eventsBefore = this.#events
  }

  #tell(text: string): void {
    this.clear()
    this.#output.write(`! ${text}\n`)
    this.draw()
  }
}
