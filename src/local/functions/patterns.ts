/** Strings in strings: by their text, and by patterns as Java has them. Places are counted in code points. */
import type { Call, Evaluate } from '../call.ts'
import { failure, serverFault } from '../failures.ts'
import { findMatches } from '../pattern-matches.ts'
import { expandTemplate } from '../pattern-templates.ts'
import { PatternError } from '../pattern-error.ts'
import { compilePattern, quotePattern } from '../pattern.ts'
import type { Pattern } from '../pattern.ts'
import type { Value } from '../values.ts'

/** The most that `findstrregex` finds. */
const MAX_RESULTS = 1024n

function countCharacters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/**
 * Where in a text's UTF-16 a search begins; beyond its end, and below 0, at its beginning. The end is that of its UTF-16
 * too: between it and the last character the real server's machine finds no place.
 */
function startOf(text: string, start: bigint): number {
  if (start <= 0n || start >= BigInt(text.length)) return 0
  const characters = Array.from(text)
  if (start > BigInt(characters.length)) throw serverFault('java.lang.IndexOutOfBoundsException')
  return characters.slice(0, Number(start)).join('').length
}

function givenStart(call: Call): bigint {
  return call.has('start') ? call.integer('start') : 0n
}

function patternOf(call: Call): Pattern {
  const source = call.string('pattern')
  try {
    return compilePattern(source)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw failure(
      call.at('pattern'),
      'invalid argument',
      `Search pattern /${source}/ is not a valid regular expression.`,
    )
  }
}

const evaluateFind: Evaluate = call => {
  const text = call.string('findstr')
  const wanted = call.string('find')
  const found = text.indexOf(wanted, startOf(text, givenStart(call)))
  return BigInt(found < 0 ? found : countCharacters(text.slice(0, found)))
}

const evaluateFindAll: Evaluate = call => {
  const text = call.string('findstrregex')
  const pattern = patternOf(call)
  const given = givenStart(call)
  const wanted = call.has('num_results') ? call.integer('num_results') : MAX_RESULTS
  const most = Number(wanted < MAX_RESULTS ? wanted : MAX_RESULTS)
  const start = startOf(text, given)
  // The pattern does not see what is before the start.
  const rest = text.slice(start)
  const offset = countCharacters(text.slice(0, start))
  const results: Value[] = []
  for (const { 0: data, index } of findMatches(rest, pattern)) {
    if (results.length >= most) break
    const first = offset + countCharacters(rest.slice(0, index))
    // The last of its UTF-16 units: of a pair, that is the place behind it.
    const last = offset + countCharacters(rest.slice(0, index + Math.max(0, data.length - 1)))
    results.push(
      new Map<string, Value>([
        ['start', BigInt(first)],
        ['end', BigInt(last)],
        ['data', data],
      ]),
    )
  }
  return results
}

const evaluateReplaceAll: Evaluate = call => {
  const text = call.string('replacestrregex')
  const pattern = patternOf(call)
  const template = call.string('replace')
  const isFirstOnly = call.has('first') && call.boolean('first')
  let replaced = ''
  let end = 0
  for (const match of findMatches(text, pattern)) {
    replaced += text.slice(end, match.index) + expandTemplate(template, match, pattern)
    end = match.index + match[0].length
    if (isFirstOnly) break
  }
  return replaced + text.slice(end)
}

/** The most pieces that a text may be split into on request. */
const MAX_PIECES = 1024n

/** The most pieces that a split may give; undefined: all. */
function pieceCount(call: Call): number | undefined {
  if (!call.has('count')) return undefined
  const count = call.integer('count')
  if (count <= 0n) throw call.failAt('count', 'count must be count > 0')
  if (count > MAX_PIECES) throw call.failAt('count', `count must be count <= ${MAX_PIECES}`)
  return Number(count)
}

/** What stands between the matches; the last piece is all that is left. An empty match at the beginning is none. */
function split(text: string, pattern: Pattern, most = Number.POSITIVE_INFINITY): string[] {
  const pieces: string[] = []
  let end = 0
  for (const { 0: matched, index } of findMatches(text, pattern)) {
    if (pieces.length >= most - 1) break
    if (index === 0 && matched.length === 0) continue
    pieces.push(text.slice(end, index))
    end = index + matched.length
  }
  return [...pieces, text.slice(end)]
}

const evaluateSplit: Evaluate = call => {
  const text = call.string('split_str')
  const token = compilePattern(quotePattern(call.string('token')))
  return split(text, token, pieceCount(call))
}

const evaluateSplitAll: Evaluate = call => {
  const text = call.string('split_str_regex')
  const pattern = patternOf(call)
  return split(text, pattern, pieceCount(call))
}

/** The forms of this file. */
export const patterns = {
  regexescape: call => quotePattern(call.string('regexescape')),
  containsstrregex: call => {
    const text = call.string('containsstrregex')
    return text.search(patternOf(call).regExp) >= 0
  },
  findstr: evaluateFind,
  findstrregex: evaluateFindAll,
  replacestr: call => {
    const text = call.string('replacestr')
    const find = call.string('find')
    const replacement = call.string('replace')
    return text.replaceAll(find, () => replacement)
  },
  replacestrregex: evaluateReplaceAll,
  split_str: evaluateSplit,
  split_str_regex: evaluateSplitAll,
} satisfies Record<string, Evaluate>
