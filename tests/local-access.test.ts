// What keys, tokens and roles may do, and what the documents that they are made of may hold: rules that few recorded
// queries show, asked of the embedded server one by one.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalService, create, doc, update } from './support/local-service.ts'
import type { Answered, Json } from './support/local-service.ts'

type Failure = { readonly field: string[]; readonly code: string; readonly description: string }

const notes = { collection: 'notes' }
const lambda = (parameters: string | string[], expr: unknown): object => ({ query: { lambda: parameters, expr } })
const v = (name: string): object => ({ var: name })

function serve(): LocalService {
  const service = new LocalService()
  service.ask({ create_collection: { object: { name: 'notes', history_days: 20_000 } } })
  service.ask({ create_index: { object: { name: 'all', source: notes, active: true } } })
  service.ask(create('notes', 1, { n: 1 }))
  return service
}

/** A key with a role that grants these actions on a resource. */
function keyOf(service: LocalService, actions: object, resource: object = notes): string {
  const name = `r${service.ask({ new_id: null }) as string}`
  service.ask({
    create_role: { object: { name, privileges: [{ object: { resource, actions: { object: actions } } }] } },
  })
  return secretOf(service, { role: { role: name } })
}

function secretOf(service: LocalService, parameters: object, secret?: string): string {
  return (service.ask({ create_key: { object: parameters } }, secret) as { secret: string }).secret
}

/** The answer in short: its status, or what it failed with. */
function outcome({ status, body }: Answered): string {
  const [error] = (body['errors'] ?? []) as { code: string; position?: unknown[] }[]
  return error === undefined ? String(status) : `${status} ${error.code} at [${error.position?.join() ?? ''}]`
}

function failures({ body, text }: Answered): string[] {
  const [error] = body['errors'] as { code: string; failures?: Failure[] }[]
  assert.equal(error?.code, 'validation failed', text)
  return (error.failures ?? []).map(({ field, code, description }) => `${field.join('.')}: ${code}: ${description}`)
}

test('a document of one’s own id takes create_with_id, or both create and history_write', () => {
  const service = serve()
  const denied = '403 permission denied at [create]'
  const cases = [
    [{ create: true }, denied],
    [{ history_write: true }, denied],
    [{ create: true, history_write: true }, '201'],
    [{ create_with_id: true }, '201'],
    [{ create: lambda('new', { equals: [{ select: ['data', 'n'], from: v('new') }, 2] }), history_write: true }, '201'],
    [
      { create: lambda('new', { equals: [{ select: ['data', 'n'], from: v('new') }, 3] }), history_write: true },
      denied,
    ],
    [{ create_with_id: lambda(['new', 'ref'], { equals: [{ select: 'id', from: v('ref') }, '1006'] }) }, '201'],
  ] as const
  cases.forEach(([actions, expected], i) => {
    const id = 1000 + i
    assert.equal(outcome(service.send(create('notes', id, { n: 2 }), keyOf(service, actions))), expected, String(i))
  })
})

test('whether an id is taken is told only to those who may make it', () => {
  const service = serve()
  assert.equal(outcome(service.send(create('notes', 1, {}), keyOf(service, {}))), '403 permission denied at [create]')
  const own = keyOf(service, { create_with_id: true })
  assert.equal(outcome(service.send(create('notes', 1, {}), own)), '400 instance already exists at [create]')
  const index = service.send({ create: { index: 'all' }, params: { object: {} } })
  assert.match(index.text, /"Index already exists\."/)
})

test('the predicate of a write sees the whole before and after, even of a replace, and the ref when it asks for it', () => {
  const service = serve()
  service.ask(update('notes', 1, { owner: 'a', n: 1 }))
  const isKept = lambda(['old', 'new'], {
    equals: [
      { select: ['data', 'owner'], from: v('old') },
      { select: ['data', 'owner'], from: v('new'), default: 'none' },
    ],
  })
  const keeper = keyOf(service, { write: isKept })
  assert.equal(outcome(service.send(update('notes', 1, { n: 2 }), keeper)), '200')
  assert.equal(outcome(service.send(update('notes', 1, { owner: 'b' }), keeper)), '403 permission denied at []')
  const replaced = { replace: doc('notes', 1), params: { object: { data: { object: { n: 3 } } } } }
  assert.equal(outcome(service.send(replaced, keeper)), '200')
  const isFirst = lambda(['old', 'new', 'ref'], { equals: [v('ref'), doc('notes', 1)] })
  assert.equal(outcome(service.send(update('notes', 1, { n: 4 }), keyOf(service, { write: isFirst }))), '200')
})

