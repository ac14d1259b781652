// With a data folder nobody learns of anything before it is on the disk; what waits for one flush shares the next.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Client, q } from '../src/index.ts'
import { startLocal } from '../src/local/index.ts'
import { openLogFile } from '../src/local/log/log.ts'
import { LocalService, create, doc, update } from './support/local-service.ts'

let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'data-'))
})
after(() => rm(root, { recursive: true }))

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
/** A flush that has not begun by then never will. */
const maxTurns = 100_000
/** Enough turns of the event loop for a flush that is not held to begin. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await turn()
}

/** A service whose flushes are held, and let go one by one. */
class HeldService extends LocalService {
  readonly flushes: { finish: () => void; fail: (error: Error) => void }[] = []
  isHeld = false

  static async open(name: string): Promise<HeldService> {
    const held = new HeldService()
    await held.keepIn(join(root, name), async path => {
      const file = await openLogFile(path)
      const flush = (): Promise<void> =>
        new Promise((resolve, reject) => {
          if (held.isHeld) held.flushes.push({ finish: resolve, fail: reject })
          else resolve()
        })
      return { ...file, flush }
    })
    await held.post({ create_collection: { object: { name: 'c', history_days: 30 } } })
    await held.post(create('c', 1, { n: 0 }))
    held.isHeld = true
    return held
  }

  /** Resolves when a flush waits to be let go. */
  async flushing(): Promise<void> {
    for (let turns = 0; this.flushes.length === 0; turns++) {
      assert.ok(turns < maxTurns, 'no flush begins')
      await turn()
    }
  }

  /** Lets the flush that runs end, and then all others. */
  async release(): Promise<void> {
    await this.flushing()
    this.isHeld = false
    this.flushes.shift()?.finish()
  }
}

test('an answer comes when its transaction is on the disk', async () => {
  const service = await HeldService.open('answer')
  let isAnswered = false
  const answer = service.post(update('c', 1, { n: 1 })).then(({ status }) => {
    isAnswered = true
    return status
  })
  await service.flushing()
  await settle()
  assert.equal(isAnswered, false)
  await service.release()
  assert.equal(await answer, 200)
  await service.close()
})

test('a query that only reads waits for what it has seen, and for nothing where all is on the disk', async () => {
  const service = await HeldService.open('reads')
  assert.equal(service.send({ get: doc('c', 1) }).status, 200)
  const order: string[] = []
  const written = service.post(update('c', 1, { n: 1 })).then(() => order.push('written'))
  await service.flushing()
  const read = service.post({ get: doc('c', 1) }).then(({ body }) => {
    assert.match(JSON.stringify(body), /"n":1/)
    order.push('read')
  })
  await settle()
  assert.deepEqual(order, [])
  await service.release()
  await Promise.all([written, read])
  assert.deepEqual(order, ['written', 'read'])
  await service.close()
})

test('transactions that come while a flush runs share the next one', async () => {
  const service = await HeldService.open('group')
  const first = service.post(update('c', 1, { n: 1 }))
  await service.flushing()
  const others = Array.from({ length: 100 }, (_, i) => service.post(create('c', i + 10, {})))
  await settle()
  assert.equal(service.flushes.length, 1)
  service.flushes.shift()?.finish()
  await first
  await service.flushing()
  service.flushes.shift()?.finish()
  for (const { status } of await Promise.all(others)) assert.equal(status, 201)
  assert.equal(service.flushes.length, 0)
  await service.close()
})

test('a stream is told of a transaction when it is on the disk, in order', async () => {
  const service = await HeldService.open('streams')
  const peer = service.follow({ documents: { collection: 'c' } }, 'action')
  const single = service.follow(doc('c', 1))
  const first = service.post(update('c', 1, { n: 1 }))
  await service.flushing()
  const second = service.post(create('c', 2, {}))
  await settle()
  assert.equal(peer.events.length, 0)
  await service.release()
  await Promise.all([first, second])
  assert.equal(peer.events.length, 1)
  assert.equal(single.events.length, 1)
  await service.close()
})

