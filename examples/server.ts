/** Where the examples connect: to the server that `FAUNA_ENDPOINT` and `FAUNA_SECRET` name, else to an embedded one. */
// From a project of your own: 'fauna-streams' and 'fauna-streams/local'.
import { Client, type ClientOptions, type Expr, q } from '../src/index.ts'
import { startLocal } from '../src/local/index.ts'

/** The collection that all examples write into. */
export const drinks = q.Collection('fauna_streams_examples')

/** A client with its collection at hand, and what closes it; of the options only what an example is about. */
export async function connect(options: ClientOptions = {}): Promise<{ client: Client; close: () => Promise<void> }> {
  const server = process.env['FAUNA_ENDPOINT'] === undefined ? await startLocal() : undefined
  const client = new Client(server ? { ...options, endpoint: server.endpoint, secret: server.secret } : options)
  const close = async () => {
    await client.close()
    await server?.close()
  }
  try {
    await client.query(createOnce())
  } catch (error) {
    await close()
    throw error
  }
  return { client, close }
}

function createOnce(): Expr {
  return q.If(q.Exists(drinks), null, q.CreateCollection({ name: 'fauna_streams_examples' }))
}
