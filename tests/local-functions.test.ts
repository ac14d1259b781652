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

// ast/functions/SetFunctions.scala, UnionFunction and the two behind it: a union puts all copies where the first one stands, a difference takes the
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

// ast/functions/ObjectFunctions.scala, mergeObjects: the fields are a map of Scala, which keeps the order of four keys and no more.
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

// ast/package.scala, FreeVars: the variables of a query that nothing binds, and those that a function keeps, are in such a map.
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

// ast/functions/ReadAdaptor.scala, valueAtPath0; schema/NativeCollection.scala, toName.
test('a path leads into sets of old, into documents by their refs in UNSTABLE, and into what events changed', () => {
  service.ask({
    create_index: object({
      name: 'by_n',
      source: { collection: 'things' },
      terms: [{ object: { field: ['data', 'n'] } }],
    }),
  })
  service.ask({
    create_index: object({
      name: 'values',
      source: { collection: 'things' },
      values: [{ object: { field: ['data', 'n'] } }],
    }),
  })
  const one = { ref: { collection: 'things' }, id: '1' }
  service.ask({ create: one, params: object({ data: object({ n: 1 }) }) })
  const empty = { ref: { collection: 'things' }, id: '2' }
  service.ask({ create: empty, params: object({ ttl: { '@ts': '2999-01-01T00:00:00Z' } }) })
  const match = (terms: unknown): object => ({ match: { index: 'by_n' }, terms })
  const events = (of: object): object => ({ paginate: { events: of } })
  check([
    [{ select: ['@set', 'match', 'id'], from: match(1) }, 'by_n'],
    [{ select: ['@set', 'terms'], from: match(1) }, 1],
    [{ select: ['@set', 'terms', 1], from: match([1, 2]) }, 2],
    [{ select_all: ['@set', 'union', '@set', 'terms'], from: { union: [match(1), match(2)] } }, [1, 2]],
    [{ select: ['@set', 'distinct', 'id'], from: { distinct: { keys: null } } }, 'keys'],
    [{ contains_path: ['@set', 'documents'], in: { documents: { collection: 'things' } } }, false],
    [{ contains_field: '@set', in: { documents: { collection: 'things' } } }, true],
    [{ select: [4294967297], from: ['a', 'b'] }, 'b'],
    [{ select: ['data', 0, 'data'], from: events({ match: { index: 'values' } }) }, 1],
    [{ contains_path: ['data', 0, 'data'], in: events(empty) }, false],
    [{ select: ['data', 0, 'ttl'], from: events(empty) }, { '@ts': '2999-01-01T00:00:00Z' }],
  ])
  const resourceOf = (query: unknown, version: string): Json =>
    service.send(query, 'secret', version).body['resource'] as Json
  assert.equal(resourceOf({ select: ['data', 'n'], from: one }, 'UNSTABLE'), 1)
  assert.equal(service.send({ select: ['data', 'n'], from: one }).status, 404)
  assert.equal(resourceOf({ select: ['id'], from: { collections: null } }, '2.1'), 'classes')
})

// Renderable.scala and ast/Expression.scala, VersionL.
test('in version 2.0 a document names its collection, on the wire and as an object', () => {
  const one = { get: { ref: { collection: 'things' }, id: '1' } }
  for (const query of [one, { to_object: one }, { merge: one, with: object({}) }]) {
    const { body } = service.send(query, 'secret', '2.0')
    assert.deepEqual((body['resource'] as Record<string, Json>)['class'], { '@ref': 'classes/things' })
  }
})

// ast/Parser.scala, parseEvent of CursorParser: a cursor is read from an object, and what a page shows is none until it has been outside.
test('the cursor of a page of history is none inside of the query that made it', () => {
  const history = { events: { documents: { collection: 'things' } } }
  const query = { paginate: history, after: { select: ['after'], from: { paginate: history, size: 1 } } }
  assert.deepEqual(errorsOf(query), [[['after'], 'Object, Integer, Time, or Date expected, Object provided.']])
})

// ast/functions/StringFunctions.scala: DateTimeFormat (%tN), FindStrFunction
// (places in UTF-16), SubStringFunction and RepeatStringFunction (numbers of 32 and 64 bits).
test('texts are laid out, searched and cut as the machine of the real server does it, with its faults', () => {
  const faultOf = (query: unknown): Json => errorsOf(query)[0]?.[1] ?? null
  const fault = (exception: string): string =>
    `java.lang.${exception} Please create a ticket at https://support.fauna.com`
  assert.equal(faultOf({ findstr: '😀a😀b', find: 'b', start: 5 }), fault('IndexOutOfBoundsException'))
  assert.equal(
    faultOf({ format: '%9999999999$q', values: [] }),
    fault('NumberFormatException: For input string: "9999999999"'),
  )
  const largest = { subtract: [{ bitnot: 0 }, { multiply: [2 ** 31, 2 ** 32] }] }
  assert.equal(
    faultOf({ substring: 'a😀b', start: 2, length: largest }),
    fault('StringIndexOutOfBoundsException: begin 3, end 1, length 4'),
  )
  const half = { epoch: 500, unit: 'millisecond' }
  const collection = '{"@ref":{"id":"things","collection":{"@ref":{"id":"collections"}}}}'
  const shown = `{"ref":{"@ref":{"id":"77","collection":${collection}}},"ts":0}`
  check([
    [{ format: '%-12tN|%3$s|%1$tL', values: [half, 1, 2] }, '500000000|2|500'],
    // DebugFormat: what this transaction writes has the time of the epoch.
    [{ format: '%@', values: { select: 'ts', from: { update: { ref: { collection: 'things' }, id: '1' } } } }, '0'],
    [{ format: '%^', values: { create: { ref: { collection: 'things' }, id: '77' } } }, shown],
    [{ findstr: '😀a😀b', find: 'b', start: 4 }, -1],
    [{ repeat: 'ab', number: -4294967295 }, 'ab'],
    [{ space: -4294967295 }, ''],
  ])
})

// A word that is looked up in a table is one of that table: `constructor` and the like are in every object of JavaScript.
test('what every object of JavaScript has is no word of the language', () => {
  const word = 'constructor'
  const wrong = (query: unknown): Json => errorsOf(query)[0]?.[1] ?? null
  assert.equal(wrong({ epoch: 1, unit: word }), 'Time Unit expected, String provided.')
  assert.match(
    String(wrong({ casefold: 'a', normalizer: word })),
    /^String 'NFKCCaseFold', .* expected, String provided\.$/,
  )
  assert.match(String(wrong({ findstrregex: 'a', pattern: `\\p{${word}}` })), /is not a valid regular expression\.$/)
  service.ask({ create_collection: object({ name: 'words' }) })
  const resource = { collection: 'words' }
  const after = object({ ts: 1, action: word })
  assert.match(
    String(wrong({ paginate: { events: { documents: resource } }, after })),
    /^String 'create', .* expected, String provided\.$/,
  )
  const privileges = [object({ resource, [word]: 1, actions: object({ read: true, [word]: object({ a: 1 }) }) })]
  const { privileges: kept } = service.ask({ create_role: object({ name: 'words', privileges }) }) as Record<
    string,
    Json
  >
  assert.deepEqual(kept, [{ resource: service.ask(resource), actions: { read: true } }])
})
