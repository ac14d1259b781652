// Rules of the language that few recorded queries show, asked of the embedded server one by one.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { q } from '../src/query/index.ts'
import { LocalService, create, doc, update } from './support/local-service.ts'
import type { Json } from './support/local-service.ts'

const JANUARY = 1_577_836_800_000_000
const FEBRUARY = 1_580_515_200_000_000

function serve(): LocalService {
  const service = new LocalService()
  service.ask({ create_collection: { object: { name: 'things', history_days: 20_000 } } })
  return service
}

/** The failures that an answer tells, or its first error. */
function errorOf({ body }: { body: Record<string, unknown> }): Record<string, Json> {
  const [error] = body['errors'] as Record<string, Json>[]
  assert.ok(error !== undefined)
  return error
}

function failuresOf(answer: { body: Record<string, unknown> }): Json {
  return errorOf(answer)['failures'] ?? null
}

function insert(ts: number, action: string, data: object): object {
  return { insert: doc('things', 1), ts, action, params: { object: { data: { object: data } } } }
}

function historyOf(service: LocalService): Json {
  const page = service.ask({ paginate: { events: doc('things', 1) } }) as { data: Record<string, Json>[] }
  return page.data.map(({ action, data }) => [action ?? null, data ?? null])
}

test('a document has one version at a time: what is inserted there replaces it, whatever it is', () => {
  const service = serve()
  service.ask(insert(JANUARY, 'create', { n: 1 }))
  service.ask(insert(JANUARY, 'delete', {}))
  assert.deepEqual(historyOf(service), [['delete', null]])
  service.ask(insert(JANUARY, 'update', { n: 2 }))
  assert.deepEqual(historyOf(service), [['create', { n: 2 }]])
  service.ask({ remove: doc('things', 1), ts: JANUARY, action: 'delete' })
  assert.deepEqual(historyOf(service), [['create', { n: 2 }]])
})

test('a version goes on telling what it changed when its own transaction puts another in front of it', () => {
  const service = serve()
  service.ask({ do: [create('things', 1, { n: 1 }), insert(FEBRUARY, 'create', { n: 0 })] })
  const both = [
    ['create', { n: 0 }],
    ['create', { n: 1 }],
  ]
  assert.deepEqual(historyOf(service), both)
  const set = service.ask({ paginate: { events: { documents: { collection: 'things' } } } }) as { data: Json[] }
  assert.deepEqual(
    set.data.map(event => (event as Record<string, Json>)['action']),
    ['add', 'add'],
  )
  // A later transaction that touches what is before it makes it tell the change from there.
  service.ask(insert(FEBRUARY, 'create', { n: 1, m: 1 }))
  assert.deepEqual(historyOf(service), [
    ['create', { n: 1, m: 1 }],
    ['update', { m: null }],
  ])
})

test('inside of an at of the past nothing is made or changed, but documents go and history can be written', () => {
  const service = serve()
  service.ask(create('things', 1, { n: 1 }))
  const at = (expr: object): object => ({ at: JANUARY, expr })
  const code = (expr: object): Json => errorOf(service.send(at(expr)))['position'] ?? null
  assert.deepEqual(code(create('things', 2, {})), ['expr', 'create'])
  assert.deepEqual(code(update('things', 1, { n: 2 })), ['expr'])
  assert.deepEqual(code({ create_collection: { object: { name: 'others' } } }), ['expr', 'create_collection'])
  service.ask(at(insert(JANUARY, 'create', { n: 0 })))
  service.ask(at({ delete: doc('things', 1) }))
  assert.equal(service.ask({ exists: doc('things', 1) }), false)
})

test('refs that cannot be written are told at the form, with the whole path to them', () => {
  const service = serve()
  const answer = service.send({
    do: [{ create: { collection: 'things' }, params: { object: { a: { index: 'no' } } } }],
  })
  assert.deepEqual(errorOf(answer)['position'], ['do', 0])
  assert.deepEqual(failuresOf(answer), [
    { field: ['do', '0', 'a'], code: 'invalid reference', description: 'Cannot read reference.' },
  ])
})

test('an index computes only with pure functions, and every one of them is a term or a value', () => {
  const service = serve()
  const bindings = {
    pure: { query: { lambda: 'd', expr: 1 } },
    reads: { query: { lambda: 'd', expr: { get: { var: 'd' } } } },
  }
  const source = { object: { collection: { collection: 'things' }, fields: { object: bindings } } }
  const values = [{ object: { binding: 'reads' } }]
  const answer = service.send({ create_index: { object: { name: 'i', source, values } } })
  assert.deepEqual(failuresOf(answer), [
    {
      field: ['source', '0', 'fields', '0', 'pure'],
      code: 'unused binding',
      description: 'Source binding is not used as a term or value.',
    },
    {
      field: ['source', '0', 'fields', '1', 'reads'],
      code: 'invalid binding',
      description: 'Field binding must be a pure unary function.',
    },
  ])
})

