/** Clients of a peer, for as long as a test runs. */
import { Client, type ClientOptions } from '../../src/index.ts'

/** Makes a client of the peer; it is closed at the end. */
export type Connect = (options?: ClientOptions) => Client

/** Runs a test with a peer and clients of it; closes the clients, then the peer, whatever happens. */
export async function withClients<P extends { readonly endpoint: string; close(): Promise<void> }>(
  peer: P,
  run: (peer: P, connect: Connect) => Promise<void>,
): Promise<void> {
  const clients: Client[] = []
  try {
    await run(peer, options => {
      const client = new Client({ endpoint: peer.endpoint, secret: 'fnSECRET', ...options })
      clients.push(client)
      return client
    })
  } finally {
    await Promise.all(clients.map(client => client.close()))
    await peer.close()
  }
}
