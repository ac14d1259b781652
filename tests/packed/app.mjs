/**
 * An app of somebody who installed the packed file: plain ES modules, its own embedded server. Run by `npm run pack` in an
 * empty project, with each version of Node and other runtimes. Prints a line a step. Its arguments are the steps that are
 * known to fail here; the code is 1 where any other fails, or one of these works.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, fql, GapError, q, QueryError } from 'fauna-streams'
import { startLocal } from 'fauna-streams/local'
import { fileStore } from 'fauna-streams/stores'
import { serveEvents, serveProxy, setLine } from 'fauna-streams/testing'

/** How long a step may take, in milliseconds. */
const limitMs = 15_000
const orders = q.Collection('orders')
const order = q.Ref(orders, '1')

const server = await startLocal()
const proxy = await serveProxy({ target: server.endpoint })
const client = new Client({ endpoint: proxy.endpoint, secret: server.secret })
const folder = mkdtempSync(join(tmpdir(), 'app-'))

/** The event of the first change that a loop gets. Acts when it has begun. */
async function firstChange(stream, act) {
  for await (const event of stream) {
    if (event.type === 'start') await act()
    else return event
  }
}
const update = state => client.query(q.Update(order, { data: { state } }))

const steps = {
  async 'a query'() {
    assert.equal(await client.query(q.Add(1, 2)), 3)
    await client.query(q.CreateCollection({ name: 'orders' }))
    await client.query(q.Create(order, { data: { state: 'waiting', count: 9007199254740993n } }))
    assert.equal(
      await client.query(fql('Select(["data", "count"], Get(Ref(Collection("orders"), "1")))')),
      9007199254740993n,
    )
    await assert.rejects(client.query(q.Get(q.Ref(orders, '2'))), QueryError)
  },
  async 'a document, followed'() {
    const { type, event } = await firstChange(client.stream(order), () => update('ready'))
    assert.deepEqual([type, event.action, event.document.data.state], ['version', 'update', 'ready'])
  },
  async 'a set, followed'() {
    const create = () => client.query(q.Create(q.Ref(orders, '2'), { data: {} }))
    const { type, event } = await firstChange(client.stream(q.Documents(orders)), create)
    assert.deepEqual([type, event.action, event.document.ref.id], ['set', 'add', '2'])
  },
  async 'a wire that is cut, and what was missed'() {
    const direct = new Client({ endpoint: server.endpoint, secret: server.secret })
    const cut = async () => {
      proxy.cut('rst')
      await direct.query(q.Update(order, { data: { state: 'missed' } }))
    }
    const { event, recovered } = await firstChange(client.stream(order), cut)
    assert.deepEqual([event.document.data.state, recovered], ['missed', true])
    await direct.close()
  },
  async 'a checkpoint in a file, and a gap'() {
    const checkpoint = fileStore(join(folder, 'checkpoint'))
    await firstChange(client.stream(order, undefined, { checkpoint }), () => update('one'))
    await update('two')
    const states = []
    for await (const event of client.stream(order, undefined, { checkpoint })) {
      if (event.type !== 'version') continue
      states.push(event.event.document.data.state)
      if (event.event.document.data.state === 'two') break
    }
    assert.deepEqual(states, ['one', 'two'])
    const old = (Date.now() - 3_600_000) * 1000
    await assert.rejects(
      firstChange(client.stream(order, undefined, { since: old }), () => update('late')),
      GapError,
    )
  },
  async 'a live view'() {
    const view = client.live(q.Documents(orders))
    await view.ready
    assert.equal(view.size, 2)
    await view.close()
  },
  async 'a new secret, while a stream is open'() {
    const { secret } = await client.query(q.CreateKey({ role: 'admin' }))
    let isRotated = false
    for await (const event of client.stream(order)) {
      // It goes over to the new secret at its next event.
      if (event.type === 'start') void client.rotateSecret(secret).then(() => (isRotated = true))
      else if (isRotated) break
      void update('again')
    }
  },
  async 'a peer that falls silent'() {
    const options = { pingIntervalMs: 100, pingTimeoutMs: 100, backoff: { firstMs: 1, maxMs: 50 } }
    const app = new Client({ endpoint: proxy.endpoint, secret: server.secret, ...options })
    const stream = app.stream(order)
    const lost = new Promise(resolve => stream.on('lost', ({ error }) => resolve(error.code)))
    const change = firstChange(stream, () => proxy.freeze())
    assert.equal(await lost, 'ping_timeout')
    proxy.heal()
    await update('silent')
    assert.equal((await change).event.document.data.state, 'silent')
    await app.close()
  },
  async 'more than the windows hold, read slowly'() {
    const count = 3_000
    const ids = Array.from({ length: count }, (_, i) => String(1_000 + i))
    const create = q.Foreach(ids, id => q.Create(q.Ref(orders, id), { data: {} }))
    let told = 0
    for await (const event of client.stream(q.Documents(orders), ['action', 'document', 'index'])) {
      if (event.type === 'start') await client.query(create)
      else if (++told === count) break
      if (told % 500 === 1) await new Promise(resolve => setTimeout(resolve, 20))
    }
  },
  async 'a peer that a test writes'() {
    const peer = await serveEvents()
    const app = new Client({ endpoint: peer.endpoint, secret: 'any' })
    const told = firstChange(app.stream(q.Documents(orders)), () => undefined)
    const exchange = await peer.opened(0)
    await exchange.send(setLine(exchange.txn + 1, { action: 'remove' }))
    assert.equal((await told).event.action, 'remove')
    await app.close()
    await peer.close()
  },
}

const known = new Set(process.argv.slice(2))
let surprises = 0
for (const [name, step] of Object.entries(steps)) {
  let timer
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error('it takes too long')), limitMs)))
  try {
    await Promise.race([step(), late])
    console.log(`  ${name}: works`)
    if (known.has(name)) surprises++
  } catch (error) {
    if (!known.has(name)) surprises++
    console.log(`  ${name}: fails${known.has(name) ? ', as known' : ''}: ${error.stack}`)
  }
  clearTimeout(timer)
}
await client.close()
await proxy.close()
await server.close()
rmSync(folder, { recursive: true })
const { version } = JSON.parse(
  readFileSync(new URL('node_modules/fauna-streams/package.json', import.meta.url), 'utf8'),
)
console.log(`  fauna-streams ${version}: ${surprises} of ${Object.keys(steps).length} steps not as expected`)
process.exitCode = surprises === 0 ? 0 : 1
