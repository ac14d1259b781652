// Rules of sets, pages and histories that few recorded queries show, asked of the embedded server one by one.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalService, create, doc, update } from './support/local-service.ts'
import type { Json } from './support/local-service.ts'

function serve(): LocalService {
  const service = new LocalService()
  service.ask({ create_collection: { object: { name: 'things', history_days: 20_000 } } })
  return service
}

/** An index over the things, with `values` of their data. */
function addIndex(service: LocalService, name: string, values: string[], extra: object = {}): void {
  const fields = values.map(value => ({ object: { field: ['data', value], ...extra } }))
  service.ask({
    create_index: { object: { name, source: { collection: 'things' }, values: fields, active: true } },
  })
}

/** `FunctionAdapters.Range` and `CursorParser` in MODEL/ast/Parser.scala; `RangeSet` in MODEL/Renderable.scala. */
test('the ends of a range are cursors of its set, and are shown by their values', () => {
  const service = serve()
  addIndex(service, 'by_n', ['n'])
  service.ask(create('things', 1, { n: 1 }))
  const set = { match: { index: 'by_n' } }
  const errors = (range: object, from: Json | object, to: Json | object): Json =>
    (service.send({ range, from, to }).body['errors'] as Record<string, Json>[]).map(error => [
      ...(error['position'] as Json[]),
      error['description'] ?? null,
    ])
  const unknown = (collection: string): object => ({ ref: { collection }, id: 1 })
  assert.deepEqual(errors(set, unknown('no'), unknown('nope')), [
    ['from', "Ref refers to undefined collection 'no'"],
    ['to', "Ref refers to undefined collection 'nope'"],
  ])
  const type = 'Object, Integer, Time, or Date expected, String provided.'
  assert.deepEqual(errors({ events: set }, 'a', 'b'), [
    ['from', type],
    ['to', type],
  ])
  const shown = service.ask({ range: set, from: [1, doc('things', 1)], to: doc('things', 1) }) as {
    '@set': Record<string, Json>
  }
  assert.equal(shown['@set']['from'], 1)
  const ofDocuments = { range: { documents: { collection: 'things' } }, from: doc('things', 1), to: [] }
  const { '@set': plain } = service.ask(ofDocuments) as { '@set': Record<string, Json> }
  assert.deepEqual(
    [plain['from'], plain['to']],
    [service.ask({ select: 'ref', from: { get: doc('things', 1) } }), null],
  )
})

/** `SetL`, `DocEventL` and `SetEventL`: irValue in MODEL/ast/Expression.scala. */
test('sets and events are stored in words of their own, and sets of one document not at all', () => {
  const service = serve()
  addIndex(service, 'by_n', ['n'])
  service.ask(create('things', 1, { n: 1 }))
  const store = (x: object): Json =>
    service.ask({
      select: ['data', 'x'],
      from: { create: doc('things', 9), params: { object: { data: { object: { x } } } } },
    })
  const stored = (x: object): Json => {
    const value = store(x)
    service.ask({ delete: doc('things', 9) })
    return value
  }
  const set = { match: { index: 'by_n' } }
  const index = { '@obj': { '@set': { match: service.ask({ index: 'by_n' }) } } }
  assert.deepEqual(stored(set), index)
  assert.deepEqual(stored({ union: [set] }), { '@obj': { '@set': { union: [index] } } })
  assert.deepEqual(stored({ events: set }), { '@obj': { '@set': { events: index } } })
  const eventOf = (of: object): object => ({ select: ['data', 0], from: { paginate: of, events: true } })
  const [ts, resource] = [
    { select: ['ts'], from: { get: doc('things', 1) } },
    { select: ['ref'], from: { get: doc('things', 1) } },
  ].map(expression => service.ask(expression))
  assert.deepEqual(stored(eventOf(doc('things', 1))), { ts, action: 'create', resource })
  assert.deepEqual(stored(eventOf(set)), { ts, action: 'add', resource, values: [1] })
  for (const unstorable of [{ singleton: doc('things', 1) }, { reverse: set }, { range: set, from: [], to: [] }]) {
    assert.equal(service.send({ create: doc('things', 8), params: { object: { data: unstorable } } }).status, 500)
    assert.equal(service.ask({ exists: doc('things', 8) }), false)
  }
})

