// What documents of the schema, keys and tokens may hold, in which order it is told what is wrong with them, and what
// the modes of a database forbid. The real server's rules are in its `ext/model`: the validators of `doc/*.scala`, and
// `ast/functions/WriteAdaptor.scala`.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalService, create, doc } from './support/local-service.ts'
import type { Answered, Json } from './support/local-service.ts'

type Told = { code: string; description: string; position: Json[]; failures?: { field: string[]; code: string }[] }

function serve(): LocalService {
  const service = new LocalService()
  service.ask({ create_collection: { object: { name: 'things' } } })
  service.ask(create('things', 1, { n: 1 }))
  return service
}

/** An answer in short: what it tells of each field, else its first error, else what there is now. */
function tell({ body }: Answered): string {
  const [error] = (body['errors'] as Told[] | undefined) ?? []
  if (error === undefined) return 'made'
  const { failures } = error
  if (failures === undefined) return `${error.position.join('.')} ${error.code}: ${error.description}`
  return failures.map(({ field, code }) => `${field.join('.')} ${code}`).join(', ')
}

const things = { collection: 'things' }
const lost = doc('things', 999)
const identity = { query: { lambda: 'x', expr: { var: 'x' } } }

function index(fields: object): object {
  return { create_index: { object: { name: 'i', source: things, ...fields } } }
}

/** A query, and what is told of it; each is asked of a server that nothing else was asked of. */
const rows: readonly (readonly [query: object, told: string])[] = [
  // All fields are looked at, in the order of the validators.
  [
    { create_database: { object: { name: 1, data: 1, priority: 0 } } },
    'data invalid type, name invalid type, priority invalid type',
  ],
  [{ create_database: { object: { name: 'd', account: 1 } } }, 'account invalid type, account.id invalid type'],
  [{ create_database: { object: { name: 'd', account: { object: { id: 'x' } } } } }, 'account.id invalid type'],
  [
    { create_collection: { object: { name: 1, data: 1, history_days: -1, ttl_days: 'x' } } },
    'data invalid type, ttl_days invalid type, history_days non-negative value required, name invalid type',
  ],
  [
    { create_function: { object: { name: 1, data: 1, body: 1, role: 1, signature: 1 } } },
    'data invalid type, name invalid type, role invalid type, body invalid type, signature invalid type',
  ],
  [
    { create: { tokens: null }, params: { object: { ttl: 1, instance: 1, data: 1, hashed_secret: 1 } } },
    'data invalid type, ttl invalid type, instance invalid type, hashed_secret invalid type',
  ],
  // A function of the newer language is read, and then refused.
  [
    { create_function: { object: { name: 'f', body: 'x => x' } } },
    'create_function schema validation failed: Invalid type provided for field `body`.',
  ],
  // Refs are looked up wherever they stand, also where there should be none.
  [{ create_collection: { object: { name: 'c', data: { object: { r: lost } } } } }, 'data.r invalid reference'],
  [{ create_database: { object: { name: 'd', data: { object: { r: lost } } } } }, 'data.r invalid reference'],
  [index({ data: { object: { r: lost } } }), 'data.r invalid reference'],
  [{ create_key: { object: { role: lost } } }, 'role invalid type, role invalid reference'],
  [{ create: { tokens: null }, params: { object: { instance: lost } } }, 'made'],
  // Of a secret and its hash, one that will do is enough.
  [{ create_key: { object: { role: 'server', secret: 1, hashed_secret: 'x' } } }, 'made'],
  [{ create_key: { object: { role: 'server', secret: 'x', hashed_secret: 1 } } }, 'secret invalid secret'],
  [
    { create_key: { object: { role: 'server', secret: 1, hashed_secret: 1 } } },
    'secret invalid type, hashed_secret invalid type',
  ],
  // An object without anything in it is no value.
  [{ create_collection: { object: { name: { object: {} } } } }, 'name value required'],
  [{ create_collection: { object: { name: 'c', history_days: { object: { a: null } } } } }, 'made'],
  [{ create: things, params: { object: { ttl: { object: {} }, data: { object: {} } } } }, 'made'],
  [index({ source: { object: {} } }), 'class value required, source value required'],
  // Sources, by either word for the collections.
  [index({ source: { object: { class: things, collection: 1 } } }), 'made'],
  [index({ source: { object: { class: 1 } } }), 'class invalid type'],
  [index({ source: { object: { collection: ['_'] } } }), 'class value required'],
  [index({ source: { object: { class: ['_'] } } }), 'class invalid type'],
  [index({ source: { object: { collection: { databases: null } } } }), 'source invalid reference'],
  [index({ source: { object: { collection: things, fields: 1 } } }), 'fields invalid type'],
  [index({ source: [null, things] }), 'made'],
  [index({ active: null }), 'active value required'],
  [index({ terms: { object: { foo: 1 } } }), 'field value required'],
  [index({ terms: [{ object: { foo: 1, field: 'n' } }, null] }), 'made'],
  // Errors of the ref and of the refs in the data are told together, but not with what comes behind them.
  [
    { insert: { databases: null }, ts: 1, action: 'create', params: { object: { data: { collection: 'nope' } } } },
    'data invalid reference',
  ],
  [{ create: { collection: 'nope' }, params: 1 }, "create invalid ref: Ref refers to undefined collection 'nope'"],
]

