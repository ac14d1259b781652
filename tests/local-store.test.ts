// Transactions, history, ttl and indexes of the embedded server (protocol.md E.2, E.3, E.6, E.7).
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalService, create, doc, update } from './support/local-service.ts'
import type { Json } from './support/local-service.ts'

function open(): LocalService {
  const local = new LocalService()
  local.ask({ create_collection: { object: { name: 'c', history_days: 30 } } })
  return local
}

function index(name: string, more: object): object {
  return { create_index: { object: { name, source: { collection: 'c' }, active: true, ...more } } }
}

const field = (...path: string[]): object => ({ object: { field: path } })
const at = (value: Json, ...path: (string | number)[]): Json =>
  path.reduce<Json>((inner, key) => (inner as Record<string, Json>)[key] ?? null, value)

test('a transaction reads its own writes, in documents and in sets', () => {
  const local = open()
  local.ask(index('by_k', { terms: [field('data', 'k')], values: [field('data', 'n')] }))
  const set = { paginate: { match: { index: 'by_k' }, terms: 'x' } }
  const [, seen, page] = local.ask([create('c', 1, { k: 'x', n: 5 }), { get: doc('c', 1) }, set]) as Json[]
  assert.equal(at(seen ?? null, 'data', 'n'), 5)
  assert.deepEqual(at(page ?? null, 'data'), [5])
})

test('an abort undoes everything that the request did, and tells nobody', () => {
  const local = open()
  local.ask(create('c', 1, { n: 1 }))
  const peer = local.follow(doc('c', 1))
  const answer = local.send([
    update('c', 1, { n: 2 }),
    { delete: doc('c', 1) },
    create('c', 2, {}),
    { create_collection: { object: { name: 'd' } } },
    index('by_n', { terms: [field('data', 'n')] }),
    { abort: 'no' },
  ])
  assert.equal(answer.status, 400)
  assert.equal(at(local.ask({ get: doc('c', 1) }), 'data', 'n'), 1)
  assert.deepEqual(at(local.ask({ paginate: { documents: { collection: 'c' } } }), 'data', 'length'), 1)
  assert.equal(local.ask({ exists: { index: 'by_n' } }), false)
  assert.equal(local.send({ create: { collection: 'd' } }).status, 400)
  assert.deepEqual(peer.events, [])
  assert.equal(at(local.ask({ paginate: { events: doc('c', 1) } }), 'data', 'length'), 1)
})

test('one transaction leaves one version of a document, whatever it did to it', () => {
  const local = open()
  local.ask([create('c', 1, { n: 1 }), update('c', 1, { n: 2 }), update('c', 1, { m: 3 })])
  const { data } = local.ask({ paginate: { events: doc('c', 1) } }) as { data: Json[] }
  assert.equal(data.length, 1)
  assert.deepEqual(at(data[0] ?? null, 'data'), { n: 2, m: 3 })
})

test('times of transactions rise, also when the clock stands still or goes back', () => {
  let now = 1_700_000_000_000
  const local = new LocalService({ now: () => (now -= 10) })
  const made = local.ask({ create_collection: { object: { name: 'c' } } })
  let last = at(made, 'ts') as number
  for (let n = 0; n < 50; n++) {
    const ts = at(local.ask({ create: { collection: 'c' } }), 'ts') as number
    assert.ok(ts > last, `${ts} after ${last}`)
    last = ts
  }
})

test('a unique index refuses a second document, but not the same one again, nor one in the place of a deleted one', () => {
  const local = open()
  local.ask(index('one', { unique: true, terms: [field('data', 'k')] }))
  local.ask(create('c', 1, { k: 'x' }))
  const refused = local.send(create('c', 2, { k: 'x' }))
  assert.deepEqual(refused.body['errors'], [
    { position: ['create'], code: 'instance not unique', description: 'document is not unique.' },
  ])
  local.ask(update('c', 1, { other: 1 }))
  local.ask(create('c', 3, {}))
  local.ask(create('c', 4, {}))
  local.ask([{ delete: doc('c', 1) }, create('c', 2, { k: 'x' })])
  assert.equal(local.send(update('c', 3, { k: 'x' })).status, 400)
})

test('values are sorted across types, from the highest where the index has them in reverse, then by ref', () => {
  const local = open()
  local.ask(index('up', { values: [field('data', 'v'), field('ref')] }))
  local.ask(index('down', { values: [{ object: { field: ['data', 'v'], reverse: true } }] }))
  const values = ['b', 2, 1.5, 'a', true, false, { '@ts': '2020-01-01T00:00:00Z' }, { '@date': '2020-01-01' }, 'B', -1]
  local.ask(values.map((v, i) => create('c', i + 1, { v })))
  const sorted = [-1, 1.5, 2, 'a', 'b', 'B', { '@ts': '2020-01-01T00:00:00Z' }, { '@date': '2020-01-01' }, false, true]
  const up = at(local.ask({ paginate: { match: { index: 'up' } } }), 'data') as Json[]
  assert.deepEqual(
    up.map(row => at(row, 0)),
    sorted,
  )
  assert.deepEqual(at(local.ask({ paginate: { match: { index: 'down' } } }), 'data'), [...sorted].reverse())
})

