/** Queries: each is sent, once more where that is surely safe, its answer read, and those told who listen. */
import { onAbort } from './abort.ts'
import { isSecretRefused, readResource, toAnswerError } from './answer.ts'
import { type End, toError } from './end.ts'
import { type ErrorDetail, type FaunaError, ProtocolError, QueryError, StateError } from './errors.ts'
import { begin, callSafely, end, type ObservedClient, type Observer, type Operation } from './observe.ts'
import { toWire } from './query/wrap.ts'
import type { Requests, Terms } from './requests.ts'
import type { Secret } from './secret.ts'
import type { QueryAnswer, QueryTerms } from './stream/link.ts'
import type { Time } from './time.ts'
import { Exchange, type Head } from './transport/exchange.ts'

const ok = 200

type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** An answer, read: what it tells stands in `outcome`. */
type Answer = { readonly head: Head; readonly body: string; readonly outcome: Outcome }

/** What queries need to know of their client. */
export type QueriesOptions = {
  readonly requests: Requests
  readonly client: ObservedClient
  readonly time: Time
  readonly observer: Observer | undefined
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal
}

/** Asks. */
export class Queries {
  readonly #options: QueriesOptions
  readonly #requests: Requests
  readonly #where: string

  constructor(options: QueriesOptions) {
    this.#options = options
    this.#requests = options.requests
    this.#where = options.requests.where('/')
  }

  /** The value of an expression, for the caller. */
  async evaluate(expr: unknown, signal: AbortSignal): Promise<unknown> {
    const { time, observer } = this.#options
    const body = toWire(expr)
    const startTime = time.now()
    signal.throwIfAborted()
    const { head, body: text, outcome } = await this.#ask(body, signal)
    if (observer) {
      callSafely(observer, {
        method: 'POST',
        path: '/',
        query: {},
        requestRaw: body,
        requestContent: expr,
        responseRaw: text,
        responseContent: 'value' in outcome ? outcome.value : toContent(outcome.error),
        statusCode: head.status,
        responseHeaders: head.headers,
        startTime,
        endTime: time.now(),
      })
    }
    if ('error' in outcome) throw outcome.error
    return outcome.value
  }

  /** The answer to a query of a stream: what a stream may ask again, it does. */
  async askFor(body: string, { parent, ...terms }: QueryTerms): Promise<QueryAnswer | End> {
    if (this.#options.closing.aborted || terms.signal.aborted) return { how: 'closed' }
    const answer = await this.#askObserved(body, terms, parent)
    if ('how' in answer) return answer
    const { head, body: text, outcome } = answer
    const txnTime = Number(head.headers['x-txn-time'])
    if ('value' in outcome) return { value: outcome.value, text: resourceText(text), txnTime }
    const { error } = outcome
    if (error instanceof QueryError || error instanceof ProtocolError) return { how: 'answered', error }
    throw error
  }

  /** Sends a query that does nothing with a secret. @throws what it is answered where the secret is not good. */
  async tryOut(secret: Secret): Promise<void> {
    const { closing: signal } = this.#options
    const read = await this.#requests.readSecret(signal, secret)
    const answer =
      typeof read === 'string'
        ? await this.#observe(operation => this.#askOnce('null', read, { signal, operation }))
        : read
    if ('how' in answer) throw this.#toError(answer)
    if ('error' in answer.outcome) throw answer.outcome.error
  }

  async #ask(body: string, signal: AbortSignal): Promise<Answer> {
    const answer = await this.#askObserved(body, { signal })
    if (!('how' in answer)) return answer
    signal.throwIfAborted()
    throw this.#toError(answer)
  }

  /** The answer to a query, of which subscribers hear. */
  #askObserved(body: string, terms: Terms, parent?: Operation): Promise<Answer | End> {
    return this.#observe(operation => this.#tryTwice(body, { ...terms, operation }), parent)
  }

  /** What it gives, and tells subscribers. */
  async #observe(
    ask: (operation: Operation | undefined) => Promise<Answer | End>,
    parent?: Operation,
  ): Promise<Answer | End> {
    const operation = begin('query', () => ({ type: 'query', client: this.#options.client, parent }))
    const answer = await ask(operation)
    if (operation === undefined) return answer
    if (!('how' in answer)) {
      const error = 'error' in answer.outcome ? (answer.outcome.error as Error) : undefined
      end(operation, { error, statusCode: answer.head.status })
    } else if (answer.how === 'closed') end(operation, { isAborted: true })
    else end(operation, { error: toError(answer, this.#where) })
    return answer
  }

  /** Sent once more where that is surely safe: never processed, or refused for its secret. */
  async #tryTwice(body: string, terms: Terms): Promise<Answer | End> {
    for (let isFirst = true; ; isFirst = false) {
      const secret = await this.#requests.readSecret(terms.signal)
      const answer = typeof secret === 'string' ? await this.#askOnce(body, secret, terms) : secret
      if ('how' in answer) {
        if (isFirst && answer.how === 'refused') continue
        return answer
      }
      this.#requests.see(Number(answer.head.headers['x-txn-time']))
      const isRefused = 'error' in answer.outcome && isSecretRefused(answer.outcome.error)
      if (isFirst && isRefused && this.#requests.refuse(secret as string)) continue
      return answer
    }
  }

  async #askOnce(body: string, secret: string, terms: Terms): Promise<Answer | End> {
    const exchange = await this.#requests.open('query', '/', body, secret, terms)
    if (!(exchange instanceof Exchange)) return exchange
    const unfollow = onAbort(terms.signal, () => exchange.cancel())
    try {
      const head = await exchange.head
      const text = await exchange.text()
      const ended = await exchange.end
      if (head === undefined || ended.how !== 'finished') return ended
      return { head, body: text, outcome: readOutcome(head.status, text, this.#where) }
    } finally {
      unfollow()
    }
  }

  #toError(ended: End): FaunaError {
    return ended.how === 'closed' ? closedError() : toError(ended, this.#where)
  }
}

/** What a call is told after `close()`. */
export function closedError(): StateError {
  return new StateError('client_closed', 'this client was closed; make a new one')
}

function readOutcome(status: number, body: string, where: string): Outcome {
  if (status < ok || status >= 300) return { error: toAnswerError(status, body, where) }
  try {
    return { value: readResource(status, body, where) }
  } catch (error) {
    return { error }
  }
}

/** The value alone, as it came: `{"resource":…}` has no other key. */
function resourceText(body: string): string {
  return body.slice(body.indexOf(':') + 1, body.lastIndexOf('}')).trim()
}

function toContent(error: unknown): readonly ErrorDetail[] | undefined {
  return error instanceof QueryError ? error.errors : undefined
}
