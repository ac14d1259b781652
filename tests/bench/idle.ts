/** Opens many streams that tell nothing, in a process of its own, and sends how much heap each one takes: `idle.ts KIND ENDPOINT COUNT`. */
import { once } from 'node:events'
import { connect } from 'node:http2'
import faunadb from 'faunadb'
import { Client, q } from '../../src/index.ts'

/** What the children of `measureIdle` send. */
export interface IdleMemory {
  /** Bytes of heap a stream, its buffers outside of it included. */
  readonly bytesEach: number
}

/** Every stream of a client in its turn; what is returned is kept until the end. */
type OpenStreams = (endpoint: string) => () => Promise<unknown>

const perSession = 100

const kinds: Readonly<Record<string, OpenStreams>> = {
  bareBytes: endpoint => {
    let session = connect(endpoint)
    let opened = 0
    return async () => {
      if (opened++ % perSession === perSession - 1) session = connect(endpoint)
      const stream = session.request({ ':method': 'POST', ':path': '/stream' })
      stream.end('{}')
      await once(stream, 'data')
      return stream
    }
  },
  ours: endpoint => {
    const client = new Client({ endpoint, secret: 'secret' })
    return async () => {
      const events = client.stream(q.Documents(q.Collection('orders')), ['action', 'document'])[Symbol.asyncIterator]()
      await events.next()
      return [events, events.next()]
    }
  },
  official: endpoint => {
    const client = new faunadb.Client({ endpoint, secret: 'secret' })
    return () =>
      new Promise((resolve, reject) => {
        const stream = client.stream(faunadb.query.Documents(faunadb.query.Collection('orders')))
        stream.on('start', () => resolve(stream))
        stream.on('error', reject)
        stream.start()
      })
  },
}

function measureHeap(): number {
  for (let i = 0; i < 4; i++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const [kind = '', endpoint = '', count = '0'] = process.argv.slice(2)
const open = kinds[kind]?.(endpoint)
if (!open) throw new Error(`no such kind: ${kind}`)
const kept: unknown[] = []
// Modules, code and the first connection are nobody's stream.
for (let i = 0; i < perSession; i++) kept.push(await open())
const before = measureHeap()
for (let i = 0; i < Number(count); i++) kept.push(await open())
const told: IdleMemory = { bytesEach: (measureHeap() - before) / Number(count) }
process.send?.(told)
process.once('disconnect', () => process.exit(kept.length > 0 ? 0 : 1))
