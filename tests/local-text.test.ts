// Patterns of Java, the case of letters and Java's formats: rules beyond the recorded queries.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { foldCase, toTitleCase } from '../src/local/casing.ts'
import { layOutDouble, layOutInteger } from '../src/local/format-layout.ts'
import { findMatches } from '../src/local/pattern-matches.ts'
import { expandTemplate } from '../src/local/pattern-templates.ts'
import { PatternError } from '../src/local/pattern-error.ts'
import { compilePattern, quotePattern } from '../src/local/pattern.ts'
import { LocalService } from './support/local-service.ts'
import './support/leaks.ts'

const seed = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }

/** A pattern, a text, and the matches that Java finds in it. */
const matches: readonly (readonly [string, string, readonly string[]])[] = [
  ['[a-z&&[^b]]', 'abc', ['a', 'c']],
  ['[a[0-9]]+', 'a1b2', ['a1', '2']],
  ['[]a]+', 'a]', ['a]']],
  ['[a-]', 'a-b', ['a', '-']],
  [String.raw`\Qa.b\E+`, 'axb a.bb', ['a.bb']],
  ['a++a', 'aaa', []],
  ['(?>a|ab)c', 'abc', []],
  ['(?i)é|hi', 'É HI', ['HI']],
  ['(?iu)é', 'É', ['É']],
  ['(?i:a)b', 'Ab AB', ['Ab']],
  ['(?x) a b # twice', 'ab', ['ab']],
  ['.', '\n\u0085\u2028x', ['x']],
  ['(?s).', '\n', ['\n']],
  ['a$', 'a\n', ['a']],
  ['(?m)^.', 'a\r\nb\n', ['a', 'b']],
  [String.raw`\s`, '\u00a0 \t', [' ', '\t']],
  [String.raw`\p{Upper}\p{IsAlphabetic}`, 'Éa Aé', ['Aé']],
  [String.raw`(?<first>.)\k<first>`, 'abb', ['bb']],
  [String.raw`(a)\11`, 'aa1', ['aa1']],
  [String.raw`\x41\u0042\0103`, 'ABC', ['ABC']],
  // Words have the letters of all scripts, up to Java 18.
  [String.raw`\bfoo\b`, 'éfoo foo fooé', ['foo']],
  [String.raw`\B.`, 'éa e\u0301a', ['a', '\u0301', 'a']],
  [String.raw`\p{InGreek}+`, 'abγδ', ['γδ']],
  [String.raw`(?<=a+)b`, 'aab', ['b']],
  ['(?s)a.*c', 'a\nbc', ['a\nbc']],
  ['a{2}{3}b', 'aab', ['aab']],
  [String.raw`$|\A|\z`, '😀', ['', '']],
  ['(?m)^', '', []],
  ['(?x)[a b]+ c # and so on', 'a abc', ['abc']],
  ['[a&&&b]+', 'a&b&&c', ['a&b&&']],
  ['[!-&&a]', "'&a", ['&', 'a']],
  // Classes of one case have both where case does not count; ranges beyond ASCII only with (?u).
  [String.raw`(?i)\p{Lu}\p{Lower}`, 'aB é', ['aB']],
  ['(?iu)[à-ý]+', 'aÉé', ['Éé']],
  ['(?iu)ς', 'σΣς', ['σ', 'Σ', 'ς']],
  [String.raw`(?U)\w+\s\d`, 'né\u00a0٣', ['né\u00a0٣']],
  [String.raw`\p{Script=Greek}\p{SC=latin}\p{general_category=Nd}`, 'λa1', ['λa1']],
  [String.raw`\p{IsPunct}\p{IsWhiteSpace}\p{javaSpaceChar}\p{all}`, '§\n \n', ['§\n \n']],
]

for (const [pattern, text, found] of matches) {
  test(`${pattern} finds ${JSON.stringify(found)} in ${JSON.stringify(text)}`, () => {
    assert.deepEqual(text.match(compilePattern(pattern).regExp) ?? [], found)
  })
}

test('what Java refuses is refused', () => {
  const wrong = [
    '[',
    '[a',
    '(',
    ')',
    '*',
    'a**',
    'a{',
    '[&&]',
    '[a-&&b]',
    '(?x)[a #b]',
    '{1,2',
    String.raw`\p{lower}`,
    String.raw`\p{x=Lu}`,
    '{',
    'x{3,2}',
    'x{99999999999}',
    '(?P<x>a)',
    '(?z)',
    '[b-a]',
    '\\',
    '\\y',
    '\\p{Foo}',
  ]
  for (const pattern of wrong) assert.throws(() => compilePattern(pattern), PatternError, pattern)
})

test('a quoted text is found as it is, whatever is in it', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\\E', '\\Q', '\\E\\E', '[', '$1'))
  const check = fc.property(text, quoted => {
    const [found] = compilePattern(quotePattern(quoted)).regExp.exec(quoted) ?? []
    assert.equal(found, quoted)
  })
  fc.assert(check, seed)
})