test('a document that is not there is missing to those who could read it, whatever their right hangs on', () => {
  const service = serve()
  const missing = { get: doc('notes', 99) }
  const byRef = keyOf(service, { read: lambda('r', { equals: [{ select: 'id', from: v('r') }, '99'] }) })
  assert.equal(outcome(service.send(missing, byRef)), '404 instance not found at []')
  const byContent = keyOf(service, { read: lambda('r', { exists: v('r') }) })
  assert.equal(outcome(service.send(missing, byContent)), '403 permission denied at []')
})

test('sets of schema are read as documents of the collections', () => {
  const service = serve()
  const reader = keyOf(service, { read: true }, { collections: null })
  assert.deepEqual(service.ask({ paginate: { roles: null } }, reader), { data: [] })
  assert.equal(
    outcome(service.send({ paginate: { roles: null } }, keyOf(service, { read: true }, { roles: null }))),
    '403 permission denied at [paginate]',
  )
  const only = keyOf(service, { read: lambda('r', { equals: [v('r'), { indexes: null }] }) }, { collections: null })
  assert.equal(outcome(service.send({ paginate: { indexes: null } }, only)), '200')
  assert.equal(outcome(service.send({ paginate: { functions: null } }, only)), '403 permission denied at [paginate]')
  assert.equal(service.ask({ exists: { roles: null } }), false)
  assert.equal(service.ask({ exists: { keys: null } }), true)
})

test('predicates read what a server key does and call functions, but no secrets, no history, and write nothing', () => {
  const service = serve()
  service.ask({ create_function: { object: { name: 'yes', body: lambda('x', true) } } })
  const predicates: readonly (readonly [unknown, boolean])[] = [
    [{ call: 'yes', arguments: 1 }, true],
    [{ is_nonempty: { match: { index: 'all' } } }, true],
    [{ exists: { collection: 'notes' } }, true],
    [{ equals: [{ count: { roles: null } }, 0] }, false],
    [{ is_nonempty: { keys: null } }, false],
    [{ is_nonempty: { paginate: { events: v('r') } } }, false],
    [{ is_string: { new_id: null } }, false],
    [{ abort: 'no' }, false],
    ['true', false],
  ]
  for (const [expr, isAllowed] of predicates) {
    const answer = service.send({ get: doc('notes', 1) }, keyOf(service, { read: lambda('r', expr) }))
    assert.equal(answer.status, isAllowed ? 200 : 403, JSON.stringify(expr))
  }
})

test('unrestricted_read of a collection asks with nothing, that of an index with its terms', () => {
  const service = serve()
  const open = keyOf(service, { unrestricted_read: lambda('x', { equals: [v('x'), null] }) })
  assert.equal((service.ask({ paginate: { documents: notes } }, open) as { data: Json[] }).data.length, 1)
  const terms = keyOf(service, { unrestricted_read: lambda('x', { equals: [v('x'), []] }) }, { index: 'all' })
  assert.equal((service.ask({ paginate: { match: { index: 'all' } } }, terms) as { data: Json[] }).data.length, 1)
})

test('a key reads in the databases below its own, and writes in none of them', () => {
  const service = serve()
  service.ask({ create_database: { object: { name: 'child' } } })
  const child = secretOf(service, { role: 'admin', database: { database: 'child' } })
  service.ask({ create_collection: { object: { name: 'c' } } }, child)
  service.ask(create('c', 1, {}), child)
  const there = { ref: { collection: 'c', scope: { database: 'child' } }, id: '1' }
  assert.equal(outcome(service.send({ get: there })), '200')
  assert.equal(outcome(service.send({ get: there }, secretOf(service, { role: 'server' }))), '200')
  assert.equal(outcome(service.send({ get: there }, keyOf(service, { read: true }))), '403 permission denied at []')
  assert.match(service.send({ update: there }).text, /Cannot write a scoped ref\./)
  // MODEL/ast/functions/RefFunctions.scala: a scope beside the id says where the document of that database is.
  assert.deepEqual(service.ask({ equals: [{ ...there, scope: { database: 'child' } }, there] }), false)
  const here = { ref: { collection: 'notes' }, id: '1' }
  assert.deepEqual(service.ask({ equals: [{ ...here, scope: { database: 'child' } }, here] }), true)
})

