/** Every metric, as a row: what it is called, in which unit, and what it is read from. */
import type { Attributes, BatchObservableResult, Meter, MetricOptions, Observable } from '@opentelemetry/api'
import type { Operation } from '../observe.ts'
import type { Durations } from './spans.ts'
import type { ClientState, StreamSum, Subjects } from './subjects.ts'

/** A value and what it is of, besides the stream or the client. */
type Point = readonly [value: number, of?: Attributes]

/** How a value is read when metrics are collected: `counter` never goes back, `sum` can be added up, `gauge` cannot. */
type Row<S> = {
  readonly name: string
  readonly unit: string
  readonly kind: 'counter' | 'sum' | 'gauge'
  readonly description: string
  readonly read: (subject: S) => readonly Point[]
}

const streamRows: readonly Row<StreamSum>[] = [
  {
    name: 'fauna.stream.events',
    unit: '{event}',
    kind: 'counter',
    description: 'Everything that loops got',
    read: ({ counters }) => [[counters.events]],
  },
  {
    name: 'fauna.stream.bytes',
    unit: 'By',
    kind: 'counter',
    description: 'Bytes of streams as they came',
    read: ({ counters }) => [[counters.bytes]],
  },
  {
    name: 'fauna.stream.reconnects',
    unit: '{reconnect}',
    kind: 'counter',
    description: 'How often a stream was open again after a loss',
    read: ({ counters }) => [[counters.reconnects]],
  },
  {
    name: 'fauna.stream.losses',
    unit: '{loss}',
    kind: 'counter',
    description: 'Lost connections, and attempts after them that failed',
    read: ({ counters }) => [[counters.losses]],
  },
  {
    name: 'fauna.stream.duplicates',
    unit: '{event}',
    kind: 'counter',
    description: 'Events that came a second time and were dropped',
    read: ({ counters }) => [[counters.duplicates]],
  },
  {
    name: 'fauna.stream.gaps',
    unit: '{gap}',
    kind: 'counter',
    description: 'How often events were missed that could not be had',
    read: ({ counters }) => [[counters.gaps]],
  },
  {
    name: 'fauna.stream.recovered',
    unit: '{event}',
    kind: 'counter',
    description: 'Events that were missed and read back',
    read: ({ counters }) => [[counters.recovered]],
  },
  {
    name: 'fauna.stream.count',
    unit: '{stream}',
    kind: 'sum',
    description: 'Streams in each state',
    read: ({ states }) => Object.entries(states).map(([state, count]) => [count, { 'fauna.stream.state': state }]),
  },
  {
    name: 'fauna.stream.lag',
    unit: 's',
    kind: 'gauge',
    description:
      'How far the loop is behind the server: the largest of streams with the same attributes, 0 without any',
    read: ({ lagMs }) => (lagMs === undefined ? [] : [[lagMs / 1_000]]),
  },
]

/** Of one client; those of one endpoint are added up, but for the largest. */
const clientRows: readonly Row<ClientState>[] = [
  {
    name: 'fauna.client.sessions',
    unit: '{session}',
    kind: 'sum',
    description: 'Open connections',
    read: ({ health }) => byKind(health, places => [[places.sessions]]),
  },
  {
    name: 'fauna.client.exchanges',
    unit: '{exchange}',
    kind: 'sum',
    description: 'Requests on connections, those that are let go, and those that wait for a place',
    read: ({ health }) =>
      byKind(health, ({ exchanges, closing, waiting }) =>
        Object.entries({ active: exchanges, closing, waiting }).map(([state, count]) => [
          count,
          { 'fauna.exchange.state': state },
        ]),
      ),
  },
  {
    name: 'fauna.session.streams',
    unit: '{stream}',
    kind: 'gauge',
    description: 'Streams on the connection that carries the most of them',
    read: ({ health }) => [[Math.max(0, ...health.streamsPerSession)]],
  },
]

type Places = ClientState['health']['streams']

function byKind(health: ClientState['health'], read: (places: Places) => readonly Point[]): readonly Point[] {
  const { streams, queries } = health
  return Object.entries({ stream: streams, query: queries }).flatMap(([kind, places]) =>
    read(places).map(([value, of]): Point => [value, { 'fauna.session.kind': kind, ...of }]),
  )
}

/** In seconds: from a round trip at home to a catch-up that takes minutes. */
const boundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60]

const durationRows: Readonly<Record<Operation['type'], { readonly name: string; readonly description: string }>> = {
  query: { name: 'db.client.operation.duration', description: 'How long queries took' },
  opening: { name: 'fauna.stream.opening.duration', description: 'From the request for a stream to its start' },
  'catch-up': { name: 'fauna.stream.catch_up.duration', description: 'How long history, or a state, was read' },
}

/** The name and unit of each metric. */
export const metricUnits: readonly (readonly [name: string, unit: string])[] = [
  ...[...streamRows, ...clientRows].map(({ name, unit }) => [name, unit] as const),
  ...Object.values(durationRows).map(({ name }) => [name, 's'] as const),
]

/** Makes the instruments for the time that operations take. */
export function makeDurations(meter: Meter): Durations {
  const make = ({ name, description }: { readonly name: string; readonly description: string }) =>
    meter.createHistogram(name, { unit: 's', description, advice: { explicitBucketBoundaries: boundaries } })
  return {
    query: make(durationRows.query),
    opening: make(durationRows.opening),
    'catch-up': make(durationRows['catch-up']),
  }
}

/** Has all subjects read when metrics are collected; gives a function that stops that. */
export function observe(meter: Meter, subjects: Subjects): () => void {
  const streams = streamRows.map(row => new Observed(meter, row))
  const clients = clientRows.map(row => new Observed(meter, row))
  const read = (result: BatchObservableResult) => {
    const [sums, states] = [subjects.sumStreams(), subjects.listClients()]
    for (const observed of streams) observed.read(result, sums)
    for (const observed of clients) observed.read(result, states)
  }
  const instruments = [...streams, ...clients].map(({ instrument }) => instrument)
  meter.addBatchObservableCallback(read, instruments)
  return () => meter.removeBatchObservableCallback(read, instruments)
}

/** An instrument and its row. */
class Observed<S extends { readonly attributes: Attributes }> {
  readonly instrument: Observable
  readonly #row: Row<S>
  /** Every set of attributes that there was: a value that nobody tells any more would stay as it was for ever. */
  readonly #seen = new Map<string, Attributes>()

  constructor(meter: Meter, row: Row<S>) {
    const { name, unit, kind, description } = row
    const options: MetricOptions = { unit, description }
    if (kind === 'counter') this.instrument = meter.createObservableCounter(name, options)
    else if (kind === 'sum') this.instrument = meter.createObservableUpDownCounter(name, options)
    else this.instrument = meter.createObservableGauge(name, options)
    this.#row = row
  }

  /** Of subjects with the same attributes the values are added up, or the largest is told: the last one would win. */
  read(result: BatchObservableResult, subjects: readonly S[]): void {
    const values = new Map<string, number>([...this.#seen.keys()].map(key => [key, 0]))
    for (const subject of subjects) {
      for (const [value, of] of this.#row.read(subject)) {
        const attributes = { ...subject.attributes, ...of }
        const key = JSON.stringify(attributes)
        const before = values.get(key) ?? 0
        this.#seen.set(key, attributes)
        values.set(key, this.#row.kind === 'gauge' ? Math.max(before, value) : before + value)
      }
    }
    for (const [key, value] of values) result.observe(this.instrument, value, this.#seen.get(key))
  }
}
