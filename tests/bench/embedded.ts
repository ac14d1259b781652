/** The embedded server under load: many streams, one set with many readers, a million documents. */
import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Health } from './embedded-server.ts'
import { measureLog } from './log.ts'
import { type RunningEmbedded, startEmbedded } from './process.ts'
import type { Fact } from './special.ts'

const kib = 1024
const mib = kib * kib
/** The window of every stream and connection: the reader must not be what is measured. */
const windowBytes = 16 * mib
const newline = 0x0a
const authorization = 'Bearer secret'

/** A connection with nothing of this package in it. */
class Bare {
  readonly #session: ClientHttp2Session

  private constructor(session: ClientHttp2Session) {
    this.#session = session
  }

  static async open({ endpoint }: RunningEmbedded): Promise<Bare> {
    const session = connect(endpoint, { settings: { initialWindowSize: windowBytes } })
    await once(session, 'connect')
    session.setLocalWindowSize(windowBytes)
    return new Bare(session)
  }

  #request(path: string, body: unknown): ClientHttp2Stream {
    const stream = this.#session.request({ ':method': 'POST', ':path': path, authorization })
    stream.end(JSON.stringify(body))
    return stream
  }

  /** The text of an answer; rejects where it tells an error. */
  async ask(expression: unknown): Promise<string> {
    const chunks: Buffer[] = []
    for await (const chunk of this.#request('/', expression)) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    if (!text.startsWith('{"resource"')) throw new Error(text.slice(0, 500))
    return text
  }

  /** Opens a stream; resolves at its `start`. Every event behind that is counted by `take`. */
  async follow(expression: unknown, take: (events: number) => void = () => {}): Promise<void> {
    const stream = this.#request('/stream', expression)
    await once(stream, 'data')
    stream.on('data', (chunk: Buffer) => {
      let events = 0
      for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) events++
      take(events)
    })
  }

  async close(): Promise<void> {
    const closed = once(this.#session, 'close')
    this.#session.destroy()
    await closed
  }
}

const orders = { collection: 'orders' }
const documentsOf = (collection: string): object => ({ documents: { collection } })
const createCollection = (name: string): object => ({ create_collection: { object: { name } } })

/** An expression that makes so many documents with numbers from `first` on. */
function createMany(first: number, count: number): object {
  const data = { object: { n: { var: 'n' }, city: 'Oslo', state: { var: 's' } } }
  const create = { create: orders, params: { object: { data } } }
  const rows = Array.from({ length: count }, (_, i) => [first + i, `s${(first + i) % 1_000}`])
  return { foreach: { lambda: ['n', 's'], expr: create }, collection: rows }
}

function createOne(collection: string): object {
  return { create: { collection }, params: { object: { data: { object: { n: 1, city: 'Oslo' } } } } }
}

const openStreams = 5_000
const timedCommits = 500

/** Processor time of the server for a commit, in microseconds. */
async function timeCommits(server: RunningEmbedded, bare: Bare): Promise<number> {
  await server.ask('health')
  for (let i = 0; i < timedCommits; i++) await bare.ask(createOne('orders'))
  const { cpuMs } = await server.ask('health')
  return (cpuMs * 1_000) / timedCommits
}

/** What open streams take, and what they cost those who write something that they do not follow. */
async function measureOpenStreams(): Promise<Fact[]> {
  const server = await startEmbedded()
  const bare = await Bare.open(server)
  try {
    for (const name of ['orders', 'others']) await bare.ask(createCollection(name))
    await timeCommits(server, bare)
    const alone = await timeCommits(server, bare)
    const before = await server.ask('heap')
    const start = performance.now()
    const each = openStreams / 10
    for (let opened = 0; opened < openStreams; opened += each) {
      await Promise.all(
        Array.from({ length: each }, (_, i) =>
          bare.follow(i % 2 === 0 ? documentsOf('others') : { ref: { collection: 'others' }, id: String(opened + i) }),
        ),
      )
    }
    const openMs = performance.now() - start
    const after = await server.ask('heap')
    const among = await timeCommits(server, bare)
    return [
      { name: `opening a stream, of ${openStreams}`, value: (openMs * 1_000) / openStreams, unit: 'µs' },
      {
        name: `heap of each of ${openStreams} open streams`,
        value: (after.heapBytes - before.heapBytes) / openStreams / kib,
        unit: 'KiB',
      },
      { name: 'processor time of a commit with no stream open', value: alone, unit: 'µs' },
      { name: `the same with ${openStreams} streams open on other things`, value: among, unit: 'µs' },
      { name: 'the second of them against the first', value: among / alone, unit: '×', most: 2 },
    ]
  } finally {
    await bare.close()
    await server.stop()
  }
}

const readers = 100
const fannedEvents = 5_000
/** Events that warm the code up. */
const warmEvents = 500
/** Commits under way at once. */
const writers = 8