test('what is wrong with a document of the schema is told of all fields, in the order of the validators', () => {
  for (const [query, told] of rows) assert.equal(tell(serve().send(query)), told, JSON.stringify(query))
})

test('what an index is made of stays as it was given; only of terms in lists is kept what there is to say of them', () => {
  const service = serve()
  const made = (fields: object, version = '4'): Record<string, Json> => {
    const { body } = service.send(index(fields), 'secret', version)
    const { source = null, terms = null, partitions = null } = body['resource'] as Record<string, Json>
    service.ask({ delete: { index: 'i' } })
    return { source, terms, partitions }
  }
  const ref = { '@ref': { id: 'things', collection: { '@ref': { id: 'collections' } } } }
  const term = { object: { field: ['data', 'n'], foo: 1 } }
  assert.deepEqual(made({ source: { object: { class: things, foo: 1 } } }).source, { collection: ref, foo: 1 })
  assert.deepEqual(made({ terms: [term] }).terms, [{ field: ['data', 'n'] }])
  assert.deepEqual(made({ terms: term }).terms, { field: ['data', 'n'], foo: 1 })
  assert.deepEqual(made({ terms: [{ object: { field: 'class' } }] }).partitions, 8)
  assert.deepEqual(made({ terms: { object: {} } }), { source: ref, terms: null, partitions: 1 })
  const old = made({ source: { object: { collection: things } } }, '2.1').source as Record<string, Json>
  assert.deepEqual(Object.keys(old), ['class'])
})

test('an update of a source is a change of it, and an index that is active stays so', () => {
  const service = serve()
  service.ask(index({ source: { object: { collection: things } }, active: true }))
  const change = (fields: object): string => tell(service.send({ update: { index: 'i' }, params: { object: fields } }))
  assert.equal(change({ source: { object: { collection: things } } }), 'made')
  assert.equal(change({ source: { object: { class: things } } }), ' invalid index')
  assert.equal(change({ active: null }), 'made')
  assert.equal(change({ active: { object: {} } }), 'made')
})

test('a key can be written into the past, by its fields and without a secret of its own', () => {
  const service = serve()
  const key = { ref: { keys: null }, id: '5' }
  const insert = (fields: object, action = 'create'): Answered =>
    service.send({ insert: key, ts: 1, action, params: { object: fields } })
  assert.equal(tell(insert({ data: 1 })), 'data invalid type, role value required')
  assert.equal(tell(insert({ role: 'nope', hashed_secret: 'x' })), 'made')
  const { role, hashed_secret: hash = null } = service.ask({ get: key }) as Record<string, Json>
  assert.deepEqual([role, hash], ['nope', null])
  assert.equal(tell(insert({}, 'delete')), 'made')
  assert.equal(service.ask({ exists: key }), false)
  const removal = service.send({ remove: key, ts: 1, action: 'create' })
  assert.equal(tell(removal), ' invalid argument: Cannot remove event for specified ref.')
})

