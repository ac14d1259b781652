/** Bad input gives one clear error that names the option or the place, and nothing is lost or left. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  Client,
  FaunaError,
  type Field,
  OptionError,
  ProtocolError,
  q,
  type StreamEvent,
  TransportError,
} from '../src/index.ts'
import { serveEvents } from '../src/testing/index.ts'
import type { Time } from '../src/time.ts'
import { ManualTime } from './support/clock.ts'
import { bytes, FakeLink, streamOver } from './support/fake-link.ts'
import './support/leaks.ts'
import { beginStream, findClosedPort, servePeer, serveTcp, startLine, versionLine } from './support/peer.ts'

/** A loss throws: these tests look at the one end of a stream. */
const noResume = { resume: false } as const

const endpoint = 'http://127.0.0.1:1'
const expr = { toJSON: () => ({ documents: { collection: 'orders' } }) }

function isOption(option: string, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof OptionError, String(error))
    assert.equal(error.option, option)
    assert.equal(error.code, 'invalid_option')
    assert.match(error.message, message)
    return true
  }
}

/** Timers that end at once when told, so that no test waits for a real limit. */
function hurriedTime(): Time & { elapse(): void } {
  const waiting = new Set<() => void>()
  return {
    now: () => Date.now(),
    after(_delayMs, run) {
      const call = () => {
        waiting.delete(call)
        run()
      }
      waiting.add(call)
      return { cancel: () => waiting.delete(call) }
    },
    elapse() {
      // Those that are set meanwhile wait for the next time.
      Array.from(waiting).forEach(call => call())
    },
  }
}

describe('an option that cannot be used is an OptionError that names it', () => {
  const cases: [string, object, string, RegExp][] = [
    ['no endpoint', { secret: 's' }, 'endpoint', /URL of the server/],
    ['an endpoint that is no URL', { endpoint: 'nowhere', secret: 's' }, 'endpoint', /not a URL/],
    ['an endpoint of another protocol', { endpoint: 'ftp://h', secret: 's' }, 'endpoint', /ftp: is not spoken/],
    ['an endpoint with a query', { endpoint: 'http://h/?a=1', secret: 's' }, 'endpoint', /query or fragment/],
    ['no secret', { endpoint }, 'secret', /give a secret/],
    ['an empty secret', { endpoint, secret: '' }, 'secret', /give a secret/],
    ['a secret with a line end', { endpoint, secret: 'a\nb' }, 'secret', /give a secret/],
    ['a timeout of 0', { endpoint, secret: 's', connectTimeoutMs: 0 }, 'connectTimeoutMs', /Too small/],
    [
      'a query timeout past the server’s limit',
      { endpoint, secret: 's', queryTimeoutMs: 600_001 },
      'queryTimeoutMs',
      /Too big/,
    ],
    ['an observer that is no function', { endpoint, secret: 's', observer: {} }, 'observer', /give a function/],
    [
      'a header of the connection',
      { endpoint, secret: 's', headers: { Connection: 'x' } },
      'headers.Connection',
      /cannot be set on an HTTP\/2 request/,
    ],
    [
      'an unknown option',
      { endpoint, secret: 's', timeout: 5 },
      'timeout',
      /no option of this name; the options are endpoint, secret/,
    ],
    ['an unknown TLS option', { endpoint, secret: 's', tls: { pfx: '' } }, 'tls.pfx', /no option of this name/],
  ]
  for (const [what, options, option, message] of cases) {
    test(what, () => assert.throws(() => new Client(options), isOption(option, message)))
  }

  test('an endpoint that holds a secret, which the message does not repeat', () => {
    assert.throws(
      () => new Client({ endpoint: 'http://fnHIDDEN@h', secret: 's' }),
      (error: unknown) => isOption('endpoint', /may not hold a secret/)(error) && !String(error).includes('fnHIDDEN'),
    )
  })

  const client = new Client({ endpoint, secret: 's' })
  const fields: [unknown, string][] = [
    [['action', 'documents'], 'fields[1]'],
    [['Action'], 'fields[0]'],
    [[''], 'fields[0]'],
    [[undefined], 'fields[0]'],
    [[], 'fields'],
    ['action', 'fields'],
    [null, 'fields'],
  ]
  for (const [value, option] of fields) {
    test(`fields ${JSON.stringify(value)}`, () => {
      const valid = /the fields are action, document, diff, prev, index/
      assert.throws(() => client.stream(expr, value as never), isOption(option, valid))
    })
  }
  test('the wrong field is named', () => {
    assert.throws(() => client.stream(expr, ['documents' as never]), /"documents" is not a field/)
  })

  const streamOptions: [object, string][] = [
    [{ signal: {} }, 'signal'],
    [{ maxLineBytes: 0 }, 'maxLineBytes'],
    [{ maxLineBytes: 2 ** 30 }, 'maxLineBytes'],
    [{ resume: 'always' }, 'resume'],
    [{ limit: 3 }, 'limit'],
  ]
  for (const [options, option] of streamOptions) {
    test(`stream option ${option}`, () => {
      assert.throws(() => client.stream(expr, ['action'], options as never), isOption(option, /./))
    })
  }
  test('the option of a query', async () => {
    await assert.rejects(client.query(expr, { signal: 1 as never }), isOption('signal', /AbortSignal/))
  })

  for (const [what, bad] of [
    ['undefined', undefined],
    ['a symbol', Symbol('s')],
    ['NaN', Number.NaN],
  ] as const) {
    test(`an expression that is ${what}`, async () => {
      assert.throws(() => client.stream(bad), isOption('expr', /./))
      await assert.rejects(client.query(bad), isOption('expr', /./))
    })
  }
  test('an expression that contains itself', () => {
    const round: unknown[] = []
    round.push(round)
    assert.throws(() => client.stream(round), OptionError)
  })
})

