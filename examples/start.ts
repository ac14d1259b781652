/**
 * `npm start`: starts the embedded server, writes the orders of a coffee bar, follows them, and prints every event as it
 * comes. It ends by itself.
 */
// From a project of your own: 'fauna-streams' and 'fauna-streams/local'.
import { Client } from '../src/index.ts'
import { startLocal } from '../src/local/index.ts'
import { playStory } from './coffee-bar.ts'
import { EventLines } from './event-lines.ts'

/** Between two steps, so that one can read along. */
const pauseMs = 250
/** The whole takes about three seconds; something is wrong where it takes this long. */
const maxDurationMs = 30_000

const hasColour = process.stdout.isTTY && !process.env['NO_COLOR']
const lines = new EventLines(hasColour)
const startedAt = performance.now()
let stepCount = 0
let eventCount = 0

const server = await startLocal()
const client = new Client({ endpoint: server.endpoint, secret: server.secret })
try {
  console.log(`A coffee bar, followed event by event. Embedded server: ${server.endpoint}\n`)
  console.log(lines.heading)
  await playStory(client, {
    pauseMs,
    signal: AbortSignal.timeout(maxDurationMs),
    tellStep: step => {
      stepCount++
      console.log(lines.writeStep(step))
    },
    tellEvent: telling => {
      eventCount++
      console.log(lines.writeEvent(telling))
    },
  })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(
    `\n${stepCount} transactions, ${eventCount} events, ${seconds} s. The code of this: examples/coffee-bar.ts`,
  )
} finally {
  await client.close()
  await server.close()
}
