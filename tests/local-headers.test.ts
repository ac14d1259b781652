// Headers of the embedded server, against every exchange recorded about them from the real server.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import {
  preflightHeaders,
  readHeaders,
  responseHeaders,
  type BadHeader,
  type RequestOptions,
} from '../src/local/headers.ts'
import './support/leaks.ts'

type Headers = Record<string, string>
type Entry = {
  kind: string
  request: { headers: Headers }
  response: { status: number; headers: Headers; body?: string; chunks?: { data: string }[] }
}

function load<Content>(name: string): Content {
  return JSON.parse(readFileSync(new URL(`transcripts/${name}.json`, import.meta.url), 'utf8')) as Content
}

const entries = load<{ entries: Entry[] }>('streams/headers').entries.filter(({ kind }) => kind !== 'mark')
const bodyOf = ({ response }: Entry): string => response.body ?? response.chunks?.map(({ data }) => data).join('') ?? ''

function accept(headers: Headers): RequestOptions {
  const options = readHeaders(headers)
  assert.ok(!('badHeader' in options), JSON.stringify(headers))
  return options
}

function reject(headers: Headers): BadHeader {
  const options = readHeaders(headers)
  assert.ok('badHeader' in options, JSON.stringify(headers))
  return options
}

test('every recorded request is accepted or refused alike, with the same body', () => {
  let refused = 0
  for (const entry of entries) {
    const options = readHeaders(entry.request.headers)
    if (entry.response.status !== 400) {
      assert.ok(!('badHeader' in options), JSON.stringify(entry.request.headers))
      continue
    }
    assert.ok('badHeader' in options, JSON.stringify(entry.request.headers))
    assert.equal(options.body, bodyOf(entry))
    assert.equal(options.isMeasured, 'x-txn-time' in entry.response.headers)
    refused += 1
  }
  assert.ok(refused >= 20, `${refused} refusals`)
})

test('every recorded answer has the same headers, in the same order', () => {
  const varying = new Set(['traceparent', 'x-query-time', 'x-query-bytes-in', 'x-byte-write-ops'])
  const isVarying = (name: string) => varying.has(name) || name.startsWith('x-storage-')
  for (const entry of entries) {
    const { status, headers } = entry.response
    const options = readHeaders(entry.request.headers)
    const made = responseHeaders(options, {
      status,
      txnTime: Number(headers['x-txn-time']),
      bytesOut: Number(headers['x-query-bytes-out']),
      ...(headers['x-fauna-stream-id'] !== undefined && { streamId: headers['x-fauna-stream-id'] }),
      ...('badHeader' in options && { isMeasured: options.isMeasured }),
    })
    const expected = Object.entries(headers).filter(([name]) => name !== 'content-length')
    assert.deepEqual(
      Object.keys(made),
      expected.map(([name]) => name),
    )
    for (const [name, value] of expected) if (!isVarying(name)) assert.equal(made[name], value, name)
  }
})

test('what is left out has a default', () => {
  const { apiVersion, queryTimeoutMs, lastSeenTxn, maxRetries, isFormatted, isTraced, tags, origin } = accept({})
  assert.deepEqual([apiVersion, queryTimeoutMs], ['2.1', 120_000])
  assert.deepEqual([lastSeenTxn, maxRetries, tags, origin], [undefined, undefined, undefined, undefined])
  assert.deepEqual([isFormatted, isTraced], [false, false])
})

test('what is given is read', () => {
  const options = accept({
    'x-faunadb-api-version': '4',
    'x-last-seen-txn': '+9223372036854775807',
    'x-query-timeout': '600000',
    'x-max-retries-on-contention': '7',
    'x-fauna-tags': 'a=1,b=2,c=3',
    origin: 'http://here',
  })
  assert.equal(options.apiVersion, '4')
  assert.equal(options.lastSeenTxn, 9223372036854775807n)
  assert.deepEqual([options.queryTimeoutMs, options.maxRetries], [600_000, 7])
  assert.deepEqual([options.tags, options.origin], ['c=3,b=2,a=1', 'http://here'])
})

