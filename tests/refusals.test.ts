/** Each row of docs/refusals.md, tried against the embedded server. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { Client, type ClientOptions, FaunaError, q } from '../src/index.ts'
import { type LocalOptions, type LocalServer, startLocal } from '../src/local/index.ts'
import type { Time } from '../src/time.ts'
import './support/leaks.ts'

/** A loss throws: these tests look at the one end of a stream. */
const noResume = { resume: false } as const

type Row = { readonly what: string; readonly thrown: string; readonly code: string }

/** A server with a collection, an index, a document, and clients of it. */
type Scene = {
  readonly server: LocalServer
  readonly admin: Client
  connect(options: ClientOptions): Client
}

/** How a row comes about; gives the loop's error. */
type Scenario = { readonly server?: LocalOptions; run(scene: Scene): Promise<unknown> }

const orders = q.Collection('orders')
const order = q.Ref(orders, '1')

/** The error that ends a loop over `expr`. */
async function refusal(client: Client, expr: unknown): Promise<unknown> {
  return follow(client, expr, () => undefined)
}

/** The error that ends a loop over `expr` in which `act` runs once the stream has started. */
async function follow(client: Client, expr: unknown, act: () => unknown): Promise<unknown> {
  try {
    for await (const event of client.stream(expr, undefined, noResume)) if (event.type === 'start') await act()
  } catch (error) {
    return error
  }
  return assert.fail('the loop ended without an error')
}

async function makeKey(admin: Client, role: unknown): Promise<string> {
  const key = (await admin.query(q.CreateKey({ role }))) as { secret: string }
  return key.secret
}

function update(admin: Client, data: unknown): Promise<unknown> {
  return admin.query(q.Update(order, { data }))
}

/** A clock whose timers end as soon as they are set by the stream. */
const impatient: Time = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = delayMs === 1 ? setImmediate(run) : undefined
    return { cancel: () => clearImmediate(timer) }
  },
}

const scenarios: Readonly<Record<string, Scenario>> = {
  'the secret is wrong, or its key was deleted': {
    run: ({ connect }) => refusal(connect({ secret: 'fnWRONG' }), order),
  },
  'the expression needs a right that the key does not have': {
    run: async ({ admin, connect }) => refusal(connect({ secret: await makeKey(admin, 'client') }), q.Get(order)),
  },
  'the expression gives something that cannot be streamed': {
    run: ({ admin }) => refusal(admin, q.Paginate(q.Documents(orders))),
  },
  'the expression writes': { run: ({ admin }) => refusal(admin, q.Create(orders, { data: {} })) },
  'the collection or index does not exist': { run: ({ admin }) => refusal(admin, q.Match(q.Index('none'))) },
  'the expression reads a document that does not exist': {
    run: ({ admin }) => refusal(admin, q.Get(q.Ref(orders, '404'))),
  },
  'the expression selects what is not there': {
    run: ({ admin }) => refusal(admin, q.Select(['data', 'none'], q.Get(order))),
  },
  'the expression aborts': { run: ({ admin }) => refusal(admin, q.Abort('mine')) },
  'the expression divides by zero, or another call fails': { run: ({ admin }) => refusal(admin, q.Divide(1, 0)) },
  'the expression is larger than 8 MiB': {
    run: ({ admin }) => refusal(admin, q.Match(q.Index('orders_by_n'), 'x'.repeat(8 * 1024 * 1024))),
  },
  'the server has too many streams open': {
    server: { maxStreams: 1 },
    run: async ({ admin }) => {
      const open = [admin.stream(order), admin.stream(order)].map(stream => stream[Symbol.asyncIterator]())
      for (const loop of open) await loop.next()
      const error = await refusal(admin, order)
      for (const loop of open) await loop.return!()
      return error
    },
  },
  'the server takes the stream and never starts it': {
    server: { startDelayMs: 60_000 },
    run: ({ connect }) => refusal(connect({ startTimeoutMs: 1, time: impatient }), order),
  },
  'the key was deleted while the stream was open': {
    run: async ({ admin, connect }) => {
      const key = (await admin.query(q.CreateKey({ role: 'server' }))) as { ref: unknown; secret: string }
      return follow(connect({ secret: key.secret }), order, async () => {
        await admin.query(q.Delete(key.ref as never))
        await update(admin, { n: 2 })
      })
    },
  },
  'the role of the key was changed while the stream was open': {
    run: async ({ admin, connect }) => {
      const privileges = [{ resource: orders, actions: { read: true } }]
      await admin.query(q.CreateRole({ name: 'reader', privileges }))
      return follow(connect({ secret: await makeKey(admin, q.Role('reader')) }), order, async () => {
        await admin.query(q.Update(q.Role('reader'), { privileges: [{ resource: orders, actions: {} }] }))
        await update(admin, { n: 2 })
      })
    },
  },
  'a document of the stream holds bytes': {
    run: ({ admin }) => follow(admin, order, () => update(admin, { raw: new Uint8Array([1, 2, 3]) })),
  },
  'the server ends the stream with an error that may pass': {
    run: ({ admin, server }) =>
      follow(admin, order, () => server.endStreams({ code: 'time out', description: 'Stream timed out.' })),
  },
  'the server ends the stream without a word': {
    run: ({ admin, server }) => follow(admin, order, () => server.endStreams()),
  },
}

