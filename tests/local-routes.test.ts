// Paths, methods and parameters of the embedded server, against every refusal recorded from the real server.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { findRoute, refuseUnreadable, type Refusal, type Route } from '../src/local/routes.ts'
import './support/leaks.ts'

type Entry = {
  kind: string
  request: { method: string; path: string; headers: Record<string, string>; body: unknown }
  response: { status: number; headers: Record<string, string>; body?: string; chunks?: { data: string }[] }
}

const { entries } = JSON.parse(
  readFileSync(new URL('transcripts/streams/bad-requests.json', import.meta.url), 'utf8'),
) as { entries: Entry[] }
const { cases } = JSON.parse(readFileSync(new URL('transcripts/fql/http.json', import.meta.url), 'utf8')) as {
  cases: { method?: string; path?: string; as?: string; status: number; body: string }[]
}
const bodyOf = ({ response }: Entry): string => response.body ?? response.chunks?.map(({ data }) => data).join('') ?? ''

function find(path: string, { method = 'POST', body = '', hasBody = true, isKnown = true } = {}): Route | Refusal {
  return findRoute({ method, path, body: Buffer.from(body), hasBody }, isKnown)
}

function refusal(route: Route | Refusal | undefined): Refusal {
  assert.ok(route?.kind === 'refusal', JSON.stringify(route))
  return route
}

test('every recorded request goes where it went, or is refused alike', () => {
  let refused = 0
  for (const entry of entries.filter(({ kind }) => kind !== 'mark')) {
    const { method, path, headers, body } = entry.request
    if (headers['x-faunadb-api-version'] === '9') continue
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const isKnown = headers['authorization'] !== undefined
    const route = find(path, { method, body: text, isKnown })
    const isFieldError = bodyOf(entry).includes('invalid url parameter')
    const isRefused = [401, 404, 405].includes(entry.response.status) || isFieldError || path === '/stream/1'
    assert.equal(route.kind === 'refusal', isRefused, `${method} ${path}`)
    if (route.kind !== 'refusal') {
      assert.equal(route.kind === 'stream', path.startsWith('/stream'), path)
      continue
    }
    refused += 1
    assert.equal(route.status, entry.response.status)
    if (method !== 'HEAD') assert.equal(route.body, bodyOf(entry))
    assert.equal(route.headers['allow'], entry.response.headers['allow'])
    assert.equal(route.headers['www-authenticate'], entry.response.headers['www-authenticate'])
    assert.equal(route.dress, entry.response.headers['x-txn-time'] === undefined ? 'plain' : 'measured')
  }
  assert.ok(refused > 25, `${refused} refusals`)
})

test('health checks, wrong methods and unknown paths are answered as recorded', () => {
  let count = 0
  for (const { method = 'POST', path = '/', as, status, body } of cases) {
    const route = find(path, { method, isKnown: as !== 'nobody' })
    if (path === '/classes/things') continue
    if (status === 401 || status === 404 || status === 405) {
      if (body.includes('instance not found')) continue
      assert.equal(refusal(route).status, status, path)
      if (method !== 'HEAD') assert.equal(refusal(route).body, body)
      count += 1
    } else if (path.startsWith('/ping')) {
      assert.deepEqual(route, { kind: 'ping', body })
      count += 1
    } else {
      assert.notEqual(route.kind, 'refusal', path)
    }
  }
  assert.ok(count > 15, `${count} answers`)
})

test('fields are a set of names: trimmed, the last parameter counts, empty ones at the end do not', () => {
  const fields = (query: string): string[] => {
    const route = find(`/stream${query}`)
    assert.ok(route.kind === 'stream', query)
    return [...route.fields]
  }
  assert.deepEqual(fields(''), ['action', 'document'])
  assert.deepEqual(fields('?'), ['action', 'document'])
  assert.deepEqual(fields('?Fields=diff&x=1'), ['action', 'document'])
  assert.deepEqual(fields('?fields=,'), [])
  assert.deepEqual(fields('?fields=action,,'), ['action'])
  assert.deepEqual(fields('?fields=%20index%20,+diff,diff'), ['index', 'diff'])
  assert.deepEqual(fields('?fields=action&fields=diff'), ['diff'])
  assert.deepEqual(fields('?fields=%61ction#fields=diff'), ['action'])
  for (const query of ['?fields=', '?fields', '?fields=,action', '?fields=action,%20', '?fields=Action']) {
    assert.equal(refusal(find(`/stream${query}`)).status, 400, query)
  }
})

