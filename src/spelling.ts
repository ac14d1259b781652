/** The word that was probably meant. */

/** A word with more wrong letters is another word. */
const maxTypos = 2

/** The known word that differs least, whatever its case; `undefined` where none is near. */
export function findNearest(word: string, known: readonly string[]): string | undefined {
  const best = known
    .map(name => ({ name, far: distance(word.toLowerCase(), name.toLowerCase()) }))
    .toSorted((one, other) => one.far - other.far)[0]
  return best && best.far <= maxTypos && best.far < best.name.length ? best.name : undefined
}

/** How many letters differ (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1]
    for (let j = 0; j < other.length; j++) {
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (letter === other[j] ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1)!
}
