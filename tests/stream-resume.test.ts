/** What a loss of the connection does to a loop with `resume: 'live'`: it goes on, and says each hole. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { End } from '../src/end.ts'
import { GapError, type FaunaError, QueryError, StreamError } from '../src/errors.ts'
import { readEvent } from '../src/events/decode.ts'
import type { AnyEvent } from '../src/events/types.ts'
import { Cursor, type PlacedEvent } from '../src/stream/cursor.ts'
import type { EventStream } from '../src/stream/stream.ts'
import { errorLine, setLine, startLine, versionLine } from '../src/testing/index.ts'
import { ManualTime } from './support/clock.ts'
import { bytes, type FakeAnswer, FakeLink, type FakeOptions, streamOver } from './support/fake-link.ts'
import './support/leaks.ts'

const cut: End = { how: 'cut' }

/** Waits are random: of so long a span one is never 0. */
const longMs = 2 ** 30

/** An answer of these lines; it stays open where it has no end. */
function tells(lines: readonly string[], end?: End): FakeAnswer {
  return { chunks: lines.map(line => bytes(line + '\r\n')), ...(end && { end }) }
}

/** What a loop got, as short words. */
function word(event: AnyEvent): string {
  if (event.type === 'gap') return `gap ${event.after}–${event.until} ${event.reason}`
  if (event.type === 'unknown') return 'unknown'
  return `${event.type} ${event.txn}`
}

type Follow = {
  readonly stream: EventStream<AnyEvent>
  readonly link: FakeLink
  readonly signals: string[]
  time: ManualTime
}

function follow(
  answers: (FakeAnswer | End)[],
  options: FakeOptions & { maxAttempts?: number; firstMs?: number } = {},
): Follow {
  const time = new ManualTime()
  const { maxAttempts = Number.POSITIVE_INFINITY, firstMs = 100, ...rest } = options
  const link = new FakeLink(answers, { time, backoff: { firstMs, maxMs: Math.max(firstMs, 20_000), maxAttempts } })
  const stream = streamOver<AnyEvent>(link, { resume: 'live', ...rest })
  const signals: string[] = []
  stream.on('lost', ({ error }) => signals.push(`lost ${(error as FaunaError).code}`))
  stream.on('retry', ({ attempt }) => signals.push(`retry ${attempt}`))
  stream.on('start', ({ txn }) => signals.push(`start ${txn}`))
  stream.on('gap', ({ after, until }) => signals.push(`gap ${after}–${until}`))
  return { stream, link, signals, time }
}

/** Lets time pass until the promise is settled; a promise that never is fails the test by its deadline. */
async function passUntil<T>(time: ManualTime, promise: Promise<T>): Promise<T> {
  const settled = Promise.allSettled([promise]).then(() => true)
  while (!(await Promise.race([settled, turn(false)]))) time.pass(100)
  return promise
}

/** The first events of a loop, while time passes as it needs to. */
async function collect({ stream, time }: Follow, count: number): Promise<string[]> {
  const words: string[] = []
  const iterator = stream[Symbol.asyncIterator]()
  while (words.length < count) {
    const { done, value } = await passUntil(time, iterator.next())
    if (done) break
    words.push(word(value))
  }
  await iterator.return!()
  return words
}

