/** Values counted by what they are: the same ones, as `isIdentical` has it, share a count. */
import { fieldsOf } from './compare.ts'
import { canonicalKey, isIdentical } from './equality.ts'
import type { Value } from './values.ts'

type Entry = { readonly value: Value; count: number }

/** A text that all values share that are the same as this one, and perhaps some others. */
function roughKey(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(roughKey).join()}]`
  const fields = fieldsOf(value)
  if (fields === undefined) return canonicalKey(value)
  const keys = [...fields].map(([key, field]) => JSON.stringify(key) + roughKey(field))
  return `{${keys.sort().join()}}`
}

/** How many there are of each value. */
export class Tally {
  readonly #entries = new Map<string, Entry[]>()

  constructor(values: readonly Value[] = []) {
    for (const value of values) this.of(value).count++
  }

  /** The count of a value, to be read and changed; 0 for one that was not there. */
  of(value: Value): { count: number } {
    const key = roughKey(value)
    const sharing = this.#entries.get(key)
    const known = sharing?.find(entry => isIdentical(entry.value, value))
    if (known !== undefined) return known
    const entry = { value, count: 0 }
    if (sharing === undefined) this.#entries.set(key, [entry])
    else sharing.push(entry)
    return entry
  }

  /** Whether there was one left of a value, which is gone then. */
  take(value: Value): boolean {
    const entry = this.of(value)
    if (entry.count === 0) return false
    entry.count--
    return true
  }
}
