/** OpenTelemetry on the channels: from `registerOtel` on, and until it is disabled. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type MeterProvider, metrics, trace, type TracerProvider } from '@opentelemetry/api'
import type { ChannelMessages, Operation } from '../observe.ts'
import { makeDurations, observe } from './metrics.ts'
import { Spans } from './spans.ts'
import { Subjects } from './subjects.ts'

/** Options of `registerOtel`. */
export type OtelOptions = {
  /** Where metrics go. Default: the global provider. */
  readonly meterProvider?: MeterProvider | undefined
  /** Where spans go. Default: the global provider. */
  readonly tracerProvider?: TracerProvider | undefined
  /** Whether requests tell their trace (`traceparent`, or what the global propagator says). Default true. */
  readonly propagate?: boolean | undefined
}

/** What `registerOtel` gives. */
export type OtelRegistration = {
  /** Stops measuring and tracing; spans that are open end now, without an outcome. May be called again. */
  disable(): void
  /** Disables. */
  [Symbol.dispose](): void
}

/** The name that instruments and spans are made under. */
const scope = 'fauna-streams'

type Listeners = { readonly [N in keyof ChannelMessages]?: (message: ChannelMessages[N]) => void }

/**
 * Measures and traces every client and stream of the process, as of now: metrics, a span for each opening, catch-up and
 * query, and `traceparent` on each request. Call it once, before clients are made; of what was there before it learns when
 * something happens to it.
 */
export function registerOtel(options: OtelOptions = {}): OtelRegistration {
  const { propagate = true } = options
  const meter = (options.meterProvider ?? metrics.getMeterProvider()).getMeter(scope)
  const tracer = (options.tracerProvider ?? trace.getTracerProvider()).getTracer(scope)
  const subjects = new Subjects()
  const spans = new Spans(tracer, makeDurations(meter))
  const stops = listen(makeListeners(subjects, spans, propagate))
  stops.push(observe(meter, subjects), () => spans.endAll())
  const disable = () => {
    for (const stop of stops.splice(0)) stop()
  }
  return { disable, [Symbol.dispose]: disable }
}

function makeListeners(subjects: Subjects, spans: Spans, propagate: boolean): Listeners {
  const addStream = ({ stream }: ChannelMessages[`fauna-streams:stream:${'state' | 'start' | 'ping'}`]) => {
    subjects.addStream(stream)
  }
  const begin = (operation: Operation) => spans.begin(operation)
  const end = (operation: Operation) => spans.end(operation)
  return {
    'fauna-streams:client:open': ({ client }) => subjects.addClient(client),
    'fauna-streams:client:close': ({ client }) => subjects.endClient(client),
    'fauna-streams:request': ({ client, operation, headers }) => {
      subjects.addClient(client)
      if (propagate) spans.inject(operation, headers)
    },
    'fauna-streams:query:start': begin,
    'fauna-streams:query:end': end,
    'fauna-streams:opening:start': begin,
    'fauna-streams:opening:end': end,
    'fauna-streams:catch-up:start': begin,
    'fauna-streams:catch-up:end': end,
    'fauna-streams:stream:state': addStream,
    'fauna-streams:stream:start': addStream,
    // A silent peer answers every now and then: so streams that were open before are found.
    'fauna-streams:stream:ping': addStream,
    'fauna-streams:stream:close': ({ stream }) => subjects.endStream(stream),
  }
}

function listen(listeners: Listeners): (() => void)[] {
  return Object.entries(listeners).map(([channel, listener]) => {
    const hear = (message: unknown) => (listener as (message: unknown) => void)(message)
    subscribe(channel, hear)
    return () => unsubscribe(channel, hear)
  })
}