// MODEL/doc/Index.scala `legacyDataExtractor`: a field of an index is what `select_as_index` finds in the document.
test('the path of a field of an index leads into refs: those of documents, and those in their data', () => {
  const service = serve()
  const field = (...path: string[]): object => ({ object: { field: path } })
  const definition = {
    name: 'by_ref',
    source: { collection: 'things' },
    terms: [field('ref', 'id')],
    values: [field('class'), field('ref', 'collection', 'id'), field('data', 'friends', 'id'), field('ref', 'nothing')],
    active: true,
  }
  service.ask(create('things', 1, { friends: [doc('things', 8), { object: { id: 'x' } }, doc('things', 9)] }))
  service.ask({ create_index: { object: definition } })
  service.ask(create('things', 2, { friends: { collection: 'things' } }))
  const found = (terms: string): Json => (service.ask({ paginate: { match: 'by_ref', terms } }) as { data: Json }).data
  const things = service.ask({ collection: 'things' })
  assert.deepEqual(
    found('1'),
    ['8', '9', 'x'].map(id => [things, 'things', id, null]),
  )
  assert.deepEqual(found('2'), [[things, 'things', 'things', null]])
  const one = { ...definition, name: 'one', terms: [{ object: { field: ['data', 'friends', 'id'], mva: false } }] }
  service.ask({ create_index: { object: { ...one, values: [] } } })
  assert.deepEqual(service.ask({ count: { match: 'one', terms: 'things' } }), 1)
})

// MODEL/doc/Index.scala `mkBinders`, `bindingExtractor` and `legacyDataExtractor`.
test('what a function of an index gives is indexed one by one, whatever mva says; what has parts is nothing', () => {
  const service = serve()
  service.ask(create('things', 1, {}))
  const found = (expr: unknown, more: object = {}): Json => {
    const source = {
      object: { collection: { collection: 'things' }, fields: { object: { f: { query: { lambda: 'd', expr } } } } },
    }
    const values = [{ object: { binding: 'f', ...more } }, { object: { field: ['ref', 'id'] } }]
    service.ask({ create_index: { object: { name: 'f', source, values } } })
    const page = service.ask({ paginate: { match: 'f' } }) as { data: [Json, string][] }
    service.ask({ delete: { index: 'f' } })
    return page.data.map(([value]) => value)
  }
  assert.deepEqual(found([2, 1, 2]), [1, 2])
  assert.deepEqual(found([2, 1], { mva: false }), [1, 2])
  assert.deepEqual(found([2, [1, 3], { object: { n: 1 } }]), [2, null])
  for (const nothing of [
    [],
    { object: { n: 1 } },
    { var: 'd' },
    { documents: { collection: 'things' } },
    { abort: 'x' },
  ])
    assert.deepEqual(found(nothing), [null])
})

test('a field of an index is folded as casefold does it', () => {
  const service = serve()
  service.ask(create('things', 1, { a: ['A', ['B', 'C'], ['D']] }))
  const values = [{ object: { field: ['data', 'a'], transform: 'casefold', mva: false } }]
  service.ask({ create_index: { object: { name: 'folded', source: { collection: 'things' }, values } } })
  assert.deepEqual(service.ask({ paginate: { match: 'folded' } }), { data: [['a', ['b', 'c'], 'd']] })
})

test('an index stays what it is, and cannot be replaced', () => {
  const service = serve()
  const source = { collection: 'things' }
  service.ask({ create_index: { object: { name: 'i', source, terms: [{ object: { field: ['data', 'n'] } }] } } })
  const change = (form: 'update' | 'replace', params: object): Json =>
    failuresOf(service.send({ [form]: { index: 'i' }, params: { object: params } }))
  assert.deepEqual(change('update', { partitions: 4 }), [
    { field: [], code: 'invalid index', description: 'Index partition count may not be updated (1 -> 4).' },
  ])
  assert.deepEqual(change('update', { terms: null, values: [{ object: { field: ['ref'], reverse: true } }] }), [
    {
      field: [],
      code: 'invalid index',
      description:
        'Index sources, terms, and values may not be updated ' +
        '(Diff({ "terms" : null, "values" : [ { "field" : [ "ref" ], "reverse" : true } ] }))',
    },
  ])
  assert.deepEqual(change('replace', { source, active: true }), [
    { field: ['active'], code: 'value required', description: 'Required value not found.' },
  ])
})

test('an index over every collection is none over the schema; one over the schema is', () => {
  const service = serve()
  service.ask({ create_index: { object: { name: 'all', source: '_', active: true } } })
  service.ask({
    create_index: {
      object: { name: 'names', source: { collections: null }, values: [{ object: { field: ['name'] } }] },
    },
  })
  service.ask({ create_collection: { object: { name: 'others' } } })
  const page = (index: string): Json => service.ask({ paginate: { match: { index } } })
  assert.deepEqual(page('all'), { data: [] })
  assert.deepEqual(page('names'), { data: ['others', 'things'] })
})

test('the priority of a database is a number from 1 to 500', () => {
  const service = serve()
  const answers = [0, 1, 500, 501].map(
    priority => service.send({ create_database: { object: { name: `p${priority}`, priority } } }).status,
  )
  assert.deepEqual(answers, [400, 201, 201, 400])
})