describe('the environment', () => {
  test('gives endpoint and secret where the options do not', async () => {
    const peer = await servePeer(request => beginStream(request, [startLine(1)]))
    process.env['FAUNA_ENDPOINT'] = peer.endpoint
    process.env['FAUNA_SECRET'] = 'fromEnvironment'
    const client = new Client()
    try {
      for await (const _event of client.stream(expr, undefined, noResume)) break
      assert.equal(peer.requests[0]!.headers['authorization'], 'Bearer fromEnvironment')
    } finally {
      delete process.env['FAUNA_ENDPOINT']
      delete process.env['FAUNA_SECRET']
      await client.close()
      await peer.close()
    }
  })
})

/** The error of a stream's loop and of a query, over an endpoint. */
async function fail(url: string, options: { time?: Time } = {}): Promise<{ stream: FaunaError; query: FaunaError }> {
  const client = new Client({ endpoint: url, secret: 's', ...options })
  const errorOf = async (run: () => Promise<unknown>) => {
    try {
      await run()
    } catch (error) {
      assert.ok(error instanceof FaunaError, String(error))
      return error
    }
    return assert.fail('nothing was thrown')
  }
  try {
    return {
      stream: await errorOf(async () => {
        for await (const _event of client.stream(expr, undefined, noResume));
      }),
      query: await errorOf(() => client.query(expr)),
    }
  } finally {
    await client.close()
  }
}

