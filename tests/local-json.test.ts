// The embedded server's JSON: what it reads, refuses and writes, against recorded answers of the real server.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { indent } from '../src/local/json-layout.ts'
import { writeDouble } from '../src/local/double.ts'
import { JsonError, readJson, writeString, type Json } from '../src/local/json.ts'
import './support/leaks.ts'

const seed = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }
const read = (text: string): Json => readJson(Buffer.from(text))
const refusal =
  (kind: 'syntax' | 'nesting') =>
  (error: unknown): boolean =>
    error instanceof JsonError && error.kind === kind

function write(value: Json): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return writeDouble(value)
  if (typeof value === 'string') return writeString(value)
  if (Array.isArray(value)) return `[${value.map(write).join()}]`
  return `{${[...value].map(([key, member]) => `${writeString(key)}:${write(member)}`).join()}}`
}

test('integers are exact and apart from doubles', () => {
  assert.deepEqual(read('[1,1.0,-0,-0.0,1e2,9223372036854775807,-9223372036854775808]'), [
    1n,
    1,
    0n,
    -0,
    100,
    9223372036854775807n,
    -9223372036854775808n,
  ])
  assert.equal(read('1E400'), Infinity)
  assert.equal(read('-1E400'), -Infinity)
})

test('keys keep their order, integer-like ones too, and the first of repeated keys counts', () => {
  assert.deepEqual(
    [...(read('{"b":1,"2":2,"a":3,"1":4,"b":5}') as Map<string, Json>)],
    [
      ['b', 1n],
      ['2', 2n],
      ['a', 3n],
      ['1', 4n],
    ],
  )
})

test('a byte order mark, white space and a second value are no errors', () => {
  for (const text of ['\ufeff1', ' \r\n\t1 ', '1 2', '1 {', '1 "x', '1 [oops', '1 null', `1 ${'9'.repeat(30)}`])
    assert.equal(read(text), 1n)
  assert.equal(read('"a""b"'), 'a')
  assert.equal(read('null{'), null)
})

test('what is no JSON is refused', () => {
  const bad = [
    '',
    ' ',
    '{',
    '[1,]',
    '[1 2]',
    '[1,,2]',
    '{"a":}',
    '{,}',
    '{"a":1,}',
    "{'a':1}",
    '{a:1}',
    'undefined',
    ']',
  ]
  bad.push(
    'nul',
    'nullx',
    'null_',
    '1 null\ufeff',
    '-',
    '--1',
    '1e',
    '1.',
    '.5',
    '01',
    '-01',
    '+1',
    '0x10',
    '1_000',
    'NaN',
    '/*c*/1',
  )
  bad.push('1 x', '{} x', '1"a"', '{}]', '{},', '1 2x', '"a', '"\t"', '"\\x"', '"\\u12g4"', '"\\', 'q=%7B%7D')
  bad.push('9223372036854775808', '-9223372036854775809', '99999999999999999999', `${'1'.repeat(1000)}.0`)
  for (const text of bad) assert.throws(() => read(text), refusal('syntax'), text)
  assert.throws(() => readJson(Uint8Array.of(0x22, 0xff, 0xfe, 0x22)), refusal('syntax'))
})

test('a thousand containers inside one another are too many', () => {
  const nest = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  assert.ok(Array.isArray(read(nest(999))))
  assert.throws(() => read(nest(1000)), refusal('nesting'))
  assert.throws(() => read('{"a":'.repeat(1200)), refusal('nesting'))
})

test('escapes are resolved and lone surrogates become question marks', () => {
  assert.equal(read('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"'), '"\\/\b\f\n\r\té😀')
  assert.equal(read('"a\\ud800b"'), 'a?b')
  assert.equal(read('"\\udc00\\ud800"'), '??')
  assert.deepEqual([...(read('{"\\ud800":1}') as Map<string, Json>).keys()], ['?'])
})

test('strings escape control characters, quote and backslash only', () => {
  assert.equal(writeString('\0\x1f\b\t\n\f\r"\\/'), '"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/"')
  assert.equal(writeString('\x7f\x80\u2028\ufeffé😀'), '"\x7f\x80\u2028\ufeffé😀"')
  assert.equal(writeString('a\ud800'), '"a?"')
})

