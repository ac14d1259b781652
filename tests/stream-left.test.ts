/** What a stream that is over leaves behind: nothing. What it gives before an error: nothing in part. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { End } from '../src/end.ts'
import type { AnyEvent } from '../src/events/types.ts'
import { byTransaction } from '../src/stream/batch.ts'
import type { EventSource } from '../src/stream/source.ts'
import { ManualTime } from './support/clock.ts'
import { FakeLink, streamOver } from './support/fake-link.ts'
import './support/leaks.ts'

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

describe('a loop that is left while it connects', () => {
  const unreachable: End = { how: 'unreachable', cause: new Error('nobody there') }

  test('tries no more, tells nothing more, and sets no timer', async () => {
    const time = new ManualTime()
    const link = new FakeLink(
      Array.from({ length: 50 }, () => unreachable),
      { time },
    )
    const stream = streamOver(link, { resume: 'live' })
    const signals: string[] = []
    for (const signal of ['lost', 'retry', 'close'] as const) stream.on(signal, () => signals.push(signal))
    const loop = stream[Symbol.asyncIterator]()
    const pending = loop.next()
    await settle()
    time.pass(100)
    await settle()
    assert.ok(link.opened > 0)
    await loop.return!()
    assert.equal((await pending).done, true)
    await settle()
    const [opened, told] = [link.opened, signals.length]
    assert.equal(signals.at(-1), 'close')
    time.pass(60_000)
    await settle()
    assert.deepEqual([link.opened, signals.length, time.pending], [opened, told, 0])
    assert.equal(stream.controller.signal.aborted, false, 'the controller is the user’s')
  })
})

describe('batches of transactions', () => {
  test('are whole: an error comes instead of a part of one', () => {
    const events = [1, 1, 2, 2].map(txn => ({ type: 'version', txn }) as unknown as AnyEvent)
    let next = 0
    const take = (txn?: number): AnyEvent | undefined => {
      if (next === 3) throw new RangeError('this one cannot be given')
      const event = events[next] as AnyEvent & { txn: number }
      if (txn !== undefined && event.txn !== txn) return undefined
      next++
      return event
    }
    const source = { take: () => take(), takeWithin: take } as unknown as EventSource
    const batches = byTransaction(source)
    assert.equal(batches.take()?.length, 2)
    assert.throws(() => batches.take(), RangeError)
  })
})
