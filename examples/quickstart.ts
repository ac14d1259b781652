/** The shortest loop: follow all documents of a collection, look each new one up, leave. */
// From a project of your own: 'fauna-streams'.
import { q, type Ref } from '../src/index.ts'
import { connect, drinks } from './server.ts'

type Drink = { readonly ref: Ref; readonly data: { readonly name: string } }

const { client, close } = await connect()
try {
  for await (const event of client.stream(q.Documents(drinks), ['action', 'document'])) {
    // What is written after `start` is told; here the write waits for it.
    if (event.type === 'start') await client.query(q.Create(drinks, { data: { name: 'espresso' } }))
    if (event.type !== 'set') continue
    // Events of a set say which document came or went; what is in it is a query away.
    const { ref, data } = (await client.query(q.Get(event.event.document.ref))) as Drink
    console.log(`${event.event.action}: ${data.name}`)
    await client.query(q.Delete(ref))
    break
  }
} finally {
  await close()
}
