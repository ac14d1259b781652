/**
 * A program that uses a client and never closes it: `idle-client.ts <endpoint> <use>`. It prints `done` after a query
 * and a loop that it left, or after the second event of a loop that waits.
 */
import { Client, q } from '../../src/index.ts'

const [endpoint = '', use] = process.argv.slice(2)
const client = new Client({ endpoint, secret: 's' })
const stream = client.stream(q.Documents(q.Collection('c')))

if (use === 'leave') {
  await client.query(q.Now())
  for await (const _event of stream) break
} else {
  for await (const event of stream) {
    if (event.type === 'start') console.log('waiting')
    else break
  }
}
console.log('done')
