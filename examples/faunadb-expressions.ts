/** Expressions and values of the official `faunadb` package, in queries and streams of this one. */
import faunadb from 'faunadb'
// From a project of your own: 'fauna-streams'.
import { type Ref } from '../src/index.ts'
import { connect } from './server.ts'

const q = faunadb.query
const drinks = q.Collection('fauna_streams_examples')

const { client, close } = await connect()
try {
  const created = (await client.query(q.Create(drinks, { data: { name: 'macchiato' } }))) as { ref: Ref }
  console.log(`created: ${(await client.query(q.Select(['data', 'name'], q.Get(created.ref)))) as string}`)

  // A ref of this package stands in an expression of that one, as above, and the other way round.
  const theirRef = new faunadb.values.Ref(
    created.ref.id,
    new faunadb.values.Ref('fauna_streams_examples', faunadb.values.Native.COLLECTIONS),
  )
  for await (const event of client.stream(theirRef, ['action', 'diff'])) {
    if (event.type === 'start') await client.query(q.Update(theirRef, { data: { name: 'cortado' } }))
    if (event.type !== 'version') continue
    console.log(`${event.event.action}:`, event.event.diff.data)
    break
  }
  await client.query(q.Delete(created.ref))
} finally {
  await close()
}