describe('a loss', () => {
  const losses: readonly End[] = [
    { how: 'finished' },
    cut,
    { how: 'reset', code: 8, codeName: 'CANCEL' },
    { how: 'reset', code: 2, codeName: 'INTERNAL_ERROR' },
    { how: 'refused', by: 'REFUSED_STREAM' },
    { how: 'goaway', code: 11, codeName: 'ENHANCE_YOUR_CALM' },
    { how: 'silent', awaited: 'ping', waitedMs: 10_000 },
  ]
  for (const end of losses) {
    const name = 'codeName' in end ? `${end.how} ${end.codeName}` : end.how
    test(`(${name}) opens the stream anew and tells the one hole`, async () => {
      const loop = follow([tells([startLine(1), versionLine(2)], end), tells([startLine(5), versionLine(6)])])
      assert.deepEqual(await collect(loop, 4), ['start 1', 'version 2', 'gap 2–5 live', 'version 6'])
      assert.equal(loop.signals.filter(signal => signal.startsWith('lost')).length, 1)
      assert.deepEqual(loop.signals.slice(-2), ['start 5', 'gap 2–5'])
    })
  }

  test('before the first start is no hole', async () => {
    const loop = follow([cut, { how: 'unreachable', cause: new Error('no') }, tells([], cut), tells([startLine(5)])])
    assert.deepEqual(await collect(loop, 1), ['start 5'])
    const lost = 'lost connection_lost, retry 1, lost connect_failed, retry 2, lost connection_lost, retry 3'
    assert.equal(loop.signals.join(', '), `${lost}, start 5`)
  })

  test('moves the stream from open to connecting, and back', async () => {
    const loop = follow([tells([startLine(1)], cut), tells([startLine(2)])])
    const states: string[] = []
    loop.stream.on('state', state => states.push(state))
    await collect(loop, 2)
    assert.deepEqual(states, ['connecting', 'open', 'connecting', 'open', 'closed'])
  })

  test('in the middle of a line drops that half: it is part of the hole', async () => {
    const half = { chunks: [bytes(startLine(1) + '\r\n'), bytes(versionLine(2).slice(0, 30))], end: cut }
    const loop = follow([half, tells([startLine(3), versionLine(4)])])
    assert.deepEqual(await collect(loop, 3), ['start 1', 'gap 1–3 live', 'version 4'])
  })

  test("throws a GapError with its bounds where onGap is 'throw'", async () => {
    const loop = follow([tells([startLine(1), versionLine(2)], cut), tells([startLine(5)])], { onGap: 'throw' })
    await assert.rejects(collect(loop, 9), (error: unknown) => {
      assert.ok(error instanceof GapError)
      assert.deepEqual([error.code, error.after, error.until, error.reason], ['gap', 2, 5, 'live'])
      return true
    })
    assert.equal(loop.stream.state, 'closed')
  })

  test('of a document is no hole where the stream comes back at the transaction that was told', async () => {
    const loop = follow([tells([startLine(1), versionLine(5)], cut), tells([startLine(5), versionLine(6)])])
    assert.deepEqual(await collect(loop, 3), ['start 1', 'version 5', 'version 6'])
  })

  test('of a set is a hole there too: the transaction may have been incomplete', async () => {
    const loop = follow([
      tells([startLine(1), setLine(5, { id: '1' })], cut),
      tells([startLine(5), setLine(6, { id: '2' })]),
    ])
    assert.deepEqual(await collect(loop, 4), ['start 1', 'set 5', 'gap 5–5 live', 'set 6'])
  })

  test('to a server that is behind us tells nothing twice, and what is new of the last transaction', async () => {
    const before = [startLine(1), setLine(3, { id: '1' }), setLine(5, { id: '2' }), setLine(5, { id: '3' })]
    const after = [
      startLine(2),
      setLine(3, { id: '1' }),
      setLine(5, { id: '3' }),
      setLine(5, { id: '4' }),
      setLine(5, { id: '2' }),
      setLine(6, { id: '5' }),
    ]
    const loop = follow([tells(before, cut), tells(after)])
    assert.deepEqual(await collect(loop, 6), ['start 1', 'set 3', 'set 5', 'set 5', 'set 5', 'set 6'])
  })

  test('to a server that repeats at its start what was told tells it once', async () => {
    const again = [startLine(5), versionLine(5), versionLine(6)]
    const loop = follow([tells([startLine(1), versionLine(5)], cut), tells(again)])
    assert.deepEqual(await collect(loop, 3), ['start 1', 'version 5', 'version 6'])
  })

  test('tells nothing twice of what was read back meanwhile', () => {
    const cursor = new Cursor()
    const isNew = (txn: number) => cursor.admit(readEvent(versionLine(txn)) as PlacedEvent, versionLine(txn))
    cursor.complete(5)
    cursor.reopen(9, true)
    cursor.complete(9)
    assert.deepEqual([4, 5, 7, 9, 10, 11].filter(isNew), [10, 11])
  })

  test('is told by an event that comes without a start, and the event is not lost', async () => {
    const loop = follow([tells([startLine(1)], cut), tells([versionLine(4)])])
    assert.deepEqual(await collect(loop, 3), ['start 1', 'gap 1–4 live', 'version 4'])
  })

  test('wakes a loop that waits in batches()', async () => {
    const { stream, time } = follow([tells([startLine(1)], cut), tells([startLine(2), versionLine(3)])])
    const iterator = stream.batches()
    const first = await iterator.next()
    const second = iterator.next()
    for (let i = 0; i < 10; i++) await turn().then(() => time.pass(100))
    const words = [...(first.value ?? []), ...((await second).value ?? [])].map(word)
    assert.deepEqual(words, ['start 1', 'gap 1–2 live', 'version 3'])
    await iterator.return!()
  })
})