test('refs that cannot be written are told before what cannot be written to, beside the one that is written', () => {
  const service = serve()
  const nowhere = { ref: { collection: 'nowhere' }, id: '1' }
  service.ask({ create_database: { object: { name: 'child' } } })
  const child = secretOf(service, { role: 'admin', database: { database: 'child' } })
  service.ask({ create_collection: { object: { name: 'c' } } }, child)
  const there = { ref: { collection: 'c', scope: { database: 'child' } }, id: '1' }
  const params = { object: { data: { object: { at: nowhere } } } }
  const codes = (query: object): string[] =>
    (service.send(query).body['errors'] as { code: string }[]).map(({ code }) => code)
  const event = { ts: 1, action: 'create', params }
  assert.deepEqual(codes({ insert: { collections: null }, ...event }), ['validation failed'])
  assert.deepEqual(codes({ insert: there, ...event }), ['invalid argument', 'validation failed'])
  assert.deepEqual(codes({ update: there, params }), ['invalid argument', 'validation failed'])
  assert.deepEqual(codes({ create: there, params }), ['validation failed'])
})

test('whoever may not read a set is told so at the form that reads it', () => {
  const service = serve()
  const set = { match: { index: 'all' } }
  const client = secretOf(service, { role: 'client' })
  const at = (query: object): string => outcome(service.send(query, client, 'UNSTABLE'))
  assert.equal(at({ take: 1, collection: set }), '403 permission denied at []')
  assert.equal(at({ contains_value: 1, in: set }), '403 permission denied at []')
  assert.equal(at({ is_empty: set }), '403 permission denied at [exists]')
  assert.equal(at({ first: set }), '403 permission denied at [first]')
})

test('a key and a token are told where they are, and found by their secrets by those who may read them', () => {
  const service = serve()
  service.ask({ create_database: { object: { name: 'child' } } })
  const child = secretOf(service, { role: 'admin', database: { database: 'child' } })
  assert.equal(outcome(service.send({ current_token: null }, child)), '400 invalid token at []')
  assert.equal(service.ask({ has_current_token: null }, child), false)
  const inside = secretOf(service, { role: 'admin' }, child)
  assert.equal(service.ask({ has_current_token: null }, inside), true)
  assert.equal(outcome(service.send({ key_from_secret: inside })), '200')
  assert.equal(outcome(service.send({ key_from_secret: child }, inside)), '400 instance not found at []')
  assert.equal(
    outcome(service.send({ key_from_secret: inside }, secretOf(service, { role: 'server' }, child))),
    '400 instance not found at []',
  )
  const { secret } = service.ask({ create: { tokens: null }, params: { object: { instance: doc('notes', 1) } } }) as {
    secret: string
  }
  const found = service.ask({ select: 'instance', from: { key_from_secret: secret } })
  assert.deepEqual(found, service.ask(doc('notes', 1)))
  service.ask({ delete: doc('notes', 1) })
  assert.equal(outcome(service.send({ key_from_secret: secret })), '400 instance not found at []')
})

test('a key in the name of a document is the document, and stays the key', () => {
  const service = serve()
  const secret = secretOf(service, { role: 'server' })
  const scoped = `${secret}:@doc/notes/1`
  assert.deepEqual(service.ask({ current_identity: null }, scoped), service.ask(doc('notes', 1)))
  assert.equal(service.ask({ has_current_token: null }, scoped), true)
  const { secret: token } = service.ask({
    create: { tokens: null },
    params: { object: { instance: doc('notes', 1) } },
  }) as { secret: string }
  assert.equal(service.ask({ has_current_identity: null }, token), true)
  assert.equal(service.ask({ logout: false }, scoped), false)
  assert.equal(service.ask({ logout: true }, scoped), true)
  assert.equal(service.send({ now: null }, token).status, 401)
  assert.equal(service.ask({ has_current_identity: null }, scoped), true)
  for (const scope of ['@doc/notes/99', '@doc/notes/-1', '@doc/notes/99999999999999999999', '@doc/nope/1']) {
    assert.equal(service.send({ now: null }, `${secret}:${scope}`).status, 401, scope)
  }
})

