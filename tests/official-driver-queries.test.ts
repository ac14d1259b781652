/** What the official `faunadb` driver does besides queries and streams as such: pages, headers, tokens, databases. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import faunadb from 'faunadb'
import './support/leaks.ts'
import { orders, withDriver } from './support/official-driver.ts'
import type { Connect } from './support/official-driver.ts'

const q = faunadb.query
const { Ref, Native } = faunadb.values

type Keyed = { ref: faunadb.values.Ref; secret: string }
type Page<Item> = { data: Item[] }

/** What an observer of the driver is told, as far as it is looked at here. */
type Seen = { path: string; responseHeaders: Record<string, string>; responseContent: unknown }

/** Twenty documents, and an index that sorts them by their number. */
async function fill(admin: faunadb.Client): Promise<number[]> {
  await admin.query(q.CreateIndex({ name: 'by_n', source: orders, values: [{ field: ['data', 'n'] }] }))
  const numbers = Array.from({ length: 20 }, (_, n) => n)
  await admin.query(q.Foreach(numbers, n => q.Create(orders, { data: { n } })))
  return numbers
}

/** A database below, and a client with an admin key of it. */
async function makeDatabase(admin: faunadb.Client, connect: Connect, name: string): Promise<faunadb.Client> {
  await admin.query(q.CreateDatabase({ name }))
  const key = await admin.query<Keyed>(q.CreateKey({ database: q.Database(name), role: 'admin' }))
  return connect(key.secret)
}

