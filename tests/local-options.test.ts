// The options of the embedded server: what cannot be meant is told, and never ignored.
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OptionError } from '../src/errors.ts'
import { startLocal } from '../src/local/index.ts'
import type { LocalOptions } from '../src/local/index.ts'

/** Values that an option cannot have. */
const impossible: Readonly<Record<keyof LocalOptions, readonly unknown[]>> = {
  host: ['', 1, null],
  port: [-1, 65_536, 0.5, Number.NaN, '8443', null],
  secret: ['', 'two words', 'a:b', 'ü', 7, null],
  quirks: [1, 'false', null],
  now: [0, 'now', null],
  maxStreams: [-1, 1.5, Number.POSITIVE_INFINITY, '9'],
  startDelayMs: [-1, Number.NaN, 2 ** 31, '5'],
  onRequest: [true, 'log', null],
  dataDir: ['', 7, null],
}

for (const [name, values] of Object.entries(impossible)) {
  test(`${name} cannot be ${values.map(value => JSON.stringify(value)).join(' or ')}`, async () => {
    for (const value of values) {
      await assert.rejects(startLocal({ [name]: value } as LocalOptions), (error: unknown) => {
        assert.ok(error instanceof OptionError)
        assert.equal(error.option, name)
        assert.match(error.message, new RegExp(`^${name}: expected `))
        return true
      })
    }
  })
}

test('a name that is no option is told, with those that are', async () => {
  for (const name of ['datadir', 'toString', '__proto__']) {
    const options = JSON.parse(`{"port":0,"${name}":"./data"}`) as LocalOptions
    await assert.rejects(startLocal(options), {
      name: 'OptionError',
      code: 'invalid_option',
      option: name,
      message: `${name}: the embedded server has no such option; it has host, port, secret, quirks, now, maxStreams, dataDir, startDelayMs, onRequest`,
    })
  }
})

test('options are an object', async () => {
  for (const options of [null, 8443]) {
    await assert.rejects(startLocal(options as unknown as LocalOptions), { option: 'options' })
  }
})

test('a secret is not shown in the error about it', async () => {
  await assert.rejects(startLocal({ secret: 'my secret' }), error => !String(error).includes('my secret'))
})

test('an option that is undefined is as if not given', async () => {
  const server = await startLocal({ secret: undefined, port: undefined, now: undefined })
  assert.equal(server.secret, 'secret')
  await server.close()
})