test('forms about who asks take nothing but null', () => {
  const service = serve()
  for (const form of [
    'identity',
    'has_identity',
    'current_identity',
    'has_current_identity',
    'current_token',
    'has_current_token',
  ]) {
    assert.match(
      service.send({ [form]: 1 }).text,
      new RegExp(`"position":\\["${form}"\\].*Null expected, Integer provided`),
    )
  }
})

test('the arguments of identify and login are looked at before the set is read', () => {
  const service = serve()
  const set = { match: { index: 'all' } }
  const client = secretOf(service, { role: 'client' })
  const at = (query: object): string => outcome(service.send(query, client))
  assert.equal(at({ identify: set, password: 1 }), '400 invalid argument at [password]')
  assert.equal(at({ identify: set, password: 'x' }), '403 permission denied at [identify]')
  assert.equal(at({ login: set, params: 1 }), '400 invalid argument at [params]')
  assert.equal(at({ login: set, params: { object: {} } }), '403 permission denied at [login]')
})

test('a login fails for a password that is no string only where there is one to compare', () => {
  const service = serve()
  const login = (id: number, password: unknown): object => ({
    login: doc('notes', id),
    params: { object: { password } },
  })
  assert.equal(outcome(service.send(login(1, 5))), '400 authentication failed at []')
  service.ask({ update: doc('notes', 1), params: { object: { credentials: { object: { password: 'p' } } } } })
  assert.deepEqual(failures(service.send(login(1, 5))), [
    'password: invalid type: Invalid type Long, expected type String.',
  ])
  assert.equal(outcome(service.send(login(1, 'q'))), '400 authentication failed at []')
  assert.equal(outcome(service.send(login(1, 'p'))), '201')
  const badTtl = { login: doc('notes', 1), params: { object: { password: 'p', ttl: 1 } } }
  assert.deepEqual(failures(service.send(badTtl)), ['ttl: invalid type: Invalid type Long, expected type Timestamp.'])
})

test('a password is changed by those who know it; a server key changes any, by its hash too', () => {
  const service = serve()
  const server = secretOf(service, { role: 'server' })
  const made = service.ask({
    create: { credentials: null },
    params: { object: { instance: doc('notes', 1), password: 'one' } },
  }) as { ref: { '@ref': { id: string } }; hashed_password: string }
  assert.match(made.hashed_password, /^\$2a\$05\$.{53}$/)
  const ref = { ref: { credentials: null }, id: made.ref['@ref'].id }
  const change = (parameters: object): object => ({ update: ref, params: { object: parameters } })
  const wrong = ['current_password: invalid password: Invalid password at `current_password`.']
  assert.deepEqual(failures(service.send(change({ password: 'two' }))), wrong)
  assert.deepEqual(failures(service.send(change({ password: 'two', current_password: 'x' }))), wrong)
  assert.equal(outcome(service.send(change({ password: 'two', current_password: 'one' }))), '200')
  const identify = (password: string): Json => service.ask({ identify: doc('notes', 1), password })
  assert.deepEqual([identify('one'), identify('two')], [false, true])
  assert.equal(outcome(service.send(change({ password: 'three' }), server)), '200')
  assert.equal(identify('three'), true)
  service.ask(change({ hashed_password: made.hashed_password }))
  assert.equal(identify('three'), true)
  service.ask(change({ hashed_password: made.hashed_password }), server)
  assert.equal(identify('one'), true)
  const again = { create: { credentials: null }, params: { object: { instance: doc('notes', 1) } } }
  assert.equal(outcome(service.send(again)), '400 instance not unique at [create]')
})

test('what is wrong with the credentials of a document is told beside all else', () => {
  const service = serve()
  const server = secretOf(service, { role: 'server' })
  const given = (credentials: unknown): object => ({ create: notes, params: { object: { credentials, ttl: 1 } } })
  const ttl = 'ttl: invalid type: Invalid type Long, expected type Timestamp.'
  const typed = (field: string, type: string): string =>
    `credentials.${field}: invalid type: Invalid type Long, expected type ${type}.`
  assert.deepEqual(failures(service.send(given(1))), [typed('password', 'Map'), typed('current_password', 'Map'), ttl])
  assert.deepEqual(failures(service.send(given(1), server)), [
    typed('password', 'Map'),
    typed('hashed_password', 'Map'),
    ttl,
  ])
  assert.deepEqual(failures(service.send(given({ object: { password: 1 } }))), [typed('password', 'String'), ttl])
  assert.deepEqual(failures(service.send(given(null))), [ttl])
})

