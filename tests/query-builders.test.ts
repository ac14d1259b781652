/** What `q` makes is what the official driver makes, and a wrong call is told in one sentence. */
import faunadb from 'faunadb'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { OptionError } from '../src/errors.ts'
import { builders, type BuilderName } from '../src/query/builders.ts'
import { forms, type FormName } from '../src/query/forms.ts'
import { Expr, q, toWire, type ExprArg } from '../src/query/index.ts'
import { toShape } from '../src/query/shapes.ts'
import './support/leaks.ts'

type Call = (...args: unknown[]) => unknown

const ours = q as unknown as Record<string, Call>
const theirs = faunadb.query as unknown as Record<string, Call>
// The names that the driver calls deprecated write a warning into the tests' output; their forms are compared below.
const deprecated: readonly string[] = ['Class', 'Classes', 'Contains', 'SelectAll']
const compared = Object.keys(builders).filter(name => name in theirs && !deprecated.includes(name))

/** Arguments of many kinds, different in each place, so that one in another's place shows. */
const samples: readonly unknown[] = [
  'one',
  { two: [2, { a: null, b: undefined }] },
  [3, 'three', true, false, 0, -1.5],
  { four: { 'a b': { __proto__: null, c: '' } } },
  'five',
]

/** Arguments for what does not take just anything. */
const special: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  Let: [
    [{ a: 1, b: [2], c: { d: undefined } }, { e: 5 }],
    [{ a: 1, b: undefined }, null],
    [[{ b: 1 }, { a: 2 }], (b: unknown, a: unknown) => [a, b]],
    [{ a: 1, b: 2 }, (a: unknown, b: unknown) => ({ b, a })],
    [{}, 1],
  ],
  Object: [[{ a: 1, b: undefined, c: { d: [] } }], [{}]],
  Lambda: [[(x: unknown) => x], [(x: unknown, y: unknown) => [y, x]], ['x', { a: 1 }], [['x', 'y'], null], ['_', 1]],
  Paginate: [
    ['set'],
    ['set', {}],
    ['set', { size: 5, after: ['a', 1], ts: undefined, events: true }],
    ['set', { before: null }],
  ],
  Ref: [
    ['collection', 1],
    ['collection', '1'],
  ],
  Select: [
    [['a', 0], { a: [1] }],
    ['a', { b: 1 }, null],
    ['a', { b: 1 }, 'x'],
    ['a', { b: 1 }, undefined],
  ],
}

function toCalls(name: string): readonly (readonly unknown[])[] {
  const { min, max } = toShape(name as BuilderName)
  // Where the official driver wants an argument that the wire form lets out, its number is taken.
  const least = ['Update', 'Replace'].includes(name) ? 2 : name === 'Insert' ? 4 : min
  const most = Math.min(max, 3 + Number(name === 'Insert'))
  // The official driver has no scope in these.
  return [...samples.keys()].filter(n => n >= least && n <= most).map(n => samples.slice(0, n))
}

for (const name of compared) {
  test(`${name} writes what the official driver writes`, () => {
    const calls = special[name] ?? toCalls(name)
    assert.ok(calls.length > 0)
    for (const args of calls) {
      const official = JSON.stringify(theirs[name]?.(...args))
      assert.equal(JSON.stringify(ours[name]?.(...args)), official)
      assert.equal(toWire(ours[name]?.(...args)), official)
    }
  })
}

test('every builder whose name the official driver has is compared', () => {
  const known = Object.keys(theirs).filter(name => name in builders)
  assert.deepEqual(known.filter(name => !compared.includes(name)).toSorted(), deprecated)
  assert.equal(toWire(q.Class('a', q.Database('b'))), '{"class":"a","scope":{"database":"b"}}')
  assert.equal(toWire(q.Classes()), '{"classes":null}')
  assert.equal(
    toWire([q.Contains('a', {}), q.SelectAll('a', {}, 1)]),
    '[{"contains":"a","in":{"object":{}}},{"select_all":"a","from":{"object":{}},"default":1}]',
  )
})

test('every wire form has one builder, and every builder is a function of q; Bytes makes a value', () => {
  const made = Object.values(builders).map((row: FormName | readonly [FormName, ...string[]]) =>
    typeof row === 'string' ? row : row[0],
  )
  assert.deepEqual(made.toSorted(), Object.keys(forms).toSorted())
  assert.deepEqual(Object.keys(q).toSorted(), [...Object.keys(builders), 'Bytes'].toSorted())
  for (const [name, make] of Object.entries(ours)) assert.equal(make.name, name)
})

test('the keys of a row are the keys of its form, so that the server finds it', () => {
  for (const name of Object.keys(builders) as BuilderName[]) {
    if (name === 'Paginate') continue // its one argument holds the optional keys
    const { form, keys } = toShape(name)
    const known: readonly string[] = forms[form].map(key => key.replace(/[?…]$/, ''))
    for (const key of keys) assert.ok(known.includes(key), `${name}: ${key}`)
  }
})

