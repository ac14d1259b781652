// The interface of old: a path names something, and a method says what to do with it. Each request is a query in other
// words, and is answered as one.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalService, create, doc } from './support/local-service.ts'

function serve(): LocalService {
  const service = new LocalService()
  service.ask({ create_collection: { object: { name: 'things' } } })
  service.ask({ create_index: { object: { name: 'all', source: { collection: 'things' }, active: true } } })
  service.ask({ create_database: { object: { name: 'child' } } })
  service.ask({ create_function: { object: { name: 'f', body: { query: { lambda: 'x', expr: { var: 'x' } } } } } })
  service.ask(create('things', 1, { n: 1 }))
  return service
}

const queries: readonly (readonly [method: string, path: string, query: object])[] = [
  ['GET', '/classes/things', { get: { collection: 'things' } }],
  ['GET', '/collections/things', { get: { collection: 'things' } }],
  ['GET', '/classes/things/1', { get: doc('things', 1) }],
  ['GET', '/classes/things/99', { get: doc('things', 99) }],
  ['GET', '/indexes/all', { get: { index: 'all' } }],
  ['GET', '/databases/child', { get: { database: 'child' } }],
  ['GET', '/functions/f', { get: { function: 'f' } }],
  ['GET', '/classes', { paginate: { collections: null } }],
  ['GET', '/indexes', { paginate: { indexes: null } }],
  ['GET', '/keys?size=0', { paginate: { keys: null }, size: 0 }],
  ['GET', '/keys/12', { get: { ref: { keys: null }, id: '12' } }],
  ['GET', '/classes/things/1/events', { paginate: doc('things', 1), events: true }],
  ['GET', '/classes/things/events', { paginate: { collection: 'things' }, events: true }],
  // A cursor may be a ref in its old spelling (API/fql1/FQL1Routes.scala `getPaginateParams`).
  ['GET', '/indexes?after=indexes/all', { paginate: { indexes: null }, after: { index: 'all' } }],
  ['GET', '/indexes?after=nope', { paginate: { indexes: null } }],
  [
    'GET',
    '/indexes?size=1&before=%5B%7B%22%40ref%22%3A%22indexes%2Fall%22%7D%5D',
    { paginate: { indexes: null }, size: 1, before: [{ index: 'all' }] },
  ],
]

for (const [method, path, query] of queries) {
  test(`${method} ${path} is answered as a query`, () => {
    const service = serve()
    const { status, text } = service.request(method, path)
    const asQuery = service.send(query)
    assert.deepEqual([status, text], [asQuery.status, asQuery.text])
  })
}

test('documents are made, changed and deleted by their paths; a body is data', () => {
  const service = serve()
  const made = service.request('POST', '/classes/things/2', { data: { r: { '@ref': 'classes/things/1' } } })
  assert.equal(made.status, 201, made.text)
  assert.equal(
    service.ask({ equals: [{ select: ['data', 'r'], from: { get: doc('things', 2) } }, doc('things', 1)] }),
    true,
  )
  assert.equal(service.request('PATCH', '/classes/things/2', { data: { a: 1 } }).status, 200)
  assert.equal(service.request('PUT', '/classes/things/2', { data: { b: 2 } }).status, 200)
  assert.deepEqual(service.ask({ select: ['data'], from: { get: doc('things', 2) } }), { b: 2 })
  assert.equal(service.request('DELETE', '/classes/things/2').status, 200)
  assert.equal(service.request('GET', '/classes/things/2').status, 404)
  assert.equal(service.request('POST', '/classes/things').status, 201)
  assert.equal(service.request('POST', '/classes', { name: 'more' }).status, 201)
})

test('what is not there, what is no path, and a method that a thing has not are refused', () => {
  const service = serve()
  const notFound = '{"errors":[{"code":"not found","description":"Not Found"}]}'
  for (const path of [
    '/classes/nope',
    '/classes/nope/1',
    '/indexes/nope',
    '/classes/things/one',
    '/classes/self',
    '/classes/things/9999999999999999999',
    '/classes/things/1/',
    '/classes/things/1/events/1/create',
    '/classes/things/self',
    '/nope',
  ]) {
    const { status, text } = service.request('GET', path)
    assert.deepEqual([status, text], [404, notFound], path)
  }
  const refusals = [
    ['PUT', '/classes', 'GET, POST'],
    ['HEAD', '/classes/things/1', 'GET, POST, PUT, PATCH, DELETE'],
    ['POST', '/classes/things/1/events', 'GET'],
  ] as const
  for (const [method, path, methods] of refusals) {
    const { status, text } = service.request(method, path)
    assert.equal(status, 405)
    assert.match(text, new RegExp(`Allowed methods are ${methods}\\.`))
  }
  assert.equal(service.request('GET', '/classes/things', undefined, 'nobody').status, 401)
  assert.equal(service.request('GET', '/nope', undefined, 'nobody').status, 404)
})

test('on the paths for health checks the method is looked at before the secret', () => {
  // API/fql1/UtilRoutes.scala.
  const service = serve()
  assert.equal(service.request('POST', '/authorized', undefined, 'nobody').status, 405)
  assert.equal(service.request('GET', '/authorized', undefined, 'nobody').status, 401)
})

test('a write in a request that only reads weighs no more than what is not found', () => {
  // MODEL/ast/Error.scala `statusCode`: it is an error of the evaluation, whatever its code.
  const service = serve()
  const statusOf = (query: unknown): number =>
    service.request('GET', `/?q=${encodeURIComponent(JSON.stringify(query))}`).status
  const [missing, write] = [{ get: doc('things', 99) }, { create: { collection: 'things' } }]
  assert.deepEqual([statusOf([missing, write]), statusOf([write, missing])], [404, 400])
})

test('a key is not changed by its path, but by the root secret', () => {
  const service = serve()
  const { secret } = service.ask({ create_key: { object: { role: 'admin' } } }) as { secret: string }
  for (const method of ['PUT', 'PATCH']) {
    const { status, text } = service.request(method, '/keys/12', {}, secret)
    assert.equal(status, 403)
    assert.match(text, /"code":"forbidden","description":"(Replacing|Updating) a key with P/)
    assert.equal(service.request(method, '/keys/12', {}).status, 404)
  }
})

test('self is whoever asks', () => {
  const service = serve()
  const parameters = { data: {}, credentials: { password: 'p' } }
  const { text } = service.request('POST', '/classes/things/5', parameters)
  assert.match(text, /"id":"5"/)
  const login = { login: doc('things', 5), params: { object: { password: 'p' } } }
  const token = service.ask(login) as { secret: string; ref: { '@ref': { id: string } } }
  const privileges = { object: { resource: { collection: 'things' }, actions: { object: { read: true } } } }
  const membership = { object: { resource: { collection: 'things' } } }
  service.ask({ create_role: { object: { name: 'r', privileges, membership } } })
  assert.match(service.request('GET', '/classes/things/self', undefined, token.secret).text, /"id":"5"/)
  assert.match(service.request('GET', '/tokens/self', undefined, token.secret).text, new RegExp(token.ref['@ref'].id))
  assert.match(
    service.request('GET', '/credentials/self', undefined, token.secret).text,
    /"hashed_password":"\$2a\$05\$/,
  )
})

test('what is wrong in the body of a request of old is told at its place in the body', () => {
  const service = serve()
  const wrong = service.request('POST', '/classes/things/7', { data: { at: { '@ts': 'x' } } })
  const [error] = wrong.body['errors'] as object[]
  assert.deepEqual(error, { position: ['data', 'at'], code: 'invalid expression', description: 'Invalid time.' })
})