test('the page of a document has its ref as its source', () => {
  const service = serve()
  service.ask(create('things', 1, { n: 1 }))
  const ref = service.ask({ select: 'ref', from: { get: doc('things', 1) } })
  assert.deepEqual(service.ask({ paginate: doc('things', 1), sources: true }), {
    data: [{ value: ref, sources: [ref] }],
  })
  assert.deepEqual(service.ask({ paginate: { singleton: doc('things', 1) }, sources: true }), {
    data: [{ value: ref, sources: [{ '@set': { singleton: ref } }] }],
  })
})

/** `PaginateImpl` in FN/ReadAdaptor.scala. */
test('a page of size 0 tells its cursor on both sides, one below on its own; of what is far below, 32 bits count', () => {
  const service = serve()
  service.ask(create('things', 1, { n: 1 }))
  const page = (size: number | bigint, more: object): Json =>
    service.ask({ paginate: { documents: { collection: 'things' } }, size: Number(size), ...more })
  assert.deepEqual(page(0, { after: 'x' }), { before: ['x'], after: ['x'], data: [] })
  assert.deepEqual(page(-1, { after: 'x' }), { before: ['x'], data: [] })
  assert.deepEqual(page(-1, { before: 'x' }), { after: ['x'], data: [] })
  assert.equal((page(1 - 2 ** 32, {}) as { data: Json[] }).data.length, 1)
})

/** `CursorParser.parseEvent` in MODEL/ast/Parser.scala: of the values with fields only objects are cursors. */
test('an event is no cursor of history, and all that is wrong with an object that should be one is told', () => {
  const service = serve()
  service.ask(create('things', 1, { n: 1 }))
  const events = { events: { documents: { collection: 'things' } } }
  const errors = (after: object): Json =>
    (service.send({ paginate: events, after }).body['errors'] as Record<string, Json>[]).map(error => [
      ...(error['position'] as Json[]),
      error['description'] ?? null,
    ])
  const first = { select: ['data', 0], from: { paginate: events } }
  const type = 'Object, Integer, Time, or Date expected, Object provided.'
  assert.deepEqual(errors(first), [['after', type]])
  assert.deepEqual(errors({ get: doc('things', 1) }), [['after', type]])
  assert.deepEqual(errors({ object: { ts: 'x', action: 'y', document: { ref: { collection: 'no' }, id: 1 } } }), [
    ['after', 'ts', 'Integer expected, String provided.'],
    ['after', 'document', "Ref refers to undefined collection 'no'"],
    ['after', 'action', "String 'create', 'update', or 'delete' expected, String provided."],
  ])
})

/** `MatchFunction` and `JoinFunction` in FN/SetFunctions.scala; `Casts.MatchTerm` in MODEL/ast/Casts.scala. */
test('a match is told of its index and its terms when it is made', () => {
  const service = serve()
  service.ask({ create_collection: { object: { name: 'others' } } })
  const source = [{ collection: 'things' }, { collection: 'others' }]
  service.ask({ create_index: { object: { name: 'idle', source, active: false } } })
  addIndex(service, 'by_n', ['n'])
  service.ask(create('things', 1, { n: 1 }))
  const error = (expression: object): Json => {
    const [first] = service.send(expression).body['errors'] as [Record<string, Json>]
    return [...(first['position'] as Json[]), first['description'] ?? null]
  }
  assert.deepEqual(error({ match: 'idle' }), ['index', "Index 'idle' is not active."])
  assert.deepEqual(error({ match: { collection: 'no' } }), ['match', "Ref refers to undefined collection 'no'"])
  assert.deepEqual(error({ match: 'by_n', terms: [[{ index: 'no' }]] }), ['terms', 0, 'Any expected, Array provided.'])
  assert.deepEqual(error({ join: { match: 'by_n' }, with: { collection: 'no' } }), [
    'with',
    "Ref refers to undefined collection 'no'",
  ])
  const pairs = { query: { lambda: ['a', 'b'], expr: { match: 'by_n' } } }
  const joined = { let: [{ f: pairs }], in: { paginate: { join: { match: 'by_n' }, with: { var: 'f' } } } }
  const arity = 'Lambda expects an array with 2 elements. Array contains 1.'
  assert.deepEqual(error(joined), ['in', 'paginate', 'with', 'lambda', arity])
  // Each argument is looked at when it has been evaluated; a literal has its terms first, as the form of old has.
  const [no, stop] = [{ index: 'no' }, { abort: 'stop' }]
  assert.deepEqual(error({ match: no, terms: stop }), ['match', "Ref refers to undefined index 'no'"])
  assert.deepEqual(error({ match: 1, terms: stop }), ['match', 'Identifier expected, Integer provided.'])
  assert.deepEqual(error({ match: 'no', terms: stop }), ['terms', 'stop'])
  assert.deepEqual(error({ match: stop, index: 1 }), ['match', 'stop'])
  const unknown = { '@ref': { id: 'no', collection: { '@ref': { id: 'indexes' } } } }
  assert.deepEqual(error({ '@set': { match: 1, terms: unknown } }), ['terms', 'Any expected, Index Ref provided.'])
  const { '@set': set } = service.ask({ match: 'by_n', terms: { get: doc('things', 1) } }) as {
    '@set': { terms: object }
  }
  assert.deepEqual(Object.keys(set.terms), ['class', 'collection', 'data', 'ref', 'ts'])
})

