/** The opening of a connection: how it is made, when it is usable, and why it is not where it never is. */
import { type ClientHttp2Session, connect } from 'node:http2'
import type { End } from '../end.ts'
import type { Time } from '../time.ts'
import type { SessionEnd } from './session-end.ts'
import type { Windows } from './windows.ts'

/** The subset of TLS options that can be given: as in `tls.connect`. */
export type TlsOptions = {
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  readonly cert?: string | Uint8Array | undefined
  readonly key?: string | Uint8Array | undefined
  readonly servername?: string | undefined
  readonly rejectUnauthorized?: boolean | undefined
}

/** What an opening needs to know; times in milliseconds. */
export type OpeningOptions = {
  readonly endpoint: URL
  readonly tls: TlsOptions
  readonly time: Time
  readonly connectTimeoutMs: number
}

/** OpenSSL's name for the alert of a TLS peer that does not offer `h2` (RFC 7301 §3.2). */
const noCommonProtocol = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'

/** Connects, with these windows from the first byte on. */
export function connectTo({ endpoint, tls }: OpeningOptions, windows: Windows): ClientHttp2Session {
  const http2 = connect(endpoint.origin, {
    ...toNodeTls(tls),
    settings: { initialWindowSize: windows.streamBytes, enablePush: false },
  })
  http2.once('connect', (_session, socket: ClientHttp2Session['socket']) => {
    // Node tells this a turn late: the session may have been destroyed meanwhile.
    if (http2.destroyed) return
    socket.setNoDelay(true)
    http2.setLocalWindowSize(windows.connectionBytes)
  })
  return http2
}

/**
 * Waits for the peer's SETTINGS, and calls `settled` when they came: a peer that is not HTTP/2 accepts the connection as
 * well. Else gives the end that made it unusable; never rejects.
 */
export function awaitSettings(
  http2: ClientHttp2Session,
  sessionEnd: SessionEnd,
  { endpoint, time, connectTimeoutMs }: OpeningOptions,
  settled: () => void,
): Promise<End | undefined> {
  return new Promise(resolve => {
    let isReady = false
    let error: Error | undefined
    const timer = time.after(connectTimeoutMs, () => {
      sessionEnd.settle({ how: 'silent', awaited: 'connection', waitedMs: connectTimeoutMs })
      http2.destroy()
    })
    http2.once('remoteSettings', () => {
      timer.cancel()
      isReady = true
      settled()
      resolve(undefined)
    })
    http2.once('error', e => (error = e))
    http2.once('close', () => {
      timer.cancel()
      resolve(sessionEnd.explain(isReady ? { how: 'cut', cause: error } : classify(error, endpoint)))
    })
  })
}

/** What closed a connection before its SETTINGS came. */
function classify(cause: Error | undefined, endpoint: URL): End {
  const code = cause && 'code' in cause ? String(cause.code) : ''
  // Who was cut off before its SETTINGS may speak HTTP/2 the next time; of other words nghttp2 makes an error.
  const isForeign = code.startsWith('ERR_HTTP2') || code === noCommonProtocol
  if (isForeign) return { how: 'foreign', cause }
  // A peer that wants TLS closes a connection in clear text, most often without a word.
  const hint = endpoint.protocol === 'http:' ? ' (a server that wants TLS does so: is it https://?)' : ''
  return { how: 'unreachable', cause: cause ?? new Error(`the connection was closed before SETTINGS came${hint}`) }
}

function toNodeTls(tls: TlsOptions): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined))
}
