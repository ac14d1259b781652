/** The quiet line below the events of a terminal: state, events a second, lag, reconnects; and every loss, told. */
import type { FaunaError, StreamSignals, StreamState } from '../index.ts'
import type { Time } from '../time.ts'
import { describeNotice, type LineOptions, type Notice, type TailEvent, toGapNotice } from './lines.ts'
import { toDuration } from './moments.ts'
import { hasColors, type Output, toColumns } from './output.ts'
import { cutTo, paint, toVisible, widthOf, wrapWords } from './terminal-text.ts'

/** The rate is of the last second, in milliseconds. */
const rateMs = 1_000
/** Lines that come in a burst are not each followed by the status, in milliseconds. */
const drawAfterMs = 50
const clearDown = '\r\u001b[J'

/** What it reads of a stream. */
export type Followed = {
  readonly state: StreamState
  on<S extends keyof StreamSignals>(signal: S, listener: StreamSignals[S]): unknown
}

/** Where and when it writes. */
export type StatusOptions = {
  readonly output: Output
  readonly time: Time
  /** Whether the line is drawn: on a terminal that nobody else writes to. */
  readonly isDrawn: boolean
  /** Whether the events that the user sees tell the holes themselves. */
  readonly hasGapLines: boolean
  /** What is followed, in words. */
  readonly title: string
}

/** The beginning of a message that says which request it is about: here all are of one stream. */
const where = /^POST \S+ at \S+: /

type Timer = ReturnType<Time['after']>

/** Draws on a terminal only; losses are told wherever standard error goes. */
export class StatusLine implements Disposable {
  readonly #stream: Followed
  readonly #options: StatusOptions
  readonly #startedAt: number
  #ticking: Timer | undefined
  #drawing: Timer | undefined
  #events = 0
  #eventsBefore = 0
  #rate = 0
  #lagMs: number | undefined
  #reconnects = 0
  #wasOpen = false
  #lostAt: number | undefined
  #retry: { readonly attempt: number; readonly at: number } | undefined
  #lastFailure: string | undefined
  /** The width of what is drawn, in columns; 0: nothing is. */
  #drawnWidth = 0