/** `Literal.toIndexTerm` and UnresolvedRefL.irValue in MODEL/ast/Expression.scala. */
test('a name that nothing has is no part of a cursor', () => {
  const service = serve()
  addIndex(service, 'by_n', ['n'])
  const page = (after: object): { status: number; text: string } => service.send({ paginate: { match: 'by_n' }, after })
  const { status, text } = page([{ ref: { collection: 'no' }, id: 1 }])
  assert.equal(status, 500)
  assert.ok(text.includes("'InstanceRef(Right(SubID(1)),CollectionRef(no,None))' cannot be encoded"), text)
  assert.equal(page([1, doc('things', 1), { index: 'no' }]).status, 200)
})

/** `checkSets` of `AssociativeSetFunction` in FN/SetFunctions.scala: neighbours, two by two. */
test('of the sets of a combination every pair of neighbours that do not go together is told', () => {
  const service = serve()
  addIndex(service, 'by_n', ['n'])
  addIndex(service, 'down', ['n'], { reverse: true })
  const told = (kinds: string[]): number => {
    const { body } = service.send({ union: kinds.map(match => ({ match })) })
    return (body['errors'] as Json[] | undefined)?.length ?? 0
  }
  assert.deepEqual([told(['by_n', 'by_n']), told(['by_n', 'down', 'down']), told(['by_n', 'down', 'by_n'])], [0, 1, 2])
})

/** `Intersection.snapshot` in MODEL/set/IntersectionSet.scala: where it begins, only values count. */
test('a page of an intersection goes on where the one before it ended, whichever documents have its values', () => {
  const service = serve()
  addIndex(service, 'by_n', ['n'])
  service.ask({ create_collection: { object: { name: 'others' } } })
  const values = [{ object: { field: ['data', 'n'] } }]
  service.ask({
    create_index: { object: { name: 'others_by_n', source: { collection: 'others' }, values, active: true } },
  })
  for (const n of [1, 2, 3]) service.ask({ do: [create('things', 10 + n, { n }), create('others', n, { n })] })
  const both = [{ match: 'by_n' }, { match: 'others_by_n' }]
  const page = (intersection: object[], more: object): { data: Json; after: Json; before: Json } =>
    service.ask({ paginate: { intersection }, size: 1, ...more }) as ReturnType<typeof page>
  const { after } = page(both, {})
  const { data, before } = page(both, { after })
  assert.deepEqual([data, before], [[2], after])
  const upsideDown = both.toReversed()
  const last = page(upsideDown, { before: [3, doc('others', 3)] })
  assert.deepEqual([last.data, page(upsideDown, { after: [1] }).data], [[2], [1]])
  assert.deepEqual(page(upsideDown, { before: [2, doc('others', 2)] }).data, [1])
})

/** `PageL.unmapped` (`rawValues` of `PaginateImpl` in FN/ReadAdaptor.scala). */
test('what take leaves out of a page with sources has them in the cursor too', () => {
  const service = serve()
  for (const id of [1, 2]) service.ask(create('things', id, {}))
  const collection = { paginate: { documents: { collection: 'things' } }, sources: true }
  const { after } = service.ask({ take: 1, collection }) as { after: Record<string, Json> }
  const { value, sources } = after
  assert.deepEqual(
    [value, (sources as Json[]).length],
    [[service.ask({ select: ['data', 1, 'value'], from: collection })], 1],
  )
})

