/** The text form of FQL: what it stands for is what `q` makes, and each mistake is told at its place. */
import * as fc from 'fast-check'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Expr, FaunaError, fql, q, QueryTextError } from '../src/index.ts'
import { toWire } from '../src/query/index.ts'
import { maxDepth } from '../src/values/index.ts'
import './support/leaks.ts'
import { readSeed } from './support/seed.ts'

const { seed } = readSeed()

const orders = q.Collection('orders')
const meanings: readonly (readonly [text: string, expr: unknown])[] = [
  ['Documents(Collection("orders"))', q.Documents(orders)],
  ["q.Get(q.Ref(q.Collection('orders'), '1'))", q.Get(q.Ref(orders, '1'))],
  ['Match(Index("by_state"), "open", 2)', q.Match(q.Index('by_state'), 'open', 2)],
  ['NewId()', q.NewId()],
  ['Now ( ) ;', q.Now()],
  ['[1, -2.5e3, true, false, null, "x",]', [1, -2500, true, false, null, 'x']],
  ['{ a: 1, "b c": [2], 3: {} , }', { 3: {}, a: 1, 'b c': [2] }],
  ['Create(Collection("orders"), { data: { n: 1 } })', q.Create(orders, { data: { n: 1 } })],
  ['Lambda("x", Var("x"))', q.Lambda('x', q.Var('x'))],
  ['Map([1], x => Add(x, 1))', q.Map([1], q.Lambda('x', q.Add(q.Var('x'), 1)))],
  ['Reduce((a, b) => [a, b], 0, [1])', q.Reduce(q.Lambda(['a', 'b'], [q.Var('a'), q.Var('b')]), 0, [1])],
  [
    'Map([1], x => Map([2], y => [x, y]))',
    q.Map([1], q.Lambda('x', q.Map([2], q.Lambda('y', [q.Var('x'), q.Var('y')])))),
  ],
  ['Let({ b: 1, 1: 2 }, Var("b"))', q.Let([{ b: 1 }, { 1: 2 }], q.Var('b'))],
  ['Paginate(Match(Index("i")), { size: 2 })', q.Paginate(q.Match(q.Index('i')), { size: 2 })],
  ['(Add(1, 2))', q.Add(1, 2)],
  ['9007199254740993', 9007199254740993n],
  ['-12n', -12],
  ["'a\\n\\t\\'\\\"\\\\\\u0041\\u{1f600}\\x41\\q'", 'a\n\t\'"\\A😀Aq'],
  ['"it\'s // no comment"', "it's // no comment"],
  ['// what\n Now() /* when\n */ // ever', q.Now()],
  ['Time("2024-05-01T12:00:00Z")', q.Time('2024-05-01T12:00:00Z')],
  ['"__proto__"', '__proto__'],
]

