// Streams of the embedded server: who is told what, when, and what becomes of those who do not listen (protocol.md B).
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Feed } from '../src/local/feed.ts'
import { MAX_QUEUED_TRANSACTIONS } from '../src/local/live-stream.ts'
import { Renderer } from '../src/local/render.ts'
import { LocalService, create, doc, update } from './support/local-service.ts'
import type { FakePeer } from './support/local-service.ts'
import type { ServiceOptions } from '../src/local/service.ts'

function open(options: Partial<ServiceOptions> = {}): LocalService {
  const local = new LocalService(options)
  local.ask({ create_collection: { object: { name: 'c' } } })
  const index = {
    name: 'by_k',
    source: { collection: 'c' },
    active: true,
    terms: [{ object: { field: ['data', 'k'] } }],
  }
  local.ask({ create_index: { object: { ...index, values: [{ object: { field: ['data', 'n'] } }] } } })
  return local
}

const x = { match: { index: 'by_k' }, terms: 'x' }
const actionsOf = (peer: FakePeer): unknown[] => peer.events.map(({ event }) => event['action'])

test('start comes first, below every later event; what is committed after it is delivered', () => {
  const local = open()
  const before = local.ask(create('c', 1, {})) as { ts: number }
  const peer = local.follow(doc('c', 1))
  assert.equal(peer.lines.length, 1)
  assert.ok(peer.startTxn >= before.ts)
  for (let n = 0; n < 20; n++) local.ask(update('c', 1, { n }))
  const txns = peer.events.map(({ txn }) => txn)
  assert.equal(txns.length, 20)
  assert.ok(txns.every((txn, i) => txn > (txns[i - 1] ?? peer.startTxn)))
})