test('a stream that begins while a transaction waits for the disk is told only of what comes behind its start', async () => {
  const service = await HeldService.open('start')
  const first = service.post(update('c', 1, { n: 1 }))
  await service.flushing()
  const peer = service.follow(doc('c', 1))
  // It waits too: what it was opened with might never have been.
  assert.deepEqual(peer.lines, [])
  const second = service.post(update('c', 1, { n: 2 }))
  service.flushes.shift()?.finish()
  await first
  await service.flushing()
  assert.equal(peer.lines.length, 1)
  service.flushes.shift()?.finish()
  await second
  // The second transaction is older than `start`, and on the disk only now.
  assert.equal(peer.lines.length, 1)
  service.isHeld = false
  await service.post(update('c', 1, { n: 3 }))
  assert.equal(peer.events.length, 1)
  assert.ok((peer.events[0]?.txn ?? 0) > peer.startTxn)
  await service.close()
})

test('where the disk fails nothing is answered as done, streams end, and the server does nothing more', async () => {
  const service = await HeldService.open('failure')
  const peer = service.follow(doc('c', 1))
  const written = service.post(update('c', 1, { n: 1 }))
  await service.flushing()
  const waiting = service.post(update('c', 1, { n: 2 }))
  service.flushes.shift()?.fail(new Error('ENOSPC: no space left on device'))
  for (const { status, text } of await Promise.all([written, waiting])) {
    assert.equal(status, 500)
    assert.match(text, /internal server error[^]*could not be written: ENOSPC[^]*start the server again/)
  }
  assert.match(peer.lines.at(-1) ?? '', /ENOSPC/)
  assert.equal(peer.hasEnded, true)
  assert.equal((await service.post({ get: doc('c', 1) })).status, 500)
  await service.close()
})

test('a fault behind the wait for the disk is that of its own request alone', async () => {
  const service = await HeldService.open('fault')
  const fail = (): never => {
    throw new TypeError('on purpose')
  }
  const failed = assert.rejects(async () => service.sendTo({ send: fail, stream: fail }, update('c', 1, { n: 1 })), {
    message: 'on purpose',
  })
  const written = service.post(update('c', 1, { n: 2 }))
  await service.release()
  await failed
  assert.equal((await written).status, 200)
  assert.match((await service.post({ get: doc('c', 1) })).text, /"n":2/)
  await service.close()
})

test('what a client was told before a restart is there behind it, and its stream goes on without a hole', async () => {
  const dataDir = join(root, 'restart')
  let server = await startLocal({ dataDir })
  const { endpoint, port, secret } = server
  const client = new Client({ endpoint, secret })
  const things = q.Collection('things')
  await client.query(q.CreateCollection({ name: 'things', history_days: 30 }))
  await client.query(q.Create(q.Ref(things, '1'), { data: { n: 0 } }))
  const stream = client.stream(q.Ref(things, '1'), ['document'], { resume: 'history' })
  const write = (n: number): Promise<unknown> => client.query(q.Update(q.Ref(things, '1'), { data: { n } }))
  const writeAll = async (): Promise<void> => {
    for (let n = 1; n <= 9; n++) {
      await write(n)
      if (n % 3 !== 0) continue
      // Written to right after it, mostly before the stream is open again.
      await server.close()
      server = await startLocal({ dataDir, port })
    }
  }
  const seen: number[] = []
  let isWriting: Promise<void> | undefined
  for await (const event of stream) {
    if (event.type === 'start') isWriting ??= writeAll()
    if (event.type !== 'version') continue
    seen.push(Number(event.event.document.data?.['n']))
    if (seen.at(-1) === 9) break
  }
  await isWriting
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9])
  await client.close()
  await server.close()
})