  constructor(stream: Followed, options: StatusOptions) {
    this.#stream = stream
    this.#options = options
    this.#startedAt = options.time.now()
    stream.on('lost', ({ error }) => this.#lose(error as FaunaError))
    stream.on('retry', ({ attempt, delayMs }) => this.#await(attempt, delayMs))
    stream.on('recovered', ({ events }) => {
      const were = events === 1 ? 'was' : 'were'
      const mark = options.hasGapLines ? '↺' : '"recovered":true'
      if (events > 0)
        this.#tell('missed', 'green', `${count(events, 'event')} ${were} missed, and read back: those with ${mark}`)
    })
    stream.on('warning', ({ message }) => this.warn(message))
    stream.on('gap', gap => {
      if (!options.hasGapLines) this.#write({ ...toGapNotice(gap, options.time.now()) })
    })
    stream.on('state', state => {
      if (state === 'open') this.#open()
      this.#drawSoon()
    })
    if (!options.isDrawn) return
    const { output, title } = options
    const lines = wrapWords(title, toColumns(output)).map(line => paint(line, 'dim', hasColors(output)))
    output.write(`${lines.join('\n')}\n`)
    this.#tick()
  }

  /** Counts an event. */
  count(event: TailEvent): void {
    if (event.type === 'start') return
    this.#events++
    if ('txn' in event) this.#lagMs = Math.max(0, this.#options.time.now() - event.txn / 1000)
  }

  /** Says something to know before it matters. */
  warn(text: string): void {
    this.#tell('warning', 'yellow', text)
  }

  /** Takes the line away, so that something else can be written; it comes back soon after. */
  clear(): void {
    if (this.#drawnWidth > 0) {
      // On a terminal that was made narrower meanwhile it takes several lines.
      const up = Math.ceil(this.#drawnWidth / toColumns(this.#options.output)) - 1
      this.#options.output.write((up > 0 ? `\u001b[${up}A` : '') + clearDown)
      this.#drawnWidth = 0
    }
    this.#drawSoon()
  }

  /** Writes the line anew. */
  draw(): void {
    if (!this.#options.isDrawn) return
    const { output } = this.#options
    const text = this.#describe(toColumns(output) - 1)
    this.clear()
    this.#drawing?.cancel()
    this.#drawing = undefined
    output.write(paint(text, 'dim', hasColors(output)))
    this.#drawnWidth = widthOf(text)
  }

  /** Takes the line away for good, and says what was: on a terminal. */
  [Symbol.dispose](): void {
    this.#ticking?.cancel()
    const { output, time, isDrawn } = this.#options
    this.clear()
    this.#drawing?.cancel()
    if (!isDrawn) return
    const parts = [
      `${count(this.#events, 'event')} in ${toDuration(time.now() - this.#startedAt)}`,
      ...this.#tellReconnects(),
    ]
    output.write(`${paint(parts.join(' · '), 'dim', hasColors(output))}\n`)
  }

  /** As much as there is room for, the most important first. */
  #describe(columns: number): string {
    const { state } = this.#stream
    const parts = [
      state === 'connecting' ? `○ ${this.#tellAttempt()}` : `${state === 'open' ? '●' : '○'} ${state}`,
      count(this.#events, 'event'),
      ...(state === 'open' ? [`${this.#rate}/s`] : []),
      ...(this.#lagMs === undefined || state !== 'open' ? [] : [`lag ${toDuration(this.#lagMs)}`]),
      ...this.#tellReconnects(),
    ]
    while (parts.length > 1 && widthOf(parts.join(' · ')) > columns) parts.pop()
    return cutTo(parts.join(' · '), columns)
  }

  #tellAttempt(): string {
    if (this.#retry === undefined) return 'connecting'
    const { attempt, at } = this.#retry
    const waitMs = at - this.#options.time.now()
    return waitMs > 0 ? `attempt ${attempt} in ${toDuration(waitMs)}` : `connecting (attempt ${attempt})`
  }

  #tellReconnects(): string[] {
    return this.#reconnects === 0 ? [] : [count(this.#reconnects, 'reconnect')]
  }

  /** The same failure of one attempt after the other is told once. */
  #lose(error: FaunaError): void {
    const isFirst = this.#lostAt === undefined
    this.#lostAt ??= this.#options.time.now()
    if (!isFirst && error.message === this.#lastFailure) return
    this.#lastFailure = error.message
    const what = this.#wasOpen && isFirst ? 'lost' : 'failed'
    const isNobody = error.code === 'connect_failed' && String(error.cause).includes('ECONNREFUSED')
    const advice = isNobody && !this.#wasOpen ? '; `fauna-streams serve` starts a server here' : ''
    this.#tell(what, 'red', error.message.replace(where, '') + advice)
  }

  #await(attempt: number, delayMs: number): void {
    this.#retry = { attempt, at: this.#options.time.now() + delayMs }
    if (this.#options.isDrawn) this.#drawSoon()
    else if (delayMs > 0) this.#tell('retry', 'yellow', `trying again in ${toDuration(delayMs)} (attempt ${attempt})`)
  }

  #open(): void {
    const { time } = this.#options
    if (this.#wasOpen && this.#lostAt !== undefined) {
      this.#reconnects++
      this.#tell('back', 'green', `connected again after ${toDuration(time.now() - this.#lostAt)}`)
    }
    this.#wasOpen = true
    this.#lostAt = undefined
    this.#lastFailure = undefined
    this.#retry = undefined
  }

  #tick(): void {
    this.#rate = this.#events - this.#eventsBefore
    this.#eventsBefore = this.#events
    this.draw()
    this.#ticking = this.#options.time.after(rateMs, () => this.#tick())
  }

  #drawSoon(): void {
    const { isDrawn, time } = this.#options
    if (!isDrawn) return
    this.#drawing ??= time.after(drawAfterMs, () => {
      this.#drawing = undefined
      this.draw()
    })
  }

  #tell(what: string, style: Notice['style'], text: string): void {
    this.#write({ at: this.#options.time.now(), what, style, text })
  }

  /** On a terminal in the columns of the events; elsewhere one line. */
  #write(notice: Notice): void {
    const { output, time } = this.#options
    this.clear()
    if (!output.isTTY) return void output.write(`! ${notice.what}: ${toVisible(notice.text)}\n`)
    const options: LineOptions = { columns: toColumns(output), colors: hasColors(output), now: time.now() }
    output.write(`${describeNotice(notice, options)}\n`)
  }
}

function count(number: number, what: string): string {
  return `${number.toLocaleString('en-US')} ${what}${number === 1 ? '' : 's'}`
}
