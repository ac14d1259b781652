// Functions over strings, arrays and objects: rules of the real server's source that few recorded queries show. Each row
// of a table is a query and what it answers; paths of the source begin at ext/model/src/main/scala.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalService } from './support/local-service.ts'
import type { Json } from './support/local-service.ts'

type Row = readonly [query: unknown, resource: Json]

const service = new LocalService()

function check(rows: readonly Row[]): void {
  for (const [query, resource] of rows) assert.deepEqual(service.ask(query), resource, JSON.stringify(query))
}

/** The errors of a query: where each stands, and what it says. */
function errorsOf(query: unknown): readonly (readonly [Json, Json])[] {
  const errors = service.send(query).body['errors'] as Record<string, Json>[]
  return errors.map(error => [error['position'] ?? null, error['description'] ?? null])
}

function object(fields: Record<string, unknown>): object {
  return { object: fields }
}

// ast/functions/SetFunctions.scala:203-251: a union puts all copies where the first one stands, a difference takes the
// first ones away.
test('arrays are combined one after the other, each element as often as it is to be there', () => {
  check([
    [
      {
        union: [
          ['b', 'a', 'b'],
          ['a', 1, null],
        ],
      },
      ['b', 'b', 'a', 1, null],
    ],
    [{ union: [[1, 2], [2, 1, 2, 1], [3]] }, [1, 1, 2, 2, 3]],
    [{ union: [[1, 2, 1]] }, [1, 2, 1]],
    [{ difference: [[1, 2, 1], [1]] }, [2, 1]],
    [{ difference: [[1, 1, 2, 1], [1], [1]] }, [2, 1]],
    [
      {
        intersection: [
          [3, 2, 1, 1],
          [1, 2, 1],
        ],
      },
      [2, 1, 1],
    ],
  ])
})

test('values are the same in arrays as in equals: of one type, whatever the order of keys', () => {
  const two = { to_double: 2 }
  const ab = object({ a: 1, b: 2 })
  const ba = object({ b: 2, a: 1 })
  check([
    [{ distinct: [2, two, 2] }, [2, 2]],
    [{ distinct: [[ab], [ba], ab] }, [[{ a: 1, b: 2 }], { a: 1, b: 2 }]],
    [
      {
        difference: [
          [ba, 2],
          [ab, two],
        ],
      },
      [2],
    ],
    [
      {
        intersection: [
          [null, 'a', ba],
          [ab, null],
        ],
      },
      [null, { b: 2, a: 1 }],
    ],
    [{ union: [[[1]], [[1], [1]]] }, [[1], [1]]],
  ])
})

// ObjectFunctions.scala:45: the fields are a map of Scala, which keeps the order of four keys and no more.
test('what is merged keeps the order of its keys as long as there are no more than four', () => {
  const merged = (...objects: Record<string, unknown>[]): string[] => {
    const [first = {}, ...rest] = objects.map(object)
    return Object.keys(service.ask({ merge: first, with: rest }) as object)
  }
  assert.deepEqual(merged({ d: 1, c: 1 }, { b: 1, d: 2, a: 1 }), ['d', 'c', 'b', 'a'])
  assert.deepEqual(merged({ a: 1, b: 1, c: 1, d: 1 }, { e: 1 }), ['e', 'a', 'b', 'c', 'd'])
  assert.deepEqual(merged({ a: 1, b: 1, c: 1, d: 1, e: 1 }, { a: null, b: null }), ['e', 'c', 'd'])
  assert.deepEqual(merged({ one: 1, two: 1, three: 1, four: 1, five: 1 }), ['two', 'five', 'one', 'four', 'three'])
})

// ast/package.scala:21: the variables of a query that nothing binds, and those that a function keeps, are in such a map.
test('variables come in the order of a hash map, those of one name as they stand', () => {
  const variable = (name: string): object => ({ var: name })
  const names = (query: unknown): Json[] => errorsOf(query).map(([position]) => position)
  const wanted = { do: [variable('a'), { add: [variable('e'), variable('a')] }] }
  assert.deepEqual(names(wanted), [
    ['do', 1, 'add', 0],
    ['do', 0],
    ['do', 1, 'add', 1],
  ])
  const keeps = { query: { lambda: 'x', expr: [variable('b'), variable('a'), variable('e')] } }
  const kept = service.send({ let: [{ b: 1 }, { a: 2 }, { e: 3 }], in: keeps })
  assert.match(kept.text, /"let":\{"e":3,"a":2,"b":1\}/)
})

test('a function keeps no variable that it binds itself', () => {
  const expr = { let: { x: 2 }, in: [{ var: 'x' }, { map: { lambda: 'y', expr: { var: 'y' } }, collection: [1] }] }
  const kept = service.ask({ let: { x: 1, y: 1 }, in: { query: { lambda: 'z', expr } } }) as Record<string, Json>
  assert.deepEqual((kept['@query'] as Record<string, Json>)['expr'], expr)
})

test('a set is no scalar', () => {
  service.ask({ create_collection: object({ name: 'things' }) })
  const things = { documents: { collection: 'things' } }
  for (const key of ['casefold', 'ngram']) {
    assert.deepEqual(errorsOf({ [key]: [1, things] }), [[[key, 1], 'Scalar expected, Set provided.']])
  }
})
