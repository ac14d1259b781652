/** The clients and streams that metrics are read from: they count anyway, and are asked when metrics are collected. */
import type { Attributes } from '@opentelemetry/api'
import { addCounters, type ClientHealth, makeCounters, type ObservedClient, type ObservedStream } from '../observe.ts'
import { describeServer, describeStream } from './attributes.ts'

/** What streams of the same attributes come to together, those that have ended included. */
export type StreamSum = {
  readonly attributes: Attributes
  readonly counters: ReturnType<typeof makeCounters>
  readonly states: { connecting: number; open: number }
  /** The largest. */
  lagMs: number | undefined
}

/** A client, by its attributes. */
export type ClientState = { readonly attributes: Attributes; readonly health: ClientHealth }

/** Knows of each subject from the first message that names it until it is closed. */
export class Subjects {
  readonly #streams = new Set<ObservedStream>()
  /** What streams that have ended had counted: sums, not streams. */
  readonly #ended = new Map<string, StreamSum>()
  /** A client that nobody closes must not be kept for being watched. */
  readonly #clients = new Set<WeakRef<ObservedClient>>()
  readonly #references = new WeakMap<ObservedClient, WeakRef<ObservedClient>>()

  /** One that is closed is not taken again: what it counted is in the sums, and a ping may be told late. */
  addStream(stream: ObservedStream): void {
    if (stream.health().state !== 'closed') this.#streams.add(stream)
  }

  /** A stream ended: what it counted stays. */
  endStream(stream: ObservedStream): void {
    this.#streams.delete(stream)
    addStream(this.#ended, stream)
  }

  addClient(client: ObservedClient): void {
    if (this.#references.has(client)) return
    const reference = new WeakRef(client)
    this.#references.set(client, reference)
    this.#clients.add(reference)
  }

  endClient(client: ObservedClient): void {
    const reference = this.#references.get(client)
    if (reference) this.#clients.delete(reference)
  }

  /** All streams that there were, summed up by their attributes. */
  sumStreams(): StreamSum[] {
    const sums = new Map<string, StreamSum>()
    for (const [key, ended] of this.#ended) sums.set(key, { ...ended, ...makeSum(), counters: { ...ended.counters } })
    for (const stream of this.#streams) addStream(sums, stream)
    return [...sums.values()]
  }

  /** The clients that there are. */
  listClients(): ClientState[] {
    const states: ClientState[] = []
    for (const reference of this.#clients) {
      const client = reference.deref()
      if (client) states.push({ attributes: describeServer(client.endpoint), health: client.health() })
      else this.#clients.delete(reference)
    }
    return states
  }
}

function makeSum(): Omit<StreamSum, 'attributes'> {
  return { counters: makeCounters(), states: { connecting: 0, open: 0 }, lagMs: undefined }
}

function addStream(sums: Map<string, StreamSum>, stream: ObservedStream): void {
  const attributes = describeStream(stream)
  const key = JSON.stringify(attributes)
  const sum = sums.get(key) ?? { attributes, ...makeSum() }
  sums.set(key, sum)
  const health = stream.health()
  addCounters(sum.counters, health)
  if (health.state === 'connecting' || health.state === 'open') sum.states[health.state]++
  if (health.lagMs !== undefined) sum.lagMs = Math.max(sum.lagMs ?? 0, health.lagMs)
}
