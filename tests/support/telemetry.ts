/** The real OpenTelemetry SDK with exporters in memory, registered while a test runs. */
import { type Attributes, context, propagation } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { type OtelOptions, type OtelRegistration, registerOtel } from '../../src/otel/index.ts'

/** One value of a metric; of a histogram how many times were recorded. */
export type Value = { readonly value: number; readonly attributes: Attributes }

/** What was exported. */
export class Telemetry {
  readonly registration: OtelRegistration
  readonly tracerProvider: BasicTracerProvider
  readonly #meterProvider: MeterProvider
  readonly #spans = new InMemorySpanExporter()
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  readonly #reader: PeriodicExportingMetricReader

  constructor(options: OtelOptions = {}) {
    // It exports when it is told to: no test takes an hour.
    this.#reader = new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: 3_600_000 })
    this.#meterProvider = new MeterProvider({ readers: [this.#reader] })
    this.tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#spans)] })
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    propagation.setGlobalPropagator(new W3CTraceContextPropagator())
    const { tracerProvider } = this
    this.registration = registerOtel({ meterProvider: this.#meterProvider, tracerProvider, ...options })
  }

  /** The spans that have ended, by name where one is given. */
  spans(name?: string): ReadableSpan[] {
    return this.#spans.getFinishedSpans().filter(span => name === undefined || span.name === name)
  }

  /** Everything that metrics tell now: unit and values by name. */
  async read(): Promise<Map<string, { readonly unit: string; readonly values: Value[] }>> {
    this.#metrics.reset()
    await this.#reader.forceFlush()
    const exported = this.#metrics.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
    return new Map(
      exported
        .flatMap(({ metrics }) => metrics)
        .map(({ descriptor: { name, unit }, dataPointType, dataPoints }) => {
          const isHistogram = dataPointType === DataPointType.HISTOGRAM
          const values = dataPoints.map(({ value, attributes }) => ({
            value: isHistogram ? (value as { readonly count: number }).count : (value as number),
            attributes,
          }))
          return [name, { unit, values }]
        }),
    )
  }

  async stop(): Promise<void> {
    this.registration.disable()
    await this.#meterProvider.shutdown()
    await this.tracerProvider.shutdown()
    context.disable()
    propagation.disable()
  }
}

/** Runs a test with everything measured and traced. */
export async function measured(run: (telemetry: Telemetry) => Promise<void>, options?: OtelOptions): Promise<void> {
  const telemetry = new Telemetry(options)
  try {
    await run(telemetry)
  } finally {
    await telemetry.stop()
  }
}
