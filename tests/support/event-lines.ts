/** Generates lines of a stream: as servers write them, nearly so, and quite otherwise. */
import * as fc from 'fast-check'

const key = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'ts',
    'ref',
    'data',
    'ttl',
    'diff',
    'prev',
    'index',
    'document',
    '__proto__',
    '1',
    '@a',
    '',
  ),
  fc.string({ maxLength: 6 }),
)

/** A string of JSON, with escapes that it needs and others. */
const text = fc.oneof(
  fc.string({ maxLength: 12 }).map(raw => JSON.stringify(raw)),
  fc.string({ unit: 'grapheme', maxLength: 6 }).map(raw => JSON.stringify(raw)),
  fc.constantFrom('"\\u0041\\/"', '"},\\"diff\\":{"', '"},"', '"\\u0000"', '"}}}"', '"\u2028"', '"\\ud800"'),
)

const number = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  fc.double().map(value => JSON.stringify(value)),
  fc.constantFrom('-0', '1e400', '1E3', '9007199254740993', '9007199254740992.0', '01', '-', '1.'),
)

const id = fc.oneof(
  fc.constantFrom('"1"', '"301234567890123456"', '"orders"', '"collections"', '"__proto__"', '""', '"\\u0041b"', '1'),
  text,
)

/** A space now and then, where JSON allows one. */
const gap = fc.constantFrom(...Array.from({ length: 30 }, () => ''), ' ', '\t')

const usualRef = fc
  .tuple(fc.constantFrom('1', '301234567890123456', 'ø'), fc.constantFrom('orders', 'c', 'collections', '广'))
  .map(
    ([one, name]) =>
      `{"@ref":{"id":"${one}","collection":{"@ref":{"id":"${name}","collection":{"@ref":{"id":"collections"}}}}}}`,
  )

const ref = fc.oneof(
  { weight: 6, arbitrary: usualRef },
  fc
    .tuple(id, id)
    .map(
      ([one, name]) =>
        `{"@ref":{"id":${one},"collection":{"@ref":{"id":${name},"collection":{"@ref":{"id":"collections"}}}}}}`,
    ),
  // Old API versions, a child database, a key that no ref has.
  fc.constantFrom(
    '{"@ref":"classes/orders/1"}',
    '{"@ref":{"id":"1","class":{"@ref":{"id":"c","class":{"@ref":{"id":"classes"}}}}}}',
    '{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}},"database":{"@ref":{"id":"d","collection":{"@ref":{"id":"databases"}}}}}}',
    '{"@ref":{"id":"1","more":2}}',
  ),
)

const tagged = fc.constantFrom(
  '{"@ts":"2026-11-23T18:37:54.123Z"}',
  '{"@ts":"yesterday"}',
  '{"@date":"2024-02-29"}',
  '{"@date":"2023-02-29"}',
  '{"@bytes":"AQI="}',
  '{"@bytes":"?"}',
  '{"@query":{"api_version":"4","lambda":"x","expr":{"var":"x"}}}',
  '{"@query":9007199254740993}',
  '{"@obj":{"@ref":"not one"}}',
  '{"@obj":1}',
  '{"@set":{"match":{"@ref":{"id":"i","collection":{"@ref":{"id":"indexes"}}}},"terms":12345678901234567890}}',
  '{"@uuid":"123e4567-e89b-12d3-a456-426614174000"}',
  '{"@uuid":1}',
  '{"@double":1}',
)

const { value } = fc.letrec<{ value: string }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(text, number, fc.constantFrom('true', 'null', '{}', '[]'), tagged, ref),
    fc.array(tie('value'), { maxLength: 3 }).map(items => `[${items.join()}]`),
    // Keys may come twice.
    fc
      .array(fc.tuple(key, tie('value'), gap), { maxLength: 4 })
      .map(fields => `{${fields.map(([k, v, g]) => `${JSON.stringify(k)}:${g}${v}`).join()}}`),
  ),
}))

const micros = fc.oneof(
  { weight: 16, arbitrary: fc.integer({ min: 10 ** 15, max: 9_007_199_254_740_991 }).map(String) },
  fc.integer({ min: 1, max: 2 ** 50 }).map(String),
  fc.constantFrom('0', '-1', '9007199254740991', '9007199254740992', '9999999999999999', '1.0', '1e15', '"1"'),
)

type Field = readonly [key: string, value: string]

/** An object of these fields: as they stand, or, now and then, in another order, with one more, one twice, a space. */
function objectOf(...fields: fc.Arbitrary<Field | undefined>[]): fc.Arbitrary<string> {
  const change = fc.constantFrom('', '', '', '', '', '', '', '', '', '', '', '', 'turn', 'more', 'twice', 'space')
  return fc.tuple(fc.tuple(...fields), change, key, value).map(([given, how, extraKey, extra]) => {
    const list = given.filter(field => field !== undefined)
    if (how === 'turn') list.reverse()
    if (how === 'more') list.push([extraKey, extra])
    if (how === 'twice' && list[0]) list.push(list[0])
    const space = how === 'space' ? ' ' : ''
    return `{${list.map(([name, content]) => `${JSON.stringify(name)}:${space}${content}`).join()}}`
  })
}

function always(name: string, content: fc.Arbitrary<string>): fc.Arbitrary<Field> {
  return content.map(made => [name, made] as const)
}

function maybe(name: string, content: fc.Arbitrary<string>): fc.Arbitrary<Field | undefined> {
  return fc.option(always(name, content), { nil: undefined, freq: 3 })
}

const rarely = (name: string, content: fc.Arbitrary<string>): fc.Arbitrary<Field | undefined> =>
  fc.tuple(fc.nat(7), always(name, content)).map(([dice, field]) => (dice === 0 ? field : undefined))

const ttl = fc.oneof(fc.constantFrom('{"@ts":"2026-11-23T18:37:54.123Z"}', 'null'), value)
const version = objectOf(always('ref', ref), always('ts', micros), maybe('data', value), rarely('ttl', ttl))
const list = fc.array(value, { maxLength: 2 }).map(items => `[${items.join()}]`)
const index = objectOf(maybe('ref', ref), always('terms', list), always('values', list))
const action = fc.constantFrom('"create"', '"update"', '"delete"', '"add"', '"\\u0061dd"', '"}}}"', '1')

const change = objectOf(
  maybe('action', action),
  maybe('document', version),
  rarely('diff', version),
  rarely('prev', version),
)
const setChange = objectOf(maybe('action', action), maybe('document', version), maybe('index', fc.oneof(index, value)))

function lineOf(type: string, event: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return objectOf(always('type', fc.constant(type)), always('txn', micros), always('event', event))
}

/** One line, without its end; not always JSON. */
export const line: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: lineOf('"version"', change) },
  { weight: 4, arbitrary: lineOf('"set"', setChange) },
  { weight: 2, arbitrary: lineOf('"history_rewrite"', change) },
  lineOf('"start"', micros),
  lineOf('"error"', objectOf(always('code', text), always('description', text))),
  lineOf('"news"', value),
  value,
)
