/** A server of a few commits whose every answer waits for the test: for all orders in which things can happen. */
import type { End } from '../../src/end.ts'
import type { Exchange, Link, QueryAnswer } from '../../src/stream/link.ts'
import { startLine } from '../../src/testing/index.ts'
import { bytes, FakeExchange } from './fake-link.ts'

/** An event of a commit: of a document there is one, of a set one or two. */
export type TinyEvent = { readonly txn: number; readonly action: string; readonly id: string }

/** What can happen next: a commit; a cut of all that is open; the next thing reaches the client. */
export type TinyAction = 'commit' | 'cut' | 'step'

type Opening = { readonly exchange: FakeExchange; readonly waiting: string[]; isStarted: boolean }
type Question = { readonly body: string; readonly answer: (answer: QueryAnswer | End) => void }

/** Transaction times lie this far apart; a `start` may lie between two of them. */
const txnStep = 10
const firstStart = 5

/** One server and its link to one stream. */
export class TinyServer implements Link {
  readonly where = 'POST /stream at http://tiny.test'
  readonly endpoint = 'http://tiny.test'
  readonly startTimeoutMs = 10_000
  readonly observer = undefined
  readonly backoff = { firstMs: 1, maxMs: 1, maxAttempts: Number.POSITIVE_INFINITY }
  /** Waits pass at once; what takes long never comes. */
  readonly time = {
    now: () => 0,
    after: (delayMs: number, run: () => void) => {
      let isCancelled = false
      if (delayMs < this.startTimeoutMs) queueMicrotask(() => void (isCancelled || run()))
      return { cancel: () => void (isCancelled = true) }
    },
  }
  /** Everything that was committed. */
  readonly events: TinyEvent[] = []
  readonly #isSet: boolean
  readonly #limits: { readonly commits: number; readonly cuts: number }
  #commits = 0
  #cuts = 0
  #openings = 0
  #opening: Opening | undefined
  #question: Question | undefined

  constructor(isSet: boolean, limits: { readonly commits: number; readonly cuts: number }) {
    this.#isSet = isSet
    this.#limits = limits
  }

  /** What can happen now. */
  get actions(): TinyAction[] {
    const actions: TinyAction[] = []
    if (this.#question || (this.#opening && this.#opening.waiting.length > 0) || this.#mayStart) actions.push('step')
    if (this.#openings > 0 && this.#commits < this.#limits.commits) actions.push('commit')
    if (this.#cuts < this.#limits.cuts && (this.#opening || this.#question)) actions.push('cut')
    return actions
  }

  get #mayStart(): boolean {
    return this.#opening !== undefined && !this.#opening.isStarted
  }

  act(action: TinyAction): void {
    if (action === 'commit') this.#commit()
    else if (action === 'cut') this.#cut()
    else this.#step()
  }

  async open(): Promise<Exchange | End> {
    const exchange = new FakeExchange({})
    this.#openings++
    this.#opening = { exchange, waiting: [], isStarted: false }
    return exchange
  }

  query(body: string): Promise<QueryAnswer | End> {
    // The right to history is there.
    if (!body.includes('"covered"')) return Promise.resolve({ value: { data: [] }, text: '', txnTime: 0 })
    return new Promise(resolve => (this.#question = { body, answer: resolve }))
  }

  see(): void {}

  secretRefused(): boolean {
    return false
  }

  #commit(): void {
    const n = ++this.#commits
    const txn = n * txnStep
    const events: TinyEvent[] = this.#isSet
      ? [{ txn, action: 'add', id: String(n) }]
      : [{ txn, action: n === 1 ? 'create' : 'update', id: '1' }]
    // Live, an add may come before a remove.
    if (this.#isSet && n % 2 === 0) events.push({ txn, action: 'remove', id: String(n - 1) })
    this.events.push(...events)
    if (this.#opening?.isStarted) this.#opening.waiting.push(...events.map(event => this.#write(event)))
  }

  /** The stream asks for the action alone. */
  #write({ txn, action }: TinyEvent): string {
    return JSON.stringify({ type: this.#isSet ? 'set' : 'version', txn, event: { action } })
  }

  #cut(): void {
    this.#cuts++
    const [opening, question] = [this.#opening, this.#question]
    this.#opening = undefined
    this.#question = undefined
    opening?.exchange.finish({ how: 'cut' })
    question?.answer({ how: 'cut' })
  }

  #step(): void {
    const question = this.#question
    if (question) {
      this.#question = undefined
      return question.answer(this.#answer(question.body))
    }
    const opening = this.#opening!
    if (opening.isStarted) return opening.exchange.push(bytes(`${opening.waiting.shift()!}\r\n`))
    opening.isStarted = true
    // At the last transaction, or behind it.
    const start = this.#commits * txnStep + (this.#openings % 2 === 0 ? 0 : firstStart)
    opening.exchange.push(bytes(`${startLine(start)}\r\n`))
  }

  /** A page of history (protocol.md F.1–F.3): removes first; of an integer cursor's own time the removes are skipped. */
  #answer(body: string): QueryAnswer {
    const { let: bindings } = JSON.parse(body) as { let: readonly Record<string, unknown>[] }
    const page = bindings.map(({ page: found }) => found).find(Boolean) as { after: number; ts: number; size: number }
    const rank = (action: string) => (action === 'remove' ? 0 : 1)
    const all = this.events
      .filter(({ txn, action }) => txn <= page.ts && (txn > page.after || (txn === page.after && action !== 'remove')))
      .toSorted((a, b) => a.txn - b.txn || rank(a.action) - rank(b.action))
    const toElement = ({ txn, action, id }: TinyEvent) => ({ ts: txn, action, document: { id } })
    const after = all[page.size]
    const value = {
      remade: false,
      page: { data: all.slice(0, page.size).map(toElement), ...(after && { after: { ts: after.txn } }) },
    }
    return { value, text: '', txnTime: page.ts }
  }
}