const made: readonly (readonly [Expr, string])[] = [
  [q.First(q.Documents('a')), '{"first":{"documents":"a"}}'],
  [q.Last([1, 2]), '{"last":[1,2]}'],
  [q.Ref(q.Collection('a'), '1', q.Database('b')), '{"ref":{"collection":"a"},"id":"1","scope":{"database":"b"}}'],
  [q.Quote({ a: { '@ts': '2024-05-01T12:00:00Z' } }), '{"quote":{"a":{"@ts":"2024-05-01T12:00:00Z"}}}'],
  [q.Get('a', null), '{"get":"a"}'],
  [q.Keys(q.Database('b')), '{"keys":{"database":"b"}}'],
  [q.Let([{ '2': 1 }, { '1': q.Var('2') }], q.Var('1')), '{"let":[{"2":1},{"1":{"var":"2"}}],"in":{"var":"1"}}'],
  [q.Let({ a: 1 }, a => q.Add(a, 2n ** 60n)), '{"let":[{"a":1}],"in":{"add":[{"var":"a"},1152921504606846976]}}'],
  [q.Query(x => q.Add(x, 1)), '{"query":{"lambda":"x","expr":{"add":[{"var":"x"},1]}}}'],
  [
    q.Create('a', { data: { at: new Date(0), raw: Uint8Array.of(1) } }),
    '{"create":"a","params":{"object":{"data":{"object":{"at":{"@ts":"1970-01-01T00:00:00.000Z"},"raw":{"@bytes":"AQ=="}}}}}}',
  ],
]

for (const [expr, wire] of made) {
  test(`${expr} is written as ${wire}`, () => assert.equal(toWire(expr), wire))
}

test('functions of every spelling become lambdas with the names of their parameters', () => {
  const object = {
    method(a: Expr) {
      return a
    },
  }
  const spellings: readonly (readonly [ExprArg, unknown])[] = [
    [a => a, 'a'],
    [new Function('a', 'b', 'return [a, b]') as Call, ['a', 'b']],
    [evaluate('(a) => a'), 'a'],
    [evaluate('( a /* first */, $b, // second\n _c, ) => [a, $b, _c]'), ['a', '$b', '_c']],
    [evaluate('(function (größe) { return größe })'), 'größe'],
    [evaluate('(function named(a) { return a })'), 'a'],
    [object.method, 'a'],
  ]
  for (const [make, names] of spellings) {
    assert.deepEqual((JSON.parse(toWire(q.Lambda(make))) as { lambda: unknown }).lambda, names)
  }
})

/** The function that a source text is, spelt as the formatter would not leave it. */
function evaluate(source: string): Call {
  return (new Function(`return ${source}`) as () => Call)()
}

const loop: { self?: unknown } = {}
loop.self = loop

const wrong: readonly (readonly [() => unknown, string])[] = [
  [() => ours['Get']?.(), 'Get: takes 1 to 2 arguments (ref, ts?), got 0'],
  [() => ours['Get']?.(1, 2, 3), 'Get: takes 1 to 2 arguments (ref, ts?), got 3'],
  [() => ours['Get']?.(undefined), 'Get(ref): is undefined'],
  [() => ours['Now']?.(1), 'Now: takes 0 arguments, got 1'],
  [() => ours['Var']?.(), 'Var: takes 1 argument (name), got 0'],
  [() => ours['Add']?.(), 'Add: takes at least 1 argument (value…), got 0'],
  [() => ours['Match']?.(), 'Match: takes at least 1 argument (index, terms…), got 0'],
  [() => ours['Do']?.(), 'Do: takes at least 1 argument (value…), got 0'],
  [() => ours['Paginate']?.(), 'Paginate: takes 1 to 2 arguments (set, options?), got 0'],
  [() => ours['Lambda']?.('x'), 'Lambda: takes 2 arguments (parameters, expr), got 1'],
  [() => ours['Lambda']?.(5, 1), 'Lambda(parameters): must be a name or an array of names'],
  [() => ours['Object']?.([1]), 'Object(fields): must be a plain object'],
  [() => ours['Let']?.(5, 1), 'Let(bindings): must be a plain object'],
  [() => ours['Let']?.(q.Now(), 1), 'Let(bindings): must be a plain object'],
  [() => q.Add(1, Number.NaN), 'Add(value[1]): NaN has no form in FQL'],
  [() => q.Match('a', 1, Symbol('b') as never), 'Match(terms[1]): a symbol cannot be sent'],
  [() => q.Create('a', { data: { 'b c': [1, undefined] } }), 'Create(params).data["b c"][1]: is undefined'],
  [() => q.Add(Object.assign([1], { 2: 3 })), 'Add(value[0])[1]: is undefined'],
  [
    () => q.Paginate('a', { sizes: 5 } as never),
    'Paginate(options).sizes: is not an option; there are after, before, cursor, ts, size, events, sources',
  ],
  [() => q.Map([1], () => 1), 'Map(lambda): a function that stands for a lambda needs a parameter'],
  [
    () => q.Map([1], ({ raw }) => raw),
    'Map(lambda): the parameters of a function must be plain names; or write Lambda([names], expr)',
  ],
  [
    () => q.Map([1], (a, b = a) => b),
    'Map(lambda): the parameters of a function must be plain names; or write Lambda([names], expr)',
  ],
  [
    () => q.Map([1], (...all) => all),
    'Map(lambda): the parameters of a function must be plain names; or write Lambda([names], expr)',
  ],
  [() => q.Map([1], a => void a), 'Map(lambda): the function returns nothing; a lambda needs an expression'],
  [() => q.Map([1], async a => a), 'Map(lambda): [object Promise] cannot be sent: make it an object or array'],
  [() => toWire({ a: [Number.POSITIVE_INFINITY] }), 'expr.a[0]: Infinity has no form in FQL'],
  [() => toWire(undefined), 'expr: is undefined'],
  [() => toWire(new Expr({ get: Number.NaN })), 'expr.get: NaN has no form in FQL'],
]

