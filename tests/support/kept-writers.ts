/**
 * Several writers of one embedded server with a data folder, in a process that is meant to be killed. Each transaction
 * makes two documents with its number and notes the number in the writer's own document. Arguments: the folder, the first
 * number, how many writers. Prints `ready`, then a line for each answer: the number and the transaction's time.
 */
import { writeSync } from 'node:fs'
import { LocalService, create, update } from './local-service.ts'

const [folder = '', first = '0', writers = '4'] = process.argv.slice(2)
/** A writer's own documents have ids below this. */
const FIRST_NUMBER = 1000

const service = new LocalService()
await service.keepIn(folder)

function index(name: string, collection: string): object {
  return {
    create_index: {
      object: { name, source: { collection }, values: [{ object: { field: ['data', 'n'] } }], active: true },
    },
  }
}

// What an earlier life has made is refused.
await service.post({ create_collection: { object: { name: 'c' } } })
await service.post({ create_collection: { object: { name: 'd' } } })
await service.post(index('all_c', 'c'))
await service.post(index('all_d', 'd'))
for (let writer = 0; writer < Number(writers); writer++) await service.post(create('d', writer, {}))
// Synchronous, so that what is killed has said what it knew.
writeSync(1, 'ready\n')

async function write(writer: number): Promise<void> {
  for (let n = FIRST_NUMBER + Number(first) + writer; ; n += Number(writers)) {
    const { status, text, body } = await service.post([
      create('c', n, { n, text: 'x'.repeat(n % 700) }),
      create('d', n, { n }),
      update('d', writer, { last: n }),
    ])
    if (status !== 200) throw new Error(text)
    const [{ ts }] = body['resource'] as [{ ts: number }]
    writeSync(1, `${n} ${ts}\n`)
  }
}

await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)))