describe('an endpoint', () => {
  test('that nobody listens on is a TransportError connect_failed', async () => {
    const { stream, query } = await fail(`http://127.0.0.1:${await findClosedPort()}`)
    for (const error of [stream, query]) {
      assert.ok(error instanceof TransportError)
      assert.equal(error.code, 'connect_failed')
      assert.equal(error.outcome, 'not_processed')
      assert.match(error.message, /http:\/\/127\.0\.0\.1:\d+: no connection: .*ECONNREFUSED/)
    }
  })

  test('whose name cannot be found is a TransportError connect_failed', async () => {
    const { stream } = await fail('http://no-such-host.invalid:8443')
    assert.equal(stream.code, 'connect_failed')
    assert.match(stream.message, /no-such-host\.invalid/)
  })

  const foreign = {
    'that speaks HTTP/1.1': 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n',
    'that speaks something else': 'SSH-2.0-OpenSSH_9.6\r\n',
  }
  for (const [what, greeting] of Object.entries(foreign)) {
    test(`${what} is a TransportError not_http2`, async () => {
      const peer = await serveTcp(socket => socket.once('data', () => socket.end(greeting)))
      try {
        const { stream, query } = await fail(peer.endpoint)
        for (const error of [stream, query]) {
          assert.equal(error.code, 'not_http2', error.message)
          assert.match(error.message, /does not speak HTTP\/2/)
        }
      } finally {
        await peer.close()
      }
    })
  }

  test('that closes without a word is a TransportError connect_failed: it may be a proxy whose server is not there', async () => {
    const peer = await serveTcp(socket => socket.once('data', () => socket.end()))
    try {
      const { stream, query } = await fail(peer.endpoint)
      for (const error of [stream, query]) assert.equal(error.code, 'connect_failed', error.message)
      assert.match(query.message, /closed before SETTINGS came/)
    } finally {
      await peer.close()
    }
  })

  test('that accepts and never speaks is a TransportError connect_timeout', async () => {
    const time = hurriedTime()
    const peer = await serveTcp(socket => socket.once('data', () => time.elapse()))
    try {
      const { stream, query } = await fail(peer.endpoint, { time })
      for (const error of [stream, query]) {
        assert.equal(error.code, 'connect_timeout')
        assert.match(error.message, /waited 10000 ms/)
      }
    } finally {
      await peer.close()
    }
  })

  test('that takes the stream and never starts it is a TransportError start_timeout', async () => {
    const time = hurriedTime()
    const peer = await servePeer(request => beginStream(request, []))
    const client = new Client({ endpoint: peer.endpoint, secret: 's', time })
    try {
      const iterator = client.stream(expr, undefined, noResume)[Symbol.asyncIterator]()
      const pending = iterator.next()
      while (peer.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
      const closed = new Promise<number>(resolve => {
        const { stream } = peer.requests[0]!
        stream.once('close', () => resolve(stream.rstCode))
      })
      const hurry = setInterval(() => time.elapse(), 5)
      await assert.rejects(pending, { name: 'TransportError', code: 'start_timeout' })
      clearInterval(hurry)
      assert.equal(await closed, 8)
    } finally {
      await client.close()
      await peer.close()
    }
  })

  test('that allows no exchanges at all is said after connectTimeoutMs', async () => {
    const peer = await servePeer(() => undefined, { maxConcurrentStreams: 0 })
    const time = new ManualTime()
    const client = new Client({ endpoint: peer.endpoint, secret: 's', time, connectTimeoutMs: 500 })
    try {
      const pending = client.stream(expr, undefined, noResume)[Symbol.asyncIterator]().next()
      while (client.health().streams.waiting < 1) await new Promise(resolve => setImmediate(resolve))
      time.pass(500)
      await assert.rejects(pending, { code: 'no_place', message: /allows no exchanges/ })
    } finally {
      await client.close()
      await peer.close()
    }
  })
})

describe('a line of a stream', () => {
  const start = bytes(startLine(1) + '\r\n')
  const good = bytes(versionLine(2) + '\r\n')

  async function read(
    line: Uint8Array,
    maxLineBytes?: number,
  ): Promise<{ events: StreamEvent[]; error: unknown; isLetGo: boolean }> {
    const link = new FakeLink([{ chunks: [start, good, line, good] }])
    const events: StreamEvent[] = []
    try {
      for await (const event of streamOver(link, maxLineBytes ? { maxLineBytes } : {})) events.push(event)
    } catch (error) {
      return { events, error, isLetGo: link.exchanges[0]!.isCancelled }
    }
    return assert.fail('nothing was thrown')
  }

  const bad: [string, Uint8Array, string, RegExp][] = [
    ['that is not JSON', bytes('{"type":"version",\r\n'), 'bad_line', /not JSON/],
    ['that is not UTF-8', Buffer.from([0x7b, 0xc3, 0x0a]), 'bad_line', /not UTF-8/],
    ['that is no object', bytes('42\n'), 'bad_event', /not an event/],
    ['that is an array', bytes('[{"type":"set"}]\n'), 'bad_event', /not an event/],
    ['without a type', bytes('{"errors":[]}\n'), 'bad_event', /not an event at type/],
    ['without a txn', bytes('{"type":"set","event":{}}\n'), 'bad_event', /not an event at txn/],
    ['with a txn that is no integer', bytes('{"type":"start","txn":1.5,"event":1}\n'), 'bad_event', /at txn/],
    ['whose payload is no object', bytes('{"type":"version","txn":3,"event":5}\n'), 'bad_event', /at event/],
    [
      'whose document has no ref',
      bytes('{"type":"version","txn":3,"event":{"document":{"ts":3}}}\n'),
      'bad_event',
      /event\.document\.ref/,
    ],
    [
      'with a time that is none',
      bytes('{"type":"version","txn":3,"event":{"document":{"ref":{"@ref":{"id":"1"}},"ts":3,"data":{"@ts":"x"}}}}\n'),
      'bad_event',
      /no value of FQL/,
    ],
    ['that closes a prototype', bytes('{"type":"__proto__","txn":3,"event":{}, }\n'), 'bad_line', /not JSON/],
  ]
  for (const [what, line, code, message] of bad) {
    test(`${what} is a ProtocolError, after the events before it`, async () => {
      const { events, error, isLetGo } = await read(line)
      assert.ok(error instanceof ProtocolError, String(error))
      assert.equal(error.code, code)
      assert.match(error.message, message)
      assert.equal(events.length, 2)
      assert.ok(isLetGo)
    })
  }

  test('longer than maxLineBytes is a ProtocolError that names the option, before it is held whole', async () => {
    for (const line of [bytes('x'.repeat(101) + '\n'), bytes('x'.repeat(200))]) {
      const { events, error } = await read(line, good.length > 100 ? good.length : 100)
      if (line.length <= good.length) continue
      assert.equal(events.length, 2)
      assert.ok(error instanceof ProtocolError)
      assert.equal(error.code, 'line_too_long')
      assert.match(error.message, /maxLineBytes/)
    }
  })

  test('is quoted at 200 characters', async () => {
    const { error } = await read(bytes('y'.repeat(1000) + '\n'))
    assert.ok(error instanceof ProtocolError)
    assert.equal(error.received, 'y'.repeat(200) + '…')
  })

  test('of a type that this version does not know is an unknown event, never dropped', async () => {
    const line = '{"type":"status","txn":3,"event":{"when":{"@ts":"2024-05-01T12:00:00Z"}}}'
    const link = new FakeLink([{ chunks: [start, bytes(line + '\n')] }])
    const events: StreamEvent[] = []
    for await (const event of streamOver(link)) if (events.push(event) === 2) break
    const [, event] = events
    assert.ok(event?.type === 'unknown')
    assert.deepEqual(JSON.parse(JSON.stringify(event.raw)), JSON.parse(line))
  })
})

describe('an answer for history', () => {
  const element = { ts: 2, action: 'update', document: {} }
  const bad: [string, readonly Field[], unknown][] = [
    ['whose end is nothing', ['action'], { page: { data: [element], after: null } }],
    ['that goes on at no time', ['action'], { page: { data: [element], after: [1] } }],
    ['with an element that is none', ['action'], { page: { data: [element, 7] } }],
    ['with an element without a time', ['action'], { page: { data: [{ ...element, ts: 'x' }] } }],
    ['without the versions', ['document'], { page: { data: [element] } }],
    ['with a version that is none', ['document'], { page: { data: [[element, 7]] } }],
  ]
  for (const [what, fields, resource] of bad) {
    test(`${what} is a ProtocolError, and is not asked for again`, async () => {
      const peer = await serveEvents({
        script(exchange, number) {
          exchange.start(startLine(1 + number))
          if (number === 0) exchange.end()
        },
        query: exchange => exchange.respond(200, { resource }),
      })
      const client = new Client({ endpoint: peer.endpoint, secret: 's', backoff: { firstMs: 1, maxMs: 1 } })
      try {
        const stream = client.stream(q.Ref(q.Collection('c'), '1'), fields)
        const loop = stream[Symbol.asyncIterator]()
        assert.equal((await loop.next()).value?.type, 'start')
        await assert.rejects(loop.next(), { name: 'ProtocolError', code: 'bad_response' })
        // The first one asked whether history may be read.
        assert.equal(peer.queries.length, 2)
      } finally {
        await client.close()
        await peer.close()
      }
    })
  }
})
