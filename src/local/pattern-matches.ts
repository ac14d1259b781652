/**
 * All matches of a pattern in a text. Java looks at every place of UTF-16, so that a pattern that matches nothing at
 * all matches between the two halves of a character too; patterns of JavaScript go by whole characters.
 */
import type { Pattern } from './pattern.ts'

const PAIR = /[\ud800-\udbff][\udc00-\udfff]/
/** The second half of a character, behind what is neither a word nor a line end. */
const SECOND_HALF = '\uffff\udc00'

/** Finds the matches from the left, none over another. */
export function* findMatches(text: string, { regExp }: Pattern): Generator<RegExpExecArray> {
  const inside = PAIR.test(text) ? matchInside(regExp) : null
  let end = 0
  for (const match of text.matchAll(regExp)) {
    if (inside !== null) yield* matchesBetween(text, end, match.index, inside)
    yield match
    end = match.index + match[0].length
  }
  if (inside !== null) yield* matchesBetween(text, end, text.length, inside)
}

/** What a pattern finds between two halves; null where it finds no empty text there. */
function matchInside({ source }: RegExp): RegExpExecArray | null {
  const atPlace = new RegExp(source, 'vy')
  atPlace.lastIndex = 1
  const match = atPlace.exec(SECOND_HALF)
  return match?.[0] === '' ? match : null
}

function* matchesBetween(text: string, from: number, to: number, inside: RegExpExecArray): Generator<RegExpExecArray> {
  for (let index = Math.max(from, 1); index < to; index++) {
    if (PAIR.test(text.slice(index - 1, index + 1))) yield Object.assign([...inside], { ...inside, index, input: text })
  }
}
