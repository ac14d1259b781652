/** The documented surface of `q` has the parameters that the tables give. The compiler is what checks it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BuilderName } from '../src/query/builders.ts'
import { q, type Builders, type Expr, type ExprArg } from '../src/query/index.ts'
import type { Arguments } from '../src/query/shapes.ts'
import type { special } from '../src/query/special.ts'
import './support/leaks.ts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Tabled = Exclude<BuilderName, keyof typeof special>

/** Names whose documented parameters are not those of their row: none, or the compiler names them. */
type Different = {
  [Name in Tabled]: Same<Parameters<Builders[Name]>, Arguments<Name>> extends true ? never : Name
}[Tabled]

test('each function of the surface takes what its row says', () => {
  const isSame: [Different] extends [never] ? true : Different = true
  // @ts-expect-error a row with one argument is not the same as one with two
  const isOther: Same<Parameters<Builders['Abs']>, Arguments<'Get'>> = true
  assert.ok(isSame && isOther)
})

test('the surface names every builder and no other', () => {
  const names: Same<keyof Builders, BuilderName | 'Bytes'> = true
  assert.ok(names)
})

test('parameters of a function are expressions, without being told so', () => {
  const expr: Expr = q.Map(q.Paginate(q.Documents(q.Collection('a'))), ref => {
    const variable: Expr = ref
    return q.Get(variable)
  })
  assert.match(String(expr), /Lambda\("ref"/)
})

test('objects of an interface are data like any other', () => {
  interface Order {
    readonly total: number
  }
  const order: Order = { total: 5 }
  const arg: ExprArg = order
  assert.match(String(q.Create('orders', { data: arg })), /total: 5/)
})

test('a wrong number of arguments is an error of the compiler too', () => {
  // @ts-expect-error a ref is needed
  assert.throws(() => q.Get())
  // @ts-expect-error nothing is taken
  assert.throws(() => q.Now(1))
  // @ts-expect-error there is no such option
  assert.throws(() => q.Paginate('set', { sizes: 5 }))
  // @ts-expect-error symbols have no wire form
  assert.throws(() => q.Get(Symbol('x')))
})