test('one error is told for each bad field', () => {
  const { body } = refusal(find('/stream?fields=foo,action,b%22r'))
  assert.deepEqual(
    (JSON.parse(body) as { errors: { description: string }[] }).errors.map(({ description }) => description),
    ['foo', 'b"r'].map(name => `Invalid url parameter fields. Invalid field name '${name}'.`),
  )
})

test('path comes before secret, secret before method, method before fields', () => {
  assert.equal(refusal(find('/nothing', { isKnown: false })).status, 404)
  assert.equal(refusal(find('/stream?fields=x', { method: 'GET', isKnown: false })).status, 401)
  assert.equal(refusal(find('/stream?fields=x', { method: 'GET' })).status, 405)
  assert.equal(refusal(find('/stream?fields=x')).status, 400)
})

test('a query comes with the body, or with GET in a parameter', () => {
  const source = (route: Route | Refusal): string | undefined => {
    assert.ok(route.kind === 'query')
    return route.source && Buffer.from(route.source).toString()
  }
  assert.equal(source(find('/', { body: '1' })), '1')
  assert.equal(source(find('/?q=5', { body: '1' })), '1')
  assert.equal(source(find('//stream', { body: '1' })), '1')
  assert.equal(source(find('/?q=%7B%22a%22%3A1%7D&x=2', { method: 'GET' })), '{"a":1}')
  assert.equal(source(find('/?q', { method: 'GET' })), '')
  assert.equal(source(find('/?x=1', { method: 'GET' })), undefined)
  assert.equal((find('/?q=1', { method: 'GET' }) as { isReadOnly: boolean }).isReadOnly, true)
  assert.equal((find('/linearized', { body: '1' }) as { isReadOnly: boolean }).isReadOnly, false)
})

test('health is told to everybody, for the scope asked for', () => {
  for (const [query, scope] of [
    ['', 'write'],
    ['?scope=global', 'write'],
    ['?scope=local', 'read'],
    ['?scope=all', 'all'],
    ['?scope=x', 'node'],
  ]) {
    assert.deepEqual(find(`/ping${query}`, { method: 'GET', isKnown: false }), {
      kind: 'ping',
      body: `{"resource":"Scope ${scope} is OK"}`,
    })
  }
  assert.deepEqual(refusal(find('/ping')).headers, { allow: 'GET' })
})

test('what is no URI, and a web token, fail before anything is looked at', () => {
  const refuse = (path: string, authorization = 'Bearer s') => refuseUnreadable({ path, headers: { authorization } })
  for (const path of ['/a b', '/?q={"a":1}', '/%zz', '/%4', '/a[0]', '/a\\b', '//']) {
    const { status, body, dress } = refusal(refuse(path))
    assert.deepEqual([status, body, dress], [400, '{ "error": "bad request" }\n', 'bare'], path)
  }
  const { status, body, dress } = refusal(refuse('/stream', 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.x'))
  assert.deepEqual([status, body, dress], [500, '{ "error": "internal server error" }\n', 'bare'])
  for (const path of ['/', '/?q=[1]', '//stream', '/stream#x', '/é', '/?q=%7B%7D', '*'])
    assert.equal(refuse(path), undefined, path)
})

test('a stream of FQL X without its token is told so; others are not found', () => {
  assert.equal(refusal(find('/stream/1', { body: '{}' })).status, 400)
  for (const body of ['{"token":"x"}', '[]', 'x']) assert.equal(refusal(find('/stream/1', { body })).status, 404)
  assert.equal(refusal(find('/query/1')).status, 404)
})

test('without a body there is no query, which is not the same as an empty one', () => {
  // NET/http/HttpRequestHandler.scala, API/fql1/FQL1Routes.scala `parseExpr`.
  for (const path of ['/', '/linearized', '/stream']) {
    const none = find(path, { hasBody: false })
    assert.ok('source' in none && none.source === undefined, path)
    const empty = find(path)
    assert.ok('source' in empty && empty.source !== undefined, path)
  }
})