test('a start that is delayed swallows what is committed before it', async () => {
  const local = open({ startDelayMs: 20 })
  const peer = local.follow(doc('c', 1))
  const write = local.ask(create('c', 1, {})) as { ts: number }
  while (peer.lines.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  assert.ok(peer.startTxn > write.ts)
  local.ask(update('c', 1, {}))
  assert.deepEqual(actionsOf(peer), ['update'])
})

const ownFault = {
  type: 'error',
  txn: 0,
  event: {
    code: 'internal server error',
    description: 'The embedded server has a fault of its own, please report it: TypeError: on purpose',
  },
}

test('a fault while a stream begins ends it with an error that says so', () => {
  let isBroken = false
  const now = (): number => {
    if (isBroken) throw new TypeError('on purpose')
    return 1_700_000_000_000
  }
  const timers: (() => void)[] = []
  const startTimer = (run: () => void): (() => void) => {
    timers.push(run)
    return () => {}
  }
  const local = open({ startDelayMs: 20, now, startTimer })
  const peer = local.follow(doc('c', 1))
  isBroken = true
  for (const run of timers) run()
  assert.deepEqual(
    peer.lines.map(line => JSON.parse(line) as unknown),
    [ownFault],
  )
  assert.equal(peer.hasEnded, true)
})

test('a fault while a stream is told something ends it with an error; other streams and the writer learn nothing of it', t => {
  const local = open()
  const broken = local.follow(doc('c', 1), 'document')
  const other = local.follow(doc('c', 1), 'action')
  const fail = (): never => {
    throw new TypeError('on purpose')
  }
  t.mock.method(Renderer.prototype, 'version', fail, { times: 1 })
  assert.equal(local.send({ do: [create('c', 1, {}), null] }).status, 200)
  assert.deepEqual(broken.events, [ownFault])
  assert.equal(broken.hasEnded, true)
  assert.deepEqual(actionsOf(other), ['create'])
})

test('followers are found by their key: what concerns others does not touch them', () => {
  const feed = new Feed()
  let told = 0
  for (let i = 0; i < 1000; i++) feed.follow(`other ${i}`, { deliver: () => assert.fail('told of another key') })
  const set = { key: 'mine', owner: {}, terms: [] }
  const stop = feed.follow('mine', { deliver: () => told++ })
  const event = { ts: 1, action: 'add', placed: { set, entry: {} } }
  const commit = { txn: 1, documents: [], sets: [event] } as unknown as Parameters<Feed['publish']>[0]
  feed.publish(commit)
  stop()
  feed.publish(commit)
  assert.equal(told, 1)
  assert.equal(feed.size, 1000)
})

test('a stream that its client leaves is forgotten', () => {
  const local = open()
  const peer = local.follow(doc('c', 1))
  peer.reset()
  local.ask(create('c', 1, {}))
  assert.deepEqual(peer.events, [])
})

test('with its faults the server tells a set of every write by itself; without them, of what the transaction came to', () => {
  const twice = [update('c', 1, { n: 2 }), update('c', 1, { n: 1 })]
  const told = (quirks: boolean): unknown[] => {
    const local = open({ quirks })
    local.ask(create('c', 1, { k: 'x', n: 1 }))
    const peer = local.follow(x)
    local.ask(twice)
    local.ask([{ delete: doc('c', 1) }, create('c', 1, { k: 'x', n: 1 })])
    local.ask([update('c', 1, { n: 7 }), update('c', 1, { n: 8 })])
    return actionsOf(peer)
  }
  assert.deepEqual(told(true), ['remove', 'add', 'add', 'remove', 'add', 'add'])
  assert.deepEqual(told(false), ['remove', 'add'])
})

test('with its faults bytes end a stream; without them they are shown', () => {
  const bytes = create('c', 1, { b: { '@bytes': 'AQID' } })
  const faulty = open()
  const broken = faulty.follow(doc('c', 1))
  faulty.ask(bytes)
  assert.deepEqual(
    broken.events.map(({ type, txn }) => [type, txn]),
    [['error', 0]],
  )
  assert.ok(broken.hasEnded)
  const right = open({ quirks: false })
  const whole = right.follow(doc('c', 1))
  right.ask(bytes)
  assert.deepEqual(actionsOf(whole), ['create'])
})

test('what a peer does not read waits for it, in order and whole', () => {
  const local = open()
  const peer = local.follow(doc('c', 1))
  peer.pause()
  local.ask(create('c', 1, { n: 0 }))
  for (let n = 1; n < 100; n++) local.ask(update('c', 1, { n }))
  assert.equal(peer.events.length, 1)
  peer.resume()
  const told = peer.events.map(({ event }) => (event['document'] as { data: { n: number } }).data.n)
  assert.deepEqual(
    told,
    Array.from({ length: 100 }, (_, n) => n),
  )
})

test('one transaction may be as large as it likes; too many transactions cut off a peer that does not read', () => {
  const local = open()
  const peer = local.follow({ documents: { collection: 'c' } })
  peer.pause()
  local.ask(create('c', 1, {}))
  local.ask(Array.from({ length: MAX_QUEUED_TRANSACTIONS + 100 }, () => ({ create: { collection: 'c' } })))
  peer.resume()
  assert.equal(peer.events.length, MAX_QUEUED_TRANSACTIONS + 101)
  peer.pause()
  for (let n = 0; n < MAX_QUEUED_TRANSACTIONS + 10; n++) local.ask({ create: { collection: 'c' } })
  peer.resume()
  const last = peer.events.at(-1)
  assert.deepEqual(last?.event, {
    code: 'time out',
    description: 'Stream closed due to congestion after accumulating 4096 items.',
  })
  assert.equal(peer.events.length, MAX_QUEUED_TRANSACTIONS + 103)
  assert.ok(peer.hasEnded)
})

test('one stream of a document too many is told so, in its stream; streams of sets do not count', () => {
  const local = open({ maxStreams: 2 })
  for (let i = 0; i < 3; i++) assert.equal(local.follow(doc('c', i + 1)).hasEnded, false)
  const refused = local.follow(doc('c', 9))
  assert.match(refused.lines.join(''), /^\{"type":"error","txn":0,"event":\{"code":"too many requests"[^\n]*\r\n$/)
  assert.equal(local.follow({ documents: { collection: 'c' } }).hasEnded, false)
})

test('streams can be ended, with an error or without a word', () => {
  const local = open()
  const [quiet, loud] = [local.follow(doc('c', 1)), local.follow(x)]
  local.endStreams({ code: 'time out', description: 'Stream was unexpectedly closed by its source.' })
  assert.deepEqual(
    [quiet, loud].map(peer => peer.events.at(-1)?.event['code']),
    ['time out', 'time out'],
  )
  const silent = local.follow(doc('c', 1))
  local.endStreams()
  assert.equal(silent.lines.length, 1)
  assert.ok(silent.hasEnded)
})

test('a stream loses its right with its key, at the next event and not before', () => {
  const local = open()
  local.ask(create('c', 1, {}))
  const key = local.ask({ create_key: { object: { role: 'server' } } }) as { ref: object; secret: string }
  const peer = local.follow(doc('c', 1), 'action', key.secret)
  local.ask({ delete: { quote: key.ref } })
  assert.equal(peer.lines.length, 1)
  const { ts } = local.ask(update('c', 1, {})) as { ts: number }
  const last = peer.events.at(0)
  assert.deepEqual([last?.type, last?.txn, last?.event['code']], ['error', ts, 'permission denied'])
  assert.ok(peer.hasEnded)
})