describe('the waits', () => {
  test('are never longer than the bound, and are counted anew after a healthy period', async () => {
    const loop = follow([cut, cut, cut, tells([startLine(1)]), tells([startLine(2)])])
    const iterator = loop.stream[Symbol.asyncIterator]()
    const first = iterator.next()
    while (loop.stream.state !== 'open') await turn().then(() => loop.time.pass(50))
    await first
    const second = iterator.next()
    await turn()
    loop.time.pass(10_000)
    loop.link.exchanges[0]!.finish(cut)
    for (let i = 0; i < 20; i++) await turn().then(() => loop.time.pass(50))
    assert.equal(word((await second).value!), 'gap 1–2 live')
    assert.deepEqual(
      loop.signals.filter(signal => signal.startsWith('retry')),
      ['retry 1', 'retry 2', 'retry 3', 'retry 1'],
    )
    await iterator.return!()
  })

  test('go on counting where a stream is cut as soon as it is open', async () => {
    const short = (txn: number) => tells([startLine(txn)], cut)
    const loop = follow([short(1), short(2), short(3), tells([startLine(4)])])
    await collect(loop, 4)
    assert.deepEqual(
      loop.signals.filter(signal => signal.startsWith('retry')),
      ['retry 1', 'retry 2', 'retry 3'],
    )
  })

  test('end after maxAttempts with the last error', async () => {
    const loop = follow([cut, cut, { how: 'silent', awaited: 'connection', waitedMs: 1 }], { maxAttempts: 2 })
    await assert.rejects(collect(loop, 1), { code: 'connect_timeout' })
    assert.equal(loop.link.opened, 3)
  })

  test('end at once with abort, and leave no timer', async () => {
    const loop = follow([cut], { firstMs: longMs })
    const pending = loop.stream[Symbol.asyncIterator]().next()
    while (!loop.signals.includes('retry 1')) await turn()
    loop.stream.controller.abort()
    assert.deepEqual(await pending, { done: true, value: undefined })
    assert.equal(loop.time.pending, 0)
    await loop.stream.close()
  })
})

describe('a refused exchange', () => {
  test('is sent again at once, and only once', async () => {
    const refused: End = { how: 'refused', by: 'REFUSED_STREAM' }
    const loop = follow([refused, refused, tells([startLine(1)])], { firstMs: longMs })
    const first = loop.stream[Symbol.asyncIterator]().next()
    while (loop.link.opened < 2) await turn()
    for (let i = 0; i < 20; i++) await turn()
    assert.equal(loop.link.opened, 2)
    assert.deepEqual(loop.signals, ['lost refused', 'retry 0', 'lost refused', 'retry 1'])
    loop.time.pass(longMs)
    await first
    await loop.stream.close()
  })
})

