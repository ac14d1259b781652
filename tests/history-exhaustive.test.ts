/**
 * Every order in which commits, cuts and each step of opening, catch-up and delivery can happen, on the stream's own
 * logic without sockets: what was committed after the first `start` is what was told, once and in order. `npm run proofs`
 * plays the larger scopes.
 */
import './support/uncovered.ts'
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeScope, playAll, type Scope } from './support/orders.ts'

const scopes: readonly [scope: Scope, least: number][] = [
  [{ isSet: true, commits: 2, cuts: 2, pageSize: 1 }, 100],
  [{ isSet: true, commits: 4, cuts: 1, pageSize: 2 }, 100],
  [{ isSet: false, commits: 2, cuts: 2, pageSize: 1 }, 50],
  [{ isSet: true, isExact: true, commits: 2, cuts: 1, pageSize: 1 }, 50],
]

for (const [scope, least] of scopes) {
  test(`every order is told truly: ${describeScope(scope)}`, { timeout: 60_000 }, async t => {
    const count = await playAll(scope)
    t.diagnostic(`${count} orders`)
    assert.ok(count >= least, `${count} orders`)
  })
}
