// Functions of numbers, to the last place: what the real server's virtual machine (JDK 17) makes of them.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { cos, exp, ln, log10, pow, sin, tan } from '../src/local/functions/nearest.ts'
import { LocalService } from './support/local-service.ts'
import './support/leaks.ts'

const seed = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }

/** Queries and what Java's Math gives for them (FN/TrigFunctions.scala, FN/NumericFunctions.scala). */
const answers: readonly (readonly [query: object, answer: string])[] = [
  [{ exp: 19 }, '1.7848230096318725E8'],
  [{ exp: -10 }, '4.5399929762484854E-5'],
  [{ exp: 1 }, '2.718281828459045'],
  [{ exp: -745 }, '4.9E-324'],
  [{ ln: 3 }, '1.0986122886681098'],
  [{ log: 90 }, '1.954242509439325'],
  [{ log: 1000 }, '3.0'],
  [{ sin: 18 }, '-0.750987246771676'],
  [{ sin: 2.5 }, '0.5984721441039564'],
  [{ sin: 1e300 }, '-0.8178819121159085'],
  [{ cos: 0.1 }, '0.9950041652780258'],
  [{ cos: 1000 }, '0.5623790762907029'],
  [{ tan: 4 }, '1.1578212823495775'],
  [{ cosh: -1 }, '1.543080634815244'],
  [{ pow: 2, exp: 2.5 }, '5.656854249492381'],
  [{ pow: 3, exp: 42 }, '1.0941898913151237E20'],
  [{ pow: -3, exp: -6 }, '0.0013717421124828531'],
  [{ pow: 10, exp: -4 }, '1.0E-4'],
  [{ pow: 9, exp: 17 }, '1.6677181699666568E16'],
  [{ pow: 10, exp: 23 }, '9.999999999999999E22'],
  [{ pow: 0.5, exp: 1074 }, '4.9E-324'],
  [{ trunc: 20_000, precision: -4 }, '20000'],
]

test('roots, powers, logarithms and angles are those of Java', () => {
  const service = new LocalService()
  for (const [query, answer] of answers) {
    const { text } = service.send(query)
    assert.equal(text, `{"resource":${answer}}`, JSON.stringify(query))
  }
})

/** A function, what Math has for it, and how far apart they may be: units in the last place, as a part of the value. */
const pairs = { exp: Math.exp, ln: Math.log, log10: Math.log10, sin: Math.sin, cos: Math.cos, tan: Math.tan }
const nearest = { exp, ln, log10, sin, cos, tan }
const UNITS = 2 ** -51

function isNear(one: number, other: number): boolean {
  return Object.is(one, other) || Math.abs(one - other) <= Math.max(Math.abs(other) * UNITS, Number.MIN_VALUE)
}

test('the nearest double is never far from that of Math', () => {
  const value = fc.oneof(fc.double(), fc.double({ min: -800, max: 800 }), fc.integer({ min: -2000, max: 2000 }))
  fc.assert(
    fc.property(value, value, (x, y) => {
      for (const name of Object.keys(pairs) as (keyof typeof pairs)[]) {
        const [ours, platform] = [nearest[name](x), pairs[name](x)]
        assert.ok(isNear(ours, platform), `${name}(${x}) is ${ours}, not ${platform}`)
      }
      assert.ok(isNear(pow(x, y), x ** y), `${x} to the ${y} is ${pow(x, y)}, not ${x ** y}`)
    }),
    seed,
  )
})
