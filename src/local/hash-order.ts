/**
 * The order in which names come out of the real server's hash maps (immutable ones of Scala 2.13). It can be seen where
 * such a map becomes a list: unbound variables (ast/package.scala, FreeVars), the variables that a function keeps, and what
 * `merge` makes of more than four keys (ObjectFunctions.scala, mergeObjects).
 */

/** How many entries a map keeps in the order of their coming; one with more is hashed. */
export const MAX_UNHASHED = 4

/** So many bits of a hash choose the branch on each level of the map. */
const BITS = 5
const BRANCHES = 2 ** BITS
const HASH_BITS = 32

/** The hash of a string in Java. */
function hashOf(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}

/** The bits stirred, as Scala's `Hashing.improve` does it. */
function stir(hash: number): number {
  let stirred = (hash + ~(hash << 9)) | 0
  stirred ^= stirred >>> 14
  stirred = (stirred + (stirred << 4)) | 0
  return stirred ^ (stirred >>> 10)
}

/** Names, each once, as a hash map hands them out: in each node those that are alone in their branch come first. */
export function sortAsHashed(names: readonly string[]): string[] {
  const walk = (entries: readonly string[], shift: number): string[] => {
    if (entries.length < 2 || shift >= HASH_BITS) return [...entries]
    const branches = new Map<number, string[]>()
    for (const name of entries) {
      const branch = (stir(hashOf(name)) >>> shift) % BRANCHES
      const inBranch = branches.get(branch)
      if (inBranch === undefined) branches.set(branch, [name])
      else inBranch.push(name)
    }
    const inOrder = [...branches].sort(([a], [b]) => a - b).map(([, inBranch]) => inBranch)
    const alone = inOrder.filter(({ length }) => length === 1).flat()
    return [...alone, ...inOrder.filter(({ length }) => length > 1).flatMap(inBranch => walk(inBranch, shift + BITS))]
  }
  return walk(names, 0)
}
