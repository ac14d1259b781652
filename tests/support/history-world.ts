/** A server with a clock that a test sets, a proxy that cuts, a client that follows and one that writes. */
import { startLocal } from '../../src/local/index.ts'
import { Client, type ClientOptions, type EventStream, q } from '../../src/index.ts'
import { serveProxy, type TcpProxy } from '../../src/testing/index.ts'

/** What a test has to work with. */
export type World = {
  /** Follows through the proxy. */
  readonly client: Client
  /** Follows straight, and is never cut. */
  readonly twin: Client
  readonly proxy: TcpProxy
  /** A client like `client`, with another secret or other options. */
  connect(options?: ClientOptions): Client
  /** Writes, straight to the server; the time of the transaction, in microseconds. */
  write(expr: unknown): Promise<number>
  /** Reads, straight from the server. */
  read(expr: unknown): Promise<unknown>
  /** The server's clock goes on by so much. */
  pass(ms: number): void
}

/** The collection that tests follow. */
export const things = q.Collection('things')

/** A document of it. */
export const thing = (id: number | string) => q.Ref(things, String(id))

/** Every kind of set of a world. */
export const sets = {
  'documents()': q.Documents(things),
  'an index': q.Match(q.Index('by_k'), 1),
  'an index with values': q.Match(q.Index('by_k_v'), 1),
  'an index with a reverse value': q.Match(q.Index('by_k_reverse'), 1),
  'an index in partitions': q.Match(q.Index('all')),
}

/** Runs a test in a world of its own, with the collection `things` and indexes of it; all is gone in the end. */
export async function inHistory(run: (world: World) => Promise<void>): Promise<void> {
  let ahead = 0
  const server = await startLocal({ now: () => Date.now() + ahead })
  const proxy = await serveProxy({ target: server.endpoint })
  const clients: Client[] = []
  const make = (endpoint: string, options: ClientOptions = {}) => {
    const client = new Client({ endpoint, secret: server.secret, backoff: { firstMs: 2, maxMs: 20 }, ...options })
    clients.push(client)
    return client
  }
  const direct = make(server.endpoint)
  try {
    await direct.query(q.CreateCollection({ name: 'things' }))
    const terms = [{ field: ['data', 'k'] }]
    const values = [{ field: ['data', 'v'] }]
    for (const index of [
      { name: 'by_k', terms },
      { name: 'by_k_v', terms, values },
      { name: 'by_k_reverse', terms, values: [{ field: ['data', 'v'], reverse: true }, { field: ['ref'] }] },
      { name: 'all', values, partitions: 8 },
    ]) {
      await direct.query(q.CreateIndex({ ...index, source: things }))
    }
    await run({
      client: make(proxy.endpoint),
      twin: direct,
      proxy,
      connect: options => make(proxy.endpoint, options),
      write: async expr => {
        await direct.query(expr)
        return direct.lastTxn!
      },
      read: expr => direct.query(expr),
      pass: ms => (ahead += ms),
    })
  } finally {
    await Promise.all(clients.map(client => client.close()))
    await proxy.close()
    await server.close()
  }
}

/** What a loop tells, as it comes. */
export class Record<E extends { readonly type: string }> {
  readonly events: E[] = []
  /** Settles with the error that ended the loop, or with nothing. */
  readonly ended: Promise<unknown>
  readonly #waits = new Set<() => void>()

  constructor(stream: AsyncIterable<E>) {
    this.ended = this.#follow(stream)
  }

  /** Resolves when this is true of what was told; rejects where the loop ended before. */
  until(check: (events: readonly E[]) => boolean): Promise<void> {
    const isTrue = new Promise<void>(resolve => {
      const look = () => {
        if (!check(this.events)) return
        this.#waits.delete(look)
        resolve()
      }
      this.#waits.add(look)
      look()
    })
    const isOver = this.ended.then(error => {
      if (!check(this.events)) throw error ?? new Error('the loop ended')
    })
    return Promise.race([isTrue, isOver])
  }

  /** Resolves when something of this transaction, or of a later one, was told. */
  txn(txn: number): Promise<void> {
    return this.until(events => events.some(event => 'txn' in event && Number(event.txn) >= txn))
  }

  async #follow(stream: AsyncIterable<E>): Promise<unknown> {
    try {
      for await (const event of stream) {
        this.events.push(event)
        for (const look of this.#waits) look()
      }
      return undefined
    } catch (error) {
      return error
    } finally {
      for (const look of this.#waits) look()
    }
  }
}

/** Cuts the wire, and waits until the stream has noticed. */
export async function cut<E>({ proxy }: World, stream: EventStream<E>): Promise<void> {
  const lost = new Promise<void>(resolve => stream.on('lost', () => resolve()))
  proxy.cut('rst')
  await lost
}
