/** The TCP proxy of `fauna-streams/testing` does to a connection what it is told, as plain sockets see it. */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Client, q } from '../src/index.ts'
import { startLocal } from '../src/local/index.ts'
import { type ProxyOptions, serveEvents, serveProxy, serveTcp, splitAt, type TcpProxy } from '../src/testing/index.ts'
import { ManualTime } from './support/clock.ts'
import './support/leaks.ts'

/** One end of a connection: what came, and how it ended. */
class End {
  readonly socket: Socket
  readonly chunks: Buffer[] = []
  /** `FIN`, or the code of the error. */
  ending: string | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => this.chunks.push(chunk))
    socket.on('end', () => (this.ending ??= 'FIN'))
    socket.on('error', (error: NodeJS.ErrnoException) => (this.ending ??= String(error.code)))
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1')
  }

  /** Resolves when this has come, and fails where something else has. */
  async hears(text: string): Promise<void> {
    while (this.text.length < text.length && this.ending === undefined) await turn()
    assert.equal(this.text, text)
  }

  async ends(): Promise<string | undefined> {
    while (this.ending === undefined) await turn()
    return this.ending
  }
}

/** What a test of a proxy has: the proxy, and how to connect through it; it gives both ends. */
type World = {
  readonly proxy: TcpProxy
  readonly connectBoth: () => Promise<readonly [client: End, server: End]>
  readonly connectClient: () => End
}

/** Runs with a proxy in front of a server that does nothing by itself. */
async function withProxy(
  run: (world: World) => Promise<void>,
  options: Omit<ProxyOptions, 'target'> = {},
): Promise<void> {
  const servers: End[] = []
  const clients: End[] = []
  const server = await serveTcp(socket => servers.push(new End(socket)), { allowHalfOpen: true })
  const proxy = await serveProxy({ target: server.endpoint, ...options })
  const connectClient = () => {
    const client = new End(connect({ port: Number(new URL(proxy.endpoint).port), allowHalfOpen: true, noDelay: true }))
    clients.push(client)
    return client
  }
  const connectBoth = async () => {
    const index = servers.length
    const client = connectClient()
    while (servers.length <= index) await turn()
    return [client, servers[index]!] as const
  }
  try {
    await run({ proxy, connectBoth, connectClient })
  } finally {
    for (const { socket } of clients) socket.destroy()
    await proxy.close()
    await server.close()
  }
}

/** Many turns of the event loop: time for anything that is on its way to arrive. */
async function takeTurns(): Promise<void> {
  for (let i = 0; i < 50; i++) await turn()
}

describe('a proxy without rules', () => {
  test('passes on what comes, each way, and each FIN in its turn', () =>
    withProxy(async ({ proxy, connectBoth }) => {
      const [client, server] = await connectBoth()
      client.socket.end('question')
      await server.hears('question')
      assert.equal(await server.ends(), 'FIN')
      server.socket.write('answer')
      await client.hears('answer')
      assert.equal(client.ending, undefined)
      server.socket.end()
      assert.equal(await client.ends(), 'FIN')
      await proxy.until(() => proxy.connections === 0)
      assert.equal(proxy.accepted, 1)
    }))

  test('passes on the reset of either side', () =>
    withProxy(async ({ proxy, connectBoth }) => {
      const [client, server] = await connectBoth()
      client.socket.resetAndDestroy()
      assert.equal(await server.ends(), 'ECONNRESET')
      const [other, otherServer] = await connectBoth()
      otherServer.socket.resetAndDestroy()
      assert.equal(await other.ends(), 'ECONNRESET')
      await proxy.until(() => proxy.connections === 0)
    }))

  for (const hows of [['rst'], ['fin', 'rst']] as const) {
    test(`is gone when it is closed in the turn of a ${hows.join(' and a ')}`, { timeout: 30_000 }, () =>
      withProxy(async ({ proxy, connectBoth }) => {
        await connectBoth()
        for (const how of hows) proxy.cut(how)
        await proxy.close()
        assert.equal(proxy.connections, 0)
      }),
    )
  }

  test('holds a writer back while nobody reads, and then everything arrives', () =>
    withProxy(async ({ connectBoth }) => {
      const [client, server] = await connectBoth()
      client.socket.pause()
      const chunk = Buffer.alloc(65_536, 'x')
      const chunks = 1_024
      let written = 0
      const write = () => {
        while (written < chunks && server.socket.write(chunk)) written++
      }
      server.socket.on('drain', () => {
        written++
        write()
      })
      write()
      for (let before = -1; before !== written; await takeTurns()) before = written
      assert.ok(written < chunks, 'all 64 MiB went somewhere')
      client.socket.resume()
      const count = () => client.chunks.reduce((sum, { length }) => sum + length, 0)
      while (count() < chunks * chunk.length) await turn()
      assert.equal(count(), chunks * chunk.length)
    }))

  test('resets a connection whose target cannot be reached', async () => {
    const gone = await serveTcp(() => undefined)
    await gone.close()
    await using proxy = await serveProxy({ target: gone.port })
    const client = new End(connect(Number(new URL(proxy.endpoint).port), '127.0.0.1'))
    assert.equal(await client.ends(), 'ECONNRESET')
  })

  test('has the scheme of its target; a target that is none is refused', async () => {
    await using proxy = await serveProxy({ target: 'https://localhost:8443' })
    assert.match(proxy.endpoint, /^https:\/\/127\.0\.0\.1:\d+$/)
    for (const target of ['localhost', 'localhost:8443', '', Number.NaN]) {
      await assert.rejects(serveProxy({ target }), { name: 'OptionError', option: 'target' })
    }
  })
})

