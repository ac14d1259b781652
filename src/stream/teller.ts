/** Tells: every event passes here on its way to the loop, and so does every hole. */
import { GapError } from '../errors.ts'
import type { AnyEvent, GapEvent } from '../events/types.ts'
import type { StreamSignals } from '../signals.ts'
import type { Inflow } from './inflow.ts'
import type { Link, StreamRequest } from './link.ts'
import { tellObserver } from './observed.ts'
import type { Hearer } from './watch.ts'

/** What the caller asked for; `content` is the expression as it was given, for the observer. */
export type TellerOptions = {
  readonly request: StreamRequest
  readonly content: unknown
  readonly onGap: 'throw' | 'yield'
}

/** Tells the observer, the signals and the counters what the loop gets. */
export class Teller {
  readonly #link: Link
  readonly #options: TellerOptions
  readonly #inflow: Inflow
  readonly #hearer: Hearer

  constructor(link: Link, options: TellerOptions, inflow: Inflow, hearer: Hearer) {
    this.#link = link
    this.#options = options
    this.#inflow = inflow
    this.#hearer = hearer
  }

  /** Gives an event to the loop; `line` is how it came. */
  tell(event: AnyEvent, line?: string): AnyEvent {
    const { observer, time } = this.#link
    if (!observer) return event
    const { request, content } = this.#options
    const { attempt, openedAt } = this.#inflow
    tellObserver(observer, { request, content, head: attempt?.head, openedAt }, event, line, time.now())
    return event
  }

  /** The same, of one that may have been read with a query. */
  tellRead(event: AnyEvent, line?: string): AnyEvent {
    if (event.type === 'version' || event.type === 'set') {
      this.#link.see(event.txn)
      this.#inflow.recovered()
      if (event.recovered) this.#hearer.watch.counters.recovered++
    }
    return this.tell(event, line)
  }

  /** Says that events were missed; throws where the loop ends at that. */
  miss(gap: GapEvent): void {
    this.missed(gap)
    if (this.#options.onGap === 'throw') throw new GapError(gap, this.#link.where)
  }

  /** The same, where the loop gets the state anew instead. */
  missed({ after, until, reason }: GapEvent): void {
    this.#hearer.signal('gap', { after, until, reason })
  }

  /** Says that what was missed was read. */
  recovered(...args: Parameters<StreamSignals['recovered']>): void {
    this.#hearer.signal('recovered', ...args)
  }
}
