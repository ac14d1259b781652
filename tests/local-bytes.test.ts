// Base64 of the embedded server, against recorded answers and the decoder that the real server uses.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { explainBase64, formatBase64, parseBase64 } from '../src/local/bytes.ts'
import './support/leaks.ts'

const seed = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }

test('bytes read back, from either alphabet, padded or not', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
      const text = formatBase64(bytes)
      const urlSafe = text.replaceAll('+', '-').replaceAll('/', '_')
      for (const form of [text, urlSafe, text.replaceAll('=', ''), urlSafe.replaceAll('=', '')]) {
        assert.deepEqual(parseBase64(form), bytes)
      }
    }),
    seed,
  )
})

test('a part of a larger buffer is written alone', () => {
  assert.equal(formatBase64(Uint8Array.of(1, 2, 3, 4, 5).subarray(1, 4)), 'AgME')
})

test('what is no base64 is refused, with the reason that the real server gives', () => {
  const refused: [string, string][] = [
    ['!!!!', 'Illegal base64 character 21'],
    ['AQ ID', 'Illegal base64 character 20'],
    ['YWJj\n', 'Illegal base64 character a'],
    ['ABCé', 'Illegal base64 character -17'],
    ['ABC日', 'Illegal base64 character 3f'],
    ['AQID====', 'Input byte array has wrong 4-byte ending unit'],
    ['AQ=', 'Input byte array has wrong 4-byte ending unit'],
    ['AQ=D', 'Input byte array has wrong 4-byte ending unit'],
    ['==', 'Input byte array has wrong 4-byte ending unit'],
    ['A===', 'Last unit does not have enough valid bits'],
    ['AQIDA', 'Last unit does not have enough valid bits'],
    ['AQI=AQI=', 'Input byte array has incorrect ending byte at 4'],
    ['A', 'Input byte[] should at least have 2 bytes for base64 bytes'],
  ]
  for (const [text, reason] of refused) {
    assert.equal(explainBase64(text), reason, text)
    assert.equal(parseBase64(text), undefined, text)
  }
})

test('bits that the last character has to spare are ignored', () => {
  assert.deepEqual(parseBase64('AR'), Uint8Array.of(1))
  assert.deepEqual(parseBase64(''), new Uint8Array())
})
