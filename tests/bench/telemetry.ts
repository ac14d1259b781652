/** What telemetry costs: the bulk workload with nobody who listens, with a subscriber of every channel, with OpenTelemetry. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { channelNames, tell } from '../../src/observe.ts'
import { registerOtel } from '../../src/otel/index.ts'
import { type Contender, makeOurs } from './contenders.ts'
import { compareCosts, measureRounds, summarize } from './measure.ts'
import { startServer } from './process.ts'
import type { Fact } from './special.ts'

const count = 150_000
const rounds = 5
/** Nothing is told of an event, so that nothing but noise may be measured. */
const maxRatio = 1.15
const calls = 1_000_000
/** A look at a flag, and a function that is not called. */
const maxUnheardNanos = 100

const ours = makeOurs('fauna-streams')

/** Runs with something that listens. */
function withListener(name: string, listen: () => () => void | Promise<void>): Contender {
  return {
    name,
    run: async course => {
      const stop = listen()
      await ours.run(course)
      await stop()
    },
  }
}

function subscribeAll(): () => void {
  let heard = 0
  const listener = () => void (heard += 1)
  for (const name of channelNames) subscribe(name, listener)
  return () => {
    for (const name of channelNames) unsubscribe(name, listener)
    if (heard === 0) throw new Error('nothing was heard')
  }
}

/** As in production, but that what is exported stays here: metrics are read ten times a second, spans are kept. */
function registerAll(): () => Promise<void> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 100, exportTimeoutMillis: 100 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(new InMemorySpanExporter())],
  })
  const registration = registerOtel({ meterProvider, tracerProvider })
  return async () => {
    registration.disable()
    await meterProvider.shutdown()
    await tracerProvider.shutdown()
  }
}

/** The cost of an event in each case, and that of a message which nobody hears. */
export async function measureTelemetry(seed: number): Promise<Fact[]> {
  const contenders = {
    nobody: ours,
    subscriber: withListener('a subscriber of every channel', subscribeAll),
    otel: withListener('OpenTelemetry', registerAll),
  }
  const server = await startServer({ count, seed, after: 'open' }, { pin: true })
  try {
    const course = { endpoint: server.endpoint, count, bytes: server.bytes, shape: 'orders' } as const
    const costs = await measureRounds(contenders, course, rounds)
    const ratio = (name: 'subscriber' | 'otel') => compareCosts(costs.nobody, costs[name], 'cpu').median
    return [
      {
        name: 'CPU time of an event, nobody listens',
        value: summarize(costs.nobody.map(cost => cost.cpu)).median,
        unit: 'µs',
      },
      { name: 'the same with a subscriber of every channel', value: ratio('subscriber'), unit: '×', most: maxRatio },
      { name: 'the same with OpenTelemetry', value: ratio('otel'), unit: '×', most: maxRatio },
      { name: 'a message that nobody hears', value: measureUnheard(), unit: 'ns', most: maxUnheardNanos },
    ]
  } finally {
    await server.stop()
  }
}

function measureUnheard(): number {
  const client = { endpoint: '', health: () => ({}) as never }
  const run = () => {
    const start = performance.now()
    for (let call = 0; call < calls; call += 1) tell('client:open', () => ({ client }))
    return ((performance.now() - start) * 1_000_000) / calls
  }
  run()
  return summarize([run(), run(), run()]).median
}
