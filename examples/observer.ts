/** An observer sees every query and every event: for logs, metrics, or to find out what a server really said. */
// From a project of your own: 'fauna-streams'.
import { q, type RequestResult } from '../src/index.ts'
import { connect, drinks } from './server.ts'

function log(result: RequestResult): void {
  const { method, path, query, statusCode, requestContent, responseRaw, startTime, endTime } = result
  const url = query['fields'] === undefined ? path : `${path}?fields=${query['fields']}`
  console.log(`${method} ${url} ${statusCode} after ${endTime - startTime} ms`)
  console.log(`  asked ${String(requestContent)}`)
  console.log(`  got   ${shorten(responseRaw)}`)
}

const maxShown = 90

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > maxShown ? `${line.slice(0, maxShown)}…` : line
}

const { client, close } = await connect({ observer: log })
try {
  for await (const event of client.stream(q.Documents(drinks), ['action', 'document'])) {
    if (event.type === 'start') await client.query(q.Create(drinks, { data: { name: 'ristretto' } }))
    if (event.type !== 'set') continue
    await client.query(q.Delete(event.event.document.ref))
    break
  }
  // Refusals are seen too, before the query throws them.
  await client.query(q.Get(q.Ref(drinks, '1'))).catch((error: unknown) => console.log(String(error)))
} finally {
  await close()
}
