/** The message of an error says what happened, where, and what to do. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toError } from '../src/end.ts'
import { toServerCode } from '../src/error-codes.ts'
import { QueryError, StreamError, TransportError } from '../src/errors.ts'
import './support/leaks.ts'

const where = 'POST /stream at http://fake.test'

describe('an error of the server advises', () => {
  const refusals: [number, string, string, RegExp][] = [
    [401, 'unauthorized', 'Unauthorized', /check the secret/],
    [
      403,
      'permission denied',
      'Insufficient privileges to perform the action.',
      /lacks the right for the call at this position/,
    ],
    [
      400,
      'invalid argument',
      'Expected a Document Ref or Version, or a Set Ref, got Page.',
      /Match\(index, …terms\) or Documents\(collection\)/,
    ],
    [400, 'invalid expression', 'Call performs a write, which is not allowed in stream requests.', /may only read/],
    [400, 'invalid expression', "Ref refers to undefined collection 'x'", /is gone, .* create it anew/],
    [400, 'invalid ref', "Ref refers to undefined collection 'x'", /create it first/],
    [400, 'instance not found', "Index 'x' is not active.", /still being built/],
    [409, 'contended transaction', 'Transaction was aborted.', /send it again/],
    [413, 'request too large', 'Request entity is too large', /8 MiB/],
    [429, 'too many requests', 'Rate limit for streams exceeded', /at its limit/],
    [503, 'time out', 'Read timed out.', /too busy or is stopping/],
  ]
  for (const [status, code, description, advice] of refusals) {
    test(`${status} ${code}: ${description}`, () => {
      const error = new QueryError(status, [{ code, description, position: ['get', 0] }], where)
      assert.equal(error.code, code)
      assert.match(error.message, advice)
      assert.ok(error.message.startsWith(`${where}: HTTP ${status}: ${code} at [get, 0]: ${description}`))
    })
  }

  const told: [string, string, RegExp, boolean][] = [
    ['permission denied', 'Authorization lost during stream evaluation.', /a new stream works/, false],
    ['too many requests', 'Too many open streams.', /at its limit/, true],
    ['internal server error', 'io.netty.util.IllegalReferenceCountException: refCnt: 0', /cannot render bytes/, true],
    ['time out', 'Stream closed due to congestion after accumulating 4096 items.', /4,096 events behind/, true],
    ['time out', 'Stream was unexpectedly closed by its source.', /too busy/, true],
    ['request timeout', 'Request timed out while opening stream.', /^/, true],
  ]
  for (const [code, description, advice, retryable] of told) {
    test(`in-band ${code}: ${description}`, () => {
      const error = new StreamError(code, description, 7, where)
      assert.equal(error.code, code)
      assert.equal(error.serverCode, code)
      assert.equal(error.retryable, retryable)
      assert.match(error.message, advice)
    })
  }

  test('with nothing where there is nothing to add', () => {
    const error = new QueryError(400, [{ code: 'transaction aborted', description: 'mine' }], where)
    assert.equal(error.message, `${where}: HTTP 400: transaction aborted: mine`)
  })
})

describe('an error of the server', () => {
  test('names its failures, and how many errors more there are', () => {
    const failures = [{ field: ['data', 'n'], code: 'invalid type', description: 'Invalid type.' }]
    const errors = [
      { code: 'validation failed', description: 'document data is not valid.', failures },
      { code: 'bad request', description: '?' },
    ]
    assert.match(
      new QueryError(400, errors, where).message,
      /not valid\. data\.n: Invalid type\. \(and 1 more in \.errors\)/,
    )
  })

  test('of an unknown code keeps its text', () => {
    assert.equal(toServerCode('brand new'), 'unknown_error')
    assert.equal(new StreamError('brand new', '?', 0, where).serverCode, 'brand new')
    assert.equal(new QueryError(400, [], where).code, 'unknown_error')
  })
})

describe('an end becomes an error that says', () => {
  test('which wait was too long', () => {
    for (const [awaited, code] of [
      ['connection', 'connect_timeout'],
      ['place', 'no_place'],
      ['start', 'start_timeout'],
      ['ping', 'ping_timeout'],
    ] as const) {
      const error = toError({ how: 'silent', awaited, waitedMs: 42 }, where)
      assert.ok(error instanceof TransportError)
      assert.equal(error.code, code)
      assert.match(error.message, /waited 42 ms/)
      assert.equal(error.outcome, awaited === 'connection' || awaited === 'place' ? 'not_processed' : 'unknown')
    }
  })

  test('why, where several addresses failed and the error itself says nothing', () => {
    const cause = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' })
    assert.match(
      toError({ how: 'unreachable', cause }, where).message,
      /no connection: ECONNREFUSED; is the server running, and is this its port\? Check the endpoint$/,
    )
  })

  test('that the function for the secret failed, without its text', () => {
    const error = toError({ how: 'no_secret', cause: new Error('fnHIDDEN') }, where)
    assert.equal(error.message.includes('fnHIDDEN'), false)
    assert.equal(error.code, 'secret_failed')
  })
})
