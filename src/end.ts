/** The ways in which an exchange ends, as one tagged union, and the error that each becomes for the caller. */
import { type FaunaError, type ProtocolError, type QueryError, type StreamError, TransportError } from './errors.ts'

/** What a wait was for when it took too long. */
export type Awaited = 'connection' | 'place' | 'answer' | 'start' | 'ping'

/**
 * How an exchange ended. Node tells five of its failures as a normal end (reliability.md, fault table): whatever is
 * not `closed` was not asked for by us, and is a loss for a live stream.
 */
export type End =
  /** By us: break, abort, close. */
  | { readonly how: 'closed' }
  /** The peer ended its answer (END_STREAM, or RST_STREAM with NO_ERROR). */
  | { readonly how: 'finished' }
  /** The peer reset the exchange; `code` is an HTTP/2 error code (RFC 9113 §7). */
  | { readonly how: 'reset'; readonly code: number; readonly codeName: string }
  /** The peer surely did not act on it: sending it again is safe. */
  | { readonly how: 'refused'; readonly by: string; readonly cause?: unknown }
  /** The peer closed the session with an error code. */
  | { readonly how: 'goaway'; readonly code: number; readonly codeName: string }
  /** The connection went away under it: FIN, RST, an error of the socket. */
  | { readonly how: 'cut'; readonly cause?: unknown }
  /** No connection could be made. */
  | { readonly how: 'unreachable'; readonly cause: unknown }
  /** A connection was made, and its peer does not speak HTTP/2. */
  | { readonly how: 'foreign'; readonly cause?: unknown }
  /** Nothing came within the time allowed. */
  | { readonly how: 'silent'; readonly awaited: Awaited; readonly waitedMs: number }
  /** The function that gives the secret failed. */
  | { readonly how: 'no_secret'; readonly cause: unknown }
  /** The server answered with a status that is not success, or with what is not its protocol. */
  | { readonly how: 'answered'; readonly error: QueryError | ProtocolError }
  /** The server ended the stream with an error event. */
  | { readonly how: 'told'; readonly error: StreamError }
  /** A line could not be read. */
  | { readonly how: 'garbled'; readonly error: ProtocolError }

/** Whether the peer surely did not act on the request, so that it may be sent once more. */
export function isUnprocessed(end: End): boolean {
  return (
    end.how === 'refused' ||
    end.how === 'unreachable' ||
    end.how === 'foreign' ||
    end.how === 'no_secret' ||
    (end.how === 'silent' && (end.awaited === 'connection' || end.awaited === 'place'))
  )
}

const silences: Readonly<
  Record<Awaited, { code: 'connect_timeout' | 'no_place' | 'start_timeout' | 'ping_timeout'; text: string }>
> = {
  connection: {
    code: 'connect_timeout',
    text: 'no usable HTTP/2 connection; is the endpoint reachable, and does it speak HTTP/2 (h2c with prior knowledge for http:)?',
  },
  place: {
    code: 'no_place',
    text: 'the peer allows no exchanges (SETTINGS_MAX_CONCURRENT_STREAMS is 0); was it told to take no more?',
  },
  answer: { code: 'start_timeout', text: 'the request was sent, and the answer did not begin' },
  start: { code: 'start_timeout', text: 'the stream was accepted, and its start event did not come' },
  ping: { code: 'ping_timeout', text: 'the peer did not answer a PING; the connection was given up' },
}

/**
 * The error that an end becomes for the caller; `where` names the request and the endpoint, `heldBytes` the length of
 * an unfinished line that the end cut off.
 */
export function toError(end: Exclude<End, { how: 'closed' }>, where: string, heldBytes = 0): FaunaError {
  const outcome = isUnprocessed(end) ? 'not_processed' : 'unknown'
  const half = heldBytes > 0 ? ` in the middle of a line (${heldBytes} bytes of an unfinished line were dropped)` : ''
  const fail = (code: ConstructorParameters<typeof TransportError>[0], text: string, cause?: unknown) =>
    new TransportError(code, `${where}: ${text}`, { outcome, cause })
  switch (end.how) {
    case 'answered':
    case 'told':
    case 'garbled':
      return end.error
    case 'finished':
      return fail('server_closed', `the server ended the answer${half}`)
    case 'reset':
      return fail('stream_reset', `the peer reset the exchange with ${end.codeName}${half}`)
    case 'refused':
      return fail('refused', `the peer did not process the request (${end.by})`, end.cause)
    case 'goaway':
      return fail('connection_lost', `the peer closed the session with ${end.codeName}${half}`)
    case 'cut':
      return fail('connection_lost', `the connection was cut${half}${reason(end.cause)}`, end.cause)
    case 'unreachable':
      return fail('connect_failed', `no connection${reason(end.cause)}; ${adviseConnection(end.cause)}`, end.cause)
    case 'foreign':
      return fail(
        'not_http2',
        'the peer does not speak HTTP/2 here; the endpoint must accept HTTP/2 (h2c with prior knowledge for http:, ALPN h2 for https:)' +
          reason(end.cause),
        end.cause,
      )
    case 'no_secret':
      return fail('secret_failed', 'the secret function failed; its error is the cause', end.cause)
    case 'silent': {
      const { code, text } = silences[end.awaited]
      return fail(code, `${text} (waited ${end.waitedMs} ms)`)
    }
  }
}

/** What OpenSSL says around the words that mean something: `80AC…:error:0A00010B:SSL routines:NAME:WORDS:FILE:LINE:`. */
const openSslText = /^[0-9A-F]+:error:[0-9A-F]+:SSL routines:[^:]*:([^:]+):.*$/s

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return ''
  // An AggregateError of several addresses has an empty message of its own.
  const text = cause.message.trim().replace(openSslText, 'TLS: $1') || codeOf(cause) || cause.name
  return `: ${text}`
}

const noTls = 'the peer does not speak TLS on this port: if it is the server, begin the endpoint with http://'
const noIssuer =
  'give the certificate of its issuer in tls.ca, or put it into a file and name that in NODE_EXTRA_CA_CERTS'

/** What to do about a connection that could not be made, by the code of Node, OpenSSL or the system. */
const connectionAdvices: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  DEPTH_ZERO_SELF_SIGNED_CERT: noIssuer,
  SELF_SIGNED_CERT_IN_CHAIN: noIssuer,
  UNABLE_TO_GET_ISSUER_CERT: noIssuer,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: noIssuer,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: noIssuer,
  CERT_HAS_EXPIRED: 'its certificate is too old, or the clock of this machine is wrong',
  CERT_NOT_YET_VALID: 'its certificate is too new, or the clock of this machine is wrong',
  ERR_TLS_CERT_ALTNAME_INVALID: 'use a name of its certificate in the endpoint, or give one in tls.servername',
  ECONNREFUSED: 'is the server running, and is this its port? Check the endpoint',
  ENOTFOUND: 'check the name of the host in the endpoint',
  EAI_AGAIN: 'the name of the host cannot be looked up now: is the name server reachable?',
}

function adviseConnection(cause: unknown): string {
  return connectionAdvices[codeOf(cause)] ?? 'check the endpoint'
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}
