/** Sends the answers of a service: with the headers that belong to them, and laid out as was asked for. */
import { protocolErrorBody } from './answers.ts'
import type { Clock } from './clock.ts'
import { TIMED_OUT } from './deadline.ts'
import type { Reply, WireRequest } from './exchange.ts'
import { responseHeaders } from './headers.ts'
import type { BadHeader, RequestOptions, ResponseFacts } from './headers.ts'
import { indent } from './json-layout.ts'
import type { Answer } from './requests.ts'
import type { Refusal } from './routes.ts'

/** A request whose headers are in order. */
export type Exchange = { readonly request: WireRequest; readonly reply: Reply; readonly options: RequestOptions }

/** Answers for a server with this clock. */
export class Responder {
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sends an answer. */
  send({ reply, options, request }: Exchange, { status, body, txnTime, isIndented }: Answer): void {
    const laidOut = options.isFormatted && isIndented !== true ? indent(body) : body
    const metrics = { bytesIn: request.body.length }
    const facts = { status, txnTime, bytesOut: Buffer.byteLength(laidOut), metrics }
    reply.send(status, responseHeaders(options, facts), laidOut)
  }

  /** The answer of a path for health checks: to HEAD it is empty, and not measured (API/fql1/UtilRoutes.scala). */
  sendResult(exchange: Exchange, result: string): void {
    const { method } = exchange.request
    const body = method === 'HEAD' ? '' : exchange.options.isFormatted ? indent(result) : result
    this.send(exchange, { status: 200, body, txnTime: this.#clock.snapshot(), isIndented: true })
  }

  /** Refuses a request that took too long, or would. */
  refuseLate(exchange: Exchange): void {
    const body = indent(protocolErrorBody('time out', TIMED_OUT))
    this.send(exchange, { status: 503, body, txnTime: this.#clock.snapshot(), isIndented: true })
  }

  /** Refuses a request for what is wrong with its path, its method or its key. */
  refuse(reply: Reply, options: RequestOptions | BadHeader, { status, headers, body, dress }: Refusal): void {
    if (dress === 'bare') {
      reply.send(status, { 'content-type': 'application/json;charset=utf-8', ...headers }, body)
      return
    }
    const laidOut = options.isFormatted && !body.includes('\n') ? indent(body) : body
    const facts: ResponseFacts = {
      status,
      txnTime: this.#clock.snapshot(),
      bytesOut: Buffer.byteLength(laidOut),
      more: headers,
      isMeasured: dress === 'measured',
    }
    reply.send(status, responseHeaders(options, facts), laidOut)
  }

  /** Refuses a request for a header that cannot be read. */
  refuseHeader(reply: Reply, bad: BadHeader): void {
    const { body, isMeasured } = bad
    const facts = { status: 400, txnTime: this.#clock.snapshot(), bytesOut: Buffer.byteLength(body), isMeasured }
    reply.send(400, responseHeaders(bad, facts), body)
  }
}