test('the version UNSTABLE has names of its own for forms, tells its errors under them, and shows functions with them', () => {
  const service = serve()
  const unstable = (expression: object): { status: number; body: Record<string, unknown> } =>
    service.send(expression, 'secret', 'UNSTABLE')
  assert.deepEqual(unstable({ find_str: 'abc', find: 'c' }).body, { resource: 2 })
  assert.deepEqual(errorOf(unstable({ bit_and: [1, 'x'] }))['position'], ['bit_and', 1])
  assert.deepEqual(errorOf(unstable({ findstr: 'abc', find: 'c' }))['code'], 'invalid expression')
  assert.deepEqual(errorOf(service.send({ find_str: 'abc', find: 'c' }))['code'], 'invalid expression')
  const lambda = { lambda: 'x', expr: { sub_string: { var: 'x' }, start: 1 } }
  assert.deepEqual(unstable({ query: lambda }).body, { resource: { '@query': { api_version: 'UNSTABLE', ...lambda } } })
})

test('texts are split at tokens and patterns, into so many pieces at most', () => {
  const service = serve()
  const split = (expression: object): Json => service.send(expression, 'secret', 'UNSTABLE').body['resource'] as Json
  assert.deepEqual(split({ split_str: 'a.b..', token: '.' }), ['a', 'b', '', ''])
  assert.deepEqual(split({ split_str: 'abc', token: '' }), ['a', 'b', 'c', ''])
  assert.deepEqual(split({ split_str: 'a.b.c', token: '.', count: 2 }), ['a', 'b.c'])
  assert.deepEqual(split({ split_str_regex: 'a1b22c', pattern: '[0-9]+' }), ['a', 'b', 'c'])
  const refused = service.send({ split_str: 'a', token: '.', count: 0 }, 'secret', 'UNSTABLE')
  assert.deepEqual(errorOf(refused)['description'], 'count must be count > 0')
})

test('below version 3 what and and or are given is an expression like others', () => {
  // PARSER: they are functions of one or more Booleans until then.
  const service = serve()
  const outcome = (expression: object, version: string): Json => {
    const { body } = service.send(expression, 'secret', version)
    return (body['resource'] ?? errorOf({ body })['description']) as Json
  }
  const list = { let: { list: [true, false] }, in: { var: 'list' } }
  assert.equal(outcome({ and: [] }, '2.12'), 'Non-empty array expected.')
  assert.equal(outcome({ and: [] }, '3'), 'Expression list cannot be empty.')
  assert.equal(outcome({ or: list }, '2.7'), true)
  assert.equal(outcome({ or: list }, '4'), 'Boolean expected, Array provided.')
})

test('a UUID is read from five numbers, as Java does: digits that are too many count only for its length', () => {
  const service = serve()
  const read = (uuid: string): Json => {
    const { body } = service.send([{ '@uuid': uuid }])
    return (body['resource'] as { '@uuid': string }[] | undefined)?.[0]?.['@uuid'] ?? null
  }
  assert.equal(read('123456789-1-+1-ABCDE-1234567890abc'), '23456789-0001-0001-bcde-234567890abc')
  assert.equal(read('7fffffffffffffff-1-1-1-1'), 'ffffffff-0001-0001-0001-000000000001')
  assert.equal(read('8000000000000000-1-1-1-1'), null)
  assert.equal(read('123e4567-e89b-12d3-a456-4266141740001'), null)
  assert.equal(read('1-1-1-1'), null)
})

test('a read as of the time that its transaction will have sees what is there now, own writes included', () => {
  // Casts.TransactionTimestamp and EvalContext.scala:58, 66; pages take the time of the snapshot for the same.
  const service = serve()
  service.ask(insert(JANUARY, 'create', { n: 1 }))
  const made = { select: 'ts', from: { create: doc('things', 2) } }
  const reads = { get: doc('things', 2), ts: { var: 'ts' } }
  const pages = (ts: object): object => ({ paginate: { documents: { collection: 'things' } }, ts })
  const inPast = (expr: object): object => ({ let: { ts: made }, in: { at: JANUARY, expr } })
  assert.equal(service.send(inPast(reads)).status, 200)
  service.ask({ delete: doc('things', 2) })
  assert.equal(service.ask(inPast({ ...reads, get: undefined, exists: reads.get })), true)
  const both = (page: Json): number => (page as { data: Json[] }).data.length
  assert.equal(both(service.ask(pages({ select: 'ts', from: { create: doc('things', 3) } }))), 3)
  assert.equal(both(service.ask({ do: [{ create: doc('things', 4) }, pages({ now: null })] })), 4)
  const written = { ...insert(JANUARY, 'create', {}), ts: { select: 'ts', from: { create: doc('things', 5) } } }
  assert.equal(errorOf(service.send(written))['description'], 'Time expected, Unresolved Transaction Time provided.')
})

