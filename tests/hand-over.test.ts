/** A planned hand-over from one opening of a stream to the next, as `client.rotateSecret()` makes it: nothing is lost or repeated. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { End } from '../src/end.ts'
import type { AnyEvent } from '../src/events/types.ts'
import { Client, type GapEvent, OptionError, q, QueryError, type Ref, type StreamEvent } from '../src/index.ts'
import { startLocal } from '../src/local/index.ts'
import { LongTime, ManualTime } from './support/clock.ts'
import { bytes, type FakeAnswer, FakeLink, streamOver } from './support/fake-link.ts'
import { inHistory, Record, thing, things } from './support/history-world.ts'
import './support/leaks.ts'
import { startLine, versionLine } from './support/peer.ts'

function tells(...lines: readonly string[]): FakeAnswer {
  return { chunks: lines.map(line => bytes(line + '\r\n')) }
}

function word(event: AnyEvent): string {
  if (event.type === 'gap') return `gap ${event.after}–${event.until}`
  return event.type === 'unknown' ? 'unknown' : `${event.type} ${event.txn}`
}

/** A loop over the first of the answers, which has told its lines; what it tells goes on in `words`. */
async function follow(answers: (FakeAnswer | End)[], resume: 'live' | false = 'live') {
  const time = new ManualTime()
  const link = new FakeLink(answers, { time })
  const stream = streamOver<AnyEvent>(link, { resume })
  const words: string[] = []
  const loop = (async () => {
    for await (const event of stream) words.push(word(event))
  })()
  loop.catch(() => undefined)
  while (words.length < (answers[0] as FakeAnswer).chunks!.length) await turn()
  const settle = async () => {
    for (let i = 0; i < 20; i++) await turn()
  }
  const push = async (index: number, line: string) => {
    link.exchanges[index]!.push(bytes(line + '\r\n'))
    await settle()
  }
  return { link, stream, words, loop, time, push, settle }
}

/** A hand-over from a stream that has told 2 to one that starts at 9: the old one still has to pass that. */
async function beginHandOver() {
  const followed = await follow([tells(startLine(1), versionLine(2)), tells(startLine(9), versionLine(10))])
  const done = followed.stream.handOver()
  await followed.settle()
  return { ...followed, done }
}

