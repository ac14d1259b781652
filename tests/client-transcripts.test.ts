/** A stream's loop gives exactly what a real server sent, however the bytes are cut. */
import './support/uncovered.ts'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FaunaError } from '../src/errors.ts'
import type { StreamEvent } from '../src/events/types.ts'
import { bytes, FakeLink, streamOver } from './support/fake-link.ts'
import './support/leaks.ts'
import { readRecordedStreams } from './support/recorded.ts'
import { readSeed } from './support/seed.ts'
import { parseWire, toWireJson } from './support/wire.ts'

const smallBytes = 800
const { seed, random } = readSeed()
const streams = readRecordedStreams()
const open = streams.filter(stream => stream.status === 200)
const owing = open.filter(stream => stream.owed !== undefined)

/** Reads a loop to its end: the events, and the error that ended it. */
async function readAll(chunks: readonly Uint8Array[]): Promise<{ events: StreamEvent[]; error: unknown }> {
  const events: StreamEvent[] = []
  const link = new FakeLink([{ chunks, end: { how: 'finished' } }])
  try {
    for await (const event of streamOver(link)) events.push(event)
  } catch (error) {
    return { events, error }
  }
  return { events, error: undefined }
}

function cutAt(whole: Buffer, places: readonly number[]): Buffer[] {
  const bounds = [0, ...places, whole.length]
  return bounds.slice(1).map((end, i) => whole.subarray(bounds[i], end))
}

function cutRandomly(whole: Buffer): Buffer[] {
  const count = 1 + Math.floor(random() * 40)
  const places = Array.from({ length: count }, () => Math.floor(random() * (whole.length + 1)))
  return cutAt(
    whole,
    places.sort((a, b) => a - b),
  )
}

function assertOwed(events: readonly StreamEvent[], owed: readonly string[]): void {
  const changes = events.filter(event => event.type !== 'start')
  // Order inside one transaction of a set is the server's own: compare what came in that order.
  const sort = (texts: readonly unknown[]) => texts.map(text => inspectKey(text)).sort()
  assert.deepEqual(sort(changes.map(toWireJson)), sort(owed.map(parseWire)))
}

function inspectKey(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => {
    if (typeof field === 'bigint') return `${field}n`
    if (typeof field !== 'object' || field === null || Array.isArray(field)) return field
    return Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

describe(`recorded streams (SEED=${seed})`, () => {
  test('there are recordings to compare with', () => {
    assert.ok(open.length >= 200, `${open.length} streams`)
    assert.ok(owing.length >= 60, `${owing.length} streams that say what they owe`)
  })

  test('every stream that says what it owes gives exactly that', async () => {
    for (const { name, bytes: whole, owed } of owing) {
      const { events } = await readAll([whole])
      assert.doesNotThrow(() => assertOwed(events, owed!), name)
    }
  })

  test('every line of every stream is one event, or one named error that ends the loop', async () => {
    for (const { name, bytes: whole, lines } of open) {
      const { events, error } = await readAll([whole])
      assert.ok(error instanceof FaunaError, name)
      const told = lines.map(line => JSON.parse(line) as { type: string })
      const errors = told.filter(line => line.type === 'error').length
      assert.equal(events.length + errors, lines.length, name)
      // A path that is almost that of streams is answered as a query's: with a resource, and no line.
      const isOther = lines.length === 0 && whole.length > 0
      const code = isOther ? 'bad_response' : 'server_closed'
      assert.equal(error.code === code, errors === 0, `${name}: ${error.message}`)
    }
  })

  test('every event holds the same as its line', async () => {
    for (const { name, bytes: whole, lines } of open) {
      const { events } = await readAll([whole])
      const expected = lines.slice(0, events.length).map(parseWire)
      assert.deepEqual(events.map(toWireJson), expected, name)
    }
  })

  test('cut in two at every place, a small stream gives the same', async () => {
    const small = owing.filter(stream => stream.bytes.length <= smallBytes)
    assert.ok(small.length >= 5, `${small.length} small streams`)
    for (const { name, bytes: whole } of small) {
      const expected = await readAll([whole])
      for (let at = 1; at < whole.length; at++) {
        assert.deepEqual(await readAll(cutAt(whole, [at])), expected, `${name} cut at ${at}`)
      }
    }
  })

  test('byte by byte, a stream gives the same', async () => {
    for (const { name, bytes: whole } of owing.filter(stream => stream.bytes.length < 20_000)) {
      const single = Array.from({ length: whole.length }, (_, i) => whole.subarray(i, i + 1))
      assert.deepEqual(await readAll(single), await readAll([whole]), name)
    }
  })

  test('cut at random places, every stream gives the same', async () => {
    for (const { name, bytes: whole } of open) {
      assert.deepEqual(await readAll(cutRandomly(whole)), await readAll([whole]), name)
    }
  })

  test('characters of several bytes survive every cut', async () => {
    const line =
      '{"type":"version","txn":2,"event":{"document":{"ref":{"@ref":{"id":"1"}},"ts":2,"data":{"é✔😀":"日本 😀"}}}}\r\n'
    const whole = Buffer.from(line)
    const expected = await readAll([whole])
    assert.deepEqual(toWireJson(expected.events[0]), JSON.parse(line))
    for (let at = 1; at < whole.length; at++) {
      assert.deepEqual(await readAll(cutAt(whole, [at])), expected, `cut at ${at}`)
    }
  })

  test('integers beyond 2^53 are exact', async () => {
    const line =
      '{"type":"version","txn":2,"event":{"document":{"ref":{"@ref":{"id":"1"}},"ts":2,"data":{"n":9223372036854775807,"m":-9007199254740993,"s":9007199254740991}}}}\n'
    const { events } = await readAll([bytes(line)])
    const [event] = events
    assert.ok(event?.type === 'version')
    assert.deepEqual(event.event.document.data, { n: 9223372036854775807n, m: -9007199254740993n, s: 9007199254740991 })
  })
})