test('functions that are older than version 3 show no version to requests that are', () => {
  const service = serve()
  const lambda = { lambda: 'x', expr: 1 }
  const shown = (version: string): unknown => service.send({ query: lambda }, 'secret', version).body['resource']
  assert.deepEqual(shown('2.7'), { '@query': lambda })
  assert.deepEqual(shown('2.12'), { '@query': lambda })
  assert.deepEqual(shown('3'), { '@query': { api_version: '3', ...lambda } })
  service.send({ create_function: { object: { name: 'f', body: { query: lambda } } } }, 'secret', '2.7')
  assert.deepEqual(service.ask({ select: 'body', from: { get: { function: 'f' } } }), {
    '@query': { api_version: '2.12', ...lambda },
  })
})

test('what was done to a document equals more than its own word only below version 5', () => {
  const service = serve()
  service.ask(insert(JANUARY, 'create', { n: 1 }))
  service.ask(insert(FEBRUARY, 'create', { n: 2 }))
  const action = { select: ['data', 1, 'action'], from: { paginate: { events: doc('things', 1) } } }
  const isCreate = (version: string): unknown =>
    service.send({ equals: [action, 'create'] }, 'secret', version).body['resource']
  assert.deepEqual([isCreate('4'), isCreate('5')], [true, false])
  assert.equal(service.ask({ equals: [action, 'update'] }), true)
})

test('a document, a page and an event equal none of the objects that have their fields', () => {
  const service = serve()
  service.ask(create('things', 1, { n: 1 }))
  const get = { get: doc('things', 1) }
  const page = { paginate: { documents: { collection: 'things' } } }
  const event = { select: ['data', 0], from: { paginate: { events: doc('things', 1) } } }
  const fieldsOf = (value: object, names: string[]): object => ({
    object: Object.fromEntries(names.map(name => [name, { select: name, from: value }])),
  })
  const questions: [object, object, boolean][] = [
    [get, get, true],
    [get, fieldsOf(get, ['ref', 'ts', 'data']), false],
    [get, { merge: get, with: { object: {} } }, false],
    [{ create: { collection: 'things' }, params: { object: {} } }, { get: { select: 'ref', from: get } }, false],
    [page, page, true],
    [page, fieldsOf(page, ['data']), false],
    [page, { select: 'data', from: page }, false],
    [event, event, true],
    [event, fieldsOf(event, ['ts', 'action', 'document', 'data']), false],
  ]
  for (const [a, b, isEqual] of questions) {
    assert.equal(service.ask({ equals: [a, b] }), isEqual, JSON.stringify([a, b]))
    assert.equal(service.ask({ contains_value: a, in: [b] }), isEqual, JSON.stringify([a, b]))
  }
  const made = { create: doc('things', 2), params: { object: {} } }
  const both = (first: object): object => ({
    let: [{ a: first }],
    in: { equals: [{ var: 'a' }, { get: doc('things', 2) }] },
  })
  assert.equal(service.ask(both(made)), false, 'what create gives is told apart from what is read')
  assert.equal(service.ask(both({ update: doc('things', 2), params: { object: {} } })), true)
})

test('a value that is no number equals itself where it is one and the same, in arrays and objects too', () => {
  const service = serve()
  const noNumber = { subtract: [{ exp: 1000 }, { exp: 1000 }] }
  const same = { equals: [{ var: 'a' }, { var: 'a' }] }
  // ast/Expression.scala: what is the same in memory is not looked into.
  for (const value of [[noNumber], { object: { n: noNumber } }]) {
    assert.equal(service.ask({ let: { a: value }, in: same }), true)
    assert.equal(service.ask({ equals: [value, value] }), false)
  }
})

test('a path into a document finds its collection by the word of old', () => {
  const service = serve()
  service.ask(create('things', 1, { n: 1 }))
  const get = { get: doc('things', 1) }
  const things = { '@ref': { id: 'things', collection: { '@ref': { id: 'collections' } } } }
  assert.deepEqual(service.ask({ select: ['class'], from: get }), things)
  assert.equal(service.ask({ select: ['class', 'id'], from: get }), 'things')
  assert.equal(service.ask({ contains_field: 'class', in: get }), true)
  assert.equal(service.ask({ contains_field: 'collection', in: get }), false)
  assert.equal(service.ask({ contains_path: ['ref', 'collection'], in: get }), true)
})

// FN/ReadAdaptor.scala `valueAtPath0`: "idx sources are coded as class".
test('a path finds the collection of a source of an index only where that was written with the word of old', () => {
  const service = serve()
  const fields = { object: { one: { query: { lambda: 'd', expr: 1 } } } }
  const make = (name: string, word: string): void => {
    const source = [{ object: { [word]: { collection: 'things' }, fields } }]
    service.ask({ create_index: { object: { name, source, values: [{ object: { binding: 'one' } }] } } })
  }
  make('new', 'collection')
  make('old', 'class')
  const found = (index: string, word: string): Json =>
    service.ask({ select: ['source', 0, word, 'id'], from: { get: { index } }, default: 'none' })
  const words = ['collection', 'class']
  assert.deepEqual(
    words.map(word => found('new', word)),
    ['none', 'none'],
  )
  assert.deepEqual(
    words.map(word => found('old', word)),
    ['things', 'things'],
  )
})

