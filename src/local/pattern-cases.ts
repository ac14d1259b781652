/** Upper and lower case in patterns of Java: which characters are the same where case does not count. */

/** The last character that has another case. */
const LAST_CASED = 0x1e943
/** Its small letter is an i, although Unicode keeps its dot. */
const DOTTED_CAPITAL_I = '\u0130'
const CASED = /[\p{Changes_When_Casemapped}]/u

/** What two characters share that are the same but for their case: Java's small letter of the capital. */
function keyOf(character: string): string {
  if (character === DOTTED_CAPITAL_I) return 'i'
  return single(capitalOf(character).toLowerCase(), capitalOf(character))
}

function capitalOf(character: string): string {
  return single(character.toUpperCase(), character)
}

/** One letter stays one: where Unicode makes several of it, it is its own. */
function single(mapped: string, character: string): string {
  return Array.from(mapped).length === 1 ? mapped : character
}

type Cased = { readonly character: string; readonly capital: string; readonly key: string }

let table: readonly Cased[] | undefined

/** Every character with another case; made when a pattern first wants it. */
function casedCharacters(): readonly Cased[] {
  if (table !== undefined) return table
  const found: Cased[] = []
  for (let code = 0; code <= LAST_CASED; code++) {
    const character = String.fromCodePoint(code)
    if (CASED.test(character)) found.push({ character, capital: capitalOf(character), key: keyOf(character) })
  }
  table = found
  return table
}

/** A character, and all that are it in another case. */
export function unicodeCases(character: string): string[] {
  const key = keyOf(character)
  // One without a capital is only itself, also where it is the small letter of another, as ß is of ẞ.
  if (key === capitalOf(character)) return [character]
  const others = casedCharacters().filter(other => other.key === key)
  return [...new Set([character, ...others.map(other => other.character)])]
}

/** The characters whose other case is in a range. */
export function unicodeCasesOfRange(isIn: (character: string) => boolean): string[] {
  return casedCharacters()
    .filter(({ capital, key }) => isIn(capital) || isIn(key))
    .map(({ character }) => character)
}
