/**
 * The fast path reads a line exactly as its schema does, or leaves it to the schema's path: on what servers sent, on
 * generated lines, and on both after damage. The seed stands in each test's name; `SEED=…` gives the same lines again.
 */
import './support/uncovered.ts'
import * as fc from 'fast-check'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readEvent, readEventSlowly } from '../src/events/decode.ts'
import { readCommonEvent } from '../src/events/fast.ts'
import type { Ref } from '../src/index.ts'
import { encode, maxDepth } from '../src/values/index.ts'
import { makeEvents } from './bench/events.ts'
import { line } from './support/event-lines.ts'
import './support/leaks.ts'
import { damage } from './support/mutations.ts'
import { readRecordedStreams } from './support/recorded.ts'
import { makeRandom, readSeed } from './support/seed.ts'

const { seed } = readSeed()
const numRuns = 4_000
const recorded = readRecordedStreams()
  .filter(stream => stream.status === 200)
  .flatMap(stream => stream.lines)

type Outcome = { readonly value: unknown } | { readonly name: string; readonly code: unknown; readonly message: string }

function tryTo(read: () => unknown): Outcome {
  try {
    return { value: read() }
  } catch (error) {
    const { name, message, code } = error as Error & { code?: unknown }
    return { name, message, code }
  }
}

/** A value as nested entries: order of keys and prototypes included. */
function unfold(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : value
  const entries = Object.entries(value).map(([key, field]) => [key, unfold(field)])
  return [Object.getPrototypeOf(value), Object.isFrozen(value), entries]
}

/** Whether the fast path read it; fails where it reads anything else than the schema's path. */
function compare(text: string): boolean {
  const slow = tryTo(() => readEventSlowly(text))
  const hits = [true, false].filter(mayHoldVersions => compareWith(text, slow, mayHoldVersions))
  return hits.length > 0
}

function compareWith(text: string, slow: Outcome, mayHoldVersions: boolean): boolean {
  const fast = readCommonEvent(text, mayHoldVersions)
  assert.deepEqual(
    tryTo(() => readEvent(text, mayHoldVersions)),
    slow,
    text,
  )
  if (fast === undefined) return false
  assert.ok('value' in slow, `read by the fast path alone: ${text}`)
  assert.deepEqual(fast, slow.value, text)
  assert.deepEqual(unfold(fast), unfold(slow.value), text)
  return true
}

/** The same for values nested so deep that a comparison of all levels would overflow the stack: their texts are compared. */
function compareDeep(text: string): boolean {
  const slow = write(() => readEventSlowly(text))
  const hits = [true, false].filter(mayHoldVersions => compareDeepWith(text, slow, mayHoldVersions))
  return hits.length > 0
}

function write(read: () => unknown): Outcome {
  return tryTo(() => encode((read() as { event: unknown }).event, 'event'))
}

function compareDeepWith(text: string, slow: Outcome, mayHoldVersions: boolean): boolean {
  const fast = readCommonEvent(text, mayHoldVersions)
  assert.deepEqual(
    write(() => readEvent(text, mayHoldVersions)),
    slow,
  )
  if (fast !== undefined)
    assert.deepEqual(
      write(() => fast),
      slow,
    )
  return fast !== undefined
}

function countHits(lines: readonly string[]): number {
  return lines.filter(compare).length
}

/** Arrays in arrays, so many levels. */
function nest(levels: number, inside = ''): string {
  return '['.repeat(levels) + inside + ']'.repeat(levels)
}

describe(`the fast path (SEED=${seed})`, () => {
  test('reads every line of a real server as its schema does, and most changes by itself', () => {
    const changes = recorded.filter(text => /^\{"type":"(version|set|history_rewrite)".*"document":/.test(text))
    countHits(recorded)
    const hits = countHits(changes)
    assert.ok(changes.length > 500)
    assert.ok(hits / changes.length > 0.9, `${hits} of ${changes.length}`)
  })

  test('reads every line of the bench by itself', () => {
    const lines = makeEvents({ count: 500, seed }).toString().trimEnd().split('\r\n').slice(1)
    assert.equal(countHits(lines), lines.length)
    assert.ok(lines.every(text => readCommonEvent(text, false)))
  })

  test('leaves a version that nobody asked for to the schema’s path', () => {
    const lines = makeEvents({ count: 50, seed, shape: 'whole' }).toString().trimEnd().split('\r\n').slice(1)
    assert.ok(lines.every(text => readCommonEvent(text) && readCommonEvent(text, false) === undefined))
    countHits(lines)
  })

  test('reads generated lines as their schema does, and reads some', () => {
    let hits = 0
    const property = fc.property(line, text => void (compare(text) && hits++))
    fc.assert(property, { seed, numRuns })
    assert.ok(hits > numRuns / 20, `${hits} of ${numRuns}`)
  })

  test('reads damaged lines as their schema does', () => {
    const source = fc.oneof(line, fc.constantFrom(...recorded))
    const property = fc.property(source, fc.nat(), fc.integer({ min: 1, max: 3 }), (text, dice, count) => {
      compare(damage(Buffer.from(text), makeRandom(dice), count).toString())
    })
    fc.assert(property, { seed, numRuns })
  })

  test('counts levels as the schema’s path does, with large integers and without', () => {
    const around = [-4, -3, -2, -1, 0, 1, 2].map(more => maxDepth + more)
    const insides = ['', '1', '9007199254740993', '{"@date":"2024-05-01"}', '{"@set":[[[[[[]]]]]]}']
    const head =
      '{"type":"version","txn":1795458419889999,"event":{"action":"update","document":{"ref":{"@ref":{"id":"1","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}},"ts":1795458419889999,"data":'
    const setHead = head
      .replace('"version"', '"set"')
      .replace('"update"', '"add"')
      .replace('"data":', '"data":{}},"index":{')
    const diff =
      '},"diff":{"ref":{"@ref":{"id":"1","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}},"ts":1795458419889999,"data":9007199254740993'
    assert.ok(compareDeep(`${head}[]}}}`), 'such lines are read by the fast path')
    assert.ok(compareDeep(`${setHead}"terms":[],"values":[]}}}`))
    for (const levels of around) {
      for (const inside of insides) {
        compareDeep(`${head}${nest(levels, inside)}}}}`)
        compareDeep(`${head}${nest(levels, inside)}${diff}}}}`)
        compareDeep(`${setHead}"terms":${nest(levels, inside)},"values":[]}}}`)
        compareDeep(`${head}{"@set":${nest(levels, inside)}}${diff}}}}`)
      }
    }
  })

  test('hands out refs that nobody can change for another event', () => {
    const text = makeEvents({ count: 1, seed }).toString().split('\r\n')[1]!
    const [one, other] = [readCommonEvent(text), readCommonEvent(text)] as { event: { document: { ref: Ref } } }[]
    assert.ok(one && other)
    for (let ref: Ref | undefined = one.event.document.ref; ref; ref = ref.collection) assert.ok(Object.isFrozen(ref))
    assert.notEqual(one.event.document, other.event.document)
  })
})
