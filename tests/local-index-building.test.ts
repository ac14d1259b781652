// An index is not always ready when it is made: what the real server was seen to answer before it is, and after.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { BUILD_MICROS, MAX_BUILT_AT_ONCE } from '../src/local/index-builds.ts'
import { ManualTime } from './support/clock.ts'
import { create, LocalService, update } from './support/local-service.ts'
import type { FakePeer, Json } from './support/local-service.ts'
import { scenarioPath } from './support/replay.ts'

type Part = {
  readonly kind: string
  readonly at: number
  readonly request: { readonly body: object }
  readonly response: {
    readonly status: number
    readonly body?: string
    readonly chunks?: readonly { readonly data: string }[]
  }
}

const recording = JSON.parse(readFileSync(scenarioPath('index-building'), 'utf8')) as {
  readonly parts: readonly Part[]
}
/** A millisecond more: times that were given out run ahead of the clock. */
const BUILD_MS = BUILD_MICROS / 1000 + 1

function begin(options: { quirks?: boolean } = {}): { service: LocalService; time: ManualTime } {
  const time = new ManualTime()
  return { service: new LocalService({ now: () => time.now(), ...options }), time }
}

const createCollection = (name: string): object => ({ create_collection: { object: { name } } })
const createIndex = (name: string, more: object): object => ({ create_index: { object: { name, ...more } } })
const c = { collection: 'c' }
const idsOf = (index: string): object => ({ paginate: { match: { index } } })
const isActive = (index: string): object => ({ select: ['active'], from: { get: { index } } })

function refIds(page: Json): string[] {
  const { data } = page as { data: { '@ref': { id: string } }[] }
  return data.map(ref => ref['@ref'].id)
}

/** A collection `c` with so many documents, all made at once. */
function fill(service: LocalService, documents: number): void {
  service.ask(createCollection('c'))
  service.ask(Array.from({ length: documents }, (_, i) => create('c', i + 1, { k: 'x' })))
}

/** Times are of one run. */
const withoutTimes = (text: string): string => text.replace(/\b1\d{15}\b/g, 'TIME')

test('index-building: played again at its own pace, every answer and every stream is as it was', () => {
  const { service, time } = begin()
  const opened: { readonly peer: FakePeer; readonly part: Part }[] = []
  const told: string[] = []
  let at = 0
  for (const part of recording.parts) {
    time.pass(part.at - at)
    at = part.at
    if (part.kind === 'mark') continue
    const { body } = part.request
    const recorded = part.response.body ?? (part.response.chunks ?? []).map(({ data }) => data).join('')
    if (part.kind === 'query' || part.response.status !== 200) {
      const answer = part.kind === 'query' ? service.send(body) : service.refuse(body)
      assert.equal(answer.status, part.response.status)
      assert.equal(withoutTimes(answer.text), withoutTimes(recorded))
      told.push(part.kind)
    } else opened.push({ peer: service.follow(body, 'action,document,diff,prev,index'), part })
  }
  assert.ok(told.includes('stream') && opened.length > 0)
  for (const { peer, part } of opened) {
    const recorded = (part.response.chunks ?? []).map(({ data }) => data).join('')
    assert.equal(withoutTimes(peer.lines.join('')), withoutTimes(recorded))
  }
})

test('an index over few documents is active at once, whatever it is asked; over one more it is not, unless asked', () => {
  const { service, time } = begin()
  fill(service, MAX_BUILT_AT_ONCE)
  service.ask(createIndex('few', { source: c, active: false }))
  assert.equal(service.ask(isActive('few')), true)
  service.ask(create('c', 1000, {}))
  service.ask(createIndex('many', { source: c }))
  service.ask(createIndex('asked', { source: c, active: true }))
  assert.equal(service.ask(isActive('many')), false)
  assert.equal(service.ask(isActive('asked')), true)
  assert.equal(refIds(service.ask({ ...idsOf('asked'), size: 1000 })).length, MAX_BUILT_AT_ONCE + 1)
  time.pass(BUILD_MS)
  assert.equal(service.ask(isActive('many')), true)
  assert.equal(refIds(service.ask({ ...idsOf('many'), size: 1000 })).length, MAX_BUILT_AT_ONCE + 1)
})

test('reading through an index that is being built is refused; what is written meanwhile is in it afterwards', () => {
  const { service, time } = begin()
  fill(service, 1)
  service.ask(createCollection('d'))
  service.ask(createIndex('both', { source: [c, { collection: 'd' }] }))
  const error = { code: 'instance not found', description: "Index 'both' is not active." }
  const answer = service.send(idsOf('both'))
  assert.equal(answer.status, 400)
  assert.deepEqual(answer.body, { errors: [{ position: ['paginate', 'index'], ...error }] })
  service.ask(create('d', 2, {}))
  service.ask({ update: { index: 'both' }, params: { object: { active: true, data: { object: { note: 1 } } } } })
  assert.equal(service.send(idsOf('both')).status, 400)
  time.pass(BUILD_MS)
  assert.deepEqual(refIds(service.ask(idsOf('both'))), ['1', '2'])
  assert.equal(service.ask({ select: ['data', 'note'], from: { get: { index: 'both' } } }), 1)
})

test('an index over several collections that is asked to be active never has what was there before', () => {
  for (const source of ['_', [c, { collection: 'd' }]]) {
    const { service, time } = begin()
    fill(service, 1)
    service.ask(createCollection('d'))
    service.ask(createIndex('wide', { source, active: true }))
    time.pass(BUILD_MS)
    service.ask(create('d', 2, {}))
    assert.deepEqual(refIds(service.ask(idsOf('wide'))), ['2'])
    service.ask(update('c', 1, { n: 1 }))
    service.ask({ delete: { ref: c, id: '1' } })
    assert.deepEqual(refIds(service.ask(idsOf('wide'))), ['2'])
  }
})

test('an index that is deleted, or never committed, stays gone when its time comes', () => {
  const { service, time } = begin()
  fill(service, 1)
  service.ask(createIndex('wide', { source: '_' }))
  service.ask({ delete: { index: 'wide' } })
  service.send({ do: [createIndex('undone', { source: '_' }), { abort: 'on purpose' }] })
  time.pass(BUILD_MS)
  assert.equal(service.ask({ exists: { index: 'wide' } }), false)
  assert.equal(service.ask({ exists: { index: 'undone' } }), false)
})

test('without quirks every index is built when it is made', () => {
  const { service } = begin({ quirks: false })
  fill(service, MAX_BUILT_AT_ONCE + 1)
  service.ask(createIndex('many', { source: c, active: false }))
  service.ask(createIndex('wide', { source: '_', active: true }))
  for (const index of ['many', 'wide']) {
    assert.equal(service.ask(isActive(index)), true)
    assert.equal(refIds(service.ask({ ...idsOf(index), size: 1000 })).length, MAX_BUILT_AT_ONCE + 1)
  }
})
