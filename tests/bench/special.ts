/** What is not a matter of events a second: memory, latency, checkpoints, catching up. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import faunadb from 'faunadb'
import { Client, q } from '../../src/index.ts'
import { startLocal } from '../../src/local/index.ts'
import { fileStore } from '../../src/stores/index.ts'
import { makeOurs, openBare } from './contenders.ts'
import { percentile } from './measure.ts'
import { askChild, startServer } from './process.ts'

/** A line of the report: what was measured, and what it must come to where something is asked. */
export interface Fact {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly most?: number
}

const kib = 1024

const maxIdleKib = 14
const secret = 'secret'

/** What `idle.mjs` sends. */
type IdleMemory = {
  /** Bytes of heap a stream, its buffers outside of it included. */
  readonly bytesEach: number
}

/** Heap of streams that tell nothing. */
export async function measureIdle(seed: number): Promise<Fact[]> {
  execFileSync(process.execPath, [fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))])
  const facts: Fact[] = []
  const server = await startServer({ count: 0, seed, after: 'open' }, { pin: true })
  try {
    for (const count of [1_000, 5_000]) {
      for (const kind of ['bareBytes', 'ours', 'official']) {
        const { bytesEach } = await askChild<IdleMemory>('idle.mjs', kind, server.endpoint, String(count))
        const most = kind === 'ours' ? { most: maxIdleKib } : {}
        facts.push({
          name: `heap of each of ${count} idle streams, ${nameOf(kind)}`,
          value: bytesEach / kib,
          unit: 'KiB',
          ...most,
        })
      }
    }
  } finally {
    await server.stop()
  }
  return facts
}

function nameOf(kind: string): string {
  return { bareBytes: 'bare http2', ours: 'fauna-streams', official: 'faunadb 4.8' }[kind] ?? kind
}

const slowSeconds = 5
const sampleEveryMs = 250
/** What a paused loop may hold: its window, twice on its way through the readers, and a chunk. */
const maxGrowthMib = 4

/** What a loop that is slower than its server holds more at the end than at the beginning. */
export async function measureSlowLoop(seed: number): Promise<Fact[]> {
  const server = await startServer({ count: 2_000, seed, after: 'again' }, { pin: true })
  const client = new Client({ endpoint: server.endpoint, secret })
  const held: number[] = []
  try {
    const beganAt = performance.now()
    for await (const event of client.stream(q.Documents(q.Collection('orders')), ['action', 'document'])) {
      await sleep(event.type === 'start' ? 500 : 2)
      const passedMs = performance.now() - beganAt
      if (held.length < passedMs / sampleEveryMs) held.push(measureHeld())
      if (passedMs > slowSeconds * 1_000) break
    }
  } finally {
    await client.close()
    await server.stop()
  }
  const growth = (percentile(held.slice(-5), 0.5) - percentile(held.slice(0, 5), 0.5)) / kib / kib
  return [{ name: `growth of a slow loop in ${slowSeconds} s`, value: growth, unit: 'MiB', most: maxGrowthMib }]
}

