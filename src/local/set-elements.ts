/** What a set gives when it is read: elements, from any place upwards or downwards. */
import { compareEntries } from './entries.ts'
import type { Bound, Ref, SetForm, Value } from './values.ts'

/** An element of a set: the values that the set covers, the document, and the sets that it came from. */
export type Element = { readonly values: readonly Value[]; readonly ref: Ref; readonly sources: readonly SetForm[] }

/** A set being read. */
export interface SetReader {
  readonly reversed: readonly boolean[]
  /** Whether it may have documents that its reader may not see. */
  readonly isFiltered: boolean
  /** Upwards from a bound. */
  ascend(from?: Bound): Iterable<Element>
  /** Downwards from a bound. */
  descend(before?: Bound): Iterable<Element>
}

/** What an element is to a query: its ref, its one value, or its values. */
export function valueOf({ values, ref }: Pick<Element, 'values' | 'ref'>): Value {
  if (values.length === 0) return ref
  return values.length === 1 ? (values[0] ?? null) : [...values]
}

/** What stands for an element in combinations: its values, or the document where it has none. */
export function termsOf({ values, ref }: Element): readonly Value[] {
  return values.length === 0 ? [ref] : values
}

/** An element against a bound; its ttl does not count. */
export function compareToBound({ values, ref }: Element, bound: Bound, reversed: readonly boolean[]): number {
  return compareEntries({ values, ref, ttl: undefined }, bound, reversed)
}

/** What comes behind the items that are skipped. */
export function* skipWhile<Item>(items: Iterable<Item>, isSkipped: (item: Item) => boolean): Generator<Item> {
  let isSkipping = true
  for (const item of items) {
    isSkipping &&= isSkipped(item)
    if (!isSkipping) yield item
  }
}