describe('fql', () => {
  for (const [text, expr] of meanings) {
    test(`${JSON.stringify(text)} is what q makes`, () => assert.equal(toWire(fql(text)), toWire(expr)))
  }

  test('an object may have a field of any name', () => {
    assert.equal(toWire(fql('{ __proto__: 1, constructor: 2 }')), '{"object":{"__proto__":1,"constructor":2}}')
  })

  const mistakes: readonly (readonly [text: string, line: number, column: number, reason: RegExp])[] = [
    ['', 1, 1, /the text ends where an expression is needed/],
    ['Documents(', 1, 10, /this \( is not closed/],
    ['Documents(Collection("a")', 1, 10, /this \( is not closed/],
    ['Documants(1)', 1, 1, /there is no function Documants; did you mean Documents\?/],
    ['Get(x)', 1, 5, /no variable has the name x/],
    ['Get(Now)', 1, 5, /Now is a function: write Now\(…\)/],
    ['Map([1], x => y)', 1, 15, /no variable has the name y/],
    ['[x => x, x]', 1, 10, /no variable has the name x/],
    ['() => 1', 1, 4, /a lambda needs a parameter/],
    ['constructor()', 1, 1, /there is no function constructor/],
    ['Add(1 2)', 1, 7, /a comma or \) is needed here/],
    ['Add(1,, 2)', 1, 7, /an expression is needed here/],
    ['Now() Now()', 1, 7, /the expression has ended before this/],
    ['{ a 1 }', 1, 5, /a : is needed here/],
    ['{ [1]: 2 }', 1, 3, /the name of a field is needed here/],
    ['"abc', 1, 1, /this text has no end: a " is missing/],
    ["'a\nb'", 1, 1, /this text has no end: a ' is missing/],
    ['"\\u12"', 1, 2, /\\u needs hexadecimal digits/],
    ['"\\u{110000}"', 1, 2, /there is no such character/],
    ['1a', 1, 2, /does not belong to the number/],
    ['1e999', 1, 1, /larger than a double/],
    ['/* a', 1, 1, /this comment has no end/],
    ['Add(\n  1,\n  #)', 3, 3, /"#" has no meaning here/],
    ['q.1', 1, 3, /the name of a function is needed behind q\./],
    ['Get()', 1, 1, /Get/],
    ['Paginate(1, { siz: 2 })', 1, 1, /siz/],
    ['`a`', 1, 1, /"`" has no meaning here/],
    ['process.exit()', 1, 1, /no variable has the name process/],
  ]
  for (const [text, line, column, reason] of mistakes) {
    test(`${JSON.stringify(text)} is refused at line ${line}, column ${column}`, () => {
      assert.throws(
        () => fql(text),
        (error: unknown) => {
          assert.ok(error instanceof QueryTextError)
          assert.equal(error.code, 'bad_query_text')
          assert.deepEqual([error.line, error.column], [line, column], error.message)
          assert.match(error.message, reason)
          return true
        },
      )
    })
  }

  test('a mistake is shown in its line, with a mark below it', () => {
    const text = `${'Do('.repeat(30)}\n  Get(Rof("a"))`
    assert.throws(() => fql(text), {
      message: /^line 2, column 7: there is no function Rof; did you mean Ref\?\n {4}Get\(Rof\("a"\)\)\n {8}\^$/,
    })
  })

  test('nesting past the limit is one error, not a stack that overflows', () => {
    assert.throws(() => fql('['.repeat(maxDepth + 1)), QueryTextError)
    assert.throws(() => fql('Not('.repeat(100_000)), QueryTextError)
  })

  test('what is no text is refused', () => {
    assert.throws(() => fql(1 as unknown as string), FaunaError)
  })

  const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.oneof(
        fc.string(),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map(n => n + 0),
        fc.boolean(),
        fc.constant(null),
      ),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.string(), tie('tree'), { maxKeys: 3 }).map(fields => q.Object(fields as never)),
      fc.tuple(tie('tree'), tie('tree')).map(([one, other]) => q.Add(one as never, other as never)),
      fc.tuple(tie('tree'), tie('tree')).map(([set, from]) => q.Select(['a', 0], set as never, from as never)),
      fc.tuple(tie('tree')).map(([body]) => q.Lambda(['a', 'b'], body as never)),
      fc.tuple(tie('tree')).map(([value]) => q.Let({ x: value as never }, q.Var('x'))),
      fc.tuple(tie('tree'), tie('tree')).map(([term, other]) => q.Match(q.Index('i'), term as never, other as never)),
      fc.tuple(tie('tree')).map(([set]) => q.Paginate(set as never, { size: 2, events: true })),
      fc.tuple(tie('tree'), tie('tree')).map(([one, other]) => q.Do(one as never, other as never)),
    ),
  }))

  test(`what print writes, fql reads (SEED=${seed})`, () => {
    const property = fc.property(tree, made => {
      const expr: Expr = q.Do(made as never)
      assert.equal(toWire(fql(String(expr))), toWire(expr))
    })
    fc.assert(property, { seed, numRuns: 2_000 })
  })

  test(`any text gives an expression or one error of its own (SEED=${seed})`, () => {
    const piece = fc.constantFrom(
      'Add',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '=>',
      'x',
      '1',
      '"a"',
      "'",
      '\\',
      '.',
      'q',
      ' ',
      '\n',
      '/*',
      '//',
      '-',
      'e',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 20 }).map(pieces => pieces.join('')),
    )
    const property = fc.property(text, source => {
      try {
        toWire(fql(source))
      } catch (error) {
        assert.ok(error instanceof QueryTextError, `${source}: ${String(error)}`)
      }
    })
    fc.assert(property, { seed, numRuns: 3_000 })
  })
})