function measureHeld(): number {
  for (let i = 0; i < 2; i++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const latencyEvents = 2_000
/** The first events warm the code up. */
const warmEvents = 300

type Seen = (sentMicros: number) => boolean

const latencyReaders: Readonly<Record<string, (endpoint: string, seen: Seen) => Promise<void>>> = {
  'the bytes alone': (endpoint, seen) =>
    openBare(
      { endpoint, count: 0, bytes: 0, shape: 'orders' },
      stream =>
        new Promise(resolve => {
          stream.on('data', (chunk: Buffer) => {
            for (const [, sent] of chunk.toString('latin1').matchAll(/"sent":(\d+)/g)) if (seen(Number(sent))) resolve()
          })
        }),
    ),
  'fauna-streams': async (endpoint, seen) => {
    const client = new Client({ endpoint, secret })
    for await (const event of client.stream(q.Documents(q.Collection('orders')), ['action', 'document'])) {
      if (event.type === 'version' && seen((event.event.document.data as { sent: number }).sent)) break
    }
    await client.close()
  },
  'faunadb 4.8': async (endpoint, seen) => {
    const client = new faunadb.Client({ endpoint, secret })
    await new Promise<void>((resolve, reject) => {
      const stream = client.stream(faunadb.query.Documents(faunadb.query.Collection('orders')), {
        fields: ['action', 'document'],
      })
      stream.on('version', (event: unknown) => {
        if (!seen((event as { document: { data: { sent: number } } }).document.data.sent)) return
        stream.close()
        resolve()
      })
      stream.on('error', reject)
      stream.start()
    })
    await client.close({ force: true })
  },
}

/** From the server's write to the body of the loop, at an event a millisecond. */
export async function measureLatency(seed: number): Promise<Fact[]> {
  const server = await startServer({ count: 1, seed, after: 'open', pace: 'timed' }, { pin: true })
  const facts: Fact[] = []
  const floor = new Map<number, number>()
  const bounds = new Map([
    [0.5, 1.5],
    [0.99, 2],
  ])
  try {
    for (const [name, read] of Object.entries(latencyReaders)) {
      const taken: number[] = []
      await read(server.endpoint, sent => {
        taken.push(Number(process.hrtime.bigint() / 1000n) - sent)
        return taken.length >= latencyEvents
      })
      for (const [share, most] of bounds) {
        const value = percentile(taken.slice(warmEvents), share)
        if (!floor.has(share)) floor.set(share, value)
        facts.push({ name: `latency p${share * 100}, ${name}`, value, unit: 'µs' })
        if (name !== 'fauna-streams') continue
        facts.push({
          name: `latency p${share * 100} against the bytes alone`,
          value: value / floor.get(share)!,
          unit: '×',
          most,
        })
      }
    }
  } finally {
    await server.stop()
  }
  return facts
}

const checkpointEvents = 2_000

/** What a checkpoint in a file costs an event, each event being a transaction. */
export async function measureCheckpoints(seed: number): Promise<Fact[]> {
  const folder = await mkdtemp(join(tmpdir(), 'fauna-streams-bench-'))
  const server = await startServer({ count: checkpointEvents, seed, after: 'open' }, { pin: true })
  const course = { endpoint: server.endpoint, count: checkpointEvents, bytes: server.bytes, shape: 'orders' } as const
  const facts: Fact[] = []
  try {
    for (const intervalMs of [undefined, 100, 0]) {
      const options = { checkpoint: fileStore(join(folder, `${intervalMs}.json`)), checkpointIntervalMs: intervalMs }
      const reader = makeOurs('', intervalMs === undefined ? {} : options)
      const start = performance.now()
      await reader.run(course)
      const value = ((performance.now() - start) * 1_000) / checkpointEvents
      const how =
        intervalMs === undefined ? 'without a checkpoint' : `with one in a file, checkpointIntervalMs ${intervalMs}`
      facts.push({ name: `an event ${how}`, value, unit: 'µs' })
    }
  } finally {
    await server.stop()
    await rm(folder, { recursive: true })
  }
  return facts
}

/** Documents that one transaction writes. */
const perTransaction = 100

/** What an event that history tells costs, as there are more of them. */
export async function measureCatchUp(): Promise<Fact[]> {
  const server = await startLocal()
  const client = new Client({ endpoint: server.endpoint, secret: server.secret })
  const facts: Fact[] = []
  try {
    await client.query(q.CreateCollection({ name: 'orders' }))
    const numbers = Array.from({ length: perTransaction }, (_, i) => i)
    const create = q.Create(q.Collection('orders'), { data: { n: q.Var('n'), city: 'Oslo' } })
    for (const count of [100, 1_000, 10_000]) {
      const since = client.lastTxn!
      for (let made = 0; made < count; made += perTransaction) {
        await client.query(q.Foreach(numbers, q.Lambda('n', create)))
      }
      const start = performance.now()
      let left = count
      const stream = client.stream(q.Documents(q.Collection('orders')), ['action', 'document'], { since })
      for await (const event of stream) if (event.type === 'set' && --left === 0) break
      facts.push({
        name: `an event of a catch-up of ${count}`,
        value: ((performance.now() - start) * 1_000) / count,
        unit: 'µs',
      })
    }
  } finally {
    await client.close()
    await server.close()
  }
  return facts
}
