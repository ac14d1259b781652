/** The official `faunadb` driver, as it is, connected to an embedded server of its own. */
import faunadb from 'faunadb'
import { startLocal } from '../../src/local/index.ts'

/** A client of the official driver for a secret. */
export type Connect = (secret: string, options?: Partial<faunadb.ClientConfig>) => faunadb.Client

/** The collection that is there. */
export const orders = faunadb.query.Collection('orders')

/** A client of the official driver, and one for each secret that is asked for; all closed in the end. */
export async function withDriver(run: (admin: faunadb.Client, connect: Connect) => Promise<void>): Promise<void> {
  await using server = await startLocal()
  const clients: faunadb.Client[] = []
  const connect: Connect = (secret, options) => {
    const client = new faunadb.Client({ scheme: 'http', domain: '127.0.0.1', port: server.port, secret, ...options })
    clients.push(client)
    return client
  }
  try {
    const admin = connect(server.secret)
    await admin.query(faunadb.query.CreateCollection({ name: 'orders' }))
    await run(admin, connect)
  } finally {
    for (const client of clients) await client.close({ force: true })
  }
}
