// How much the embedded server does: a commit asks those whom it concerns, an event is rendered once for all who see the
// same, and an index over many documents is filled between requests. Work is counted, not timed.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { EntrySet } from '../src/local/entries.ts'
import { Filling } from '../src/local/filling.ts'
import { continueFilling, MAX_FILLED_AT_ONCE } from '../src/local/index-builds.ts'
import { LiveStream } from '../src/local/live-stream.ts'
import { Renderer } from '../src/local/render.ts'
import { Ref } from '../src/local/values.ts'
import { ManualTime } from './support/clock.ts'
import { KeptStore } from './support/kept-store.ts'
import { type Answered, create, doc, type Json, LocalService, update } from './support/local-service.ts'
import { readSeed } from './support/seed.ts'

const { seed, random } = readSeed()
const documentsOf = (collection: string): object => ({ documents: { collection } })
const createCollection = (name: string): object => ({ create_collection: { object: { name } } })

function createIndex(name: string, more: object = {}): object {
  const field = (path: string): object => ({ object: { field: ['data', path] } })
  const index = { name, source: { collection: 'c' }, active: true, terms: [field('k')], values: [field('n')] }
  return { create_index: { object: { ...index, ...more } } }
}

test('a commit asks the streams that follow what it wrote, however many are open on other things', t => {
  const local = new LocalService()
  for (const name of ['c', 'others']) local.ask(createCollection(name))
  for (let id = 1; id <= 1_000; id++) {
    local.follow(doc('c', id + 1_000))
    local.follow(documentsOf('others'))
  }
  const peers = [local.follow(doc('c', 1)), local.follow(documentsOf('c')), local.follow(documentsOf('c'))]
  const { mock: asked } = t.mock.method(LiveStream.prototype, 'deliver')
  local.ask(create('c', 1, {}))
  assert.equal(asked.callCount(), peers.length)
  assert.ok(peers.every(peer => peer.events.length === 1))
})

test('an event is rendered once for all streams that see the same of it', t => {
  const local = new LocalService()
  local.ask(createCollection('c'))
  const alike = Array.from({ length: 100 }, () => local.follow(documentsOf('c')))
  const others = Array.from({ length: 100 }, () => local.follow(documentsOf('c'), 'document,index'))
  const { mock: rendered } = t.mock.method(Renderer.prototype, 'version')
  const before = rendered.callCount()
  local.ask({ do: [create('c', 1, {}), null] })
  assert.equal(rendered.callCount() - before, 2)
  for (const peers of [alike, others]) assert.equal(new Set(peers.map(peer => peer.lines[1])).size, 1)
  assert.notEqual(alike[0]?.lines[1], others[0]?.lines[1])
})

/** More documents than an index takes in when it is made, as many of each `k`. */
const many = 3 * Math.ceil(MAX_FILLED_AT_ONCE / 2)

/** A service whose timers run when the test says so; every look at the clock ends a slice of filling. */
function beginSliced(t: TestContext, documents: number, quirks = true): { local: LocalService; time: ManualTime } {
  let now = 0
  t.mock.method(performance, 'now', () => (now += 1_000))
  const time = new ManualTime()
  const startTimer = (run: () => void, delayMs: number): (() => void) => {
    // A timer of Node waits for a millisecond at least.
    const timer = time.after(Math.max(delayMs, 1), run)
    return () => timer.cancel()
  }
  const local = new LocalService({ now: () => time.now(), startTimer, quirks })
  local.ask(createCollection('c'))
  const ids = Array.from({ length: documents }, (_, i) => i + 1)
  local.ask({ foreach: { lambda: 'id', expr: createFrom({ var: 'id' }) }, collection: ids })
  return { local, time }
}

function createFrom(id: object): object {
  const params = { object: { data: { object: { k: { modulo: [id, 3] }, n: id } } } }
  return { create: { ref: { collection: 'c' }, id: { to_string: id } }, params }
}

/** Lets so many slices of filling pass. */
function passSlices(time: ManualTime, slices: number): void {
  for (let i = 0; i < slices; i++) time.pass(1)
}

const pageOf = (index: string, k: number): object => ({
  paginate: { match: { index }, terms: k },
  size: 100_000,
})

test('who needs an index that is not full yet waits; everyone else is answered meanwhile', t => {
  const { local, time } = beginSliced(t, many)
  local.ask(createIndex('by_k'))
  const answers: Answered[] = []
  local.sendLater({ count: { match: { index: 'by_k' }, terms: 1 } }, answer => answers.push(answer))
  passSlices(time, 2)
  assert.deepEqual(answers, [])
  assert.equal(local.ask({ count: documentsOf('c') }), many)
  assert.equal(local.ask({ select: ['active'], from: { get: { index: 'by_k' } } }), true)
  passSlices(time, 100)
  assert.deepEqual(
    answers.map(({ body }) => body),
    [{ resource: many / 3 }],
  )
  assert.equal(time.pending, 0)
})

test('an index whose filling fails cannot be read: who needs it is told why, and everyone else is answered', t => {
  const { local, time } = beginSliced(t, many)
  local.ask(createIndex('by_k'))
  const count = (index: string): object => ({ count: { match: { index }, terms: 1 } })
  const answers: Answered[] = []
  local.sendLater(count('by_k'), answer => answers.push(answer))
  passSlices(time, 2)
  const fail = (): never => {
    throw new TypeError('on purpose')
  }
  t.mock.method(Filling.prototype, 'take', fail, { times: 1 })
  passSlices(time, 1)
  for (const { status, text } of [...answers, local.send(count('by_k'))]) {
    assert.equal(status, 500)
    assert.match(text, /"The embedded server has a fault of its own, please report it: TypeError: on purpose"/)
  }
  assert.equal(answers.length, 1)
  assert.equal(local.ask({ count: documentsOf('c') }), many)
  local.ask(createIndex('by_n'))
  local.sendLater(count('by_n'), answer => answers.push(answer))
  passSlices(time, 100)
  assert.deepEqual(answers[1]?.body, { resource: many / 3 })
  assert.equal(time.pending, 0)
})