test('an empty match is found between the halves of a character too', () => {
  const placesOf = (pattern: string, text: string): number[] =>
    Array.from(findMatches(text, compilePattern(pattern)), ({ index }) => index)
  assert.deepEqual(placesOf('', '😀a'), [0, 1, 2, 3])
  assert.deepEqual(placesOf('a*', 'a😀😀'), [0, 1, 2, 3, 4, 5])
  assert.deepEqual(placesOf('.|', '😀a'), [0, 2, 3])
  assert.deepEqual(placesOf('^|$', '😀'), [0, 2])
  assert.deepEqual(placesOf('🙂*', '😀'), [0, 1, 2])
})

test('a replacement takes as many digits of a group as there are groups for', () => {
  const pattern = compilePattern('(a)(?<second>b)')
  const match = pattern.regExp.exec('ab') as RegExpExecArray
  assert.equal(expandTemplate(String.raw`$2$10${'${second}'}\$\\`, match, pattern), String.raw`ba0b$\ `.trim())
})

test('case is folded by way of capitals, and folding again changes nothing', () => {
  assert.equal(foldCase('Straße ΣΊΣΥΦΟΣ ﬀ İı \u00adK'), 'strasse σίσυφοσ ff i̇ı k')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => assert.equal(foldCase(foldCase(text)), foldCase(text))),
    seed,
  )
})

test('each word has a title, its digraphs and ligatures in two letters', () => {
  // Modifiers without case begin no word, and a colon ends one (ICU 73, UCharacter.toTitleCase).
  assert.equal(toTitleCase('ʼn x:y'), 'ʼN X:Y')
  assert.equal(toTitleCase("ǆungla ßen ﬁn ŉ o'NEILL (ΟΔΟΣ) 1ABC"), "ǅungla Ssen Fin ʼN O'neill (Οδος) 1abc")
})

const layout = (flags: string, width: number | undefined, precision: number | undefined, conversion: string) => ({
  flags,
  width,
  precision,
  conversion,
})

test('numbers are laid out with sign, zeros, groups and brackets as Java does', () => {
  assert.equal(layOutInteger(-1234567n, layout('(,0', 14, undefined, 'd')), '(0001,234,567)')
  assert.equal(layOutInteger(-1n, layout('#', undefined, undefined, 'X')), '0XFFFFFFFFFFFFFFFF')
  assert.equal(layOutDouble(1e6, layout('', undefined, undefined, 'g')), '1.00000e+06')
  assert.equal(layOutDouble(0.00012345, layout('', undefined, 3, 'g')), '0.000123')
  assert.equal(layOutDouble(99.96, layout('', undefined, 1, 'f')), '100.0')
  assert.equal(layOutDouble(9.996e99, layout('', undefined, 2, 'E')), '1.00E+100')
  assert.equal(layOutDouble(-0, layout('', undefined, 1, 'f')), '-0.0')
  assert.equal(layOutDouble(-Infinity, layout('(0', 12, undefined, 'f')), '  (Infinity)')
  assert.equal(layOutDouble(Number.NaN, layout('+', 5, undefined, 'E')), '  NAN')
  assert.equal(layOutDouble(Infinity, layout('+', undefined, undefined, 'G')), '+INFINITY')
})

/** What Java's NumberFormat makes of a text (as JDK 17 does): integers where they are whole and fit, doubles, or nothing. */
const readNumbers: readonly (readonly [string, string | undefined])[] = [
  [',9', '9'],
  ['1,,2,,', '12'],
  ['-,1,00,0', '-1000'],
  [',,.5', '0.5'],
  ['5,E2', '500'],
  ['5E-400', '0.0'],
  ['0.0E-400', '0'],
  ['-0', '-0.0'],
  ['9007199254740993.5', '9.007199254740994E15'],
  ['9007199254740993.0', '9007199254740993'],
  ['92233720368547758.07E2', '9223372036854775807'],
  ['9223372036854775808', '9.223372036854776E18'],
  ['-9223372036854775808', '-9223372036854775808'],
  // An exponent is cut to 32 bits, and is none at all beyond 64.
  ['5E9007199254740993', '50'],
  ['5E9223372036854775808', '5'],
  ['\u0001\t 7', '7'],
  ['\u00a07', undefined],
  [',', undefined],
  ['-NaN', undefined],
]

test('a number is read from a text as Java reads it', () => {
  const service = new LocalService()
  for (const [text, number] of readNumbers) {
    const answer = service.send({ to_number: text })
    const expected = number === undefined ? 'Cannot cast String to Number.' : `{"resource":${number}}`
    assert.ok(answer.text.includes(expected), `${JSON.stringify(text)}: ${answer.text}`)
  }
})