/** Events of one set that many streams follow. */
async function measureFanOut(): Promise<Fact[]> {
  const server = await startEmbedded()
  const [reader, writer] = [await Bare.open(server), await Bare.open(server)]
  let told = 0
  let finish = (): void => {}
  const tell = async (events: number): Promise<void> => {
    told = 0
    const finished = new Promise<void>(resolve => {
      finish = () => told === events * readers && resolve()
    })
    for (let i = 0; i < events; i += writers) {
      await Promise.all(Array.from({ length: Math.min(writers, events - i) }, () => writer.ask(createOne('orders'))))
    }
    await finished
  }
  const take = (events: number): void => {
    told += events
    finish()
  }
  try {
    await writer.ask(createCollection('orders'))
    for (let i = 0; i < readers; i++) await reader.follow(documentsOf('orders'), take)
    await tell(warmEvents)
    await server.ask('health')
    const start = performance.now()
    await tell(fannedEvents)
    const seconds = (performance.now() - start) / 1_000
    const health = await server.ask('health')
    return [
      { name: `events a second fanned out to ${readers} streams of one set`, value: told / seconds, unit: 'a second' },
      {
        name: 'processor time of the server for each of them',
        value: (health.cpuMs * 1_000) / told,
        unit: 'µs',
        most: 10,
      },
      ...describePauses('fanned out', health),
    ]
  } finally {
    await reader.close()
    await writer.close()
    await server.stop()
  }
}

const documents = Number(process.env['DOCUMENTS'] ?? 1_000_000)
const perTransaction = 200
const pageSize = 1_000
const maxPauseMs = 50
const pingEveryMs = 2

/** Pings until it is told to stop; gives the longest that one took, in milliseconds. */
async function pingUntil(server: RunningEmbedded, stopped: AbortSignal): Promise<number> {
  const bare = await Bare.open(server)
  let longest = 0
  while (!stopped.aborted) {
    const start = performance.now()
    await bare.ask({ now: null })
    longest = Math.max(longest, performance.now() - start)
    await sleep(pingEveryMs)
  }
  await bare.close()
  return longest
}

function describePauses(name: string, { pauseMs, turnMs, collectionMs }: Health): Fact[] {
  return [
    { name: `longest pause, ${name}`, value: pauseMs, unit: 'ms' },
    { name: `longest turn of the event loop, ${name}`, value: turnMs, unit: 'ms of processor time', most: maxPauseMs },
    { name: `longest garbage collection, ${name}`, value: collectionMs, unit: 'ms' },
  ]
}

/** Does something while another client pings, and tells how long it took and the longest pause. */
async function watch(server: RunningEmbedded, name: string, run: () => Promise<void>): Promise<Fact[]> {
  const stop = new AbortController()
  await server.ask('health')
  const pinging = pingUntil(server, stop.signal)
  const start = performance.now()
  await run()
  const seconds = (performance.now() - start) / 1_000
  const health = await server.ask('health')
  stop.abort()
  return [
    { name: `${documents} documents ${name}`, value: seconds, unit: 's' },
    ...describePauses(name, health),
    { name: `longest ping, ${name}`, value: await pinging, unit: 'ms' },
  ]
}

async function readPages(bare: Bare, set: object): Promise<void> {
  let seen = 0
  let after: unknown
  do {
    const text = await bare.ask({ paginate: set, size: pageSize, ...(after !== undefined && { after }) })
    const { resource } = JSON.parse(text) as { resource: { data: unknown[]; after?: unknown } }
    seen += resource.data.length
    after = resource.after
  } while (after !== undefined)
  if (seen !== documents) throw new Error(`${seen} of ${documents} documents were in the pages`)
}

async function isActive(bare: Bare, index: string): Promise<boolean> {
  return (await bare.ask({ select: ['active'], from: { get: { index } } })).includes('true')
}

/** A million documents: loaded, indexed, paged. */
async function measureManyDocuments(): Promise<Fact[]> {
  const server = await startEmbedded()
  const bare = await Bare.open(server)
  const facts: Fact[] = []
  try {
    await bare.ask(createCollection('orders'))
    const before = await server.ask('heap')
    facts.push(
      ...(await watch(server, 'loaded', async () => {
        for (let made = 0; made < documents; made += perTransaction) await bare.ask(createMany(made, perTransaction))
      })),
    )
    const loaded = await server.ask('heap')
    const each = (loaded.heapBytes - before.heapBytes) / documents
    facts.push({ name: 'memory of a document', value: each, unit: 'bytes' })
    const index = {
      name: 'by_state',
      source: orders,
      terms: [{ object: { field: ['data', 'state'] } }],
      values: [{ object: { field: ['data', 'n'] } }],
    }
    facts.push(
      ...(await watch(server, 'indexed', async () => {
        await bare.ask({ create_index: { object: index } })
        while (!(await isActive(bare, 'by_state'))) await sleep(20)
      })),
    )
    const indexed = await server.ask('heap')
    facts.push({
      name: 'memory of an entry of an index',
      value: (indexed.heapBytes - loaded.heapBytes) / documents,
      unit: 'bytes',
    })
    facts.push(...(await watch(server, 'paged', () => readPages(bare, documentsOf('orders')))))
    // One evaluation takes the time that it takes.
    const counted = await watch(server, 'counted', async () => void (await bare.ask({ count: documentsOf('orders') })))
    facts.push(...counted.map(({ name, value, unit }) => ({ name, value, unit })))
  } finally {
    await bare.close()
    await server.stop()
  }
  return facts
}

/** What the names of all facts of this file begin with. */
export const embeddedPrefix = 'embedded server: '

/** All of the above. */
export async function measureEmbedded(): Promise<Fact[]> {
  const facts: Fact[] = []
  for (const measure of [measureOpenStreams, measureFanOut, measureManyDocuments, measureLog])
    facts.push(...(await measure()))
  return facts.map(fact => ({ ...fact, name: embeddedPrefix + fact.name }))
}
