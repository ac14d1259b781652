/** What the fields of a document's events hold: the document, what changed in it, and what it was before. */
// From a project of your own: 'fauna-streams'.
import { q } from '../src/index.ts'
import { connect, drinks } from './server.ts'

type Drink = { readonly name: string; readonly price: number }

const fields = ['action', 'document', 'diff', 'prev'] as const

const { client, close } = await connect()
try {
  const ref = q.Ref(drinks, (await client.query(q.NewId())) as string)
  const changes = [
    q.Create(ref, { data: { name: 'flat white', price: 3 } }),
    q.Update(ref, { data: { price: 4 } }),
    q.Replace(ref, { data: { name: 'flat white' } }),
    q.Delete(ref),
  ]
  // The second type says what the data is; the first, which fields there are, is then said too.
  for await (const event of client.stream<(typeof fields)[number], Drink>(ref, fields)) {
    if (event.type === 'start') for (const change of changes) await client.query(change)
    if (event.type !== 'version') continue
    const { action, document, diff, prev } = event.event
    console.log(action.padEnd(8), { document: document.data, diff: diff.data, prev: prev.data })
    if (action === 'delete') break
  }
} finally {
  await close()
}
