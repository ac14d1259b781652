/** What `npm start` prints, against what was committed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { playStory, story } from '../examples/coffee-bar.ts'
import { EventLines } from '../examples/event-lines.ts'
import { Client, q, type Ref } from '../src/index.ts'
import { startLocal } from '../src/local/index.ts'
import './support/leaks.ts'
import { runProgram } from './support/program.ts'

/** What a line says: `order 101` or `all orders`, what happened, to which order, and when. */
type Line = { readonly txn: number; readonly from: string; readonly action: string; readonly what: string }

const linePattern = /^ {2}(\d{16}) {2}(.{10}) {2}[·+~−] (\w+) +(.+)$/gm

/** The lines of events in a text, without those of `start`. */
function readLines(text: string): Line[] {
  const lines = [...text.matchAll(linePattern)].map(([, txn, from = '', action = '', what = '']) => {
    return { txn: Number(txn), from: from.trim(), action, what }
  })
  return lines.filter(({ action }) => action !== 'start')
}

type Element = { readonly ts: number; readonly action: string; readonly document: Ref }

/** What the server itself has in its history of a document or set, whoever listened. */
async function readHistory(client: Client, of: unknown, from: string): Promise<Omit<Line, 'what'>[]> {
  const page = (await client.query(q.Paginate(q.Events(of as object)))) as { data: Element[] }
  return page.data.map(({ ts, action }) => ({ txn: ts, from, action }))
}

const byTime = (a: { txn: number }, b: { txn: number }) => a.txn - b.txn
const ids = [...new Set(story.map(({ id }) => id))]

test('every commit has its lines, in order, with the transaction time that the server keeps of it', async () => {
  await using server = await startLocal()
  await using client = new Client({ endpoint: server.endpoint, secret: server.secret })
  const printed: string[] = []
  const lines = new EventLines(false)
  await playStory(client, {
    pauseMs: 0,
    signal: AbortSignal.timeout(30_000),
    tellStep: step => printed.push(lines.writeStep(step)),
    tellEvent: telling => printed.push(lines.writeEvent(telling)),
  })

  const orders = q.Collection('orders')
  const histories = ids.map(id => readHistory(client, q.Ref(orders, id), `order ${id}`))
  const committed = (await Promise.all(histories)).flat().sort(byTime)
  const members = await readHistory(client, q.Documents(orders), 'all orders')
  const told = readLines(printed.join('\n')).map(({ txn, from, action }) => ({ txn, from, action }))
  assert.equal(committed.length, story.length)
  assert.deepEqual(
    told.filter(({ from }) => from !== 'all orders'),
    committed,
  )
  assert.deepEqual(
    told.filter(({ from }) => from === 'all orders'),
    members,
  )
})

/** The word that stands for a write in a document's line. */
const words = { create: 'create', update: 'update', replace: 'update', delete: 'delete' } as const

test('npm start tells the whole story in plain text, ends by itself with code 0 and leaves stderr empty', async () => {
  const { code, stdout, stderr } = await runProgram('examples/start.ts')
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.ok(!stdout.includes('\u001b'), 'escape sequences go to a terminal only')

  const lines = readLines(stdout)
  const documents = lines.filter(({ from }) => from !== 'all orders')
  assert.deepEqual(
    documents.map(({ from, action }) => [from, action]),
    story.map(({ id, write }) => [`order ${id}`, words[write]]),
  )
  const txns = documents.map(({ txn }) => txn)
  assert.deepEqual(
    txns,
    [...new Set(txns)].sort((a, b) => a - b),
  )
  const comesAndGoes = documents.filter(({ action }) => action !== 'update')
  assert.deepEqual(
    lines.filter(({ from }) => from === 'all orders').map(({ txn, what }) => [txn, what]),
    comesAndGoes.map(({ txn, from }) => [txn, from]),
  )
  assert.match(stdout, /update +state → ready, note → oat milk\n/)
  assert.match(stdout, new RegExp(`\n${story.length} transactions, 20 events, .+\n$`))
})

test('lines have colour where it is asked for, and the same text', () => {
  const telling = { from: 'order 1', event: { type: 'start', txn: 1_700_000_000_000_000, event: 0 } } as const
  const [plain, coloured] = [false, true].map(hasColour => new EventLines(hasColour).writeEvent(telling))
  assert.match(plain ?? '', linePattern)
  assert.notEqual(coloured, plain)
  assert.equal(stripVTControlCharacters(coloured ?? ''), plain)
})