describe('an error of the server', () => {
  for (const code of ['time out', 'request timeout', 'too many requests', 'internal server error']) {
    test(`(${code}) is a loss`, async () => {
      const loop = follow([
        tells([startLine(1), errorLine(code, 'Said so.')], { how: 'finished' }),
        tells([startLine(2)]),
      ])
      assert.deepEqual(await collect(loop, 2), ['start 1', 'gap 1–2 live'])
    })
  }

  test('that cannot be retried is thrown', async () => {
    const loop = follow([tells([startLine(1), errorLine('validation failed', 'Said so.')], { how: 'finished' })])
    await assert.rejects(collect(loop, 2), StreamError)
  })

  test('(permission denied) opens anew at once; a second one before an event is thrown', async () => {
    const denied = (txn: number) =>
      tells([startLine(txn), errorLine('permission denied', 'Said so.', txn + 1)], { how: 'finished' })
    const loop = follow([denied(1), denied(5)])
    const iterator = loop.stream[Symbol.asyncIterator]()
    await iterator.next()
    assert.equal(word((await iterator.next()).value!), 'gap 1–5 live')
    await assert.rejects(iterator.next(), { code: 'permission denied' })
    assert.deepEqual(
      loop.signals.filter(signal => signal.startsWith('retry')),
      ['retry 0'],
    )
    assert.equal(loop.link.refused, 2)
  })

  test('(permission denied) opens anew each time where events came in between', async () => {
    const denied = (txn: number) =>
      tells([startLine(txn), versionLine(txn + 1), errorLine('permission denied', 'Said so.', txn + 2)], {
        how: 'finished',
      })
    const loop = follow([denied(1), denied(5), tells([startLine(9)])])
    const words = await collect(loop, 5)
    assert.deepEqual(words, ['start 1', 'version 2', 'gap 2–5 live', 'version 6', 'gap 6–9 live'])
  })

  for (const status of [400, 401, 403, 404, 405, 410, 413]) {
    test(`(HTTP ${status} on opening) is thrown`, async () => {
      const body = { errors: [{ code: 'bad request', description: 'No.' }] }
      const answer = { status, chunks: [bytes(JSON.stringify(body))], end: { how: 'finished' } as const }
      await assert.rejects(collect(follow([answer]), 1), QueryError)
    })
  }

  for (const body of [
    '<html>Closed.</html>',
    '{"error":"Closed."}',
    '{"errors":[{"code":"x","description":"Closed."}]}',
  ]) {
    test(`in place of a first line (HTTP 200 with ${body}) is thrown, and quoted`, async () => {
      const answer = { chunks: [bytes(body)], end: { how: 'finished' } as const }
      await assert.rejects(collect(follow([answer]), 1), /HTTP 200.*Closed/)
    })
  }

  test('is not taken for one where it may be the half of a first line', async () => {
    const answer = { chunks: [bytes('{ "type": "sta')], end: { how: 'finished' } as const }
    assert.deepEqual(await collect(follow([answer, tells([startLine(1)])]), 1), ['start 1'])
  })

  for (const status of [408, 409, 429, 440, 500, 503, 540]) {
    test(`(HTTP ${status} on opening) is a loss`, async () => {
      const refusal = JSON.stringify({ errors: [{ code: 'time out', description: 'No.' }] })
      for (const body of [refusal, '<html>A proxy says no.</html>']) {
        const answer = { status, chunks: [bytes(body)], end: { how: 'finished' } as const }
        assert.deepEqual(await collect(follow([answer, tells([startLine(1)])]), 1), ['start 1'])
      }
    })
  }
})

describe('the first opening', () => {
  test('to what does not speak HTTP/2 is thrown: that is the wrong door', async () => {
    await assert.rejects(collect(follow([{ how: 'foreign' }]), 1), { code: 'not_http2' })
  })

  test('with a certificate that cannot be trusted is thrown', async () => {
    const cause = Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    await assert.rejects(collect(follow([{ how: 'unreachable', cause }]), 1), { code: 'connect_failed' })
  })

  test('after the stream was open, either is a loss', async () => {
    const loop = follow([tells([startLine(1)], cut), { how: 'foreign' }, tells([startLine(2)])])
    assert.deepEqual(await collect(loop, 2), ['start 1', 'gap 1–2 live'])
  })
})

test('a line that is no event is thrown, never passed over', async () => {
  const loop = follow([tells([startLine(1), '{"type":"version"}', versionLine(3)])])
  await assert.rejects(collect(loop, 3), { code: 'bad_event' })
})

test('a server that is behind the first start tells nothing from before it', async () => {
  const loop = follow([
    tells([startLine(5)], cut),
    tells([startLine(2), setLine(4, { id: '1' }), setLine(5, { id: '2' }), setLine(6, { id: '3' })]),
  ])
  assert.deepEqual(await collect(loop, 2), ['start 5', 'set 6'])
})
