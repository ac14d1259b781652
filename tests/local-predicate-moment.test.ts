// When the predicate of a role is asked about an event: a stream of a document asks as of the write, `documents()` when
// it renders, some 0.3 to 0.6 seconds later. The recording of the real server is played again, on a clock of its own.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { TICK_MS } from '../src/local/held-notices.ts'
import { MAX_QUEUED_TRANSACTIONS } from '../src/local/live-stream.ts'
import type { ServiceOptions } from '../src/local/service.ts'
import { ManualTime } from './support/clock.ts'
import { create, LocalService, update } from './support/local-service.ts'
import type { FakePeer } from './support/local-service.ts'
import { scenarioPath } from './support/replay.ts'

type Part = {
  readonly kind: 'query' | 'stream'
  readonly at: number
  readonly request: { readonly body: object; readonly headers: { readonly authorization: string } }
  readonly response: { readonly body?: string; readonly chunks?: readonly { readonly data: string }[] }
}
type Recording = { readonly facts: readonly string[]; readonly parts: readonly Part[] }

const recording = JSON.parse(readFileSync(scenarioPath('predicate-moment'), 'utf8')) as Recording
const set = { documents: { collection: 'c' } }

/** A service on a clock that a test moves. */
function begin(options: Partial<ServiceOptions> = {}): { service: LocalService; time: ManualTime } {
  const time = new ManualTime()
  const startTimer: ServiceOptions['startTimer'] = (run, delayMs) => {
    const timer = time.after(delayMs, run)
    return () => timer.cancel()
  }
  return { service: new LocalService({ now: () => time.now(), startTimer, ...options }), time }
}

/** The same with the role of the recording: it reads what is open. */
function beginWithRole(options: Partial<ServiceOptions> = {}): ReturnType<typeof begin> & { secret: string } {
  const { service, time } = begin(options)
  const [, , last] = recording.parts.slice(0, 3).map(({ request }) => service.ask(request.body))
  return { service, time, secret: (last as { secret: string }).secret }
}

/** What lines tell, without what differs from run to run. */
function tell(lines: readonly string[]): unknown[] {
  return lines.map(line => {
    const { type, event } = JSON.parse(line) as {
      type: string
      event: { action?: string; document?: { ref?: object } }
    }
    return { type, action: event.action, ref: event.document?.ref }
  })
}

const told = (peer: FakePeer): string[] =>
  peer.events.map(({ event }) => JSON.stringify(event['document']).replace(/.*?"id":"(\d+)".*/, '$1'))

test('predicate-moment: played again at its own pace, every stream is told what it was', () => {
  assert.match(recording.facts.at(-1) ?? '', /documents\(\) asks it some 0\.3 to 0\.6 s later/)
  const { service, time } = begin()
  const peers: { readonly peer: FakePeer; readonly part: Part }[] = []
  let secret = ''
  let at = 0
  for (const part of [...recording.parts].sort((a, b) => a.at - b.at)) {
    time.pass(part.at - at)
    at = part.at
    if (part.kind === 'stream') peers.push({ peer: service.follow(part.request.body, 'action,document', secret), part })
    else secret = (service.ask(part.request.body) as { secret?: string }).secret ?? secret
  }
  time.pass(2 * TICK_MS)
  assert.ok(peers.length > 1)
  for (const { peer, part } of peers) {
    const recorded = (part.response.chunks ?? []).map(({ data }) => data)
    assert.deepEqual(tell(peer.lines), tell(recorded), JSON.stringify(part.request.body))
  }
})

test('documents() tells within two ticks, in the order of the writes, and holds no timer afterwards', () => {
  const { service, time, secret } = beginWithRole()
  const peer = service.follow(set, 'action,document', secret)
  service.ask(create('c', 1, { open: true }))
  time.pass(TICK_MS)
  service.ask(create('c', 2, { open: true }))
  time.pass(TICK_MS - 1)
  assert.deepEqual(told(peer), [])
  time.pass(1)
  assert.deepEqual(told(peer), ['1'])
  time.pass(TICK_MS)
  assert.deepEqual(told(peer), ['1', '2'])
  time.pass(TICK_MS)
  assert.equal(time.pending, 0)
})

test('documents() tells at once where nothing hangs on a predicate', () => {
  const { service, time } = begin()
  service.ask({ create_collection: { object: { name: 'c' } } })
  const peer = service.follow(set)
  service.ask(create('c', 1, {}))
  assert.deepEqual(told(peer), ['1'])
  assert.equal(time.pending, 0)
})

test('without quirks the predicate is asked as of the write', () => {
  const { service, time, secret } = beginWithRole({ quirks: false })
  const peer = service.follow(set, 'action,document', secret)
  service.ask(create('c', 1, { open: true }))
  service.ask(update('c', 1, { open: false }))
  assert.deepEqual(told(peer), ['1'])
  assert.equal(time.pending, 0)
})

test('a stream that ends tells first what it holds', () => {
  for (const error of [undefined, { code: 'internal server error', description: 'on purpose' }]) {
    const { service, time, secret } = beginWithRole()
    const peer = service.follow(set, 'action,document', secret)
    service.ask(create('c', 1, { open: true }))
    service.endStreams(error)
    assert.deepEqual(
      peer.lines.slice(1).map(line => (JSON.parse(line) as { type: string }).type),
      error === undefined ? ['set'] : ['set', 'error'],
    )
    assert.ok(peer.hasEnded)
    assert.equal(time.pending, 0)
  }
})

test('a right that is lost ends the stream at the commit that finds it gone, after what it holds', () => {
  const { service, secret } = beginWithRole()
  const peer = service.follow(set, 'action,document', secret)
  service.ask(create('c', 1, { open: true }))
  service.ask({ update: { role: 'p' }, params: { object: { data: { object: { note: 1 } } } } })
  assert.deepEqual(told(peer), [])
  service.ask({ update: { role: 'p' }, params: { object: { name: 'q' } } })
  const { ts } = service.ask(create('c', 2, { open: true })) as { ts: number }
  assert.deepEqual(
    peer.events.map(({ type }) => type),
    ['set', 'error'],
  )
  assert.equal(peer.events.at(-1)?.txn, ts)
})

test('a stream that its peer closes forgets what it holds', () => {
  const { service, time, secret } = beginWithRole()
  const peer = service.follow(set, 'action,document', secret)
  service.ask(create('c', 1, { open: true }))
  assert.equal(time.pending, 1)
  peer.reset()
  assert.equal(time.pending, 0)
  assert.deepEqual(told(peer), [])
})

test('what is held counts towards the limit of what may wait', () => {
  const { service, secret } = beginWithRole()
  const peer = service.follow(set, 'action,document', secret)
  for (let i = 0; i < MAX_QUEUED_TRANSACTIONS; i++) service.ask(create('c', i + 1, { open: true }))
  assert.equal(peer.lines.length, 1)
  service.ask(create('c', MAX_QUEUED_TRANSACTIONS + 1, { open: true }))
  assert.match(peer.lines[1] ?? '', /"code":"time out".* congestion after accumulating 4096 items/)
  assert.ok(peer.hasEnded)
})