function readRows(): Row[] {
  const text = readFileSync(new URL('../docs/refusals.md', import.meta.url), 'utf8')
  const rows = text.split('\n').filter(line => line.startsWith('| ') && !line.startsWith('| what happened'))
  return rows.map(line => {
    const [, what = '', thrown = '', code = ''] = line.split('|').map(cell => cell.trim().replaceAll('`', ''))
    return { what, thrown, code }
  })
}

describe('the table of refusals', () => {
  const rows = readRows()
  test('has a row for each case that is tried, and a case for each row', () => {
    assert.deepEqual(rows.map(row => row.what).sort(), Object.keys(scenarios).sort())
  })

  for (const { what, thrown, code } of rows) {
    test(`${what}: ${thrown} ${code}`, async () => {
      const scenario = scenarios[what]!
      const server = await startLocal(scenario.server)
      const clients: Client[] = []
      const connect = (options: ClientOptions) => {
        const client = new Client({ endpoint: server.endpoint, secret: server.secret, ...options })
        clients.push(client)
        return client
      }
      try {
        const admin = connect({})
        await admin.query(q.CreateCollection({ name: 'orders' }))
        await admin.query(q.CreateIndex({ name: 'orders_by_n', source: orders, terms: [{ field: ['data', 'n'] }] }))
        await admin.query(q.Create(order, { data: { n: 1 } }))
        const error = await scenario.run({ server, admin, connect })
        assert.ok(error instanceof FaunaError, String(error))
        assert.equal(error.name, thrown, error.message)
        assert.equal(error.code, code, error.message)
      } finally {
        await Promise.all(clients.map(client => client.close()))
        await server.close()
      }
    })
  }
})

describe('not refused, and silent', () => {
  for (const [what, expr, role] of [
    ['a key that may read nothing', q.Documents(orders), 'client'],
    ['a match with a wrong number of terms', q.Match(q.Index('orders_by_n'), 1, 2), 'admin'],
  ] as const) {
    test(`${what}: the stream starts, and tells nothing of a write`, async () => {
      const server = await startLocal()
      const admin = new Client({ endpoint: server.endpoint, secret: server.secret })
      await admin.query(q.CreateCollection({ name: 'orders' }))
      await admin.query(q.CreateIndex({ name: 'orders_by_n', source: orders, terms: [{ field: ['data', 'n'] }] }))
      const client = new Client({ endpoint: server.endpoint, secret: await makeKey(admin, role) })
      try {
        const stream = client.stream(expr, undefined, noResume)
        const events: string[] = []
        for await (const event of stream) {
          events.push(event.type)
          // A second stream that may see everything tells when the write has been told to all.
          for await (const seen of admin.stream(q.Documents(orders))) {
            if (seen.type === 'set') break
            await admin.query(q.Create(orders, { data: { n: 1 } }))
          }
          stream.controller.abort()
        }
        assert.deepEqual(events, ['start'])
      } finally {
        await client.close()
        await admin.close()
        await server.close()
      }
    })
  }
})