describe('a hand-over', () => {
  test('waits for the rest of an event of which a part came, however long that takes while it grows', async () => {
    const { stream, words, link, time, settle, done } = await beginHandOver()
    const line = versionLine(5)
    for (const part of [line.slice(0, 20), line.slice(20, 40)]) {
      link.exchanges[0]!.push(bytes(part))
      await settle()
      time.pass(15_000)
      await settle()
    }
    assert.equal(link.exchanges[0]!.isCancelled, false)
    link.exchanges[0]!.push(bytes(`${line.slice(40)}\r\n`))
    await settle()
    time.pass(30_000)
    await done
    await settle()
    assert.deepEqual(words, ['start 1', 'version 2', 'version 5', 'version 10'])
    stream.controller.abort()
  })

  test('tells the hole where the rest of an event never comes', async () => {
    const { stream, words, link, time, settle, done } = await beginHandOver()
    link.exchanges[0]!.push(bytes(versionLine(5).slice(0, 20)))
    await settle()
    for (let i = 0; i < 3; i++) {
      time.pass(15_000)
      await settle()
    }
    await done
    assert.deepEqual(words, ['start 1', 'version 2', 'gap 2–9', 'version 10'])
    stream.controller.abort()
  })

  test('follows the old stream until it has passed the start of the new one', async () => {
    const { stream, words, push, settle, link } = await follow([
      tells(startLine(1), versionLine(2)),
      tells(startLine(5), versionLine(6)),
    ])
    const done = stream.handOver()
    await settle()
    assert.deepEqual(words, ['start 1', 'version 2'])
    await push(0, versionLine(4))
    await push(0, versionLine(5))
    assert.deepEqual(words.slice(2), ['version 4', 'version 5'])
    assert.ok(!link.exchanges[0]!.isCancelled)
    await push(0, versionLine(6))
    await done
    assert.ok(link.exchanges[0]!.isCancelled)
    await push(1, versionLine(7))
    assert.deepEqual(words.slice(4), ['version 6', 'version 7'])
    await stream.close()
  })

  test('of a stream on which nothing happens is done after 15 s', async () => {
    const { stream, words, push, settle, time, link } = await follow([tells(startLine(1)), tells(startLine(5))])
    const done = stream.handOver()
    await settle()
    time.pass(14_000)
    await settle()
    assert.ok(!link.exchanges[0]!.isCancelled)
    time.pass(2_000)
    await done
    await push(1, versionLine(6))
    assert.deepEqual(words, ['start 1', 'version 6'])
    assert.equal(stream.state, 'open')
    await stream.close()
    assert.equal(time.pending, 0)
  })

  test('of a stream whose connection may be dead waits for a sign of life, and tells the hole where none comes', async () => {
    for (const isAlive of [true, false]) {
      const { stream, words, push, settle, time, link } = await follow([tells(startLine(1)), tells(startLine(5))])
      const [old] = link.exchanges
      // Before the new one's start was.
      old!.lastHeardAt = -1
      const done = stream.handOver()
      await settle()
      time.pass(30_000)
      await settle()
      assert.equal(old!.isCancelled, false)
      if (isAlive) old!.lastHeardAt = time.now()
      else old!.finish({ how: 'silent', awaited: 'ping', waitedMs: 10_000 })
      await settle()
      time.pass(1_000)
      await done
      await push(1, versionLine(6))
      assert.deepEqual(words, ['start 1', ...(isAlive ? [] : ['gap 1–5']), 'version 6'])
      await stream.close()
      assert.equal(time.pending, 0)
    }
  })

  test('of a stream that is quiet since its collection was made anew tells that', () =>
    inHistory(async world => {
      const time = new LongTime(14_000)
      const client = world.connect({ time, pingIntervalMs: 5_000 })
      const stream = client.stream(q.Documents(things), undefined, { onGap: 'yield' })
      const record = new Record<StreamEvent<'action' | 'document'> | GapEvent>(stream)
      await record.until(events => events.length === 1)
      await world.write(q.Delete(things))
      await world.write(q.CreateCollection({ name: 'things' }))
      await world.write(q.Create(thing(1), {}))
      const done = client.rotateSecret()
      while (!time.awaits(15_000)) await turn()
      time.pass(15_000)
      await done
      await record.until(events => events.length === 2)
      await record.txn(await world.write(q.Create(thing(2), {})))
      await stream.close()
      assert.deepEqual(
        record.events.map(event => (event.type === 'gap' ? event.reason : event.type)),
        ['start', 'recreated', 'set'],
      )
    }))

  test('is done at once where the old stream loses its right after the start of the new one', async () => {
    const { stream, words, push, settle } = await follow(
      [tells(startLine(1)), tells(startLine(5), versionLine(6))],
      false,
    )
    const done = stream.handOver()
    await settle()
    await push(0, '{"type":"error","txn":6,"event":{"code":"permission denied","description":"Lost."}}')
    await done
    assert.deepEqual(words, ['start 1', 'version 6'])
    await stream.close()
  })

  test('tells the hole where the old stream is lost before it has passed the start of the new one', async () => {
    const { stream, words, settle, link } = await follow([tells(startLine(1)), tells(startLine(5), versionLine(6))])
    const done = stream.handOver()
    await settle()
    link.exchanges[0]!.finish({ how: 'cut' })
    await done
    await settle()
    assert.deepEqual(words, ['start 1', 'gap 1–5', 'version 6'])
    assert.equal(link.opened, 2)
    await stream.close()
  })

  test('throws that loss where the stream does not resume, and lets the new one go', async () => {
    const { stream, loop, settle, link } = await follow([tells(startLine(1)), tells(startLine(5))], false)
    const done = stream.handOver()
    await settle()
    link.exchanges[0]!.finish({ how: 'cut' })
    await assert.rejects(loop, { code: 'connection_lost' })
    await done
    assert.ok(link.exchanges[1]!.isCancelled)
    assert.equal(stream.state, 'closed')
  })

  test('that is refused leaves the stream as it was', async () => {
    const body = { errors: [{ code: 'unauthorized', description: 'Unauthorized' }] }
    const refusal = { status: 401, chunks: [bytes(JSON.stringify(body))], end: { how: 'finished' } as const }
    const { stream, words, push } = await follow([tells(startLine(1)), refusal])
    await assert.rejects(stream.handOver(), { code: 'unauthorized' })
    await push(0, versionLine(6))
    assert.deepEqual(words, ['start 1', 'version 6'])
    await stream.close()
  })

  test('that is asked for again before it is done is made again after it: the secret may be another by then', async () => {
    const { link, stream, words, push, settle } = await follow([
      tells(startLine(1)),
      tells(startLine(5), versionLine(6)),
      tells(startLine(7), versionLine(8)),
    ])
    const [first, second] = [stream.handOver(), stream.handOver()]
    await settle()
    assert.equal(link.opened, 2)
    await push(0, versionLine(6))
    await first
    await push(1, versionLine(8))
    await second
    assert.ok(link.exchanges[0]!.isCancelled && link.exchanges[1]!.isCancelled)
    assert.deepEqual(words, ['start 1', 'version 6', 'version 8'])
    await stream.close()
  })

  test('of a stream that is opening is made when it is open', async () => {
    const answer = tells(startLine(1), versionLine(2))
    const link = new FakeLink([answer, answer], { time: new ManualTime() })
    const stream = streamOver<AnyEvent>(link)
    const iterator = stream[Symbol.asyncIterator]()
    const first = iterator.next()
    const done = stream.handOver()
    await first
    for (let i = 0; i < 20; i++) await turn()
    assert.equal(link.opened, 2)
    await iterator.next()
    await done
    await iterator.return!()
  })

  for (const line of ['nonsense', versionLine(2)]) {
    test(`whose new stream begins with ${line.slice(0, 16)} is refused, and lets it go`, async () => {
      const { link, stream } = await follow([tells(startLine(1)), tells(line)])
      await assert.rejects(stream.handOver(), { name: 'ProtocolError' })
      assert.ok(link.exchanges[1]!.isCancelled && !link.exchanges[0]!.isCancelled)
      await stream.close()
    })
  }

  test('of a stream that is closed meanwhile lets both go', async () => {
    const { stream, settle, link, time } = await follow([tells(startLine(1)), tells(startLine(5))])
    const done = stream.handOver()
    await settle()
    await stream.close()
    await done
    assert.ok(link.exchanges.every(exchange => exchange.isCancelled))
    assert.equal(time.pending, 0)
  })
})