test('from version 5 on no document is made in the transaction that made its collection', () => {
  const service = serve()
  const both = (name: string): object => ({
    let: { c: { create_collection: { object: { name } } } },
    in: { create: { select: ['ref'], from: { var: 'c' } } },
  })
  assert.equal(service.send(both('a'), 'secret', '4').status, 201)
  const { body } = service.send(both('b'), 'secret', '5')
  const [error] = body['errors'] as Told[]
  assert.deepEqual(error?.position, ['in', 'create'])
  assert.equal(error?.description, 'Cannot create a collection and a document in it in the same transaction.')
  const { body: changed } = service.send(
    { do: [{ update: things, params: { object: { history_days: 1 } } }, { create: things }] },
    'secret',
    '5',
  )
  assert.ok('resource' in changed)
})

/** A database below the root, and a key for it. */
function below(service: LocalService, name: string, fields: object): string {
  service.ask({ create_database: { object: { name, ...fields } } })
  const key = service.ask({ create_key: { object: { role: 'admin', database: { database: name } } } })
  return (key as { secret: string }).secret
}

test('a database that only holds others has databases, keys and roles in it, and nothing else', () => {
  const service = serve()
  const secret = below(service, 'box', { container: true })
  const allowed = [
    { create_database: { object: { name: 'd' } } },
    { create_key: { object: { role: 'server' } } },
    { create_role: { object: { name: 'r', privileges: [] } } },
    { create_access_provider: { object: { name: 'p', issuer: 'i', jwks_uri: 'https://localhost' } } },
  ]
  const refused = [
    { create_collection: { object: { name: 'c' } } },
    { create_function: { object: { name: 'f', body: identity } } },
    { create: { tokens: null }, params: { object: { instance: { databases: null } } } },
    { create: { credentials: null }, params: { object: {} } },
  ]
  for (const query of allowed) assert.equal(tell(service.send(query, secret)), 'made')
  for (const query of refused) {
    const [form] = Object.keys(query)
    const told = `${form} invalid object in container: Object is not allowed in a container`
    assert.equal(tell(service.send(query, secret)), told)
  }
})

test('a database with collections, indexes or functions in it cannot become one that only holds others', () => {
  const service = serve()
  const secret = below(service, 'full', {})
  const change = (container: boolean): string =>
    tell(service.send({ update: { database: 'full' }, params: { object: { container } } }))
  assert.equal(change(true), 'made')
  assert.equal(change(false), 'made')
  service.ask({ create_function: { object: { name: 'f', body: identity } } }, secret)
  assert.equal(change(true), ' container candidate contains data')
  service.ask({ delete: { function: 'f' } }, secret)
  assert.equal(change(true), 'made')
})

test('in a protected database, and in those below it, no collection keeps less than it did, and none goes', () => {
  const service = serve()
  const secret = below(service, 'vault', { protected: true })
  service.ask({ create_database: { object: { name: 'inner' } } }, secret)
  service.ask({ create_database: { object: { name: 'open', protected: false } } }, secret)
  const keyFor = (database: string): string =>
    (service.ask({ create_key: { object: { role: 'admin', database: { database } } } }, secret) as { secret: string })
      .secret
  const mode = 'destructive change forbidden because database is in protected mode.'
  const inner = keyFor('inner')
  service.ask({ create_collection: { object: { name: 'c', history_days: 3 } } }, inner)
  service.ask({ create_index: { object: { name: 'i', source: { collection: 'c' } } } }, inner)
  const change = (fields: object): string =>
    tell(service.send({ update: { collection: 'c' }, params: { object: fields } }, inner))
  assert.equal(change({ history_days: 4 }), 'made')
  assert.equal(
    change({ history_days: 2 }),
    ` schema validation failed: Cannot decrease \`history_days\` field: ${mode}`,
  )
  assert.equal(
    change({ history_days: null }),
    ` schema validation failed: Cannot remove \`history_days\` field: ${mode}`,
  )
  assert.equal(change({ ttl_days: 1 }), ` schema validation failed: Cannot remove \`ttl_days\` field: ${mode}`)
  const remove = (ref: object, key = inner): string => tell(service.send({ delete: ref }, key))
  assert.equal(remove({ collection: 'c' }), ` schema validation failed: Cannot delete collection: ${mode}`)
  assert.equal(remove({ index: 'i' }), ` schema validation failed: Cannot cause deletion of backing index: ${mode}`)
  const open = keyFor('open')
  service.ask({ create_collection: { object: { name: 'c' } } }, open)
  assert.equal(remove({ collection: 'c' }, open), 'made')
})