test('a database moves into another one with what is in it and the keys for it, but not into itself', () => {
  const service = serve()
  service.ask({ create_database: { object: { name: 'shop' } } })
  service.ask({ create_database: { object: { name: 'attic' } } })
  const key = service.ask({ create_key: { object: { role: 'admin', database: { database: 'shop' } } } })
  const { secret } = key as { secret: string }
  service.ask({ create_collection: { object: { name: 'orders' } } }, secret)
  service.ask({ create_role: { object: { name: 'clerk', privileges: [] } } })
  const data = { object: { of: 'a clerk' } }
  service.ask({ create_key: { object: { role: 'clerk', database: { database: 'shop' }, data } } })
  const move = (from: object, to: object): object => ({ move_database: from, to })
  assert.deepEqual(errorOf(service.send(move({ database: 'shop' }, { database: 'shop' }))), {
    position: [],
    code: 'move database error',
    description: "Cannot move database 'shop' into parent 'shop': Cannot move database from ancestor to descendant.",
  })
  assert.equal(service.send(move({ database: 'shop' }, { database: 'attic' })).status, 201)
  assert.equal(service.ask({ exists: { database: 'shop' } }), false)
  assert.equal(service.ask({ exists: { database: 'shop', scope: { database: 'attic' } } }), true)
  assert.equal(service.ask({ exists: { collection: 'orders' } }, secret), true)
  const keys = { paginate: { keys: { database: 'attic' } } }
  const { data: moved } = service.ask({ map: { lambda: 'key', expr: { get: { var: 'key' } } }, collection: keys }) as {
    data: Record<string, Json>[]
  }
  const fields = ['ref', 'ts', 'database', 'role', 'hashed_secret']
  assert.deepEqual(moved.map(Object.keys), [fields, fields])
  assert.deepEqual(
    moved.map(({ role }) => role),
    ['admin', ['clerk']],
  )
})

test('a database that is new or gone in its transaction does not move, and what never was is told by the other one', () => {
  // MODEL/ast/functions/WriteFunctions.scala `MoveDatabaseFunction`, MODEL/doc/Database.scala `moveDatabase`.
  const service = serve()
  for (const name of ['shop', 'attic']) service.ask({ create_database: { object: { name } } })
  const nobody = { '@ref': { id: 999, collection: { '@ref': { id: 'databases' } } } }
  const [shop, attic, fresh] = [{ database: 'shop' }, { database: 'attic' }, { database: 'fresh' }]
  const move = (from: unknown, to: unknown): object => ({ move_database: from, to })
  const make = { create_database: { object: { name: 'fresh' } } }
  const rows: readonly (readonly [query: object, position: Json, description: string])[] = [
    [move(1, 2), ['move_database'], 'Database Ref expected, Integer provided.'],
    [move(nobody, attic), ['to'], "Ref refers to undefined database 'attic'"],
    [move(shop, nobody), ['move_database'], "Ref refers to undefined database 'shop'"],
    [
      { do: [make, move(fresh, attic)] },
      ['do', 1],
      "Cannot move database 'fresh' into parent 'attic': fresh is not a live database.",
    ],
    [
      { let: { a: attic }, in: { do: [{ delete: { var: 'a' } }, move(shop, { var: 'a' })] } },
      ['in', 'do', 1],
      "Cannot move database 'shop' into parent 'attic': attic is not a live database.",
    ],
  ]
  for (const [query, position, description] of rows) {
    const errors = service.send(query).body['errors'] as Record<string, Json>[]
    assert.deepEqual(
      errors.map(error => [error['position'], error['description']]),
      [[position, description]],
    )
  }
  const data = { object: { a: 1 } }
  const changed = service.ask({ do: [{ update: shop, params: { object: { data } } }, move(shop, attic)] })
  assert.equal((changed as Record<string, Json>)['data'], undefined)
})

test('the parameter _ names nothing', () => {
  const service = serve()
  const answer = service.send({ map: { lambda: ['_', 'x'], expr: { var: '_' } }, collection: [[1, 2]] })
  assert.deepEqual(errorOf(answer)['description'], "Variable '_' is not defined.")
  const inner = { map: { lambda: '_', expr: { var: '_' } }, collection: [1, 2] }
  assert.deepEqual(service.ask({ let: { _: 'outer' }, in: inner }), ['outer', 'outer'])
})

test('what is wrong with the bindings of a let, its body and the parameters of a lambda is told together', () => {
  const service = serve()
  const positions = (expression: object): Json =>
    (service.send(expression).body['errors'] as Record<string, Json>[]).map(error => error['position'] ?? null)
  const wrong = { nope: 1 }
  assert.deepEqual(positions({ let: [{ a: wrong }, { b: 1, c: 1 }, { d: wrong }], in: wrong }), [
    ['let', 0, 'a'],
    ['let', 1],
    ['let', 2, 'd'],
    ['in'],
  ])
  assert.deepEqual(positions({ map: { lambda: 1, expr: wrong }, collection: wrong }), [
    ['map', 'lambda'],
    ['map', 'expr'],
  ])
  assert.deepEqual(positions([wrong, wrong]), [[0]])
})

