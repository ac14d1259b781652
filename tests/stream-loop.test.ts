/** How a loop begins, is shared, and ends (api.md, "How a loop ends"). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ProtocolError, StateError, StreamError, TransportError } from '../src/errors.ts'
import type { StreamEvent } from '../src/events/types.ts'
import { bytes, FakeLink, streamOver } from './support/fake-link.ts'
import './support/leaks.ts'
import { startLine, versionLine } from './support/peer.ts'

const lines = [startLine(1), versionLine(2), versionLine(3)].map(line => bytes(line + '\r\n'))

function txnOf(event: StreamEvent | undefined): number | undefined {
  return event && event.type !== 'unknown' ? event.txn : undefined
}

describe('a stream', () => {
  test('sends nothing before the first next()', async () => {
    const link = new FakeLink([{ chunks: lines }])
    const stream = streamOver(link)
    const iterator = stream[Symbol.asyncIterator]()
    await turn()
    assert.equal(link.opened, 0)
    assert.equal(stream.state, 'idle')
    await iterator.next()
    assert.equal(link.opened, 1)
    await stream.close()
  })

  test('gives the transaction before an error whole, in batches of transactions too', async () => {
    const garbled = bytes('{"type":"version"}\r\n')
    const stream = streamOver(new FakeLink([{ chunks: [lines[0]!, garbled] }]), { exact: true })
    const batches = stream.batches({ by: 'txn' })
    assert.deepEqual((await batches.next()).value?.map(txnOf), [1])
    await assert.rejects(batches.next(), ProtocolError)
    assert.equal(stream.state, 'closed')
  })

  test('goes idle → connecting → open → closed, and tells each move once', async () => {
    const link = new FakeLink([{ chunks: lines }])
    const stream = streamOver(link)
    const moves: string[] = []
    stream.on('state', (state, before) => moves.push(`${before} → ${state}`))
    stream.on('start', ({ txn }) => moves.push(`start ${txn}`))
    stream.on('close', ({ error }) => moves.push(`close ${error}`))
    for await (const event of stream) if (txnOf(event) === 3) break
    assert.deepEqual(moves, ['idle → connecting', 'connecting → open', 'start 1', 'open → closed', 'close undefined'])
  })

  test('gives the events in order and raises lastTxn with each', async () => {
    const link = new FakeLink([{ chunks: lines, headers: { 'x-txn-time': '7' } }])
    const stream = streamOver(link)
    const seen: (number | undefined)[] = []
    for await (const event of stream) {
      seen.push(txnOf(event))
      assert.equal(stream.lastTxn, txnOf(event))
      if (seen.length === 3) break
    }
    assert.deepEqual(seen, [1, 2, 3])
    assert.deepEqual(link.seen, [7, 1, 2, 3])
  })

  test('has one loop: a second one is a StateError with advice', async () => {
    const stream = streamOver(new FakeLink([]))
    stream[Symbol.asyncIterator]()
    const second = (error: unknown) => error instanceof StateError && error.code === 'already_started'
    assert.throws(() => stream[Symbol.asyncIterator](), second)
    assert.throws(() => stream.batches(), second)
    await stream.close()
  })

  test('answers parallel next() calls in order', async () => {
    const link = new FakeLink([{ chunks: [] }])
    const iterator = streamOver(link)[Symbol.asyncIterator]()
    const pending = [iterator.next(), iterator.next(), iterator.next()]
    await turn()
    for (const line of lines) link.exchanges[0]!.push(line)
    const results = await Promise.all(pending)
    assert.deepEqual(
      results.map(result => txnOf(result.value)),
      [1, 2, 3],
    )
    await iterator.return!()
  })

  test('return() during a pending next() settles both', async () => {
    const link = new FakeLink([{ chunks: [] }])
    const iterator = streamOver(link)[Symbol.asyncIterator]()
    const pending = [iterator.next(), iterator.next()]
    await turn()
    assert.deepEqual(await iterator.return!(), { done: true, value: undefined })
    for (const result of await Promise.all(pending)) assert.deepEqual(result, { done: true, value: undefined })
    assert.ok(link.exchanges[0]!.isCancelled)
    assert.deepEqual(await iterator.next(), { done: true, value: undefined })
  })

  test('throw() lets the wire stream go and rejects with the error', async () => {
    const link = new FakeLink([{ chunks: lines }])
    const iterator = streamOver(link)[Symbol.asyncIterator]()
    await iterator.next()
    await assert.rejects(iterator.throw!(new Error('mine')), /mine/)
    assert.ok(link.exchanges[0]!.isCancelled)
  })

  test('break lets the wire stream go at once', async () => {
    const link = new FakeLink([{ chunks: lines }])
    const stream = streamOver(link)
    for await (const _event of stream) break
    assert.ok(link.exchanges[0]!.isCancelled)
    assert.equal(stream.state, 'closed')
  })

  test('an error of the body leaves the loop as it is, and the wire stream is let go', async () => {
    const link = new FakeLink([{ chunks: lines }])
    const stream = streamOver(link)
    const run = async () => {
      for await (const _event of stream) throw new Error('of the body')
    }
    await assert.rejects(run(), /of the body/)
    assert.ok(link.exchanges[0]!.isCancelled)
  })
})

describe('abort', () => {
  test('before the first next() ends the loop normally and sends nothing', async () => {
    const link = new FakeLink([{ chunks: lines }])
    const stream = streamOver(link)
    stream.controller.abort()
    for await (const _event of stream) assert.fail('no event is owed')
    assert.equal(link.opened, 0)
    assert.equal(stream.state, 'closed')
  })

  test('before the first next(), with a reason, throws the reason', async () => {
    const stream = streamOver(new FakeLink([]))
    const reason = new Error('because')
    stream.controller.abort(reason)
    await assert.rejects(stream[Symbol.asyncIterator]().next(), reason)
  })

  test('without a reason ends a waiting loop normally, at once, on an idle stream too', async () => {
    const link = new FakeLink([{ chunks: lines }])
    const stream = streamOver(link)
    const events: StreamEvent[] = []
    const loop = (async () => {
      for await (const event of stream) if (events.push(event) === 3) queueMicrotask(() => stream.controller.abort())
    })()
    await loop
    assert.equal(events.length, 3)
    assert.ok(link.exchanges[0]!.isCancelled)
  })

  test('with a reason throws that reason', async () => {
    const stream = streamOver(new FakeLink([{ chunks: lines }]))
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    const reason = new Error('because')
    stream.controller.abort(reason)
    await assert.rejects(iterator.next(), reason)
    assert.deepEqual(await iterator.next(), { done: true, value: undefined })
  })

  test('drops what had come and was not taken', async () => {
    const stream = streamOver(new FakeLink([{ chunks: lines }]))
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    stream.controller.abort()
    assert.deepEqual(await iterator.next(), { done: true, value: undefined })
  })

  test('of a signal that was given acts like the controller', async () => {
    const plain = new AbortController()
    const link = new FakeLink([{ chunks: lines }, { chunks: lines }])
    const ended = streamOver(link, { signal: plain.signal })[Symbol.asyncIterator]()
    await ended.next()
    plain.abort()
    assert.deepEqual(await ended.next(), { done: true, value: undefined })

    const reasoned = new AbortController()
    const thrown = streamOver(link, { signal: reasoned.signal })[Symbol.asyncIterator]()
    await thrown.next()
    reasoned.abort(new DOMException('too late', 'TimeoutError'))
    await assert.rejects(thrown.next(), { name: 'TimeoutError' })
  })

  test('of a signal that was aborted before ends the stream before it begins', async () => {
    const link = new FakeLink([{ chunks: lines }])
    const stream = streamOver(link, { signal: AbortSignal.abort() })
    assert.equal(stream.state, 'closed')
    assert.deepEqual(await stream[Symbol.asyncIterator]().next(), { done: true, value: undefined })
    assert.equal(link.opened, 0)
  })

  test('while the stream is opening ends it', async () => {
    const link = new FakeLink([{ chunks: [] }])
    const stream = streamOver(link)
    const pending = stream[Symbol.asyncIterator]().next()
    stream.controller.abort()
    assert.deepEqual(await pending, { done: true, value: undefined })
    assert.ok(link.exchanges[0]!.isCancelled)
  })

  test('is told by the controller however the stream was closed, though it was asked for only then', async () => {
    const given = new AbortController()
    const reason = new Error('because')
    const [closed, followed] = [streamOver(new FakeLink([])), streamOver(new FakeLink([]), { signal: given.signal })]
    await closed.close()
    given.abort(reason)
    assert.equal(closed.controller, closed.controller)
    assert.ok(closed.controller.signal.aborted)
    assert.equal(followed.controller.signal.reason, reason)
  })
})

describe('close()', () => {
  test('ends the loop normally; a second call is a StateError', async () => {
    const stream = streamOver(new FakeLink([{ chunks: lines }]))
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    await stream.close()
    assert.deepEqual(await iterator.next(), { done: true, value: undefined })
    await assert.rejects(
      stream.close(),
      (error: unknown) => error instanceof StateError && error.code === 'already_closed',
    )
  })

  test('after an end of another cause resolves, and dispose never throws', async () => {
    const stream = streamOver(new FakeLink([{ chunks: lines }]))
    for await (const _event of stream) break
    await stream.close()
    await stream[Symbol.asyncDispose]()
    await stream[Symbol.asyncDispose]()
  })
})

describe('an end that nobody asked for', () => {
  const ends = [
    { end: { how: 'finished' }, code: 'server_closed' },
    { end: { how: 'reset', code: 8, codeName: 'CANCEL' }, code: 'stream_reset' },
    { end: { how: 'refused', by: 'REFUSED_STREAM' }, code: 'refused' },
    { end: { how: 'goaway', code: 11, codeName: 'ENHANCE_YOUR_CALM' }, code: 'connection_lost' },
    { end: { how: 'cut' }, code: 'connection_lost' },
    { end: { how: 'silent', awaited: 'ping', waitedMs: 10 }, code: 'ping_timeout' },
  ] as const
  for (const { end, code } of ends) {
    test(`(${end.how}) is a TransportError after the events that came`, async () => {
      const events: StreamEvent[] = []
      const stream = streamOver(new FakeLink([{ chunks: lines, end }]))
      const run = async () => {
        for await (const event of stream) events.push(event)
      }
      await assert.rejects(run(), (error: unknown) => error instanceof TransportError && error.code === code)
      assert.equal(events.length, 3)
      assert.equal(stream.state, 'closed')
    })
  }

  test('in the middle of a line says how much of it was dropped', async () => {
    const half = bytes(versionLine(4).slice(0, 20))
    const stream = streamOver(new FakeLink([{ chunks: [...lines, half], end: { how: 'cut' } }]))
    const run = async () => {
      for await (const _event of stream);
    }
    await assert.rejects(run(), /in the middle of a line \(20 bytes/)
  })

  test('told by the server is a StreamError with its code', async () => {
    const told = '{"type":"error","txn":5,"event":{"code":"permission denied","description":"Authorization lost."}}\r\n'
    const link = new FakeLink([{ chunks: [...lines, bytes(told)], end: { how: 'finished' } }])
    const run = async () => {
      for await (const _event of streamOver(link));
    }
    await assert.rejects(run(), (error: unknown) => {
      assert.ok(error instanceof StreamError)
      assert.equal(error.code, 'permission denied')
      assert.equal(error.txn, 5)
      assert.equal(error.description, 'Authorization lost.')
      return true
    })
    assert.equal(link.refused, 1)
  })

  test('rejects the first of several pending next() calls and ends the others', async () => {
    const link = new FakeLink([{ chunks: [] }])
    const iterator = streamOver(link)[Symbol.asyncIterator]()
    const pending = [iterator.next(), iterator.next()]
    await turn()
    link.exchanges[0]!.finish({ how: 'cut' })
    await assert.rejects(pending[0]!, TransportError)
    assert.deepEqual(await pending[1], { done: true, value: undefined })
  })
})

describe('batches()', () => {
  test('gives the same events as arrays, one for each arrival', async () => {
    const stream = streamOver(new FakeLink([{ chunks: lines }]))
    for await (const batch of stream.batches()) {
      assert.deepEqual(batch.map(txnOf), [1, 2, 3])
      break
    }
  })

  test('gives the events before a bad line, then throws', async () => {
    const chunks = [...lines, bytes('nonsense\r\n')]
    const iterator = streamOver(new FakeLink([{ chunks }])).batches()
    const first = await iterator.next()
    assert.deepEqual(first.value?.map(txnOf), [1, 2, 3])
    await assert.rejects(iterator.next(), { code: 'bad_line' })
  })
})

describe('a listener that throws', () => {
  test('does the stream no harm, and its error is thrown in a microtask', async () => {
    const stream = streamOver(new FakeLink([{ chunks: lines }]))
    const thrown: unknown[] = []
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', error => thrown.push(error))
    try {
      const calls: number[] = []
      stream.on('start', () => {
        throw new Error('of a listener')
      })
      stream.on('start', ({ txn }) => calls.push(txn))
      const events: StreamEvent[] = []
      for await (const event of stream) if (events.push(event) === 3) break
      await turn()
      assert.equal(events.length, 3)
      assert.deepEqual(calls, [1])
      assert.match(String(thrown[0]), /of a listener/)
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
    }
  })

  test('is not called any more after off()', async () => {
    const stream = streamOver(new FakeLink([{ chunks: lines }]))
    const listener = () => assert.fail('taken away')
    stream.on('start', listener).off('start', listener)
    for await (const _event of stream) break
  })
})

test('what a stream needs of its client, and what it signals, are types alone: nothing to run', async () => {
  for (const types of [await import('../src/stream/link.ts'), await import('../src/signals.ts')]) {
    assert.deepEqual(Object.keys(types), [])
  }
})
