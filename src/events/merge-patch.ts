/** The type of what changed: a JSON merge patch (RFC 7396) of a document's data. */
import type { Bytes, FaunaDate, FaunaTime, Query, Ref, SetRef, Uuid } from '../values/index.ts'

/** What is replaced as a whole. */
type Whole = Bytes | FaunaDate | FaunaTime | Query | Ref | SetRef | Uuid | Date | readonly unknown[]

/** A JSON merge patch of `T`: only the keys that changed, `null` where a key went, arrays and values whole. */
export type MergePatch<T> = T extends Whole
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: MergePatch<T[K]> | null }
    : T
