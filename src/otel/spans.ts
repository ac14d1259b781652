/** A span for each opening, catch-up and query; what is sent for it tells its trace. */
import {
  type Attributes,
  context,
  type Context,
  type Histogram,
  type Link,
  propagation,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api'
import type { CatchUpOperation, ObservedStream, OpeningOperation, Operation, QueryOperation } from '../observe.ts'
import { describeError, describeServer, describeStream } from './attributes.ts'

/** The name of a span and its kind, by what it is of. */
const kinds: Readonly<Record<Operation['type'], { readonly name: string; readonly kind: SpanKind }>> = {
  query: { name: 'fauna.query', kind: SpanKind.CLIENT },
  opening: { name: 'fauna.stream.open', kind: SpanKind.CLIENT },
  'catch-up': { name: 'fauna.stream.catch_up', kind: SpanKind.INTERNAL },
}

/** The names of all spans. */
export const spanNames: readonly string[] = Object.values(kinds).map(({ name }) => name)

/** Where the time that each kind takes is recorded, in seconds. */
export type Durations = Readonly<Record<Operation['type'], Histogram>>

type Started = { readonly span: Span; readonly at: number; readonly attributes: Attributes }

/** Makes spans of what is told of operations. */
export class Spans {
  readonly #tracer: Tracer
  readonly #durations: Durations
  readonly #started = new WeakMap<Operation, Started>()
  /** Those that have not ended, without what they are of: a stream must not be kept for being watched. */
  readonly #open = new Set<Span>()
  /** The last opening of each stream: what comes after it is linked to it. */
  readonly #openings = new WeakMap<ObservedStream, SpanContext>()

  constructor(tracer: Tracer, durations: Durations) {
    this.#tracer = tracer
    this.#durations = durations
  }

  /** An operation begins: in what its caller does, or in the operation that needs it. */
  begin(operation: Operation): void {
    const { name, kind } = kinds[operation.type]
    const attributes = describe(operation)
    const opening = 'stream' in operation ? this.#openings.get(operation.stream) : undefined
    const links: Link[] = opening ? [{ context: opening }] : []
    const parent = operation.type === 'query' ? operation.parent : undefined
    const options = { kind, attributes: { ...attributes, ...specify(operation) }, links }
    const span = this.#tracer.startSpan(name, options, this.#contextOf(parent))
    this.#open.add(span)
    this.#started.set(operation, { span, at: performance.now(), attributes })
    if (operation.type === 'opening') this.#openings.set(operation.stream, span.spanContext())
  }

  /** It ended: its outcome stands in it. */
  end(operation: Operation): void {
    const started = this.#started.get(operation)
    if (started === undefined) return
    this.#started.delete(operation)
    const { span, at, attributes } = started
    this.#open.delete(span)
    const failure = findFailure(operation)
    const errorType = failure && { 'error.type': failure.type }
    span.setAttributes({ ...tellOutcome(operation), ...errorType })
    if (operation.error) span.recordException(describeError(operation.error))
    if (failure) span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message })
    const seconds = (performance.now() - at) / 1_000
    this.#durations[operation.type].record(
      seconds,
      { ...attributes, ...errorType },
      trace.setSpan(context.active(), span),
    )
    span.end()
  }

  /** Ends what is open; how it comes out will not be heard. */
  endAll(): void {
    for (const span of this.#open) span.end()
    this.#open.clear()
  }

  /** Puts the trace that a request belongs to into its headers, as the application's propagator does. */
  inject(operation: Operation | undefined, headers: Record<string, string>): void {
    propagation.inject(this.#contextOf(operation), headers)
  }

  #contextOf(operation: Operation | undefined): Context {
    const started = operation && this.#started.get(operation)
    return started ? trace.setSpan(context.active(), started.span) : context.active()
  }
}

/** What is the same for many: it stands on the durations too. */
function describe(operation: Operation): Attributes {
  if (operation.type !== 'query') return describeStream(operation.stream)
  return { 'db.system.name': 'faunadb', 'db.operation.name': 'query', ...describeServer(operation.client.endpoint) }
}

function specify(operation: Operation): Attributes {
  if (operation.type === 'query') return {}
  if (operation.type === 'opening') return { 'fauna.stream.opening.number': operation.number }
  const { kind, after, until } = operation
  return { 'fauna.catch_up.kind': kind, 'fauna.catch_up.after': after, 'fauna.catch_up.until': until }
}

function tellOutcome(operation: QueryOperation | OpeningOperation | CatchUpOperation): Attributes {
  const { statusCode, isAborted } = operation
  const { txn, events, reason } = operation as Partial<OpeningOperation & CatchUpOperation>
  return {
    ...(statusCode !== undefined && { 'http.response.status_code': statusCode }),
    ...(isAborted && { 'fauna.aborted': true }),
    ...(txn !== undefined && { 'fauna.stream.txn': txn }),
    ...(events !== undefined && { 'fauna.catch_up.events': events }),
    ...(reason !== undefined && { 'fauna.gap.reason': reason }),
  }
}

function findFailure(operation: Operation): { readonly type: string; readonly message: string } | undefined {
  if (operation.error) {
    const { code, message } = describeError(operation.error)
    return { type: code, message }
  }
  const isGap = operation.type === 'catch-up' && operation.reason !== undefined
  return isGap ? { type: 'gap', message: `events are missing: ${operation.reason}` } : undefined
}