test('what rules in a transaction is the schema as it was before it: functions, the ttl of a collection, its indexes', () => {
  const service = serve()
  service.ask({ create_function: { object: { name: 'f', body: { query: { lambda: 'x', expr: 1 } } } } })
  const renewed = { update: { function: 'f' }, params: { object: { body: { query: { lambda: 'x', expr: 2 } } } } }
  const call = { call: 'f', arguments: 0 }
  assert.equal(service.ask({ do: [renewed, call] }), 1)
  assert.equal(service.ask(call), 2)
  assert.equal(service.ask({ do: [{ delete: { function: 'f' } }, call] }), 2)
  const made = {
    let: { g: { create_function: { object: { name: 'g', body: identity } } } },
    in: { call: { select: 'ref', from: { var: 'g' } }, arguments: 1 },
  }
  assert.equal(tell(service.send(made)), 'in.call instance not found: Function not found.')
  const kept = { update: things, params: { object: { ttl_days: 1 } } }
  const { ttl = null } = service.ask({ do: [kept, { create: things }] }) as Record<string, Json>
  assert.equal(ttl, null)
  const indexed = {
    let: { i: index({ values: [{ object: { field: ['data', 'n'] } }] }) },
    in: create('things', 2, { n: 2 }),
  }
  service.ask(indexed)
  service.ask(create('things', 3, { n: 3 }))
  assert.deepEqual(service.ask({ paginate: { match: { index: 'i' } } }), { data: [1, 3] })
})

test('a document that is made together with its collection is in no set of it', () => {
  const service = serve()
  const { ref } = service.ask({
    let: { c: { create_collection: { object: { name: 'new' } } } },
    in: { create: { select: 'ref', from: { var: 'c' } } },
  }) as { ref: { '@ref': { id: string } } }
  assert.equal(service.ask({ exists: doc('new', ref['@ref'].id) }), true)
  assert.deepEqual(service.ask({ paginate: { documents: { collection: 'new' } } }), { data: [] })
})

test('a name that a transaction took away can be given in it again', () => {
  const service = serve()
  const again = { create_collection: { object: { name: 'things' } } }
  const renamed = { update: things, params: { object: { name: 'others' } } }
  assert.equal(tell(service.send({ do: [renamed, again] })), 'made')
  assert.equal(
    tell(service.send({ do: [{ delete: { collection: 'others' } }, again] })),
    'do.1.create_collection instance already exists: Collection already exists.',
  )
  assert.equal(tell(service.send({ do: [{ delete: things }, again] })), 'made')
  assert.equal(service.ask({ count: { documents: things } }), 0)
  // What is deleted in the transaction that made it has no name any more.
  const gone = {
    let: { d: { create_database: { object: { name: 'd' } } } },
    in: { delete: { select: 'ref', from: { var: 'd' } } },
  }
  assert.ok(!('ref' in (service.ask(gone) as object)))
})

test('a ref to what is gone is written as the ref to what has its name now', () => {
  // MODEL/ast/functions/WriteAdaptor.scala `resymbolizeSchema`.
  const service = serve()
  service.ask({ create_function: { object: { name: 'f', body: identity } } })
  service.ask(create('things', 2, { kept: [things, { function: 'f' }] }))
  const renewed = { do: [{ delete: things }, { create_collection: { object: { name: 'things' } } }, index({})] }
  const privileges = { object: { resource: things, actions: { object: { read: true } } } }
  const last = { create_role: { object: { name: 'r', privileges } } }
  service.ask({ do: [...renewed.do, last] })
  service.ask(create('things', 3, {}))
  assert.equal((service.ask({ paginate: { match: { index: 'i' } } }) as { data: Json[] }).data.length, 1)
  assert.equal(
    service.ask({ equals: [{ select: ['privileges', 'resource'], from: { get: { role: 'r' } } }, things] }),
    true,
  )
  // What is gone for good stays what it was.
  const kept = {
    let: { f: { function: 'f' } },
    in: { do: [{ delete: { var: 'f' } }, create('things', 4, { f: { var: 'f' } })] },
  }
  assert.equal(tell(service.send(kept)), 'made')
})