/** A value without what marks it as one of the driver's. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown
}

test('a page helper goes both ways, from a cursor, over what is mapped and filtered', () =>
  withDriver(async admin => {
    const numbers = await fill(admin)
    const set = q.Match(q.Index('by_n'))
    const collected: number[] = []
    const collect = (page: object): void => void collected.push(...(page as number[]))
    const takeCollected = (): number[] => collected.splice(0)
    await admin.paginate(set, { size: 7, after: 5 }).each(collect)
    assert.deepEqual(takeCollected(), numbers.slice(5))
    await admin.paginate(set, { size: 7, before: null }).eachReverse(page => collect((page as number[]).toReversed()))
    assert.deepEqual(takeCollected(), numbers.toReversed())
    const isEven = (n: faunadb.ExprArg): faunadb.Expr => q.Equals(q.Modulo(n, 2), 0)
    const tenfold = (n: faunadb.ExprArg): faunadb.Expr => q.Multiply(n, 10)
    await admin.paginate(set, { size: 7 }).filter(isEven).map(tenfold).each(collect)
    assert.deepEqual(
      takeCollected(),
      numbers.filter(n => n % 2 === 0).map(n => n * 10),
    )
    const pages = admin.paginate(set, { size: 2 })
    assert.deepEqual([await pages.nextPage(), await pages.nextPage()], [numbers.slice(0, 2), numbers.slice(2, 4)])
  }))

test('a page has events, sources, or what there was at a time', () =>
  withDriver(async admin => {
    const first = await admin.query<{ ref: faunadb.values.Ref; ts: number }>(q.Create(orders, { data: { n: 0 } }))
    await admin.query(q.Create(orders, { data: { n: 1 } }))
    const documents = q.Documents(orders)
    const before = await admin.query<Page<unknown>>(q.Paginate(documents, { ts: first.ts }))
    assert.deepEqual(plain(before.data), plain([first.ref]))
    const sourced = await admin.query<Page<Record<string, unknown>>>(
      q.Paginate(documents, { events: true, sources: true }),
    )
    assert.deepEqual(Object.keys(sourced.data[0] ?? {}), ['value', 'sources'])
    const [source] = (sourced.data[0]?.['sources'] ?? []) as unknown[]
    assert.ok(source instanceof faunadb.values.SetRef)
  }))

test('an answer tells its cost, its tags and its trace; the driver remembers the newest transaction', () =>
  withDriver(async (admin, connect) => {
    const seen: Seen[] = []
    const key = await admin.query<Keyed>(q.CreateKey({ role: 'admin' }))
    const client = connect(key.secret, { observer: result => void seen.push(result as unknown as Seen) })
    assert.equal(await client.ping(), 'Scope write is OK')
    const measured = await client.queryWithMetrics(q.Add(1, 1))
    assert.deepEqual(Object.keys(measured.metrics).toSorted(), [
      'x-byte-read-ops',
      'x-byte-write-ops',
      'x-compute-ops',
      'x-query-time',
      'x-txn-retries',
    ])
    const trace = '750efa5fb6a131eb2cf4db39f28366cb'
    await client.query(q.Now(), { tags: { app: 'shop' }, traceparent: `00-${trace}-000000000000000b-00` })
    const headers = seen.at(-1)?.responseHeaders ?? {}
    assert.equal(headers['x-fauna-tags'], 'app=shop')
    assert.ok(headers['traceparent']?.startsWith(`00-${trace}-`))
    const { getLastTxnTime } = client as unknown as { getLastTxnTime(): number }
    assert.equal(String(getLastTxnTime.call(client)), headers['x-txn-time'])
  }))

test('over HTTP/1.1, with the fetch of the program: queries side by side', () =>
  withDriver(async (admin, connect) => {
    const key = await admin.query<Keyed>(q.CreateKey({ role: 'admin' }))
    // Every request of the driver has a signal of its own polyfill, which the fetch of Node 26 refuses as no AbortSignal:
    // one of Node is aborted with it.
    const fetchBridged: typeof fetch = (input, init) => {
      const controller = new AbortController()
      init?.signal?.addEventListener('abort', () => controller.abort())
      return fetch(input, { ...init, signal: controller.signal })
    }
    const client = connect(key.secret, { fetch: fetchBridged })
    const sums = await Promise.all(Array.from({ length: 20 }, (_, n) => client.query(q.Add(n, 1))))
    assert.deepEqual(
      sums,
      Array.from({ length: 20 }, (_, n) => n + 1),
    )
  }))

test('a token knows itself and its credentials, but reads its own document only where a role says so', () =>
  withDriver(async (admin, connect) => {
    const user = await admin.query<Keyed>(q.Create(orders, { credentials: { password: 'pw' } }))
    assert.equal(await admin.query(q.Identify(user.ref, 'pw')), true)
    const login = await admin.query<Keyed & { instance: unknown }>(q.Login(user.ref, { password: 'pw' }))
    const client = connect(login.secret)
    assert.deepEqual(plain(await client.query(q.CurrentIdentity())), plain(user.ref))
    assert.deepEqual(plain(await client.query(q.CurrentToken())), plain(login.ref))
    const credentials = await client.query<{ instance: unknown }>(q.Get(q.Ref('credentials/self')))
    assert.deepEqual(plain(credentials.instance), plain(login.instance))
    await assert.rejects(client.query(q.Get(user.ref)), { name: 'PermissionDenied' })
    assert.equal(await client.query(q.Logout(true)), true)
    await assert.rejects(client.query(q.Now()), { name: 'Unauthorized' })
  }))

test('the types of values are told of refs and of documents, whatever they are documents of', () =>
  withDriver(async (admin, connect) => {
    const below = await makeDatabase(admin, connect, 'below')
    const ask = (...forms: faunadb.Expr[]): Promise<unknown> => below.query(forms)
    await below.query(q.CreateCollection({ name: 'things' }))
    await below.query(q.CreateFunction({ name: 'same', body: q.Query(q.Lambda('x', q.Var('x'))) }))
    const key = await below.query<Keyed>(q.CreateKey({ role: 'server' }))
    const things = q.Collection('things')
    const all = [
      q.IsCollection(things),
      q.IsCollection(q.Get(things)),
      q.IsFunction(q.Get(q.Function('same'))),
      q.IsKey(key.ref),
      q.IsKey(q.Get(key.ref)),
      q.IsSet(q.Documents(things)),
      q.IsObject(q.Paginate(q.Collections())),
      q.IsBytes(new Uint8Array([1, 2])),
      q.IsLambda(q.Query(q.Lambda('x', q.Var('x')))),
    ]
    assert.deepEqual(
      await ask(...all),
      all.map(() => true),
    )
    assert.deepEqual(await ask(q.IsKey(things), q.IsLambda(q.Function('same')), q.IsDoc({})), [false, false, false])
  }))

test('schema of a database below is named with its database, as the driver writes and reads it', () =>
  withDriver(async (admin, connect) => {
    const parent = await makeDatabase(admin, connect, 'parent')
    const child = await makeDatabase(parent, connect, 'child')
    await child.query(
      q.Do(
        q.CreateDatabase({ name: 'inner' }),
        q.CreateCollection({ name: 'things' }),
        q.CreateIndex({ name: 'names', active: true, source: q.Ref('collections') }),
        q.Create(q.Ref('keys/123'), { database: q.Database('inner'), role: 'server' }),
      ),
    )
    const at = new Ref('child', Native['DATABASES'], new Ref('parent', Native['DATABASES']))
    const nested = q.Database('child', q.Database('parent'))
    const listed = async (set: faunadb.Expr): Promise<unknown> =>
      plain((await admin.query<Page<object>>(q.Paginate(set))).data)
    assert.equal(await admin.query(q.Exists(q.Collection('things', nested))), true)
    assert.deepEqual(await listed(q.Collections(nested)), plain([new Ref('things', Native['COLLECTIONS'], at)]))
    assert.deepEqual(await listed(q.Indexes(nested)), plain([new Ref('names', Native['INDEXES'], at)]))
    assert.deepEqual(await listed(q.Keys(nested)), plain([new Ref('123', new Ref('keys', undefined, at))]))
  }))

test('a database that moves takes its keys with it', () =>
  withDriver(async (admin, connect) => {
    const moved = await makeDatabase(admin, connect, 'moved')
    const target = await makeDatabase(admin, connect, 'target')
    await moved.query(q.CreateCollection({ name: 'things' }))
    await admin.query(q.MoveDatabase(q.Database('moved'), q.Database('target')))
    assert.equal(await admin.query(q.Exists(q.Database('moved'))), false)
    assert.equal(await target.query(q.Exists(q.Database('moved'))), true)
    assert.equal(await moved.query(q.Exists(q.Collection('things'))), true)
  }))