describe('cut', () => {
  for (const [how, seen] of [
    ['fin', 'FIN'],
    ['rst', 'ECONNRESET'],
  ] as const) {
    test(`ends both sides of every connection with ${seen}; a new one is whole`, () =>
      withProxy(async ({ proxy, connectBoth }) => {
        const ends = [...(await connectBoth()), ...(await connectBoth())]
        proxy.cut(how)
        for (const end of ends) assert.equal(await end.ends(), seen)
        const [client, server] = await connectBoth()
        client.socket.write('still here')
        await server.hears('still here')
      }))

    test(`at each byte of an answer: exactly so many leave before ${seen}`, () =>
      withProxy(async ({ proxy, connectBoth }) => {
        const answer = '0123456789'
        for (let bytes = 0; bytes < answer.length; bytes++) {
          const [client, server] = await connectBoth()
          server.socket.write('before')
          await client.hears('before')
          const isCut = proxy.cutAt(bytes, how)
          for (const half of [answer.slice(0, 5), answer.slice(5)]) server.socket.write(half)
          assert.equal(await isCut, true)
          assert.equal(await client.ends(), seen)
          assert.equal(client.text, `before${answer.slice(0, bytes)}`)
        }
      }))
  }

  test('at a byte happens once, counts for connections to come, and is called off by heal', () =>
    withProxy(async ({ proxy, connectBoth }) => {
      const replaced = proxy.cutAt(1, 'fin')
      const isCut = proxy.cutAt(4, 'fin')
      assert.equal(await replaced, false)
      const [first, firstServer] = await connectBoth()
      const [second, secondServer] = await connectBoth()
      firstServer.socket.write('abcdefgh')
      assert.equal(await first.ends(), 'FIN')
      assert.equal(first.text, 'abcd')
      assert.equal(await isCut, true)
      secondServer.socket.write('abcdefgh')
      await second.hears('abcdefgh')
      const never = proxy.cutAt(1)
      proxy.heal()
      assert.equal(await never, false)
      secondServer.socket.write('i')
      await second.hears('abcdefghi')
    }))
})

describe('freeze', () => {
  test('lets nothing pass, on old connections and new ones, until thaw; every socket stays open', () =>
    withProxy(async ({ proxy, connectBoth }) => {
      const [client, server] = await connectBoth()
      proxy.freeze()
      const [late, lateServer] = await connectBoth()
      for (const end of [client, server, late, lateServer]) end.socket.write('hidden')
      await takeTurns()
      for (const end of [client, server, late, lateServer]) assert.deepEqual([end.text, end.ending], ['', undefined])
      assert.equal(proxy.connections, 2)
      proxy.thaw()
      for (const end of [client, server, late, lateServer]) await end.hears('hidden')
    }))

  test('hides the end of a side, too', () =>
    withProxy(async ({ proxy, connectBoth }) => {
      const [client, server] = await connectBoth()
      const [other, otherServer] = await connectBoth()
      proxy.freeze()
      server.socket.end()
      otherServer.socket.resetAndDestroy()
      await takeTurns()
      assert.deepEqual([client.ending, other.ending], [undefined, undefined])
      proxy.thaw()
      assert.equal(await client.ends(), 'FIN')
      assert.equal(await other.ends(), 'ECONNRESET')
    }))
})

