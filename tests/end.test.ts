/** Each way in which an exchange can end, and the one error that it becomes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type End, isUnprocessed, toError } from '../src/end.ts'
import { type FaunaError, ProtocolError, QueryError, StreamError, TransportError } from '../src/errors.ts'
import './support/leaks.ts'

const where = 'POST /stream at http://fauna.test'
type Loss = Exclude<End, { how: 'closed' }>

/** The end, the code, whether it was surely not processed, and what the message says beside the place. */
const losses: readonly (readonly [Loss, FaunaError['code'], boolean, RegExp])[] = [
  [{ how: 'finished' }, 'server_closed', false, /the server ended the answer$/],
  [{ how: 'reset', code: 8, codeName: 'CANCEL' }, 'stream_reset', false, /reset the exchange with CANCEL$/],
  [{ how: 'refused', by: 'REFUSED_STREAM' }, 'refused', true, /did not process the request \(REFUSED_STREAM\)$/],
  [{ how: 'goaway', code: 11, codeName: 'ENHANCE_YOUR_CALM' }, 'connection_lost', false, /with ENHANCE_YOUR_CALM$/],
  [{ how: 'cut' }, 'connection_lost', false, /the connection was cut$/],
  [{ how: 'cut', cause: new Error('read ECONNRESET') }, 'connection_lost', false, /was cut: read ECONNRESET$/],
  [{ how: 'unreachable', cause: new Error('connect EX\n') }, 'connect_failed', true, /connect EX; check the endpoint$/],
  [{ how: 'foreign' }, 'not_http2', true, /does not speak HTTP\/2 here; .*ALPN h2 for https:\)$/],
  [{ how: 'foreign', cause: 'no error' }, 'not_http2', true, /ALPN h2 for https:\)$/],
  [{ how: 'no_secret', cause: new Error('SECRET') }, 'secret_failed', true, /its error is the cause$/],
  [{ how: 'silent', awaited: 'connection', waitedMs: 5 }, 'connect_timeout', true, /\(waited 5 ms\)$/],
  [{ how: 'silent', awaited: 'place', waitedMs: 8 }, 'no_place', true, /allows no exchanges .*\(waited 8 ms\)$/],
  [{ how: 'silent', awaited: 'start', waitedMs: 6 }, 'start_timeout', false, /did not come \(waited 6 ms\)$/],
  [{ how: 'silent', awaited: 'ping', waitedMs: 7 }, 'ping_timeout', false, /given up \(waited 7 ms\)$/],
]

describe('the end of an exchange', () => {
  for (const [end, code, isSafe, message] of losses) {
    test(`(${Object.values(end).map(String).join(', ').trim()}) is a TransportError ${code} that names the place`, () => {
      const error = toError(end, where)
      assert.ok(error instanceof TransportError)
      assert.equal(error.code, code)
      assert.equal(error.outcome, isSafe ? 'not_processed' : 'unknown')
      assert.equal(isUnprocessed(end), isSafe)
      assert.equal(error.retryable, true)
      assert.ok(error.message.startsWith(`${where}: `))
      assert.match(error.message, message)
      assert.equal(error.cause, 'cause' in end ? end.cause : undefined)
    })
  }

  test('that cut a line says how much of it was dropped', () => {
    for (const end of [{ how: 'finished' }, { how: 'cut' }, { how: 'reset', code: 8, codeName: 'CANCEL' }] as const) {
      assert.match(toError(end, where, 20).message, /in the middle of a line \(20 bytes/)
    }
  })

  test('that is an error already stays that error', () => {
    const refusal = new QueryError(404, [{ code: 'instance not found', description: 'Document not found.' }], where)
    const told = new StreamError('permission denied', 'Authorization lost.', 5, where)
    const garbled = new ProtocolError('bad_line', 'a line of the stream is not JSON', '{')
    assert.equal(toError({ how: 'answered', error: refusal }, where), refusal)
    assert.equal(toError({ how: 'told', error: told }, where), told)
    assert.equal(toError({ how: 'garbled', error: garbled }, where), garbled)
  })

  const failures: readonly (readonly [code: string, advice: RegExp])[] = [
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', /begin the endpoint with http:\/\/$/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /tls\.ca, .* NODE_EXTRA_CA_CERTS$/],
    ['CERT_HAS_EXPIRED', /the clock of this machine/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /tls\.servername$/],
    ['ENOTFOUND', /check the name of the host/],
    ['EAI_AGAIN', /is the name server reachable/],
    ['EHOSTUNREACH', /; check the endpoint$/],
  ]
  for (const [code, advice] of failures) {
    test(`before it began, by ${code}, says what to do about that`, () => {
      const cause = Object.assign(new Error('it failed'), { code })
      assert.match(toError({ how: 'unreachable', cause }, where).message, advice)
    })
  }

  test('at several addresses, none of which answers, says the code that they share', () => {
    const cause = Object.assign(new AggregateError([new Error('one'), new Error('two')], ''), { code: 'ECONNREFUSED' })
    assert.match(toError({ how: 'unreachable', cause }, where).message, /no connection: ECONNREFUSED/)
    assert.match(toError({ how: 'unreachable', cause: new RangeError('') }, where).message, /no connection: RangeError/)
  })
})