test('an object, and the bindings of a let, may stand in an @obj, and in no other escape', () => {
  const service = serve()
  assert.deepEqual(service.ask({ object: { '@obj': { a: { add: [1, 2] } } } }), { a: 3 })
  assert.equal(service.ask({ let: { '@obj': { a: 1 } }, in: { var: 'a' } }), 1)
  const error = errorOf(service.send([{ object: { '@ts': '2020-01-01T00:00:00Z' } }]))
  assert.deepEqual([error['position'], error['description']], [[0], 'Object expected, Time provided.'])
})

test('a select evaluates all that it needs before it looks at its path; a call its function before its arguments', () => {
  const service = serve()
  const abort = (message: string): object => ({ abort: message })
  const first = (expression: object): Json => errorOf(service.send(expression))['description'] ?? null
  assert.equal(first({ select: [1.5], from: abort('from') }), 'from')
  assert.equal(first({ call: abort('function'), arguments: abort('arguments') }), 'function')
  const both = service.send({ select: [1.5, true], from: [] }).body['errors'] as Record<string, Json>[]
  assert.deepEqual(
    both.map(error => error['position']),
    [
      ['select', 0],
      ['select', 1],
    ],
  )
})

test('calls of functions inside of one another are counted, those of map too', () => {
  const service = serve()
  const again = q.Map([q.Subtract(q.Var('x'), 1)], n => q.Call('dive', n))
  const body = q.Query(q.Lambda('x', q.If(q.LTE(q.Var('x'), 0), 0, again)))
  service.ask({ create_function: { object: { name: 'dive', body } } })
  assert.equal(service.send({ call: 'dive', arguments: 99 }).status, 200)
  assert.deepEqual(errorOf(service.send({ call: 'dive', arguments: 100 }))['code'], 'stack overflow')
})

test('where null stands for this database, a wrong value is told so', () => {
  const error = errorOf(serve().send({ collections: 1 }))
  assert.equal(error['description'], 'Database Ref or Null expected, Integer provided.')
})

const native = (id: string): object => ({ '@ref': { id } })
const written = (id: unknown, collection: object): object => ({ '@ref': { id, collection } })
const allThings = { '@set': { match: written('all_things', native('indexes')) } }

/** [what is asked, [where, what] of each error]; all have the code of the row's table. */
const wrongLiterals: readonly (readonly [object, readonly (readonly [Json, string])[]])[] = [
  // MODEL/RefParser.scala `mk`.
  [
    written('1', written('all_things', native('indexes'))),
    [[['class'], 'Collection Ref expected, Index Ref provided.']],
  ],
  [
    {
      '@ref': {
        id: '1',
        collection: written('things', native('collections')),
        database: written('d', native('databases')),
      },
    },
    [[['database'], 'Null expected, Database Ref provided.']],
  ],
  [
    { '@ref': { id: true, collection: 1, database: 'x' } },
    [
      [['id'], 'String or Integer expected, Boolean provided.'],
      [['class'], 'Ref expected, Integer provided.'],
      [['database'], 'Ref expected, String provided.'],
    ],
  ],
  [
    written('-99999999999999999999', written('things', native('collections'))),
    [[['id'], "Number or numeric String expected, non-numeric '-99999999999999999999' provided."]],
  ],
  // They are looked up when they are read: also where nothing would evaluate them (MODEL/ast/Parser.scala `transformRef`).
  [{ query: { lambda: 'x', expr: written('self', native('tokens')) } }, [[['query', 'expr'], 'Invalid ref.']]],
  [
    { query: { lambda: 'x', expr: { '@set': { match: 'nope' } } } },
    [[['query', 'expr', 'index'], "Ref refers to undefined index 'nope'"]],
  ],
  // MODEL/ast/Parser.scala `sets`.
  [{ '@set': { match: written('nope', native('indexes')) } }, [[['match'], "Ref refers to undefined index 'nope'"]]],
  [{ '@set': { documents: 1 } }, [[['documents'], 'Collection Ref expected, Integer provided.']]],
  [{ '@set': { union: [] } }, [[['union'], 'Non-empty array expected.']]],
  [
    { '@set': { union: [1, allThings, 'x'] } },
    [
      [['union', 0], 'Ref or Set expected, Integer provided.'],
      [['union', 2], 'Ref or Set expected, String provided.'],
    ],
  ],
  [{ '@set': { join: 5, with: 6 } }, [[['join'], 'Ref or Set expected, Integer provided.']]],
  [{ '@set': { range: 5, from: { '@ts': 'x' }, to: 1 } }, [[['range'], 'Ref or Set expected, Integer provided.']]],
  [{ '@set': { distinct: [1] } }, [[['distinct'], 'Ref or Set expected, Array provided.']]],
  [{ '@set': { events: { '@set': { events: allThings } } } }, [[[], 'Set does not support events history.']]],
  [
    { '@set': { join: allThings, with: { lambda: 'x', expr: { get: { var: 'x' } } } } },
    [[['with'], 'Invalid lambda. Lambda in this context may not read, write, or call a user function.']],
  ],
  // MODEL/ast/Parser.scala `lambdas`, `parseLambdaPat`.
  [{ '@query': { api_version: '99', lambda: 'x', expr: 1 } }, [[[], 'Invalid lambda.']]],
  [
    { query: { lambda: [1, 'a', null], expr: { nope: 1 } } },
    [
      [['query', 'lambda', 0], 'String expected, Integer provided.'],
      [['query', 'lambda', 2], 'String expected, Null provided.'],
      [['query', 'expr'], 'No form/function found, or invalid argument keys: { nope }.'],
    ],
  ],
  [{ let: native('collections'), in: 1 }, [[[], 'Object expected, Collection Ref provided.']]],
  // MODEL/ast/package.scala `FreeVars`: the names of unbound variables come in the order of a table by hash.
  [
    [{ var: 'a' }, { var: 'b' }, { var: 'e' }, { var: 'a' }],
    [
      [[2], "Variable 'e' is not defined."],
      [[0], "Variable 'a' is not defined."],
      [[3], "Variable 'a' is not defined."],
      [[1], "Variable 'b' is not defined."],
    ],
  ],
]

