// Who asks, and in which database: what a secret is itself, and documents of one database as others see them.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalService, doc } from './support/local-service.ts'
import type { Json } from './support/local-service.ts'

type Described = { readonly code: Json; readonly description: Json; readonly position: Json }

/** The first error of a query that is refused. */
function refused(service: LocalService, expression: object, secret?: string): Described {
  const [error] = service.send(expression, secret).body['errors'] as Described[]
  assert.ok(error !== undefined)
  return error
}

function makeDatabase(service: LocalService, name: string, secret?: string): string {
  service.ask({ create_database: { object: { name } } }, secret)
  return makeKey(service, { database: { database: name }, role: 'admin' }, secret)
}

function makeKey(service: LocalService, fields: object, secret?: string): string {
  return (service.ask({ create_key: { object: fields } }, secret) as { secret: string }).secret
}

/** A user with a password, and a token that may read the users. */
function logIn(service: LocalService): { token: Record<string, Json>; secret: string } {
  service.ask({ create_collection: { object: { name: 'users' } } })
  service.ask({ create_collection: { object: { name: 'things' } } })
  const membership = { object: { resource: { collection: 'users' } } }
  const privileges = { object: { resource: { collection: 'users' }, actions: { object: { read: true } } } }
  service.ask({ create_role: { object: { name: 'readers', membership, privileges } } })
  service.ask({ create: doc('users', 1), params: { object: { credentials: { object: { password: 'pw' } } } } })
  const token = service.ask({ login: doc('users', 1), params: { object: { password: 'pw' } } })
  return { token: token as Record<string, Json>, secret: (token as { secret: string }).secret }
}

test('self stands for the document, the token and the credentials of who asks, in both spellings', () => {
  const service = new LocalService()
  const { token, secret } = logIn(service)
  const ask = (expression: object): Json => service.ask(expression, secret)
  const users = { '@ref': { id: 'users', collection: { '@ref': { id: 'collections' } } } }
  for (const self of [{ '@ref': 'classes/users/self' }, { '@ref': { id: 'self', collection: users } }]) {
    assert.deepEqual(ask(self), token['instance'])
  }
  for (const self of [
    { '@ref': 'tokens/self' },
    { '@ref': { id: 'self', collection: { '@ref': { id: 'tokens' } } } },
  ]) {
    assert.deepEqual(ask(self), token['ref'])
  }
  const credentials = ask({ get: { '@ref': 'credentials/self' } }) as Record<string, Json>
  assert.deepEqual(credentials['instance'], token['instance'])
})

test('self is no ref where who asks has no such document', () => {
  const service = new LocalService()
  const { secret } = logIn(service)
  const invalid = { position: [], code: 'invalid expression', description: 'Invalid ref.' }
  for (const path of ['classes/things/self', 'classes/nope/self', 'keys/self']) {
    assert.deepEqual(refused(service, { '@ref': path }, secret), invalid, path)
  }
  for (const path of ['classes/users/self', 'tokens/self', 'credentials/self']) {
    assert.deepEqual(refused(service, { '@ref': path }), invalid, path)
  }
})

test('a path names collections, documents by number, and schema by name, and nothing else', () => {
  const service = new LocalService()
  for (const path of ['nope', 'classes/', 'classes/self', 'classes/a b', 'classes/a/-1', 'classes/a/1/events']) {
    assert.equal(refused(service, { '@ref': path }).description, 'Invalid ref.', path)
  }
  for (const path of ['indexes/a/1', 'tokens/a', 'databases/events', `classes/a/${2n ** 63n}`]) {
    assert.equal(refused(service, { '@ref': path }).description, 'Invalid ref.', path)
  }
  assert.deepEqual(service.ask({ '@ref': 'keys/007' }), {
    '@ref': { id: '7', collection: { '@ref': { id: 'keys' } } },
  })
})

test('a key of the database above is no token here: it has no document here', () => {
  const service = new LocalService()
  const above = makeDatabase(service, 'child')
  const here = makeKey(service, { role: 'server' }, above)
  assert.equal(service.ask({ has_current_token: null }, here), true)
  assert.equal(service.ask({ is_ref: { current_token: null } }, here), true)
  assert.equal(service.ask({ has_current_token: null }, above), false)
  assert.equal(refused(service, { current_token: null }, above).code, 'invalid token')
})