describe('time', () => {
  /** Until something waits for the time. */
  async function untilPending(time: ManualTime, count: number): Promise<void> {
    while (time.pending !== count) await turn()
  }

  test('delay: each way, everything leaves so much later than it came', async () => {
    const time = new ManualTime()
    await withProxy(
      async ({ proxy, connectBoth }) => {
        const [client, server] = await connectBoth()
        const [late, lateServer] = await connectBoth()
        proxy.delay(100)
        client.socket.write('up')
        server.socket.write('down')
        await untilPending(time, 2)
        time.pass(60)
        late.socket.end()
        await untilPending(time, 3)
        time.pass(39)
        await takeTurns()
        assert.deepEqual([server.text, client.text], ['', ''])
        time.pass(1)
        await server.hears('up')
        await client.hears('down')
        assert.equal(time.pending, 1)
        time.pass(59)
        await takeTurns()
        assert.equal(lateServer.ending, undefined)
        time.pass(1)
        assert.equal(await lateServer.ends(), 'FIN')
      },
      { time },
    )
  })

  test('throttle: no more passes than so many bytes a second', async () => {
    const time = new ManualTime()
    await withProxy(
      async ({ proxy, connectBoth }) => {
        const [client, server] = await connectBoth()
        proxy.throttle(1_000)
        server.socket.write('x'.repeat(100))
        await client.hears('x'.repeat(20))
        for (let passed = 40; passed <= 100; passed += 20) {
          time.pass(19)
          await takeTurns()
          assert.equal(client.text.length, passed - 20)
          time.pass(1)
          await client.hears('x'.repeat(passed))
        }
        server.socket.write('y'.repeat(1_000))
        await untilPending(time, 1)
        proxy.heal()
        await client.hears('x'.repeat(100) + 'y'.repeat(1_000))
      },
      { time },
    )
  })

  test('of the system: what is delayed arrives', () =>
    withProxy(async ({ proxy, connectBoth }) => {
      const [client, server] = await connectBoth()
      proxy.delay(5)
      proxy.throttle(1_000)
      server.socket.write('x'.repeat(50))
      await client.hears('x'.repeat(50))
    }))

  test('a number that is none is refused', () =>
    withProxy(async ({ proxy }) => {
      assert.throws(() => proxy.delay(-1), { name: 'OptionError', option: 'delayMs' })
      assert.throws(() => proxy.throttle(0), { name: 'OptionError', option: 'bytesPerSecond' })
      assert.throws(() => proxy.split(0), { name: 'OptionError', option: 'pieces' })
      assert.throws(() => proxy.cutAt(Number.NaN), { name: 'OptionError', option: 'bytes' })
    }))
})

test('split: what comes leaves in pieces, whole and in order', () =>
  withProxy(async ({ proxy, connectBoth }) => {
    const text = '0123456789'.repeat(10)
    for (const [pieces, least] of [
      [1, 3],
      [30, 3],
      [splitAt(50), 2],
    ] as const) {
      const [client, server] = await connectBoth()
      proxy.split(pieces)
      server.socket.write(text)
      await client.hears(text)
      assert.ok(client.chunks.length >= least, `${client.chunks.length} reads`)
      proxy.split(undefined)
      server.socket.write('whole')
      await client.hears(text + 'whole')
      assert.equal(client.chunks.at(-1)!.toString(), 'whole')
    }
  }))

test('refuse: new connections are reset, open ones stay, and heal ends it', () =>
  withProxy(async ({ proxy, connectBoth, connectClient }) => {
    const [client, server] = await connectBoth()
    proxy.refuse()
    const refused = connectClient()
    assert.equal(await refused.ends(), 'ECONNRESET')
    client.socket.write('still here')
    await server.hears('still here')
    assert.equal(proxy.accepted, 1)
    proxy.heal()
    await connectBoth()
  }))

test('close: every connection ends, frozen or delayed, and nothing is left', () =>
  withProxy(async ({ proxy, connectBoth }) => {
    const ends = [...(await connectBoth()), ...(await connectBoth())]
    proxy.delay(60_000)
    for (const { socket } of ends) socket.write('on its way')
    await takeTurns()
    proxy.freeze()
    const never = proxy.until(() => false)
    const isCut = proxy.cutAt(1)
    await proxy.close()
    for (const end of ends) assert.ok(await end.ends())
    assert.equal(proxy.connections, 0)
    assert.equal(await isCut, false)
    await assert.rejects(never, /the proxy was closed/)
  }))

describe('a client behind a proxy', () => {
  const expr = q.Documents(q.Collection('c'))

  test('queries and follows as without it, byte by byte, and is told of a cut', async () => {
    await using server = await startLocal()
    await using proxy = await serveProxy({ target: server.endpoint })
    await using client = new Client({ endpoint: proxy.endpoint, secret: server.secret })
    proxy.split(1)
    await client.query(q.CreateCollection({ name: 'c' }))
    const events = client.stream(expr, undefined, { resume: false })[Symbol.asyncIterator]()
    assert.equal((await events.next()).value?.type, 'start')
    await client.query(q.Create(q.Collection('c'), { data: { text: 'é ✔ 😀' } }))
    assert.equal((await events.next()).value?.type, 'set')
    proxy.cut('fin')
    await assert.rejects(events.next(), { code: 'connection_lost' })
  })

  test('that is cut at any byte of a line is told of it, and never of an event that did not come whole', async () => {
    const line = JSON.stringify({ type: 'version', txn: 1_700_000_000_000_009, event: { action: 'update' } })
    await using peer = await serveEvents()
    await using proxy = await serveProxy({ target: peer.endpoint })
    // A DATA frame has a head of 9 bytes; the line's end is not part of it.
    for (let bytes = 0; bytes < 9 + line.length; bytes += 7) {
      await using client = new Client({ endpoint: proxy.endpoint, secret: 's' })
      const index = peer.streams.length
      const events = client.stream(expr, undefined, { resume: false })[Symbol.asyncIterator]()
      assert.equal((await events.next()).value?.type, 'start')
      const isCut = proxy.cutAt(bytes, 'fin')
      await (await peer.opened(index)).send(line)
      await assert.rejects(events.next(), { code: 'connection_lost' })
      assert.equal(await isCut, true)
    }
  })
})
