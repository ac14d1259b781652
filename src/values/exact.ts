/** JSON text → JavaScript, with integers that a number cannot hold kept exact: the careful path, for texts that need it. */
import { ProtocolError } from '../errors.ts'
import { maxDepth } from './serializer.ts'

/** The tokens that matter: strings (with the colon, if they are keys) and numbers, in JSON's own grammar (RFC 8259). */
const tokens = /("(?:[^"\\]|\\.)*")(\s*:)?|-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/g

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
  const marked = text.replace(tokens, markToken)
  return marked === text ? rounded : restore(JSON.parse(marked), 0)
}

function markToken(token: string, string?: string, colon?: string, fraction?: string, exponent?: string): string {
  if (string !== undefined) {
    return colon === undefined && string.startsWith(`"${mark}`) ? `"${mark}${string.slice(1)}` : token
  }
  if (fraction !== undefined || exponent !== undefined || Number.isSafeInteger(Number(token))) return token
  return `"${mark}${token}"`
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
