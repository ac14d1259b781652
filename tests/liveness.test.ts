/** A server whose process is stopped (SIGSTOP) is noticed, and goes on (SIGCONT) without an event told twice. */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { Client, type DefaultField, type FaunaError, type GapEvent, q, type StreamEvent } from '../src/index.ts'
import './support/leaks.ts'
import { startProgram } from './support/program.ts'

const program = fileURLToPath(new URL('support/frozen-server.ts', import.meta.url))
const timeout = 30_000
/** A PING goes out after so long a silence, in milliseconds. */
const pingIntervalMs = 200
/** What a server that runs may take to answer, on a machine with much else to do; in milliseconds. */
const patienceMs = 2000
const things = q.Collection('things')

/** A server in a process of its own, which is killed at the end whatever state it is in. */
async function withServer(run: (client: Client, signal: (name: NodeJS.Signals) => void) => Promise<void>) {
  const { child, finished, prints } = startProgram(program)
  try {
    const [, endpoint = ''] = await prints(/at (\S+)/)
    await using client = new Client({
      endpoint,
      secret: 'secret',
      pingIntervalMs,
      pingTimeoutMs: patienceMs,
      connectTimeoutMs: patienceMs,
      backoff: { firstMs: 50, maxMs: 100 },
    })
    await client.query(q.CreateCollection({ name: 'things' }))
    await run(client, name => child.kill(name))
  } finally {
    child.kill('SIGKILL')
    await finished
  }
}

function create(client: Client, id: string): Promise<unknown> {
  return client.query(q.Create(q.Ref(things, id), { data: {} }))
}

function word(event: StreamEvent<DefaultField> | GapEvent): string {
  if (event.type === 'set') return event.event.document.ref.id
  return event.type
}

test("resume: 'live': the loss is told, then the hole, and each event once", { timeout }, () =>
  withServer(async (client, signal) => {
    const stream = client.stream(q.Documents(things), undefined, { resume: 'live' })
    const losses: string[] = []
    const starts: number[] = []
    stream.on('start', ({ txn }) => starts.push(txn))
    const lost = new Promise<void>(resolve => {
      stream.on('lost', ({ error }) => {
        losses.push((error as FaunaError).code)
        resolve()
      })
    })
    const words: string[] = []
    for await (const event of stream) {
      words.push(word(event))
      if (event.type === 'start') await create(client, '1')
      else if (words.at(-1) === '1') {
        signal('SIGSTOP')
        void lost.then(() => signal('SIGCONT'))
      } else if (event.type === 'gap') {
        assert.ok(event.after <= event.until)
        assert.equal(event.until, starts.at(-1))
        await create(client, '2')
      } else break
    }
    assert.deepEqual(words, ['start', '1', 'gap', '2'])
    assert.equal(losses[0], 'ping_timeout')
  }),
)

test('resume: false: the loop throws ping_timeout, and a new one works when the server goes on', { timeout }, () =>
  withServer(async (client, signal) => {
    const words: string[] = []
    const follow = async () => {
      for await (const event of client.stream(q.Documents(things), undefined, { resume: false })) {
        words.push(word(event))
        if (event.type === 'start') await create(client, words.length === 1 ? '1' : '2')
        else if (words.at(-1) === '1') signal('SIGSTOP')
        else break
      }
    }
    await assert.rejects(follow(), { code: 'ping_timeout', outcome: 'unknown' })
    signal('SIGCONT')
    await follow()
    assert.deepEqual(words, ['start', '1', 'start', '2'])
  }),
)
