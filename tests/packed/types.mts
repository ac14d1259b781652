/** What somebody writes with the packed file's types: compiled by `npm run pack` in an empty project, never run. */
import { Client, type ClientOptions, type EventStream, FaunaError, fql, GapError, q, type Ref } from 'fauna-streams'
import { type LocalServer, startLocal } from 'fauna-streams/local'
import { type OtelOptions, registerOtel } from 'fauna-streams/otel'
import { type CheckpointStore, fileStore } from 'fauna-streams/stores'
import { serveEvents, serveProxy, setLine } from 'fauna-streams/testing'

type Order = { readonly state: 'waiting' | 'ready' }

export async function follow(options: ClientOptions): Promise<readonly Ref[]> {
  const server: LocalServer = await startLocal({ port: 0 })
  const proxy = await serveProxy({ target: server.endpoint })
  const peer = await serveEvents({ lines: [setLine(1, { action: 'add' })] })
  const checkpoint: CheckpointStore = fileStore('orders.checkpoint')
  await using client = new Client({ ...options, endpoint: proxy.endpoint, secret: async () => server.secret })
  const telemetry: OtelOptions = {}
  const registration = registerOtel(telemetry)
  const refs: Ref[] = []
  const stream: EventStream<{ readonly type: string }> = client.stream(fql('Documents(Collection("orders"))'))
  stream.on('lost', ({ error }) => console.error(error.message))
  try {
    for await (const event of client.stream(q.Documents(q.Collection('orders')), ['action', 'document'], {
      checkpoint,
    })) {
      if (event.type === 'set') refs.push(event.event.document.ref)
    }
    for await (const event of client.stream<'document', Order>(refs[0], ['document'])) {
      if (event.type !== 'version') continue
      const state: 'waiting' | 'ready' | undefined = event.event.document.data?.state
      console.log(state)
      // @ts-expect-error It was not asked for.
      console.log(event.event.prev)
    }
    for await (const { member } of client.live<Order>(refs[0])) console.log(member?.document?.data?.state)
  } catch (error) {
    if (error instanceof GapError) console.error(error.after, error.until, error.reason)
    else if (error instanceof FaunaError) console.error(error.code, error.retryable)
  }
  registration.disable()
  await peer.close()
  await proxy.close()
  await server.close()
  return refs
}
