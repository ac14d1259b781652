/** A stream of a history run as its user follows it: a loop that now and then ends in mid-event and is begun anew. */
import { setImmediate as turn } from 'node:timers/promises'
import { type CheckpointStore, Client, type EventStream, type StreamOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/index.ts'
import type { HistoryTarget } from './history-targets.ts'
import { pick, type Random } from './mutations.ts'

/** An event as it was told, as JSON. */
export type ToldEvent = {
  readonly type: string
  readonly txn: number
  readonly event: unknown
  readonly recovered?: boolean
}

/** One loop, from its begin to its end. */
export type Segment = {
  readonly events: ToldEvent[]
  /** The transaction that the loop was at when it was left; `undefined` where it was not. */
  inHand?: number
}

/** What a follower is made with. */
export type FollowerOptions = {
  readonly target: HistoryTarget
  /** `undefined`: the server's own choice. */
  readonly fields: readonly ('action' | 'document' | 'diff' | 'prev' | 'index')[] | undefined
  readonly pageSize: number
  readonly isExact: boolean
  /** How a loop that is begun anew knows where it was. */
  readonly memory: 'checkpoint' | 'since'
  /** How often it is begun anew. */
  readonly restarts: number
}

/** What no byte tells, a PING and a limit find: within a run, in milliseconds. */
const impatient = { pingIntervalMs: 500, pingTimeoutMs: 1_000, connectTimeoutMs: 2_000, startTimeoutMs: 2_000 }

/** At most so many events before the loop is left. */
const maxEventsBeforeRestart = 60

/** Follows one target through a proxy until it is told to end. */
export class Follower {
  readonly options: FollowerOptions
  readonly segments: Segment[] = []
  readonly #endpoint: string
  readonly #secret: string
  readonly #random: Random
  readonly #over = new AbortController()
  readonly #store: CheckpointStore = memoryStore()
  readonly #isSlow: boolean
  /** Everything up to here was worked through. */
  #since: number | undefined
  #lastTxn: number | undefined
  #started: () => void = () => undefined
  /** Resolves when the first loop has its `start`. */
  readonly started = new Promise<void>(resolve => (this.#started = resolve))

  constructor(
    options: FollowerOptions,
    server: { readonly endpoint: string; readonly secret: string },
    random: Random,
  ) {
    this.options = options
    this.#endpoint = server.endpoint
    this.#secret = server.secret
    this.#random = random
    this.#isSlow = random() < 0.3
  }

  /** The transaction that ends the run is known. */
  finishAt(txn: number): void {
    this.#lastTxn = txn
    this.#look()
  }

  /** What the stream last told of its life, for a run that hangs. */
  readonly life: string[] = []

  /** Gives up. */
  abort(): void {
    this.#over.abort()
  }

  /** Follows to the end. Rejects with what a loop throws. */
  async follow(): Promise<void> {
    let left = this.options.restarts
    while (!this.#over.signal.aborted) {
      const limit = left-- > 0 ? 1 + pick(this.#random, maxEventsBeforeRestart) : Number.POSITIVE_INFINITY
      const client = new Client({
        endpoint: this.#endpoint,
        secret: this.#secret,
        backoff: { firstMs: 1, maxMs: 4 },
        ...impatient,
      })
      try {
        await this.#loop(client, limit)
      } finally {
        await client.close()
      }
    }
  }

  async #loop(client: Client, limit: number): Promise<void> {
    const { target, fields, pageSize, isExact, memory } = this.options
    const kept: StreamOptions =
      memory === 'checkpoint' ? { checkpoint: this.#store } : this.#since === undefined ? {} : { since: this.#since }
    const { signal } = this.#over
    const stream = client.stream(target.expr, fields, { ...kept, pageSize, exact: isExact, signal })
    const segment: Segment = { events: [] }
    this.segments.push(segment)
    this.#noteLife(client, stream as unknown as EventStream)
    let told = 0
    for await (const event of stream) {
      const json = JSON.parse(JSON.stringify(event)) as ToldEvent
      this.#work(segment, json)
      if (json.type === 'start') continue
      if (++told >= limit) {
        segment.inHand = json.txn
        return
      }
      if (this.#isSlow) await turn()
    }
  }

  #noteLife(client: Client, stream: Pick<EventStream, 'on'>): void {
    const begun = performance.now()
    const note = (text: string) => this.life.push(`${Math.round(performance.now() - begun)} ms ${text}`)
    this.life.push('a loop begins')
    stream.on('state', state => note(state))
    stream.on('lost', ({ error }) => note(`lost: ${error.message} ${JSON.stringify(client.health())}`))
    stream.on('retry', ({ delayMs }) => note(`waits ${delayMs} ms`))
    stream.on('start', ({ txn }) => note(`start ${txn}`))
    stream.on('recovered', ({ events, until }) => note(`recovered ${events} until ${until}`))
  }

  #work(segment: Segment, event: ToldEvent): void {
    const before = segment.events.at(-1)
    segment.events.push(event)
    if (event.type === 'start') {
      // It bounds what came before it; the first one is where everything begins.
      this.#since = Math.max(this.#since ?? 0, event.txn)
      this.#started()
    } else if (before !== undefined && before.txn < event.txn) this.#since = Math.max(this.#since ?? 0, before.txn)
    this.#look()
  }

  #look(): void {
    const last = this.segments.at(-1)?.events.at(-1)
    if (last !== undefined && last.txn === this.#lastTxn && last.type !== 'start') this.#over.abort()
  }
}
