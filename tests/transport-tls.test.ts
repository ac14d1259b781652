/** An https: endpoint: HTTP/2 by ALPN (RFC 9113 §3.2), certificates checked unless told otherwise. */
import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import { createSecureServer, type ServerHttp2Stream } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server as NetServer } from 'node:net'
import { describe, test } from 'node:test'
import { createServer as createTlsServer, type Server } from 'node:tls'
import { Client, type ClientOptions, q } from '../src/index.ts'
import { certificate, key } from './support/certificate.ts'
import './support/leaks.ts'

/** Runs a query against a server that is closed afterwards. */
async function query(
  server: NetServer,
  tls: NonNullable<ClientOptions['tls']>,
  scheme: 'http:' | 'https:' = 'https:',
): Promise<unknown> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = new Client({ endpoint: `${scheme}//127.0.0.1:${port}`, secret: 's', tls })
  try {
    return await client.query(q.Now())
  } finally {
    await client.close()
    await new Promise(resolve => server.close(resolve))
  }
}

function serveHttp2(options: { requestCert?: boolean } = {}): Server {
  const server = createSecureServer({ key, cert: certificate, ca: certificate, ...options, rejectUnauthorized: true })
  server.on('sessionError', () => undefined)
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200 })
    stream.end('{"resource":42}')
  })
  return server
}

describe('an https: endpoint', () => {
  test('whose certificate is vouched for by `ca` is spoken to', async () => {
    assert.equal(await query(serveHttp2(), { ca: certificate }), 42)
    assert.equal(await query(serveHttp2(), { ca: [Buffer.from(certificate)], servername: 'fauna.test' }), 42)
  })

  test('whose certificate nobody vouches for is a TransportError connect_failed that says so', async () => {
    await assert.rejects(query(serveHttp2(), {}), {
      name: 'TransportError',
      code: 'connect_failed',
      outcome: 'not_processed',
      message: /self-signed certificate; .* tls\.ca/,
    })
  })

  test('whose certificate is for another name is not spoken to', async () => {
    const wrongName = { ca: certificate, servername: 'other.test' }
    await assert.rejects(query(serveHttp2(), wrongName), { code: 'connect_failed', message: /other\.test/ })
  })

  test('is spoken to without a check only where rejectUnauthorized is false', async () => {
    assert.equal(await query(serveHttp2(), { rejectUnauthorized: false }), 42)
  })

  test('that wants a certificate of the client gets it', async () => {
    const own = { ca: certificate, cert: certificate, key }
    assert.equal(await query(serveHttp2({ requestCert: true }), own), 42)
  })

  const foreign = { name: 'TransportError', code: 'not_http2', outcome: 'not_processed' }
  test('that refuses HTTP/2 while it shakes hands is a TransportError not_http2', async () => {
    await assert.rejects(query(createHttpsServer({ key, cert: certificate }), { ca: certificate }), foreign)
  })

  test('that knows nothing of ALPN and speaks HTTP/1.1 is a TransportError not_http2', async () => {
    const server = createTlsServer({ key, cert: certificate }, socket => {
      socket.on('error', () => undefined)
      socket.resume().end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
    })
    await assert.rejects(query(server, { ca: certificate }), foreign)
  })

  test('whose port has no TLS says so in words, and what to write in place of https://', async () => {
    await assert.rejects(query(createHttpServer(), {}), {
      code: 'connect_failed',
      message: /no connection: TLS: [a-z ]+; .* begin the endpoint with http:\/\/$/,
    })
  })
})

test('an http: endpoint whose port wants TLS is asked whether it is https://', async () => {
  const server = createTlsServer({ key, cert: certificate })
  await assert.rejects(query(server, {}, 'http:'), { code: 'connect_failed', message: /is it https:\/\/\?/ })
})