test('doubles are spelled as Java before 19 spells them', () => {
  const spellings: [number, string][] = [
    [0, '0.0'],
    [-0, '-0.0'],
    [1, '1.0'],
    [-1.5, '-1.5'],
    [0.1, '0.1'],
    [0.001, '0.001'],
    [0.002, '0.002'],
    [0.00099, '9.9E-4'],
    [9999999, '9999999.0'],
    [1e7, '1.0E7'],
    [123456789.125, '1.23456789125E8'],
    [1e21, '1.0E21'],
    [1e23, '9.999999999999999E22'],
    [2e23, '1.9999999999999998E23'],
    [1.024e26, '1.024E26'],
    [8.41e21, '8.409999999999999E21'],
    [2 ** 60, '1.15292150460684698E18'],
    [2 ** 63, '9.223372036854776E18'],
    [9007199254740992, '9.007199254740992E15'],
    [2.2250738585072014e-308, '2.2250738585072014E-308'],
    [5e-324, '4.9E-324'],
    [Number.MAX_VALUE, '1.7976931348623157E308'],
    [NaN, '"NaN"'],
    [Infinity, '"Infinity"'],
    [-Infinity, '"-Infinity"'],
  ]
  for (const [value, text] of spellings) assert.equal(writeDouble(value), text)
})

test('every double recorded from the real server is written digit for digit', () => {
  let compared = 0
  for (const family of ['numbers', 'convert', 'compare', 'format']) {
    const { cases } = JSON.parse(readFileSync(new URL(`transcripts/fql/${family}.json`, import.meta.url), 'utf8')) as {
      cases: { body: string }[]
    }
    for (const { body } of cases) {
      for (const [, text = ''] of body.matchAll(/[[:,](-?\d+\.\d+(?:E-?\d+)?)(?=[,\]}])/g)) {
        assert.equal(writeDouble(Number(text)), text)
        compared += 1
      }
    }
  }
  assert.ok(compared > 300, `${compared} doubles`)
})

test('a double reads back as itself, within one unit in the last place', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
      const again = read(writeDouble(value)) as number
      assert.ok(Math.abs(again - value) <= Math.abs(value) * 2 ** -52 + Number.MIN_VALUE, `${value} ${again}`)
    }),
    seed,
  )
})

const scalar = fc.oneof(
  fc.constantFrom(null, true, false),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary-ascii' }),
)
const { json } = fc.letrec<{ json: Json }>(tie => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie('json'), { maxLength: 5 }),
    fc.array(fc.tuple(fc.string(), tie('json')), { maxLength: 5 }).map(members => new Map(members)),
  ),
}))

test('what is written reads back', () => {
  fc.assert(
    fc.property(json, value => assert.deepEqual(read(write(value)), value)),
    seed,
  )
})

test('the pretty form is JSON of the same value', () => {
  // Blanks inside strings are left out: a container on one line keeps one of several, as the real server does.
  const hasBlank = (text: string) => /\s/.test(text)
  fc.assert(
    fc.property(json.map(write), text => {
      fc.pre(!hasBlank(text))
      assert.equal(write(read(indent(text))), text)
    }),
    seed,
  )
})

test('the pretty form is laid out as recorded', () => {
  assert.equal(indent('{"resource":3}'), '{ "resource": 3 }\n')
  assert.equal(
    indent('{"resource":{"a":[1,{"b":null}],"e":[]}}'),
    '{ "resource": { "a": [ 1, { "b": null } ], "e": [ ] } }\n',
  )
  assert.equal(
    indent('{"error":"request timeout: Client timed out."}'),
    '{ "error": "request timeout: Client timed out." }\n',
  )
  const { cases } = JSON.parse(readFileSync(new URL('transcripts/fql/http.json', import.meta.url), 'utf8')) as {
    cases: { body: string }[]
  }
  const pretty = cases.map(({ body }) => body).filter(body => body.endsWith('}\n'))
  assert.ok(pretty.length > 10)
  for (const body of pretty) assert.equal(indent(JSON.stringify(JSON.parse(body))), body)
})