/** `CursorL` in `valueAtPath` of FN/ReadAdaptor.scala: it is followed to the event. */
test('a path to the cursor of a page of history finds the whole event', () => {
  const service = serve()
  service.ask(create('things', 1, { n: 1, m: 1 }))
  service.ask(update('things', 1, { n: 2 }))
  const page = { paginate: { events: doc('things', 1) }, size: 1 }
  const { after } = service.ask(page) as { after: object }
  assert.deepEqual(service.ask({ select: 'after', from: page }), { ...after, data: { n: 2 } })
  assert.equal(service.ask({ select: ['after', 'data', 'n'], from: page }), 2)
  const set = { paginate: { events: { documents: { collection: 'things' } } }, size: 1, after: 0 }
  assert.deepEqual(service.ask({ select: 'before', from: set }), { ts: 0, action: 'add' })
})

/** `TakeFunction2` in FN/ArrayFunctions.scala: the end of a set is the beginning of the reversed one. */
test('version UNSTABLE takes from the end of sets, whatever they have, but not of histories', () => {
  const service = serve()
  addIndex(service, 'by_n', ['n'])
  for (const n of [1, 2, 3]) service.ask(create('things', n, { n }))
  const take = (collection: object): Json => {
    const { body } = service.send({ take: -2, collection }, undefined, 'UNSTABLE')
    return (body['resource'] ?? (body['errors'] as Record<string, Json>[])[0]?.['description'] ?? null) as Json
  }
  assert.deepEqual(take({ match: 'by_n' }), [2, 3])
  assert.deepEqual(take({ reverse: { match: 'by_n' } }), [2, 1])
  const documents = { documents: { collection: 'things' } }
  assert.deepEqual(
    take(documents),
    service.ask({ drop: 1, collection: { select: 'data', from: { paginate: documents } } }),
  )
  assert.equal(take({ events: documents }), 'Set does not support events history.')
})

/** `normalizedValue` in STOR/index/IndexTerm.scala. */
test('objects in indexes have their keys in order: those of terms, values and places, however they were written', () => {
  const service = serve()
  const whole = { object: { field: ['data', 'o'], mva: false } }
  const make = (name: string, more: object): Json =>
    service.ask({ create_index: { object: { name, source: { collection: 'things' }, active: true, ...more } } })
  make('by_o', { terms: [whole] })
  make('all_o', { values: [whole] })
  const o = { object: { b: 1, a: [{ object: { d: 1, c: 2 } }] } }
  service.ask(create('things', 1, { o }))
  const laid = '{"a":[{"c":2,"d":1}],"b":1}'
  const found = { object: { a: [{ object: { c: 2, d: 1 } }], b: 1 } }
  for (const terms of [[o], [found]]) assert.equal(service.ask({ count: { match: 'by_o', terms } }), 1)
  const shown = (expression: object): string => service.send(expression).text
  assert.ok(shown({ match: 'by_o', terms: [o] }).includes(`"terms":${laid}`))
  assert.ok(shown({ paginate: { match: 'all_o' } }).includes(`"data":[${laid}]`))
  assert.ok(shown({ range: { match: 'all_o' }, from: [o], to: [] }).includes(`"from":${laid}`))
  const stored = shown({ range: { match: 'all_o' }, from: { get: doc('things', 1) }, to: [] })
  assert.match(stored, /"from":\{"class":.*"collection":.*"data":.*"ref":.*"ts":/)
})

/** `equiv` in MODEL/set/DistinctSet.scala, and the equality of values in STOR/ir/IRValue.scala. */
test('a set without repetitions keeps an integer beside the double that is as great', () => {
  const service = serve()
  addIndex(service, 'by_n', ['n'])
  const one = { to_double: 1 }
  ;[1, 1, one, one, 2].forEach((n, id) =>
    service.ask({ create: doc('things', id + 1), params: { object: { data: { object: { n } } } } }),
  )
  assert.match(service.send({ paginate: { distinct: { match: 'by_n' } } }).text, /"data":\[1,1\.0,2\]/)
})