test('what is wrong with a literal is an error of the expression, told where it stands, before anything is evaluated', () => {
  const service = serve()
  service.ask({ create_index: { object: { name: 'all_things', source: { collection: 'things' }, active: true } } })
  for (const [expression, errors] of wrongLiterals) {
    const told = errors.map(([position, description]) => ({ position, code: 'invalid expression', description }))
    assert.deepEqual(service.send(expression).body['errors'], told, JSON.stringify(expression))
  }
})

test('a written ref stands for what had its name when the query began', () => {
  const service = serve()
  const fresh = written('fresh', native('collections'))
  const make = { create_collection: { object: { name: 'fresh' } } }
  assert.equal(service.ask({ do: [make, { exists: fresh }] }), false)
  assert.equal(service.ask({ exists: fresh }), true)
  const named = { update: fresh, params: { object: { name: 'renamed' } } }
  const f = { create_function: { object: { name: 'f', body: { query: { lambda: 'x', expr: { exists: fresh } } } } } }
  service.ask({ do: [f, named] })
  assert.equal(service.ask({ call: 'f', arguments: 1 }), true)
})

test('functions are shown in their normal form: keys in their own order, captured names in that of the table', () => {
  const service = serve()
  const shown = (expression: object): string => service.send(expression).text
  // MODEL/ast/MapRouter.scala `function`, MODEL/ast/Expression.scala `SelectE`, `AndE`, `objectLit`.
  const select = { query: { lambda: 'x', expr: { default: { and: true }, from: { var: 'x' }, select: 'a' } } }
  const normal = '{"select":"a","from":{"var":"x"},"default":{"and":[true]}}'
  assert.equal(shown(select), `{"resource":{"@query":{"api_version":"4","lambda":"x","expr":${normal}}}}`)
  const capturing = {
    let: { z: 1, a: 2, e: 3 },
    in: { query: { lambda: 'x', expr: [{ var: 'z' }, { var: 'a' }, { var: 'e' }] } },
  }
  assert.ok(shown(capturing).includes('"expr":{"let":{"e":3,"a":2,"z":1},"in"'))
  const hidden = { map: { lambda: 'x', expr: { var: 'x' } }, collection: [1] }
  assert.ok(!shown({ let: { x: 1 }, in: { query: { lambda: 'y', expr: hidden } } }).includes('let'))
})

test('in a query at its own time one can write', () => {
  const service = serve()
  // MODEL/ast/EvalContext.scala `atValidTime`.
  const answer = service.send({ at: { now: null }, expr: create('things', 1, { n: 1 }) })
  assert.equal(answer.status, 201)
})

test('ref tells all that is wrong with its collection and its id, and wants a database as its scope', () => {
  const service = serve()
  const errors = (expression: object): Json[] =>
    (service.send(expression).body['errors'] as Record<string, Json>[]).map(({ position, description }) => [
      position ?? null,
      description ?? null,
    ])
  // MODEL/ast/functions/BasicFunctions.scala `RefFunction`.
  assert.deepEqual(errors({ ref: 1, id: true }), [
    [['ref'], 'Collection Ref expected, Integer provided.'],
    [['id'], 'String or Number expected, Boolean provided.'],
  ])
  assert.deepEqual(errors({ ref: { index: 'nope' }, id: 1 }), [
    [['ref'], 'Collection Ref expected, Index Ref provided.'],
  ])
  assert.deepEqual(errors({ ...doc('things', 1), scope: 1 }), [[['scope'], 'Database Ref expected, Integer provided.']])
  for (const unknown of [{ keys: { database: 'nope' } }, { collection: 'things', scope: { database: 'nope' } }])
    assert.deepEqual(errors(unknown)[0], [
      ['scope' in unknown ? 'scope' : 'keys'],
      "Ref refers to undefined database 'nope'",
    ])
})