test('keys of another database say so at their collection, schema at itself', () => {
  const service = new LocalService()
  const child = makeDatabase(service, 'child')
  service.ask({ create_collection: { object: { name: 'things' } } }, child)
  service.ask({ create: { '@ref': 'keys/7' }, params: { object: { role: 'server' } } }, child)
  const database = { '@ref': { id: 'child', collection: { '@ref': { id: 'databases' } } } }
  const listed = (native: string): Json =>
    (service.ask({ paginate: { [native]: { database: 'child' } } }) as { data: Json[] }).data
  assert.deepEqual(listed('keys'), [{ '@ref': { id: '7', collection: { '@ref': { id: 'keys', database } } } }])
  assert.deepEqual(listed('collections'), [
    { '@ref': { id: 'things', collection: { '@ref': { id: 'collections' } }, database } },
  ])
})

test('the keys of an identity provider are where https says, whatever else the address is', () => {
  const service = new LocalService()
  const provider = (jwks_uri: string, n: number): object => ({
    create_access_provider: { object: { name: `p${n}`, issuer: `i${n}`, jwks_uri } },
  })
  for (const [n, uri] of ['https://a.test', 'HTTPS:/x', 'https: //$a.test', 'https://u@[::1]:8443/x'].entries()) {
    assert.equal(service.send(provider(uri, n)).status, 201, uri)
  }
  for (const [n, uri] of ['http://a.test', 'a.test', '', 'https://a.test:x/', 'https://a.test:-5'].entries()) {
    assert.equal(refused(service, provider(uri, 100 + n)).code, 'validation failed', uri)
  }
})

test('a query finds the databases that it has made or deleted, by a form, and no other schema', () => {
  const service = new LocalService()
  const name = (kind: string): Json => service.ask({ do: [made(kind), { exists: { [kind]: 'new' } }] })
  const made = (kind: string): object => ({ [`create_${kind}`]: { object: { name: 'new' } } })
  assert.equal(name('database'), true)
  assert.equal(name('collection'), false)
  const written = { '@ref': 'databases/new' }
  assert.equal(service.ask({ do: [{ delete: written }, { exists: { database: 'new' } }] }), false)
  const key = { create_key: { object: { database: { database: 'newer' }, role: 'admin' } } }
  assert.equal(service.send({ do: [{ create_database: { object: { name: 'newer' } } }, key] }).status, 201)
})

test('a database that moves leaves nothing behind, not even a past, and its keys bring nothing of their own', () => {
  const service = new LocalService()
  const moved = makeDatabase(service, 'moved')
  const target = makeDatabase(service, 'target')
  const data = { object: { note: 'mine' } }
  const own = makeKey(service, { database: { database: 'moved' }, role: 'server', data })
  const keysBefore = service.ask({ count: { keys: null } })
  service.ask({ move_database: { database: 'moved' }, to: { database: 'target' } })
  const names = (secret?: string): Json => {
    const events = service.ask({ paginate: { databases: null }, events: true }, secret) as {
      data: { action: string }[]
    }
    return events.data.map(event => event.action)
  }
  assert.deepEqual(names(), ['add'])
  assert.deepEqual(names(target), ['add'])
  assert.deepEqual(
    [keysBefore, service.ask({ count: { keys: null } }), service.ask({ count: { keys: null } }, target)],
    [3, 1, 2],
  )
  const key = service.ask({ key_from_secret: own }, target) as Record<string, Json>
  assert.deepEqual(Object.keys(key).toSorted(), ['database', 'hashed_secret', 'ref', 'role', 'ts'])
  assert.equal(service.ask({ count: { collections: null } }, moved), 0)
})

test('a move that fails, or whose query fails, moves nothing', () => {
  const service = new LocalService()
  const moved = makeDatabase(service, 'moved')
  makeDatabase(service, 'target')
  const move = (from: string, to: string): object => ({ move_database: { database: from }, to: { database: to } })
  const { errors } = service.send(move('nope', 'nor this')).body as { errors: Described[] }
  assert.deepEqual(
    errors.map(error => error.position),
    [['move_database']],
  )
  assert.equal(refused(service, { do: [move('moved', 'target'), { abort: 'no' }] }).code, 'transaction aborted')
  assert.equal(service.ask({ exists: { database: 'moved' } }), true)
  assert.equal(service.ask({ count: { keys: null } }), 2)
  service.ask({ create_collection: { object: { name: 'things' } } }, moved)
})
