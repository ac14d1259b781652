/**
 * `npm run demo:cuts`: a writer commits, a loop follows through a wire that is cut every second, and the two counts stay
 * equal. Ends by itself after some 15 seconds, or with Ctrl-C.
 */
// From a project of your own: 'fauna-streams', 'fauna-streams/local' and 'fauna-streams/testing'.
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, q } from '../src/index.ts'
import { startLocal } from '../src/local/index.ts'
import { serveProxy } from '../src/testing/index.ts'

const [, , seconds = '15'] = process.argv
const durationMs = Number(seconds) * 1_000
const cutEveryMs = 1_000
const maxPauseMs = 20
const isTerminal = process.stdout.isTTY

const server = await startLocal()
const proxy = await serveProxy({ target: server.endpoint })
const writer = new Client({ endpoint: server.endpoint, secret: server.secret })
const follower = new Client({ endpoint: proxy.endpoint, secret: server.secret })
const orders = q.Collection('orders')

const counts = { committed: 0, delivered: 0, recovered: 0, cuts: 0 }
const over = new AbortController()
process.once('SIGINT', () => over.abort())
const timer = setTimeout(() => over.abort(), durationMs)

await writer.query(q.CreateCollection({ name: 'orders' }))
const stream = follower.stream(q.Documents(orders), ['action', 'document'])

function describe(): string {
  const { committed, delivered, recovered, cuts } = counts
  const [written, told, back] = [committed, delivered, recovered].map(count => String(count).padStart(5))
  return `committed ${written}   delivered ${told}   of them read back ${back}   cuts ${cuts}   ${stream.state}`
}

async function write(): Promise<void> {
  while (!over.signal.aborted) {
    await writer.query(q.Create(orders, { data: { n: counts.committed } }))
    counts.committed++
    await sleep(Math.random() * maxPauseMs)
  }
}

async function cut(): Promise<void> {
  while (await sleep(cutEveryMs, true, { signal: over.signal }).catch(() => false)) {
    proxy.cut(Math.random() < 0.5 ? 'fin' : 'rst')
    counts.cuts++
  }
}

async function show(): Promise<void> {
  const everyMs = isTerminal ? 50 : 1_000
  while (await sleep(everyMs, true, { signal: over.signal }).catch(() => false)) {
    process.stdout.write(isTerminal ? `\r${describe()} ` : `${describe()}\n`)
  }
}

console.log('Orders are committed, and followed over a wire that is cut every second.\n')
let isWritten = false
const endWhenEqual = () => {
  if (isWritten && counts.delivered === counts.committed) stream.controller.abort()
}
try {
  for await (const event of stream) {
    // What is committed from here on is told.
    if (event.type === 'start') {
      void Promise.all([write(), cut(), show()]).then(() => {
        isWritten = true
        endWhenEqual()
      })
    }
    if (event.type !== 'set') continue
    counts.delivered++
    if (event.recovered) counts.recovered++
    endWhenEqual()
  }
  const verdict = counts.delivered === counts.committed ? 'Nothing was lost.' : 'Something was lost!'
  console.log(`${isTerminal ? '\r' : '\n'}${describe()}\n\n${verdict} The code of this: examples/cuts.ts`)
} finally {
  clearTimeout(timer)
  over.abort()
  await follower.close()
  await writer.close()
  await proxy.close()
  await server.close()
}
