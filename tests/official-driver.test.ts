/** The official `faunadb` driver, as it is, against the embedded server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import faunadb, { type Subscription, type SubscriptionEventHandlers } from 'faunadb'
import './support/leaks.ts'
import { orders, withDriver } from './support/official-driver.ts'

const q = faunadb.query
const order = q.Ref(orders, '1')

/** A document as the official driver gives it. */
type Document<T = { n: number }> = { ref: faunadb.Expr; ts: number; data: T }

/** What a subscription was told, in order; `until` waits for that many. */
class Told {
  readonly all: { readonly type: string; readonly event: unknown; readonly txn: number | undefined }[] = []
  readonly #subscription: Subscription<SubscriptionEventHandlers>
  #check: () => void = () => undefined

  constructor(
    subscription: Subscription<SubscriptionEventHandlers>,
    types: readonly (keyof SubscriptionEventHandlers)[],
  ) {
    this.#subscription = subscription
    for (const type of types) {
      subscription.on(type, (event: unknown, whole?: { txn?: number }) => {
        this.all.push({ type, event, txn: whole?.txn })
        this.#check()
      })
    }
    subscription.start()
  }

  async until(count: number): Promise<this> {
    await new Promise<void>(resolve => {
      this.#check = () => this.all.length >= count && resolve()
      this.#check()
    })
    return this
  }

  close(): void {
    this.#subscription.close()
  }
}

function create(client: faunadb.Client, n: number): Promise<Document> {
  return client.query<Document>(q.Create(order, { data: { n } }))
}

function update(client: faunadb.Client, n: number): Promise<Document> {
  return client.query<Document>(q.Update(order, { data: { n } }))
}

test('queries: what was written is read, in the values of the driver', () =>
  withDriver(async admin => {
    const data = { at: q.Time('2024-05-01T12:00:00.123456789Z'), on: q.Date('2024-05-01'), to: order, n: 1.5 }
    const created = await admin.query<Document<Record<string, unknown>>>(q.Create(order, { data }))
    const read = await admin.query<Document<Record<string, unknown>>>(q.Get(order))
    assert.deepEqual(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(created)))
    assert.ok(read.data['at'] instanceof faunadb.values.FaunaTime)
    assert.ok(read.data['on'] instanceof faunadb.values.FaunaDate)
    assert.ok(read.data['to'] instanceof faunadb.values.Ref)
    assert.deepEqual(read.data['at'].toJSON(), { '@ts': '2024-05-01T12:00:00.123456789Z' })
  }))

test('queries: a page helper walks an index to its end', () =>
  withDriver(async admin => {
    await admin.query(q.CreateIndex({ name: 'by_n', source: orders, values: [{ field: ['data', 'n'] }] }))
    const numbers = Array.from({ length: 10 }, (_, n) => n)
    await admin.query(q.Do(numbers.map(n => q.Create(orders, { data: { n } }))))
    const found: unknown[] = []
    await admin.paginate(q.Match(q.Index('by_n')), { size: 3 }).each(page => void found.push(...(page as unknown[])))
    assert.deepEqual(found, numbers)
  }))

test('queries: errors have the classes of the driver', () =>
  withDriver(async (admin, connect) => {
    await assert.rejects(admin.query(q.Get(order)), { name: 'NotFound', message: 'instance not found' })
    await assert.rejects(admin.query(q.Abort('enough')), { name: 'BadRequest', description: 'enough' })
    await assert.rejects(connect('nonsense').query(q.Now()), { name: 'Unauthorized' })
  }))

test('stream: start, then each change with every field', () =>
  withDriver(async admin => {
    const fields: ('action' | 'document' | 'diff' | 'prev')[] = ['action', 'document', 'diff', 'prev']
    await create(admin, 1)
    const told = new Told(admin.stream(order, { fields }), ['start', 'version', 'error'])
    await told.until(1)
    const updated = await update(admin, 2)
    const deleted = await admin.query<Document>(q.Delete(order))
    const [start, change, removal] = (await told.until(3)).all
    told.close()
    assert.equal(start!.type, 'start')
    assert.equal(typeof start!.event, 'number')
    const { action, document, diff, prev } = change!.event as Record<string, Document>
    assert.equal(action, 'update')
    assert.equal(change!.txn, updated.ts)
    assert.deepEqual(JSON.parse(JSON.stringify(document)), JSON.parse(JSON.stringify(updated)))
    assert.equal(diff!.data.n, 2)
    assert.equal(prev!.data.n, 1)
    assert.equal((removal!.event as { action: string }).action, 'delete')
    assert.ok(removal!.txn! > deleted.ts)
  }))

test('stream: a set tells what enters and leaves it', () =>
  withDriver(async admin => {
    const told = new Told(admin.stream(q.Documents(orders)), ['start', 'set', 'error'])
    await told.until(1)
    await create(admin, 1)
    await update(admin, 2)
    await admin.query(q.Delete(order))
    const [, ...sets] = (await told.until(3)).all
    told.close()
    assert.deepEqual(
      sets.map(set => (set.event as { action: string }).action),
      ['add', 'remove'],
    )
  }))

test('stream.document: the snapshot, then the events after it', () =>
  withDriver(async admin => {
    const created = await create(admin, 1)
    const told = new Told(admin.stream.document(order), ['start', 'snapshot', 'version', 'error'])
    await told.until(2)
    for (const n of [2, 3, 4]) await update(admin, n)
    const [start, snapshot, ...versions] = (await told.until(5)).all
    told.close()
    assert.equal(start!.type, 'start')
    assert.equal(snapshot!.type, 'snapshot')
    assert.equal((snapshot!.event as Document).ts, created.ts)
    assert.deepEqual(
      versions.map(version => (version.event as { document: Document }).document.data.n),
      [2, 3, 4],
    )
  }))

test('stream: ends with permission denied at the first write after its key was deleted', () =>
  withDriver(async (admin, connect) => {
    await create(admin, 1)
    const key = await admin.query<{ ref: faunadb.Expr; secret: string }>(q.CreateKey({ role: 'server' }))
    const told = new Told(connect(key.secret).stream(order), ['start', 'version', 'error'])
    await told.until(1)
    await admin.query(q.Delete(key.ref))
    await update(admin, 2)
    const [, end] = (await told.until(2)).all
    told.close()
    assert.equal(end!.type, 'error')
    assert.equal((end!.event as { code: string }).code, 'permission denied')
    assert.equal(told.all.length, 2)
  }))
