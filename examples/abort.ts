/** The ways to end a loop, and how it ends: normally, or with the reason that was given. */
// From a project of your own: 'fauna-streams'.
import { type EventStream, q } from '../src/index.ts'
import { connect, drinks } from './server.ts'

const { client, close } = await connect()

/** Loops until the stream ends, and says how it did; `act` is called at its first event. */
async function loop(what: string, stream: EventStream<unknown>, act: () => unknown = () => undefined): Promise<void> {
  try {
    for await (const _ of stream) act()
    console.log(`${what}: the loop ended`)
  } catch (reason) {
    console.log(`${what}: the loop threw ${String(reason)}`)
  }
}

const follow = (signal?: AbortSignal) => client.stream(q.Documents(drinks), ['action'], { signal })

try {
  for await (const _ of follow()) break
  console.log('break: the loop ended')

  // In most of Node an abort throws; here it is the ordinary way to say "enough".
  const aborted = follow()
  await loop('controller.abort()', aborted, () => aborted.controller.abort())

  const closed = follow()
  let closing: Promise<void> | undefined
  await loop('close()', closed, () => (closing = closed.close()))
  await closing

  const failed = follow()
  await loop('controller.abort(reason)', failed, () => failed.controller.abort(new Error('the bar is closed')))

  const controller = new AbortController()
  await loop('signal, aborted', follow(controller.signal), () => controller.abort())

  await loop('AbortSignal.timeout(100)', follow(AbortSignal.timeout(100)))
} finally {
  await close()
}
