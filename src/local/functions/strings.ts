/** Strings: lengths and places are counted in code points. */
import type { Call, Evaluate } from '../call.ts'
import { castString } from '../call.ts'
import { collect, failure, wrongType } from '../failures.ts'
import { typeName } from '../kinds.ts'
import type { Value } from '../values.ts'

const evaluateConcat: Evaluate = call => {
  const strings = collect(call.list('concat'), ({ value, at }) => castString(value, at))
  return strings.join(call.has('separator') ? call.string('separator') : '')
}

const normalizers: Readonly<Record<string, (text: string) => string>> = {
  NFKCCaseFold: text => text.normalize('NFKC').toLowerCase(),
  NFC: text => text.normalize('NFC'),
  NFD: text => text.normalize('NFD'),
  NFKC: text => text.normalize('NFKC'),
  NFKD: text => text.normalize('NFKD'),
}

function normalizerOf(call: Call): (text: string) => string {
  if (!call.has('normalizer')) return normalizers.NFKCCaseFold as (text: string) => string
  const value = call.value('normalizer')
  const normalizer = typeof value === 'string' ? normalizers[value] : undefined
  if (normalizer !== undefined) return normalizer
  const expected = "String 'NFKCCaseFold', 'NFC', 'NFD', 'NFKC', or 'NFKD'"
  throw wrongType(call.at('normalizer'), expected, typeName(value))
}

/** Takes any scalar, or an array of them; only strings are changed. */
const evaluateCasefold: Evaluate = call => {
  const value = call.value('casefold')
  const normalize = normalizerOf(call)
  const fold = (one: Value): Value => {
    if (typeof one === 'string') return normalize(one)
    if (Array.isArray(one) || one instanceof Map)
      throw failure(call.at('casefold'), 'invalid argument', `Scalar expected, ${typeName(one)} provided.`)
    return one
  }
  return Array.isArray(value) ? value.map(fold) : fold(value)
}

function search(key: string, holds: (text: string, wanted: string) => boolean): Evaluate {
  return call => holds(call.string(key), call.string('search'))
}

/** The forms of this file. */
export const strings = {
  concat: evaluateConcat,
  casefold: evaluateCasefold,
  length: call => BigInt([...call.string('length')].length),
  lowercase: call => call.string('lowercase').toLowerCase(),
  uppercase: call => call.string('uppercase').toUpperCase(),
  startswith: search('startswith', (text, wanted) => text.startsWith(wanted)),
  endswith: search('endswith', (text, wanted) => text.endsWith(wanted)),
  containsstr: search('containsstr', (text, wanted) => text.includes(wanted)),
} satisfies Record<string, Evaluate>
