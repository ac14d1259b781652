// Rules of the language that few recorded queries show, asked of the embedded server one by one.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
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
