// X-Query-Timeout: how long the embedded server evaluates.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalService, create, doc } from './support/local-service.ts'

const SIZE = 400
const numbers = Array.from({ length: SIZE }, (_, n) => n)
/** Far more than can be evaluated in a millisecond. */
const long = {
  map: {
    lambda: 'x',
    expr: { sum: { map: { lambda: 'y', expr: { add: [{ var: 'x' }, { var: 'y' }] } }, collection: numbers } },
  },
  collection: numbers,
}

test('a query that takes longer than it may is answered with 503, and has done nothing', () => {
  const service = new LocalService()
  service.ask({ create_collection: { object: { name: 'things' } } })
  const answer = service.sendTimed({ do: [create('things', 1, { n: 1 }), long] }, 1)
  assert.equal(answer.status, 503)
  const description = 'Read timed out (Query eval has timed out.)'
  assert.deepEqual(answer.body, { errors: [{ code: 'time out', description }] })
  assert.equal(service.ask({ exists: doc('things', 1) }), false)
})

test('a short query is answered, however little time it has, and a long one with time enough', () => {
  const service = new LocalService()
  assert.equal(service.sendTimed({ add: [1, 2] }, 1).status, 200)
  assert.equal((service.ask(long) as number[]).length, SIZE)
})
