/** The world that a snippet runs in: a server with some orders, and a writer that changes them for as long as it runs. */
import { setTimeout } from 'node:timers/promises'
import { Client, q } from '../../src/index.ts'
import { type LocalServer, startLocal } from '../../src/local/index.ts'
import type { Expected } from './snippets.ts'

/** How long the writer rests between two rounds, in milliseconds: snippets see events, and do not drown in them. */
const restMs = 20
const orders = q.Collection('orders')

async function prepare(client: Client): Promise<void> {
  await client.query(q.CreateCollection({ name: 'orders' }))
  const terms = [{ field: ['data', 'state'] }]
  await client.query(q.CreateIndex({ name: 'orders_by_state', source: orders, terms }))
  await client.query(q.Create(q.Ref(orders, '1'), { data: { state: 'waiting' } }))
}

/** What the snippets follow: order 1 changes its state, others come and go, until the signal says enough. */
async function writeUntil(client: Client, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round++) {
    await client.query(q.Update(q.Ref(orders, '1'), { data: { state: round % 2 === 0 ? 'ready' : 'waiting' } }))
    const id = String(1000 + round)
    await client.query(q.Create(q.Ref(orders, id), { data: { state: 'waiting' } }))
    await client.query(q.Delete(q.Ref(orders, id)))
    await setTimeout(restMs, undefined, { signal }).catch(() => undefined)
  }
}

/** What a snippet prints, while it runs. */
export type Printing = (pattern: RegExp) => Promise<unknown>

/** Runs a snippet in a world of its own: `run` starts it and resolves when it has ended. */
export async function inWorld(
  { prints, endless, lostOnce }: Expected,
  run: (server: LocalServer) => { ended: Promise<unknown>; printing: Printing; stop: () => void },
): Promise<void> {
  await using server = await startLocal()
  await using client = new Client({ endpoint: server.endpoint, secret: server.secret })
  await prepare(client)
  const { ended, printing, stop } = run(server)
  try {
    if (lostOnce) {
      await printing(/./)
      server.endStreams()
      // It has opened its second stream when it prints for the second time.
      await printing(/^state [^]+\nstate /)
    }
    const enough = new AbortController()
    const writing = writeUntil(client, enough.signal)
    try {
      if (endless) await printing(new RegExp(prints)).finally(stop)
      await ended
    } finally {
      enough.abort()
      await writing
    }
  } finally {
    stop()
  }
}