describe('rotateSecret()', () => {
  test('goes over to a new key beside a writer: every event once, in order, also after the old key was deleted', async () => {
    const server = await startLocal()
    const admin = new Client({ endpoint: server.endpoint, secret: server.secret })
    type Key = { readonly ref: Ref; readonly secret: string }
    const makeKey = () => admin.query(q.CreateKey({ role: 'server' })) as Promise<Key>
    const [old, fresh] = [await makeKey(), await makeKey()]
    const client = new Client({ endpoint: server.endpoint, secret: old.secret })
    try {
      await admin.query(q.CreateCollection({ name: 'c' }))
      const ref = q.Ref(q.Collection('c'), '1')
      await admin.query(q.Create(ref, { data: { n: 0 } }))
      const told: { one: number[]; all: unknown[] } = { one: [], all: [] }
      const progress = { open: 0, written: 0, isDone: false }
      const one = client.stream(ref, ['document'], { resume: false })
      const all = client.stream(q.Documents(q.Collection('c')), ['document'], { resume: false })
      const loops = [
        (async () => {
          for await (const event of one) {
            if (event.type === 'start') progress.open++
            if (event.type === 'version') told.one.push(event.event.document.data!['n'] as number)
          }
        })(),
        (async () => {
          for await (const event of all) {
            if (event.type === 'start') progress.open++
            if (event.type === 'set') told.all.push(event.event.document.ref.id)
          }
        })(),
      ]
      while (progress.open < 2) await turn()
      const writer = (async () => {
        while (!progress.isDone) {
          progress.written++
          await admin.query(
            q.Do(
              q.Update(ref, { data: { n: progress.written } }),
              q.Create(q.Ref(q.Collection('c'), String(1000 + progress.written)), {}),
            ),
          )
        }
      })()
      for (const key of [fresh, await makeKey()]) await client.rotateSecret(key.secret)
      await admin.query(q.Delete(old.ref))
      await admin.query(q.Delete(fresh.ref))
      const enough = progress.written + 5
      while (progress.written < enough) await turn()
      progress.isDone = true
      await writer
      while (told.one.length < progress.written || told.all.length < progress.written) await turn()
      assert.deepEqual(
        told.one,
        Array.from({ length: progress.written }, (_, i) => i + 1),
      )
      assert.deepEqual(
        told.all,
        Array.from({ length: progress.written }, (_, i) => String(1001 + i)),
      )
      await client.close()
      await Promise.all(loops)
    } finally {
      await client.close()
      await admin.close()
      await server.close()
    }
  })

  test('with a secret that is refused keeps the old one', async () => {
    const server = await startLocal()
    const client = new Client({ endpoint: server.endpoint, secret: server.secret })
    try {
      await assert.rejects(client.rotateSecret('wrong'), (error: unknown) => {
        assert.ok(error instanceof QueryError)
        assert.equal(error.status, 401)
        assert.ok(!error.message.includes('wrong'))
        return true
      })
      assert.equal(await client.query(q.Add(1, 2)), 3)
      await assert.rejects(client.rotateSecret('with a space'), OptionError)
    } finally {
      await client.close()
      await server.close()
    }
  })

  test('without a secret asks its function anew', async () => {
    const server = await startLocal()
    let asked = 0
    const client = new Client({ endpoint: server.endpoint, secret: () => (asked++, server.secret) })
    try {
      await client.query(1)
      await client.rotateSecret()
      await client.query(1)
      assert.equal(asked, 2)
    } finally {
      await client.close()
      await server.close()
    }
  })
})