for (const [run, message] of wrong) {
  test(message, () => assert.throws(run, (error: unknown) => error instanceof OptionError && error.message === message))
}

test('a cycle in an argument is an OptionError with a short message, not a stack overflow', () => {
  assert.throws(
    () => q.Create('a', { data: loop }),
    (error: unknown) =>
      error instanceof OptionError &&
      /^Create\(params\)\.data\.self.*contains itself/.test(error.message) &&
      error.message.length < 200,
  )
})

test('an expression is shown as it was written', () => {
  const shown: readonly (readonly [Expr, string])[] = [
    [q.Get(q.Ref(q.Collection('a'), '1')), 'Get(Ref(Collection("a"), "1"))'],
    [
      q.Map(q.Paginate(q.Match('a', 1, 2), { size: 5 }), x => q.Get(x)),
      'Map(Paginate(Match("a", 1, 2), { size: 5 }), Lambda("x", Get(Var("x"))))',
    ],
    [q.Paginate(q.Documents('a')), 'Paginate(Documents("a"))'],
    [q.Let({ a: 1, 'b c': q.Now() }, q.Var('a')), 'Let({ a: 1, "b c": Now() }, Var("a"))'],
    [q.Do(q.Abort('x'), q.Add(1), q.Max(1, 2n)), 'Do(Abort("x"), Add(1), Max(1, 2))'],
    [q.Create('a', { data: { at: new Date(0) } }), 'Create("a", { data: { at: Time("1970-01-01T00:00:00.000Z") } })'],
    [q.Call('f'), 'Call("f")'],
    [q.Call('f', 1, [2]), 'Call("f", 1, [2])'],
    [q.Object({}), '{}'],
    [q.Quote({ a: 1 }), 'Quote({ a: 1 })'],
    [q.SubString('a', undefined, 2), 'SubString("a", null, 2)'],
    [q.Databases(), 'Databases()'],
    [q.Max([1]), 'Max([1])'],
    [q.Ref('collections/a/1'), 'Ref("collections/a/1")'],
    [q.Select(['a'], { a: null }, false), 'Select(["a"], { a: null }, false)'],
    [new Expr({ unheard_of: 1 }), '{ unheard_of: 1 }'],
    [new Expr({ let: { a: 1 }, in: 2 }), 'Let({ a: 1 }, 2)'],
    [new Expr({ match: 'a' }), 'Match("a")'],
  ]
  for (const [expr, text] of shown) {
    assert.equal(inspect(expr), text)
    assert.equal(String(expr), text)
  }
})

test('an expression cannot be changed', () => {
  assert.ok(Object.isFrozen(q.Now()))
  assert.ok(Object.isFrozen(q))
})

test('the comment of each function of q tells its wire form as it is sent, and what it takes', async () => {
  const source = await readFile(join(import.meta.dirname, '../src/query/q.ts'), 'utf8')
  const comments = [...source.matchAll(/ {2}\/\*\*\n([^]*?) {3}\*\/\n {2}(\w+)\(([^\n]*)\): \w+\n/g)]
  const told = new Set<string>()
  for (const [, comment = '', name = '', parameters = ''] of comments) {
    told.add(name)
    const names = [...parameters.matchAll(/(\w+)\??:/g)].map(([, parameter]) => parameter ?? '')
    if (names.length > 0) assert.match(comment, new RegExp(`Takes \`${names[0]}\`: `), name)
    if (name === 'Bytes') continue
    const shown = /Wire: `\{ (.*) \}`[.,]/.exec(comment)?.[1] ?? ''
    const keys = shown.split(', ').map(part => part.replace(/\??:.*$/, '').replace(/\?$/, ''))
    // Placeholders show no form of `Ref` of one argument and no option of `Paginate`.
    if (keys.includes('...options') || keys.includes("'@ref'")) continue
    const given =
      name === 'Lambda' ? ['x', 1] : name === 'Let' || name === 'Object' ? [{ x: 1 }, 1] : names.map(() => 1)
    const args = name === 'Object' ? given.slice(0, 1) : given
    const { raw } = ours[name]!(...args) as Expr
    assert.deepEqual(Object.keys(raw as object), keys, name)
  }
  assert.deepEqual([...told].toSorted(), Object.keys(q).toSorted())
})