test('limits hold', () => {
  const reasons: [string, string, string][] = [
    ['x-last-seen-txn', '9223372036854775808', "Invalid timestamp '9223372036854775808'."],
    ['x-last-seen-txn', ' 1', "Invalid timestamp ' 1'."],
    ['x-query-timeout', '9223372036854775808', "Invalid number '9223372036854775808'."],
    ['x-query-timeout', '9223372036854775807', 'Must be less than or equal to 600000.'],
    ['x-max-retries-on-contention', '-1', 'Must be between 0 and 7.'],
    ['x-max-retries-on-contention', '2147483648', "Invalid number '2147483648'."],
    ['x-fauna-tags', 'a=1,a=2', 'duplicate key'],
    ['x-fauna-tags', `${'k'.repeat(41)}=v`, 'invalid key'],
    ['x-fauna-tags', `k=${'v'.repeat(81)}`, 'invalid value'],
    ['x-fauna-tags', Array.from({ length: 26 }, (_, at) => `k${at}=v`).join(), 'too many tags'],
    ['x-fauna-tags', `k=${'v'.repeat(3000)}`, 'header is too long'],
    ['x-fauna-tags', 'a b=c', 'invalid tags'],
    ['x-fauna-tags', 'a=b,', 'invalid tags'],
  ]
  for (const [name, value, reason] of reasons) {
    assert.equal(reject({ [name]: value }).badHeader, `Invalid header '${name}': ${reason}`)
  }
  assert.equal(accept({ 'x-fauna-tags': '' }).tags, undefined)
})

test('the first bad header is the one that is told', () => {
  const all = {
    'x-fauna-tags': '=',
    'x-max-retries-on-contention': 'x',
    'x-query-timeout': 'x',
    'x-last-seen-txn': 'x',
  }
  assert.match(reject({ ...all, 'x-faunadb-api-version': 'x' }).badHeader, /x-faunadb-api-version/)
  assert.match(reject(all).badHeader, /x-last-seen-txn/)
})

test('a trace is continued with a new span, or begun', () => {
  const trace = '0af7651916cd43dd8448eb211c80319c'
  const given = `00-${trace}-b7ad6b7169203331-01`
  assert.match(
    accept({ traceparent: given }).traceparent,
    new RegExp(`^00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-00$`),
  )
  for (const traceparent of ['garbage', `${given}-more`, '']) {
    assert.match(
      accept({ traceparent }).traceparent,
      /^00-(?!0af7651916cd43dd8448eb211c80319c)[0-9a-f]{32}-[0-9a-f]{16}-00$/,
    )
  }
  assert.notEqual(accept({}).traceparent, accept({}).traceparent)
})

test('formatted JSON is asked for by a header, or by curl and HTTPie', () => {
  for (const headers of [
    { 'x-faunadb-formatted-json': 'false' },
    { 'user-agent': 'curl/8' },
    { 'user-agent': 'HTTPie/3' },
  ]) {
    assert.equal(accept(headers as Headers).isFormatted, true)
  }
  assert.equal(accept({ 'user-agent': 'Mozilla' }).isFormatted, false)
})

test('a refused secret costs nothing, and names how to ask', () => {
  const headers = responseHeaders(accept({}), {
    status: 401,
    txnTime: 5n,
    bytesOut: 65,
    more: { 'www-authenticate': 'Basic realm="Unauthorized"' },
  })
  const names = ['www-authenticate', 'x-txn-time', 'x-faunadb-build', 'traceparent', 'content-type']
  assert.deepEqual(Object.keys(headers), names)
})

test('a preflight is allowed what browsers ask for', () => {
  const headers = preflightHeaders({ origin: 'http://here' })
  assert.equal(headers['access-control-allow-origin'], 'http://here')
  assert.equal(headers['access-control-allow-methods'], 'GET, POST, PUT, PATCH, DELETE')
  assert.equal(headers['access-control-max-age'], '86400')
  assert.match(headers['access-control-allow-headers'] ?? '', /(^|, )authorization(,|$)/)
})
