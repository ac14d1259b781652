/** The text form of FQL: what it stands for is what `q` makes, and each mistake is told at its place. */
import * as fc from 'fast-check'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Expr, FaunaError, fql, q, QueryTextError } from '../src/index.ts'
import { builders, type BuilderName } from '../src/query/builders.ts'
import { toWire } from '../src/query/index.ts'
import { toShape } from '../src/query/shapes.ts'
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
  ['Map([1], function (x) { return Add(x, 1); })', q.Map([1], q.Lambda('x', q.Add(q.Var('x'), 1)))],
  [
    'Reduce(function (a, b,) { return [a, b] }, 0, [1])',
    q.Reduce(q.Lambda(['a', 'b'], [q.Var('a'), q.Var('b')]), 0, [1]),
  ],
  ['function("f")', q.Function('f')],
  ["q.create_collection({ name: 'a' })", q.CreateCollection({ name: 'a' })],
  ['to_string(if(true, 1, 2))', q.ToString(q.If(true, 1, 2))],
  ['Bytes("AQID")', q.Bytes('AQID')],
  ['Quote({ "@ref": [1, { a: 2 }] })', q.Quote({ '@ref': [1, { a: 2 }] })],
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

type Lists = fc.Arbitrary<readonly (readonly unknown[])[]>

/** Functions that take something else than expressions in a row: lists of their arguments. */
const particular: Readonly<Partial<Record<BuilderName, (tree: fc.Arbitrary<unknown>) => Lists[]>>> = {
  Let: tree => [
    fc.tuple(fc.dictionary(fc.string(), tree, { maxKeys: 3 }), tree).map(args => [args]),
    fc.tuple(tree, tree).map(([one, other]) => [[[{ a: one }, { b: 1 }, { a: q.Var('b') }], other]]),
  ],
  Lambda: tree => [
    tree.map(body => [
      ['x', body],
      [['x', '_'], body],
      [[], body],
    ]),
  ],
  Object: tree => [fc.dictionary(fc.string(), tree, { maxKeys: 3 }).map(fields => [[fields]])],
  Quote: () => [fc.jsonValue().map(value => [[value]])],
  Ref: tree => [fc.tuple(tree, tree, tree).map(args => [args, args.slice(0, 2), args.slice(0, 1)])],
  Paginate: tree => [
    fc
      .tuple(tree, tree)
      .map(([set, cursor]) => [
        [set],
        [set, { size: 2, before: cursor }],
        [set, { after: cursor, events: true, sources: false, ts: 1 }],
      ]),
  ],
  // What is left out in the middle stays out.
  SubString: tree => [fc.tuple(tree, tree).map(([text, length]) => [[text, undefined, length], [text]])],
  NGram: tree => [
    fc.tuple(tree, tree).map(([text, most]) => [
      [text, null, most],
      [text, most],
    ]),
  ],
  FindStrRegex: tree => [fc.tuple(tree, tree).map(([text, most]) => [[text, 'a', undefined, most]])],
}

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
    ['Not(True)', 1, 5, /no variable has the name True; did you mean true\?/],
    ['Documants(1)', 1, 1, /there is no function Documants; did you mean Documents\?/],
    ['Get(x)', 1, 5, /no variable has the name x/],
    ['Get(Now)', 1, 5, /Now is a function: write Now\(…\)/],
    ['Map([1], x => y)', 1, 15, /no variable has the name y/],
    ['[x => x, x]', 1, 10, /no variable has the name x/],
    ['() => 1', 1, 4, /a lambda needs a parameter/],
    ['function () { return 1 }', 1, 13, /a lambda needs a parameter/],
    ['function (x) { x }', 1, 16, /a return is needed here/],
    ['function (x) { return x', 1, 24, /a } is needed here/],
    ['create_colection(1)', 1, 1, /there is no function create_colection/],
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

  /** Every function of `q` with arguments in every number that it takes, up to some more than it needs. */
  function callsOf(tree: fc.Arbitrary<unknown>): fc.Arbitrary<unknown>[] {
    return (Object.keys(builders) as BuilderName[]).flatMap(name => {
      const { min, max } = toShape(name)
      const make = (q as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!
      if (Object.hasOwn(particular, name))
        return particular[name]!(tree).map(lists => lists.map(one => one.map(list => make(...list))))
      return [fc.array(tree, { minLength: min, maxLength: Math.min(max, min + 2) }).map(args => make(...args))]
    })
  }

  const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.oneof(
        fc.string(),
        fc.integer(),
        fc.maxSafeInteger(),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map(n => n + 0),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array().map(bytes => q.Bytes(bytes)),
      ),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.string(), tie('tree'), { maxKeys: 3 }).map(fields => q.Object(fields as never)),
      ...callsOf(tie('tree')),
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