test('pages go on where they ended, forward and backward, and give every element once', () => {
  const local = open()
  local.ask(index('all', { values: [field('data', 'n')] }))
  local.ask(Array.from({ length: 25 }, (_, i) => create('c', i + 1, { n: i % 5 })))
  const set = { match: { index: 'all' } }
  const walk = (key: 'after' | 'before', start: object): Json[][] => {
    const pages: Json[][] = []
    for (let cursor: object | undefined = start; cursor !== undefined;) {
      const page = local.ask({ paginate: set, size: 4, ...cursor }) as Record<string, Json>
      pages.push(page['data'] as Json[])
      cursor = page[key] === undefined ? undefined : { [key]: (page[key] as Json[]).map(quote) }
    }
    return pages
  }
  const quote = (value: Json): object | Json => (typeof value === 'object' ? { quote: value } : value)
  const expected = Array.from({ length: 25 }, (_, i) => Math.floor(i / 5))
  assert.deepEqual(walk('after', {}).flat(), expected)
  assert.deepEqual(
    walk('before', { before: [99] })
      .reverse()
      .flat(),
    expected,
  )
})

test('an index made over documents that exist has them, and their history', () => {
  const local = open()
  local.ask(create('c', 1, { k: 'x' }))
  local.ask(update('c', 1, { k: 'y' }))
  local.ask(index('late', { terms: [field('data', 'k')] }))
  assert.deepEqual(at(local.ask({ paginate: { match: { index: 'late' }, terms: 'x' } }), 'data'), [])
  assert.equal(at(local.ask({ paginate: { match: { index: 'late' }, terms: 'y' } }), 'data', 'length'), 1)
  const events = at(local.ask({ paginate: { events: { match: { index: 'late' }, terms: 'x' } } }), 'data') as Json[]
  assert.deepEqual(
    events.map(event => at(event, 'action')),
    ['add', 'remove'],
  )
})

test('a set read at a time holds what it held then', () => {
  const local = open()
  const first = at(local.ask(create('c', 1, {})), 'ts')
  const second = at(local.ask(create('c', 2, {})), 'ts')
  local.ask({ delete: doc('c', 1) })
  const sizeAt = (ts: Json): Json =>
    at(local.ask({ paginate: { documents: { collection: 'c' } }, ts }), 'data', 'length')
  assert.deepEqual([sizeAt(first), sizeAt(second)], [1, 2])
  assert.equal(at(local.ask({ paginate: { documents: { collection: 'c' } } }), 'data', 'length'), 1)
})

test('a document is gone at its ttl: not found, in no set, free to be created anew', () => {
  let now = 1_700_000_000_000
  const local = new LocalService({ now: () => now })
  local.ask({ create_collection: { object: { name: 'c' } } })
  local.ask(create('c', 1, { n: 1 }))
  local.ask({
    update: doc('c', 1),
    params: { object: { ttl: { time_add: { now: null }, offset: 10, unit: 'seconds' } } },
  })
  assert.equal(local.ask({ exists: doc('c', 1) }), true)
  now += 10_001
  assert.equal(local.send({ get: doc('c', 1) }).status, 404)
  assert.deepEqual(at(local.ask({ paginate: { documents: { collection: 'c' } } }), 'data'), [])
  assert.equal(local.send(create('c', 1, { n: 2 })).status, 201)
  const events = at(local.ask({ paginate: { events: doc('c', 1) } }), 'data') as Json[]
  assert.deepEqual(
    events.map(event => at(event, 'action')),
    ['create', 'update', 'create'],
  )
})

test('versions written into the past change what was, in documents and in sets', () => {
  const local = open()
  local.ask(index('by_k', { terms: [field('data', 'k')] }))
  const ts = at(local.ask(create('c', 1, { k: 'new' })), 'ts') as number
  const insert = { insert: doc('c', 1), action: 'create', params: { object: { data: { object: { k: 'old' } } } } }
  local.ask({ ...insert, ts: ts - 1000 })
  const match = (k: string): object => ({ match: { index: 'by_k' }, terms: k })
  assert.equal(at(local.ask({ get: doc('c', 1), ts: ts - 1 }), 'data', 'k'), 'old')
  assert.equal(at(local.ask({ paginate: match('old'), ts: ts - 1 }), 'data', 'length'), 1)
  assert.equal(at(local.ask({ paginate: match('old') }), 'data', 'length'), 0)
  assert.equal(at(local.ask({ paginate: match('new') }), 'data', 'length'), 1)
  local.ask({ remove: doc('c', 1), ts: ts - 1000, action: 'create' })
  assert.equal(local.send({ get: doc('c', 1), ts: ts - 1 }).status, 404)
  assert.deepEqual(at(local.ask({ paginate: { events: match('old') } }), 'data'), [])
})

test('refs follow a rename, and a name is free when its owner is gone', () => {
  const local = open()
  local.ask(create('c', 1, { self: doc('c', 1) }))
  local.ask({ update: { collection: 'c' }, params: { object: { name: 'renamed' } } })
  const name = ['data', 'self', '@ref', 'collection', '@ref', 'id']
  assert.equal(at(local.ask({ get: doc('renamed', 1) }), ...name), 'renamed')
  assert.equal(local.send({ get: doc('c', 1) }).status, 400)
  local.ask({ delete: { collection: 'renamed' } })
  local.ask({ create_collection: { object: { name: 'renamed' } } })
  assert.equal(local.send({ get: doc('renamed', 1) }).status, 404)
})