test('a name is made of letters, marks, decimal digits, joins and some signs', () => {
  const service = serve()
  const names = ['x\u00b2', 'x\u2167', 'x\u200d', 'x\u0663', 'x\u0301', 'x\u203f', 'x=1', 'x y']
  const told = names.map(name => tell(service.send({ create_collection: { object: { name } } })))
  const wrong = 'name invalid characters'
  assert.deepEqual(told, [wrong, 'made', 'made', 'made', 'made', 'made', wrong, wrong])
})

test('days are counted up to what 63 bits of nanoseconds can hold, and so many where they are more', () => {
  const service = serve()
  const ttlOf = (days: number): number => {
    const name = `c${days}`.replace('-', 'm')
    service.ask({ create_collection: { object: { name, ttl_days: days } } })
    const { ttl, ts } = service.ask({ create: { collection: name } }) as { ttl: { '@ts': string }; ts: number }
    return Math.round((Date.parse(ttl['@ts']) - ts / 1000) / 86_400_000)
  }
  assert.deepEqual(
    [1, -1, 106_751, 106_752, 100_000_000, -106_752].map(ttlOf),
    [1, -1, 106_751, 106_751, 106_751, 106_751],
  )
})

test('a replace keeps what it may not take away, the name first', () => {
  const service = serve()
  const replaced = (ref: object, fields: object): string[] =>
    Object.keys(service.ask({ replace: ref, params: { object: fields } }) as object)
  assert.deepEqual(replaced(things, { ttl_days: 1 }), ['ref', 'ts', 'name', 'history_days', 'ttl_days'])
  const provider = { data: { object: { a: 1 } }, jwks_uri: 'https://localhost', issuer: 'i', name: 'p' }
  service.ask({ create_access_provider: { object: provider } })
  const kept = ['ref', 'ts', 'name', 'issuer', 'jwks_uri', 'audience']
  assert.deepEqual(replaced({ access_provider: 'p' }, {}), kept)
})

test('a ref into a collection that is gone may be kept by documents, but not by the schema', () => {
  const service = serve()
  service.ask({ create_collection: { object: { name: 'gone' } } })
  service.ask(create('things', 2, { r: doc('gone', 7) }))
  service.ask({ delete: { collection: 'gone' } })
  const data = { select: 'data', from: { get: doc('things', 2) } }
  const made = (form: object): string => tell(service.send(form))
  assert.equal(made({ create: things, params: { object: { data } } }), 'made')
  assert.equal(
    made({ create: { tokens: null }, params: { object: { instance: { select: 'r', from: data } } } }),
    'made',
  )
  assert.equal(made({ create_key: { object: { role: 'server', data } } }), 'data.r invalid reference')
})