test('a token that is replaced has another secret, and none shows its hash when it is written', () => {
  const service = serve()
  const instance = doc('notes', 1)
  const made = service.ask({ create: { tokens: null }, params: { object: { instance } } }) as {
    ref: { '@ref': { id: string } }
    secret: string
  }
  const ref = { ref: { tokens: null }, id: made.ref['@ref'].id }
  const updated = service.ask({ update: ref, params: { object: { data: { object: { a: 1 } } } } }) as object
  assert.deepEqual(Object.keys(updated), ['ref', 'ts', 'instance', 'data'])
  assert.ok('hashed_secret' in (service.ask({ get: ref }) as object))
  assert.deepEqual(failures(service.send({ replace: ref })), ['instance: value required: Required value not found.'])
  const replaced = service.ask({ replace: ref, params: { object: { instance } } }) as { secret: string }
  assert.notEqual(replaced.secret, made.secret)
  assert.equal(service.ask({ has_current_identity: null }, replaced.secret), true)
})

test('a collection has members in 64 roles at most', () => {
  const service = serve()
  const makeRole = (name: string, membership?: object): Answered =>
    service.send({ create_role: { object: { name, ...(membership && { membership }) } } })
  const member = { object: { resource: notes } }
  for (let i = 0; i < 64; i++) assert.equal(makeRole(`r${i}`, member).status, 201)
  const tooMany = 'resources exceeded: Maximum number of roles per membership class exceeded. Maximum allowed: 64.'
  assert.deepEqual(failures(makeRole('more', [member])), [`create_role: ${tooMany}`])
  assert.equal(makeRole('other').status, 201)
  const grow = { update: { role: 'other' }, params: { object: { membership: member } } }
  assert.deepEqual(failures(service.send(grow)), [`: ${tooMany}`])
  service.ask({ update: { role: 'r0' }, params: { object: { membership: member } } })
  service.ask({ delete: { role: 'r0' } })
  assert.equal(service.send(grow).status, 200)
})

test('what a key may be: roles there are, refs there are, and a secret that was made for it', () => {
  const service = serve()
  const wrong = (parameters: object): string[] => failures(service.send({ create_key: { object: parameters } }))
  const notRole = (type: string): string[] => [`role: invalid type: Invalid type ${type}, expected type Role.`]
  assert.deepEqual(wrong({ role: ['admin'] }), notRole('Array'))
  assert.deepEqual(wrong({ role: [1] }), notRole('Array'))
  assert.deepEqual(wrong({ role: notes }), notRole('Ref'))
  assert.deepEqual(wrong({ role: 1, data: 1 }), [
    'data: invalid type: Invalid type Long, expected type Map.',
    ...notRole('Long'),
  ])
  assert.match(wrong({ role: 'nope' })[0] ?? '', /^role: validation failure: .* name `nope` does not exist\.$/)
  assert.deepEqual(wrong({ role: 'admin', secret: 'x' }), ['secret: invalid secret: Invalid secret at `List(secret)`'])
  assert.deepEqual(wrong({ role: 'admin', database: { collection: 'notes' } }), [
    'database: invalid type: Invalid type Ref, expected type Database Ref.',
  ])
  service.ask({ create_role: { object: { name: 'r' } } })
  const gone = {
    let: [{ r: { role: 'r' } }, { d: { delete: { role: 'r' } } }],
    in: { create_key: { object: { role: v('r') } } },
  }
  assert.deepEqual(failures(service.send(gone)), ['role: invalid reference: Reference was not found.'])
  const secret = secretOf(service, { role: 'client' })
  const ref = service.ask({ select: 'ref', from: { key_from_secret: secret } }) as { '@ref': { id: string } }
  const id = ref['@ref'].id
  service.ask({ delete: { ref: { keys: null }, id } })
  assert.equal(service.send({ now: null }, secret).status, 401)
  const back = service.ask({ create: { ref: { keys: null }, id }, params: { object: { role: 'client', secret } } })
  assert.deepEqual(Object.keys(back as object), ['ref', 'ts', 'role', 'hashed_secret'])
  assert.equal(service.send({ now: null }, secret).status, 200)
})

