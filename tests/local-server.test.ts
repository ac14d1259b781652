// The embedded server behind its port: started, stopped and started again with its data, and what it ends.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { test } from 'node:test'
import { startLocal } from '../src/local/index.ts'
import type { LocalServer } from '../src/local/index.ts'

function post(session: ClientHttp2Session, server: LocalServer, path: string, body: object): ClientHttp2Stream {
  const headers = { authorization: `Bearer ${server.secret}`, 'x-faunadb-api-version': '4' }
  const request = session.request({ ':method': 'POST', ':path': path, ...headers })
  request.setEncoding('utf8').end(JSON.stringify(body))
  return request
}

async function read(stream: ClientHttp2Stream): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}

async function ask(server: LocalServer, body: object): Promise<unknown> {
  // What goes wrong with the connection is told by the request too.
  const session = connect(server.endpoint).on('error', () => {})
  try {
    const { resource } = JSON.parse(await read(post(session, server, '/', body))) as { resource: unknown }
    return resource
  } finally {
    session.close()
  }
}

test('data and port stay when the server is stopped and started again', async () => {
  const server = await startLocal({ secret: 'mine' })
  const { endpoint, port } = server
  assert.equal(endpoint, `http://127.0.0.1:${port}`)
  await ask(server, { create_collection: { object: { name: 'c' } } })
  await ask(server, { create: { ref: { collection: 'c' }, id: '1' } })
  await server.stop()
  await assert.rejects(ask(server, { now: null }), /ECONNREFUSED/)
  await server.start()
  await server.start()
  assert.equal(server.endpoint, endpoint)
  assert.equal(await ask(server, { exists: { ref: { collection: 'c' }, id: '1' } }), true)
  await server[Symbol.asyncDispose]()
  await server.close()
})

test('stopping ends streams without a word, as the real server does', async () => {
  const server = await startLocal()
  await ask(server, { create_collection: { object: { name: 'c' } } })
  const session = connect(server.endpoint)
  const stream = post(session, server, '/stream', { documents: { collection: 'c' } })
  const [start] = (await once(stream, 'data')) as [string]
  assert.match(start, /^\{"type":"start"/)
  const rest = read(stream)
  await server.stop()
  assert.equal(await rest, '')
  assert.equal(stream.rstCode, 0)
  session.destroy()
})

test('streams can be ended with an error of choice, and queries go on', async () => {
  const server = await startLocal()
  await ask(server, { create_collection: { object: { name: 'c' } } })
  const session = connect(server.endpoint)
  const stream = post(session, server, '/stream', { documents: { collection: 'c' } })
  await once(stream, 'data')
  const rest = read(stream)
  server.endStreams({ code: 'time out', description: 'Gone.' })
  assert.equal(await rest, '{"type":"error","txn":0,"event":{"code":"time out","description":"Gone."}}\r\n')
  assert.ok(await ask(server, { now: null }))
  session.close()
  await server.close()
})

test('a query that has seen the future waits for it, and gives up after its timeout', async () => {
  const server = await startLocal()
  const session = connect(server.endpoint)
  const send = (lastSeen: number, timeoutMs: number): ClientHttp2Stream => {
    const headers = { authorization: 'Bearer secret', 'x-last-seen-txn': String(lastSeen) }
    const request = session.request({
      ':method': 'POST',
      ':path': '/',
      'x-query-timeout': String(timeoutMs),
      ...headers,
    })
    request.setEncoding('utf8').end('{"now":null}')
    return request
  }
  const soon = (Date.now() + 50) * 1000
  const waited = send(soon, 10_000)
  const [headers] = (await once(waited, 'response')) as [Record<string, string>]
  assert.ok(Number(headers['x-txn-time']) >= soon)
  await read(waited)
  const refused = await read(send((Date.now() + 3_600_000) * 1000, 20))
  assert.match(refused, /"Read timed out \(Query eval has timed out\.\)"/)
  session.close()
  await server.close()
})

test('a path for health checks answers HEAD with nothing, which has no type', async () => {
  const server = await startLocal()
  const session = connect(server.endpoint)
  for (const path of ['/ping', '/authorized']) {
    const headers = { authorization: `Bearer ${server.secret}`, 'x-faunadb-formatted-json': '1' }
    const request = session.request({ ':method': 'HEAD', ':path': path, ...headers })
    const [answer] = (await once(request, 'response')) as [Record<string, unknown>]
    assert.deepEqual([answer[':status'], answer['content-length'], answer['content-type']], [200, '0', undefined])
    request.resume()
  }
  session.close()
  await server.close()
})