// MODEL/Cache.scala: its caches do not see what a transaction writes.
test('what a transaction takes away is there until it is over; an index that it makes is not', () => {
  const start = (): LocalService => {
    const service = serve()
    service.ask(index({ unique: true, terms: [{ object: { field: ['data', 'n'] } }] }))
    return service
  }
  const i = { index: 'i' }
  const bound = [{ c: things }, { d: doc('things', 1) }, { i }]
  const without = (gone: object, query: object): object => ({ let: [...bound, { _: { delete: gone } }], in: query })
  const found = { paginate: { match: { var: 'i' }, terms: 1 } }
  const page = { data: [start().ask(doc('things', 1))] }
  assert.deepEqual(start().ask(without(i, found)), page)
  assert.deepEqual(start().ask(without(things, found)), page)
  assert.deepEqual(start().ask(without(things, { paginate: { documents: { var: 'c' } } })), page)
  assert.equal(start().ask(without(things, { select: ['data', 'n'], from: { get: { var: 'd' } } })), 1)
  assert.match(tell(start().send(without(i, create('things', 2, { n: 1 })))), /instance not unique/)
  // How far back it reads is as it was, too (MODEL/doc/Collection.scala).
  const old = start()
  old.ask({ create_collection: { object: { name: 'old', history_days: 30 } } })
  const shortened = { update: { collection: 'old' }, params: { object: { history_days: 0 } } }
  const ts = { time_subtract: { time: 'now' }, offset: 1, unit: 'hour' }
  assert.equal(old.ask({ do: [shortened, { exists: doc('old', 1), ts }] }), false)
  const made = { let: { i: { select: 'ref', from: index({ name: 'new', active: true }) } } }
  const missing = (at: string): string => `in.${at} instance not found: Index not found.`
  assert.equal(tell(start().send({ ...made, in: { match: { var: 'i' } } })), missing('index'))
  assert.equal(
    tell(start().send({ ...made, in: { join: { documents: things }, with: { var: 'i' } } })),
    missing('with'),
  )

  const service = start()
  service.ask({ create_collection: { object: { name: 'others' } } })
  service.ask(create('others', 1, { c: things, d: doc('things', 1), i }))
  service.ask(without(things, found))
  const kept = (name: string): object => ({ select: ['data', name], from: { get: doc('others', 1) } })
  assert.equal(tell(service.send({ get: kept('d') })), ' instance not found: Document not found.')
  assert.deepEqual(service.ask({ paginate: { documents: kept('c') } }), { data: [] })
  const others = { documents: { collection: 'others' } }
  assert.equal(tell(service.send({ join: others, with: kept('i') })), 'with instance not found: Index not found.')
  assert.equal(tell(service.send({ match: kept('i') })), 'index instance not found: Index not found.')
})

// MODEL/set/IndexSet.scala: `elemIfCollExists` and `isHiddenIndex`.
test('sets have nothing of a collection that is gone; of indexes neither those that are gone nor one that is being made', () => {
  const service = serve()
  service.ask({ create_collection: { object: { name: 'others' } } })
  service.ask(index({ name: 'both', source: '_', active: true }))
  service.ask(index({ name: 'gone' }))
  service.ask([create('things', 2, {}), create('others', 1, {})])
  const both = { match: { index: 'both' } }
  assert.equal(service.ask({ count: both }), 2)
  service.ask([{ delete: { collection: 'others' } }, { delete: { index: 'gone' } }])
  const page = { data: [service.ask(doc('things', 2))] }
  assert.deepEqual(service.ask({ paginate: both }), page)
  const told = (query: object): Json => service.ask({ select: 'data', from: query })
  assert.equal((told({ paginate: both, events: true }) as Json[]).length, 1)
  const indexes = { paginate: { indexes: null } }
  assert.deepEqual(told({ do: [index({}), indexes] }), [service.ask({ index: 'both' })])
  assert.equal((told(indexes) as Json[]).length, 2)
  assert.equal((told({ ...indexes, events: true }) as Json[]).length, 2)
})

test('a unique index keeps out what is new in it, as long as its document has it unique', () => {
  const service = serve()
  const unique = { name: 'i', source: things, unique: true, terms: [{ object: { field: ['data', 'n'] } }] }
  const put = (id: number, n: number): string => tell(service.send(create('things', id, { n })))
  const update = (ref: object, fields: object): string =>
    tell(service.send({ update: ref, params: { object: fields } }))
  const data = (fields: object): object => ({ data: { object: fields } })
  const refused = /instance not unique/
  assert.equal(put(2, 1), 'made')
  service.ask({ create_index: { object: unique } })
  assert.match(put(3, 1), refused)
  assert.equal(update(doc('things', 2), data({ m: 1 })), 'made')
  assert.match(update(doc('things', 2), { ttl: { '@ts': '2999-01-01T00:00:00Z' } }), refused)
  assert.equal(update(doc('things', 2), data({ n: 2 })), 'made')
  assert.match(update(doc('things', 2), data({ n: 1 })), refused)
  assert.equal(update({ index: 'i' }, { unique: false }), 'made')
  assert.equal(put(3, 1), 'made')
  assert.equal(update({ index: 'i' }, { unique: true }), 'made')
  assert.match(put(4, 1), refused)
})