test('what a role may hold: the first thing that is wrong with a list is told', () => {
  const service = serve()
  const role = (parameters: object): Answered => service.send({ create_role: { object: { name: 'r', ...parameters } } })
  const privilege = (actions: unknown, resource: unknown = notes): object => ({ object: { resource, actions } })
  const typed = (field: string, actual: string, expected: string): string =>
    `${field}: invalid type: Invalid type ${actual}, expected type ${expected}.`
  const cases: readonly (readonly [object, string[]])[] = [
    [{ privileges: [1, 'x'] }, [typed('privileges', 'Long', 'Privilege')]],
    [
      {
        membership: { object: { predicate: 'x', resource: 'notes' } },
        privileges: { object: { actions: { object: { write: 'x', read: lambda([], 1) } }, resource: 'notes' } },
      },
      [
        'privileges.actions.read: invalid arity: Found lambda with arity 0 expected 1',
        typed('privileges.resource', 'String', 'Ref'),
        typed('privileges.actions.write', 'String', 'Query'),
        typed('membership.resource', 'String', 'Ref'),
        typed('membership.predicate', 'String', 'Query'),
      ],
    ],
    [{ privileges: privilege(1) }, [typed('actions', 'Long', 'RoleAction Map')]],
    [{ privileges: privilege({ object: { read: 1, write: 'x' } }) }, [typed('actions.read', 'Long', 'RoleAction')]],
    [{ privileges: privilege({ object: { read: 'x' } }) }, [typed('privileges.actions.read', 'String', 'Query')]],
    [{ privileges: [privilege({ object: { read: true } }, 'notes')] }, [typed('privileges.resource', 'String', 'Ref')]],
    [{ membership: { object: { resource: notes, predicate: 1 } } }, [typed('predicate', 'Long', 'Query')]],
    [{ membership: [{ object: { resource: doc('notes', 1) } }] }, [typed('resource', 'Ref', 'Class Ref')]],
    [
      { membership: 1, privileges: 1 },
      [typed('membership', 'Long', 'Membership'), typed('privileges', 'Long', 'Privilege')],
    ],
    [
      { privileges: privilege({ object: { read: lambda(['a', 'b'], true) } }) },
      ['privileges.actions.read: invalid arity: Found lambda with arity 2 expected 1'],
    ],
    [
      { privileges: [privilege({ object: { read: true } }, doc('notes', 99))] },
      ['privileges.resource: invalid reference: Reference was not found.'],
    ],
  ]
  for (const [parameters, expected] of cases) assert.deepEqual(failures(role(parameters)), expected)
  assert.equal(role({ privileges: privilege({ object: { write: lambda('_', true) } }) }).status, 201)
})

test('a list in a role with an entry about nothing grants nothing, and what nobody knows is not kept', () => {
  const service = serve()
  const open = { object: { resource: notes, actions: { object: { read: true, fly: 1 } } } }
  const shown = service.ask({
    create_role: { object: { name: 'r', privileges: [open, { object: { actions: { object: { read: true } } } }] } },
  })
  const kept = (shown as { privileges: { actions: object }[] }).privileges
  assert.deepEqual(
    kept.map(({ actions }) => actions),
    [{ read: true }, { read: true }],
  )
  const secret = secretOf(service, { role: 'r' })
  assert.equal(outcome(service.send({ get: doc('notes', 1) }, secret)), '403 permission denied at []')
  service.ask({ update: { role: 'r' }, params: { object: { privileges: [open] } } })
  assert.equal(outcome(service.send({ get: doc('notes', 1) }, secret)), '200')
})

test('an identity provider gives roles of users, each alone or with a predicate', () => {
  const service = serve()
  const parent = secretOf(service, { role: 'admin' })
  service.ask({ create_role: { object: { name: 'r' } } })
  const provider = (roles: unknown): Answered =>
    service.send(
      { create_access_provider: { object: { name: 'p', issuer: 'i', jwks_uri: 'https://localhost/jwks', roles } } },
      parent,
    )
  // RolesValidator reads the field anew, and fails on what another one found wrong (MODEL/doc/AccessProvider.scala).
  const faults: readonly (readonly [unknown, string])[] = [
    [1, 'InvalidType: InvalidType(List(roles),Role,Long,None)'],
    [[{ object: { role: 'r' } }], 'ValueRequired: ValueRequired(List(predicate))'],
    [[{ object: { role: 1 } }], 'InvalidType: InvalidType(List(role),Role Ref,Long,None)'],
  ]
  for (const [roles, exception] of faults) {
    const answer = provider(roles)
    assert.equal(outcome(answer), '500 internal server error at []')
    assert.ok(answer.text.includes(`Field$ReadException: fauna.storage.doc.${exception} `), answer.text)
  }
  assert.deepEqual(failures(provider([{ object: { role: 'r', predicate: 'x' } }])), [
    'roles.predicate: invalid type: Invalid type String, expected type Query.',
  ])
  assert.deepEqual(failures(provider(['admin', 'nope'])), [
    'roles: validation failure: Role `nope` does not exist.',
    'roles: validation failure: Builtin role `admin` not allowed.',
  ])
  assert.equal(provider(['r', { role: 'r' }]).status, 201)
  const again = { create_access_provider: { object: { name: 'p', issuer: 'j', jwks_uri: 'https://localhost/jwks' } } }
  assert.match(service.send(again, parent).text, /"other already exists\."/)
})