test('a function that was stored is called as its normal form says, and its errors are told there', () => {
  const service = serve()
  // MODEL/ast/Expression.scala `parsedState`: the text is read again, of `LetE`, `AndE` and `objectLit` as of data.
  const bodies: readonly (readonly [body: object, Json])[] = [
    [{ let: [{ a: { divide: [1, { var: 'x' }] } }], in: { var: 'a' } }, ['expr', 'let', 'a']],
    [{ and: { var: 'x' } }, ['expr', 'and', 0]],
    [{ '@obj': { divide: [1, { var: 'x' }] } }, ['expr']],
    [{ divide: [{ var: 'y' }, { var: 'x' }] }, ['expr', 'in']],
  ]
  for (const [i, [expr, position]] of bodies.entries()) {
    const make = { create_function: { object: { name: `f${i}`, body: { query: { lambda: 'x', expr } } } } }
    service.ask({ let: { y: 5 }, in: make })
    const { cause } = errorOf(service.send({ call: `f${i}`, arguments: 0 })) as { cause: Record<string, Json>[] }
    assert.deepEqual(cause[0]?.['position'], position, JSON.stringify(expr))
  }
  const quoting = { query: { lambda: 'x', expr: { quote: { add: [1, 2] } } } }
  service.ask({ create_function: { object: { name: 'quoting', body: quoting } } })
  assert.equal(service.ask({ call: 'quoting', arguments: 0 }), 3)
})

test('the oldest versions of the API show documents, sources of indexes and errors in their own words', () => {
  const service = serve()
  service.ask(create('things', 1, { n: 1 }))
  const source = [{ object: { collection: { collection: 'things' } } }]
  service.ask({ create_index: { object: { name: 'several', source, active: true } } })
  const resource = (expression: object, version: string): Json =>
    service.send(expression, undefined, version).body['resource'] as Json
  const shape = (value: Json): string[] => Object.keys(value as object)
  // MODEL/Renderable.scala `VersionL`, MODEL/ast/Expression.scala `VersionL.fields`.
  const get = { get: doc('things', 1) }
  for (const expression of [get, { to_object: get }, { merge: get, with: { object: {} } }]) {
    assert.deepEqual(shape(resource(expression, '2.0')), ['ref', 'class', 'ts', 'data'])
    assert.deepEqual(shape(resource(expression, '2.1')), ['ref', 'ts', 'data'])
  }
  assert.deepEqual((resource(get, '2.0') as Record<string, Json>)['class'], { '@ref': 'classes/things' })
  // What is deleted in the transaction that made it has no name any more, and so no ref.
  const made = { create_role: { object: { name: 'brief', privileges: [] } } }
  const nameless = resource({ delete: { select: 'ref', from: made } }, '2.0')
  assert.deepEqual(shape(nameless), ['class', 'ts', 'name', 'privileges'])
  // MODEL/Transformations.scala.
  const sources = (version: string): Json =>
    (resource({ get: { index: 'several' } }, version) as { source: Json[] }).source.map(shape)
  assert.deepEqual([sources('2.0'), sources('2.1'), sources('2.7')], [[['class']], [['class']], [['collection']]])
  // MODEL/Renderable.scala `RenderError`.
  const words = [
    [{ update: { classes: null } }, 'Cannot update a schema meta class.', 'Cannot update a schema meta collection.'],
    [
      native('nope'),
      "Valid native class name expected, 'nope' provided.",
      "Valid native collection name expected, 'nope' provided.",
    ],
  ] as const
  for (const [expression, old, modern] of words) {
    assert.equal(errorOf(service.send(expression, undefined, '2.1'))['description'], old)
    assert.equal(errorOf(service.send(expression, undefined, '2.7'))['description'], modern)
  }
})

test('a stack that is too deep is told as it is, but not beside another error', () => {
  const service = serve()
  const calls = (name: string): object => ({ call: name })
  const make = (name: string, expr: object): void => {
    service.ask({ create_function: { object: { name, body: { query: { lambda: [], expr } } } } })
  }
  make('deep', calls('deep'))
  make('both', [calls('deep'), { abort: 'x' }])
  assert.equal(errorOf(service.send(calls('deep')))['code'], 'stack overflow')
  assert.equal(errorOf(service.send(calls('both')))['code'], 'call error')
})

test('a new id counts as a write, and a read is refused it before its argument is looked at', () => {
  const service = serve()
  // MODEL/ast/BasicFunctions.scala `NewID`: the effect is checked before the arguments are read.
  for (const key of ['new_id', 'next_id']) {
    const query = encodeURIComponent(JSON.stringify({ [key]: { abort: 'x' } }))
    const { code, description } = errorOf(service.request('GET', `/?q=${query}`))
    assert.equal(code, 'invalid expression')
    assert.equal(description, 'Call performs a write, which is not allowed in get requests.')
  }
})
