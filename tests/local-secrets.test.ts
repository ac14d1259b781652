// Who a request says it is, as the real server understands it.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { hashSecret, isWebToken, makeKeySecret, makeTokenSecret, parseAuthorization } from '../src/local/secrets.ts'
import './support/leaks.ts'

const seed = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }
const basic = (credential: string): string => `Basic ${Buffer.from(credential).toString('base64')}`

test('a secret comes as Bearer or as Basic, with or without a colon behind it', () => {
  for (const header of [
    'Bearer s',
    'Bearer  \t s',
    basic('s'),
    basic('s:'),
    basic(' s: '),
    basic('s:x'),
    'Bearer s:',
  ]) {
    assert.deepEqual(parseAuthorization(header), { secret: 's' }, header)
  }
})

test('anything else is nobody', () => {
  const nobody: (string | undefined)[] = [
    undefined,
    '',
    's',
    'bearer s',
    'basic czo=',
    'Token s',
    'Bearer',
    'Bearer ',
    ' Bearer s',
    'Basic',
    basic(':s'),
    basic(''),
  ]
  nobody.push('Basic !!!!', 'Basic ---_', 'Bearer a/b', 'Bearer a,b', 'Bearer a=b:admin', 'Bearer :admin')
  for (const header of nobody) assert.equal(parseAuthorization(header), undefined, String(header))
})

test('a blank behind a bearer credential is part of it', () => {
  assert.deepEqual(parseAuthorization('Bearer s '), { secret: 's ' })
})

test('a scope names a database, and a role or a document', () => {
  const scopes: Record<string, object> = {
    admin: { role: 'admin' },
    server: { role: 'server' },
    'server-readonly': { role: 'server-readonly' },
    client: { role: 'client' },
    'db:server': { database: ['db'], role: 'server' },
    'outer/inner:server-readonly': { database: ['outer', 'inner'], role: 'server-readonly' },
    'admin:admin': { database: ['admin'], role: 'admin' },
    '@role/reader': { customRole: 'reader' },
    'db:@role/reader': { database: ['db'], customRole: 'reader' },
    '@doc/users/341': { document: { collection: 'users', id: '341' } },
    'db:@doc/users/341': { database: ['db'], document: { collection: 'users', id: '341' } },
    'classes/users/341': { document: { collection: 'users', id: '341' } },
    'db:collections/users/341': { database: ['db'], document: { collection: 'users', id: '341' } },
    '@doc/users': { document: { collection: 'users', id: '' } },
  }
  for (const [text, scope] of Object.entries(scopes)) {
    assert.deepEqual(parseAuthorization(`Bearer s:${text}`), { secret: 's', scope }, text)
    assert.deepEqual(parseAuthorization(basic(`s:${text}:`)), { secret: 's', scope }, text)
  }
})

test('a suffix that is no scope is ignored; one that only begins like a scope is no credential', () => {
  for (const text of ['servr', 'db:', 'db:x', 'Admin', '@role/', 'a=b', 'db:db:admin', 'admin:x', '@doc/']) {
    assert.deepEqual(parseAuthorization(`Bearer s:${text}`), { secret: 's' }, text)
  }
  for (const text of ['serverx', 'admin/x', 'client ', 'db:administrator', '@role/a=b']) {
    assert.equal(parseAuthorization(`Bearer s:${text}`), undefined, text)
  }
})

test('a web token is told by its beginning and its point', () => {
  assert.equal(isWebToken('Bearer eyJhbGciOiJIUzI1NiJ9.e30.x'), true)
  for (const header of ['Bearer eyes', 'Bearer fn.x', 'eyJh.x', undefined]) assert.equal(isWebToken(header), false)
})

test('secrets of keys and tokens hold their ids and are never twice the same', () => {
  const id = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })
  fc.assert(
    fc.property(id, id, (number, scope) => {
      const key = Buffer.from(makeKeySecret(number), 'base64url')
      assert.deepEqual([key.length, key[0], key[1], key.readBigInt64BE(2)], [30, 126, 112, number])
      const text = makeTokenSecret(number, scope)
      const token = Buffer.from(text, 'base64url')
      assert.deepEqual([token.length, token[0], token[1]], [38, 126, 113])
      assert.deepEqual([token.readBigInt64BE(2), token.readBigInt64BE(10)], [number, scope])
      assert.match(text, /^fn[\w-]{49}$/)
      assert.notEqual(makeTokenSecret(number, scope), text)
      assert.deepEqual(parseAuthorization(`Bearer ${text}`), { secret: text })
    }),
    seed,
  )
})

test('a hash has the shape of the one that keys show', () => {
  assert.match(hashSecret('secret'), /^\$2a\$05\$[./A-Za-z0-9]{53}$/)
  assert.notEqual(hashSecret('secret'), hashSecret('secret'))
})