test('a web token is made by admins and servers, for documents and roles, where the operator has set up a key', () => {
  const service = serve()
  service.ask({ create_role: { object: { name: 'r' } } })
  const server = secretOf(service, { role: 'server' })
  const jwt = (subject: unknown, expire?: unknown, secret = server): string =>
    outcome(
      service.send(
        { issue_access_jwt: subject, ...(expire !== undefined && { expire_in: expire }) },
        secret,
        'UNSTABLE',
      ),
    )
  const unconfigured = '500 internal server error at []'
  assert.equal(jwt(doc('notes', 1)), unconfigured)
  assert.equal(jwt(doc('notes', 1), 7200, `${secretOf(service, { role: 'admin' })}:client`), '400 invalid scope at []')
  assert.equal(jwt({ role: 'r' }, 10), unconfigured)
  assert.equal(jwt(doc('notes', 1), 9), '400 invalid argument at [expire_in]')
  assert.equal(jwt(doc('notes', 99)), '400 invalid scope at []')
  assert.equal(jwt(notes), '400 invalid scope at []')
  assert.equal(jwt(doc('notes', 99), 7201, keyOf(service, {})), '400 invalid argument at [expire_in]')
  assert.equal(jwt(doc('notes', 1), undefined, keyOf(service, { read: true })), '403 permission denied at []')
  assert.equal(outcome(service.send({ issue_access_jwt: notes })), '400 invalid expression at []')
})

test('functions and secrets are those from before the transaction', () => {
  const service = serve()
  const body = (value: number): object => lambda([], value)
  service.ask({ create_function: { object: { name: 'f', body: body(1) } } })
  service.ask({
    create: doc('notes', 2),
    params: { object: { data: { object: { f: { function: 'f' } } } } },
  })
  const change = { update: { function: 'f' }, params: { object: { body: body(2) } } }
  assert.equal(service.ask({ do: [change, { call: 'f' }] }), 1)
  assert.equal(service.ask({ do: [{ delete: { function: 'f' } }, { call: { function: 'f' } }] }), 2)
  const stored = { call: { select: ['data', 'f'], from: { get: doc('notes', 2) } } }
  assert.equal(outcome(service.send(stored)), '404 instance not found at [call]')
  // A function that is not there is missing before it is forbidden (MODEL/ast/EvalContext.scala, `CallE`).
  const made = (secret?: string): Answered =>
    service.send(
      {
        let: { g: { create_function: { object: { name: 'g', body: body(1) } } } },
        in: { call: { select: 'ref', from: v('g') } },
      },
      secret,
    )
  assert.equal(outcome(made()), '404 instance not found at [in,call]')
  assert.equal(
    outcome(made(keyOf(service, { create: true }, { functions: null }))),
    '404 instance not found at [in,call]',
  )
  const key = { create_key: { object: { role: 'client' } } }
  const found = { let: { k: key }, in: { key_from_secret: { select: 'secret', from: v('k') } } }
  assert.equal(outcome(service.send(found)), '400 instance not found at [in]')
})

test('a logout of all leaves the tokens that its transaction made', () => {
  const service = serve()
  service.ask({ update: doc('notes', 1), params: { object: { credentials: { object: { password: 'p' } } } } })
  const login = { login: doc('notes', 1), params: { object: { password: 'p' } } }
  const { secret } = service.ask(login) as { secret: string }
  const kept = service.ask(
    { let: { t: login }, in: { do: [{ logout: true }, { select: 'secret', from: v('t') }] } },
    secret,
  )
  assert.equal(service.send({ now: null }, secret).status, 401)
  assert.equal(service.ask({ has_identity: null }, kept as string), true)
})