test('a stream of an index that is not full yet begins when it is', t => {
  const { local, time } = beginSliced(t, many)
  local.ask(createIndex('by_k'))
  const peer = local.follow({ match: { index: 'by_k' }, terms: 1 })
  assert.equal(peer.lines.length, 0)
  passSlices(time, 100)
  assert.equal(peer.lines.length, 1)
  local.ask(update('c', 1, { k: 2 }))
  assert.deepEqual(
    peer.events.map(({ event }) => event['action']),
    ['remove'],
  )
})

test('without quirks, a query that makes an index sees all of it; what is unique is so before the index is full', t => {
  const { local, time } = beginSliced(t, many, false)
  const made = { let: [{ made: createIndex('by_k') }], in: { count: { match: { var: 'made' }, terms: 1 } } }
  const viaRef = { let: made.let, in: { count: { match: { select: ['ref'], from: { var: 'made' } }, terms: 1 } } }
  assert.equal(local.ask(viaRef), many / 3)
  local.ask(createIndex('unique', { unique: true, terms: [{ object: { field: ['data', 'n'] } }], values: [] }))
  const answers: Answered[] = []
  local.sendLater(create('c', 5_000, { n: many }), answer => answers.push(answer))
  passSlices(time, 100)
  assert.equal(answers[0]?.status, 400)
  assert.match(answers[0]?.text ?? '', /instance not unique/)
})

test(`an index that was filled while its documents changed is like one that was there before (SEED=${seed})`, t => {
  const documents = MAX_FILLED_AT_ONCE + 500
  const { local, time } = beginSliced(t, 0)
  const pick = (count: number): number => Math.floor(random() * count)
  local.ask(createIndex('before'))
  for (let from = 1; from <= documents; from += 500) {
    const ids = Array.from({ length: 500 }, (_, i) => from + i)
    local.ask({ foreach: { lambda: 'id', expr: createFrom({ var: 'id' }) }, collection: ids })
  }
  const [{ ts }] = [local.ask({ get: doc('c', 1) }) as { ts: number }]
  local.ask(createIndex('filled'))
  const data = (): object => ({ object: { data: { object: { k: pick(3), n: pick(50) } } } })
  const changes: readonly ((id: number) => object)[] = [
    id => ({ replace: doc('c', id), params: data() }),
    id => ({ delete: doc('c', id) }),
    id => ({ create: doc('c', id + documents), params: data() }),
    id => ({ insert: doc('c', id), ts: ts - 1_000 * pick(5), action: 'create', params: data() }),
    id => ({ insert: doc('c', id), ts: ts - 1_000 * pick(5), action: 'delete', params: { object: {} } }),
    id => ({ remove: doc('c', id), ts, action: 'create' }),
    id => ({ do: [{ delete: doc('c', id) }, { create: doc('c', id), params: data() }] }),
    id => ({ do: [{ replace: doc('c', id), params: data() }, { abort: 'on purpose' }] }),
  ]
  let slices = 0
  for (; time.pending > 0; slices++) {
    for (let i = 0; i < 20; i++)
      local.send((changes[pick(changes.length)] as (id: number) => object)(1 + pick(documents)))
    time.pass(1)
  }
  assert.ok(slices > 30, `${slices} slices`)
  for (const k of [0, 1, 2]) {
    const read = (index: string): Json[] => {
      const set = { match: { index }, terms: k }
      return [pageOf(index, k), { paginate: { events: set }, size: 100_000 }].map(
        expression => (local.ask(expression) as { data: Json }).data,
      )
    }
    assert.deepEqual(read('filled'), read('before'))
  }
})

test('an index that was being filled when the server ended is filled on when it is there again', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'filling-'))
  const before = await KeptStore.open(folder)
  before.ask(createCollection('c'))
  const ids = Array.from({ length: many }, (_, i) => i + 1)
  before.ask({ foreach: { lambda: 'id', expr: createFrom({ var: 'id' }) }, collection: ids })
  before.ask(createIndex('by_k'))
  const fillOnce = ({ store }: KeptStore): boolean => continueFilling(store, () => true)
  for (let slices = 0; slices < 10; slices++) fillOnce(before)
  before.ask({ delete: doc('c', 1) })
  await before.close()
  const after = await KeptStore.open(folder)
  t.after(async () => {
    await after.close()
    await rm(folder, { recursive: true })
  })
  assert.equal(after.store.state.fillings.size, 1)
  while (after.store.state.fillings.size > 0) fillOnce(after)
  assert.equal(after.ask({ count: { match: { index: 'by_k' }, terms: 1 } }), many / 3 - 1)
})

test('a set notes once that an entry came, however often it is told; what came late finds its place', () => {
  const set = new EntrySet()
  const entry = { values: [1n], ref: new Ref(0, 1, 1n), ttl: undefined }
  const events = [
    { ts: 1, action: 'add', entry },
    { ts: 2, action: 'remove', entry },
    { ts: 3, action: 'add', entry },
  ] as const
  for (const i of [2, 0, 2, 1, 0, 1] as const) set.put(events[i])
  assert.deepEqual([...set.timelines({ values: [] }, { values: [], isAbove: true })], [events])
  for (const event of events) set.take(event)
  assert.equal(set.size, 0)
})
