/** JSON text → JavaScript, with integers that a number cannot hold kept exact: the careful path, for texts that need it. */
import { ProtocolError } from '../errors.ts'
import { maxDepth } from './serializer.ts'

/** A number in JSON's own grammar (RFC 8259): its fraction and its exponent, where it has them. */
const number = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y

const quote = 34 // '"'
const minus = 45 // '-'
const digitZero = 48 // '0'
const digitNine = 57 // '9'
const backslash = 92 // '\\'

/** Begins the strings that stand for integers; a string that begins so itself gets one more. */
const mark = '\\u0000'

/**
 * As `JSON.parse`, but integers outside ±(2^53−1) become bigints. Numbers with a fraction or an exponent are doubles and
 * stay numbers, whatever their size.
 *
 * Throws the `SyntaxError` of `JSON.parse`; `ProtocolError` (`bad_response`) if such an integer stands in more than
 * `maxDepth` levels.
 */
export function parseExact(text: string): unknown {
  const rounded: unknown = JSON.parse(text)
  // Node 20 does not show a reviver the source of a number, so the integers travel as strings that are marked.
  const marked = markIntegers(text)
  return marked === text ? rounded : restore(JSON.parse(marked), 0)
}

/** Writes large integers as marked strings. By hand: a regular expression for long strings runs out of stack. */
function markIntegers(text: string): string {
  let marked = ''
  let copied = 0
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      const end = endOfString(text, at)
      if (text.startsWith(mark, at + 1) && !isKey(text, end)) {
        marked += text.slice(copied, at + 1) + mark
        copied = at + 1
      }
      at = end
    } else if (code === minus || (code >= digitZero && code <= digitNine)) {
      const end = endOfNumber(text, at)
      if (isLargeInteger(text.slice(at, end))) {
        marked += `${text.slice(copied, at)}"${mark}${text.slice(at, end)}"`
        copied = end
      }
      at = end
    } else at++
  }
  return copied === 0 ? text : marked + text.slice(copied)
}

/** The place behind the quotation mark that closes the string. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) return end + 1
  }
}

function isKey(text: string, end: number): boolean {
  let at = end
  while (text.charCodeAt(at) <= 32) at++
  return text[at] === ':'
}

function endOfNumber(text: string, start: number): number {
  number.lastIndex = start
  number.test(text)
  return number.lastIndex
}

function isLargeInteger(token: string): boolean {
  return !Number.isSafeInteger(Number(token)) && /^-?\d+$/.test(token)
}

/** Turns marked strings back, in place. */
function restore(json: unknown, depth: number): unknown {
  if (typeof json === 'string') return json.charCodeAt(0) === 0 ? restoreString(json) : json
  if (typeof json !== 'object' || json === null) return json
  if (depth >= maxDepth) throw new ProtocolError('bad_response', `JSON nested deeper than ${maxDepth} levels`, '')
  // Assignment to a key that exists as an own property never meets a setter, not even under `__proto__`.
  const node = json as Record<string, unknown>
  for (const key of Object.keys(node)) node[key] = restore(node[key], depth + 1)
  return node
}

function restoreString(text: string): string | bigint {
  return text.charCodeAt(1) === 0 ? text.slice(1) : BigInt(text.slice(1))
}