test('functions with a role run with it whoever calls them, but for the root secret', () => {
  const service = serve()
  const expr = { exists: doc('notes', 1) }
  service.ask({ create_function: { object: { name: 'f', role: 'client', body: lambda([], expr) } } })
  assert.equal(service.ask({ call: 'f' }, secretOf(service, { role: 'admin' })), false)
  assert.equal(service.ask({ call: 'f' }, 'secret:admin'), false)
  assert.equal(service.ask({ call: 'f' }), true)
})

test('a function runs with its role as that was before the transaction', () => {
  // MODEL/auth/RoleEvalContext.scala: roles come from a cache, which does not see what a transaction writes.
  const service = serve()
  const expr = { exists: doc('notes', 1) }
  const privileges = [{ object: { resource: notes, actions: { object: { read: true } } } }]
  service.ask({ create_role: { object: { name: 'r', privileges } } })
  service.ask({ create_function: { object: { name: 'f', role: { role: 'r' }, body: lambda([], expr) } } })
  const role = { update: { role: 'r' }, params: { object: { privileges: [] } } }
  const call = { call: 'f' }
  const admin = secretOf(service, { role: 'admin' })
  assert.equal(service.ask({ do: [role, call] }, admin), true)
  assert.equal(service.ask(call, admin), false)
  assert.equal(service.ask({ do: [{ ...role, params: { object: { privileges } } }, call] }, admin), false)
  assert.equal(service.ask({ do: [{ delete: { role: 'r' } }, call] }, admin), true)
})

test('who asks is read, so that sets are not joined with it; whether there is a token is not', () => {
  const service = serve()
  const joined = (expr: object): string =>
    outcome(service.send({ join: { documents: notes }, with: lambda('r', [expr, v('r')]) }))
  for (const form of ['identity', 'has_identity', 'current_identity', 'has_current_identity', 'current_token']) {
    assert.equal(joined({ [form]: null }), '400 invalid argument at [with]', form)
  }
  assert.equal(joined({ contains_value: 1, in: [1] }), '400 invalid argument at [with]')
  assert.equal(joined({ has_current_token: null }), '200')
  assert.equal(joined({ is_lambda: lambda('x', { get: v('x') }) }), '200')
})

test('a collection gives its ttl to what would have none, to inserted versions too', () => {
  const service = serve()
  service.ask({ create_collection: { object: { name: 'brief', ttl_days: 10 } } })
  const ttlOf = (written: Json): string | undefined => (written as { ttl?: { '@ts': string } }).ttl?.['@ts']
  assert.notEqual(ttlOf(service.ask(create('brief', 1, {}))), undefined)
  const far = '2098-01-01T00:00:00Z'
  const write = (form: string, parameters: object): Json =>
    service.ask({ [form]: doc('brief', 1), params: { object: parameters } })
  assert.equal(ttlOf(write('update', { ttl: { '@ts': far } })), far)
  assert.equal(ttlOf(write('update', { data: { object: { a: 1 } } })), far)
  const given = ttlOf(write('update', { ttl: null }))
  assert.ok(given !== undefined && given !== far)
  assert.ok(ttlOf(write('replace', {})) !== undefined)
})

test('whoever has lost a role has lost its streams, but not whoever has lost only its notes', () => {
  const service = serve()
  service.ask({
    create_role: {
      object: {
        name: 'r',
        membership: { object: { resource: notes } },
        privileges: [{ object: { resource: notes, actions: { object: { read: true } } } }],
      },
    },
  })
  const { secret } = service.ask({ create: { tokens: null }, params: { object: { instance: doc('notes', 1) } } }) as {
    secret: string
  }
  const peer = service.follow({ documents: notes }, 'action', secret)
  service.ask({ update: { role: 'r' }, params: { object: { data: { object: { a: 1 } } } } })
  service.ask(create('notes', 2, {}))
  assert.deepEqual(
    peer.events.map(({ type }) => type),
    ['set'],
  )
  service.ask({ update: { role: 'r' }, params: { object: { privileges: [] } } })
  service.ask(create('notes', 3, {}))
  assert.deepEqual(
    peer.events.map(({ type }) => type),
    ['set', 'error'],
  )
})
