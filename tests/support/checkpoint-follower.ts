/** A program that works through the transactions of a collection: a line in a file is the work. `ENDPOINT CHECKPOINT LOG` */
import { appendFileSync } from 'node:fs'
import { argv } from 'node:process'
import { Client, q } from '../../src/index.ts'
import { fileStore } from '../../src/stores/index.ts'

const [endpoint, path, log] = argv.slice(2) as [string, string, string]
const client = new Client({ endpoint, secret: 'secret' })
const stream = client.stream(q.Documents(q.Collection('things')), ['action'], {
  checkpoint: fileStore(path),
  pageSize: 3,
})
console.log('follows')
for await (const event of stream) if (event.type === 'set') appendFileSync(log, `${event.txn}\n`)
