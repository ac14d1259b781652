// Opens many streams that tell nothing, in a process of its own, and sends how much heap each one takes:
// `idle.mjs KIND ENDPOINT COUNT`. It runs without a loader and with this package as it is built, as its users do: a
// loader gives each function a name of its own, which takes half as much again.
import { once } from 'node:events'
import { connect } from 'node:http2'
import faunadb from 'faunadb'

const perSession = 100
const built = new URL('../../dist/index.js', import.meta.url)

/**
 * What opens one stream after the other; what that gives is kept until the end.
 * @type {Readonly<Record<string, (endpoint: string) => Promise<() => Promise<unknown>>>>}
 */
const kinds = {
  async bareBytes(endpoint) {
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
  async ours(endpoint) {
    const { Client, q } = await import(built.href)
    const client = new Client({ endpoint, secret: 'secret' })
    return async () => {
      const events = client.stream(q.Documents(q.Collection('orders')), ['action', 'document'])[Symbol.asyncIterator]()
      await events.next()
      return [events, events.next()]
    }
  },
  async official(endpoint) {
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

function measureHeap() {
  for (let i = 0; i < 4; i++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const [kind = '', endpoint = '', count = '0'] = process.argv.slice(2)
const open = await kinds[kind]?.(endpoint)
if (!open) throw new Error(`no such kind: ${kind}`)
const kept = []
// Modules, code and the first connection are nobody's stream.
for (let i = 0; i < perSession; i++) kept.push(await open())
const before = measureHeap()
for (let i = 0; i < Number(count); i++) kept.push(await open())
process.send?.({ bytesEach: (measureHeap() - before) / Number(count) })
process.once('disconnect', () => process.exit(kept.length > 0 ? 0 : 1))
