// The ordered map behind indexes: it must be indistinguishable from a sorted array, and stay logarithmic.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { OrderedMap } from '../src/local/ordered.ts'
import './support/leaks.ts'

const seed = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }
const byNumber = (a: number, b: number): number => a - b

/** Checks everything that can be asked about a map against a plain sorted list of its entries. */
function compare(map: OrderedMap<number, number>, model: Map<number, number>, probes: readonly number[]): void {
  const sorted = [...model].sort((a, b) => a[0] - b[0])
  const reversed = sorted.toReversed()
  assert.equal(map.size, model.size)
  assert.deepEqual([...map.ascend()], sorted)
  assert.deepEqual([...map.descend()], reversed)
  assert.deepEqual(map.first(), sorted[0])
  assert.deepEqual(map.last(), reversed[0])
  for (const probe of probes) {
    assert.equal(map.get(probe), model.get(probe))
    assert.equal(map.has(probe), model.has(probe))
    assert.deepEqual(
      [...map.ascend(probe)],
      sorted.filter(([key]) => key >= probe),
    )
    assert.deepEqual(
      [...map.ascend(probe, false)],
      sorted.filter(([key]) => key > probe),
    )
    assert.deepEqual(
      [...map.descend(probe)],
      reversed.filter(([key]) => key <= probe),
    )
    assert.deepEqual(
      [...map.descend(probe, false)],
      reversed.filter(([key]) => key < probe),
    )
  }
}

test('it answers as a sorted list would, whatever is added and removed', () => {
  const key = fc.integer({ min: 0, max: 1200 })
  const change = fc.oneof(
    { weight: 3, arbitrary: fc.record({ set: key }) },
    { weight: 2, arbitrary: fc.record({ delete: key }) },
    { weight: 1, arbitrary: fc.record({ fillFrom: key, count: fc.integer({ min: 1, max: 400 }) }) },
    { weight: 1, arbitrary: fc.record({ clearFrom: key, count: fc.integer({ min: 1, max: 400 }) }) },
  )
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), fc.array(key, { maxLength: 4 }), (changes, probes) => {
      const map = new OrderedMap<number, number>(byNumber)
      const model = new Map<number, number>()
      const set = (at: number, value: number): void => {
        assert.equal(map.set(at, value), map)
        model.set(at, value)
      }
      const remove = (at: number): void => assert.equal(map.delete(at), model.delete(at))
      for (const [turn, step] of changes.entries()) {
        if ('set' in step) set(step.set, turn)
        else if ('delete' in step) remove(step.delete)
        else if ('fillFrom' in step) for (let i = 0; i < step.count; i++) set(step.fillFrom + i, turn)
        else for (let i = 0; i < step.count; i++) remove(step.clearFrom + i)
      }
      compare(map, model, [...probes, -1, 5000])
    }),
    seed,
  )
})

test('a large map can be emptied from either end and from the middle, and filled again', () => {
  const count = 5000
  const orders: ((a: number, b: number) => number)[] = [
    (a, b) => a - b,
    (a, b) => b - a,
    (a, b) => Math.abs(a - count / 2) - Math.abs(b - count / 2),
  ]
  const map = new OrderedMap<number, number>(byNumber)
  for (const order of orders) {
    const model = new Map<number, number>()
    for (let key = 0; key < count; key++) model.set(key, -key)
    for (const [key, value] of model) map.set(key, value)
    const keys = [...model.keys()].sort(order)
    for (const [turn, key] of keys.entries()) {
      assert.ok(map.delete(key))
      model.delete(key)
      if (turn % 997 === 0) compare(map, model, [key, key + 1])
    }
    compare(map, model, [0])
  }
})

test('a lookup among 100,000 keys takes a few dozen comparisons at most, and so do a removal and an addition', () => {
  let comparisons = 0
  const map = new OrderedMap<number, number>((a, b) => {
    comparisons += 1
    return a - b
  })
  const count = 100_000
  // A multiplicative walk visits every key once, in scattered order.
  for (let i = 0; i < count; i++) map.set((i * 7919) % count, i)
  assert.equal(map.size, count)
  for (const use of [
    () => map.get(4242),
    () => map.ascend(4242).next(),
    () => map.delete(4242),
    () => map.set(4242, 0),
  ]) {
    comparisons = 0
    use()
    assert.ok(comparisons <= 24, `${comparisons} comparisons`)
  }
})

test('keys that compare equal are one key', () => {
  const map = new OrderedMap<string, number>((a, b) => a.length - b.length)
  map.set('one', 1).set('two', 2)
  assert.deepEqual([...map.ascend()], [['one', 2]])
})
