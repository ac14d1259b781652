/** Sets that are another set seen otherwise: without repetitions, from the other side, a range of it, or some of it. */
import { castBoolean } from './casts.ts'
import { compareRefs } from './compare.ts'
import { compareEntries, compareLists } from './entries.ts'
import { isIdentical } from './equality.ts'
import type { SetContext } from './frame.ts'
import { compareToBound, skipWhile, valueOf } from './set-elements.ts'
import type { Element, SetReader } from './set-elements.ts'
import { layoutOf } from './set-layout.ts'
import type { Store } from './store.ts'
import { Ref } from './values.ts'
import type { Bound, SetForm, Value } from './values.ts'

function* distinctRun(elements: Iterable<Element>): Generator<Element> {
  let last: Value | undefined
  for (const element of elements) {
    const value = valueOf(element)
    if (last === undefined || !isIdentical(value, last)) yield element
    last = value
  }
}

/** Of elements that are the same, of one type and one behind another, the first (`equiv` in MODEL/set/DistinctSet.scala). */
export function distinctReader(inner: SetReader): SetReader {
  return {
    ...inner,
    ascend: from => distinctRun(inner.ascend(from)),
    descend: before => distinctRun(inner.descend(before)),
  }
}

type Reverse = Extract<SetForm, { kind: 'distinct' | 'reverse' }>

/** A bound of a reversed set as one of the set itself: where documents are all, they have become the values. */
function unreverse({ values, ref }: Bound, hasValues: boolean, isAbove: boolean): Bound | undefined {
  if (hasValues) return { values, ref, isAbove }
  const [only] = values
  if (only instanceof Ref) return { values: [], ref: only, isAbove }
  return values.length === 0 ? { values: [], ref, isAbove } : undefined
}

/** A set from the other side. */
export function reverseReader(form: Reverse, inner: SetReader, store: Store): SetReader {
  const { reversed } = layoutOf(form, store)
  const hasValues = layoutOf(form.set, store).values > 0
  function* reshape(elements: Iterable<Element>): Generator<Element> {
    for (const { values, ref } of elements) yield { values: values.length === 0 ? [ref] : values, ref, sources: [form] }
  }
  return {
    reversed,
    isFiltered: inner.isFiltered,
    ascend(from) {
      const run = reshape(inner.descend(from && unreverse(from, hasValues, true)))
      return from === undefined ? run : skipWhile(run, element => compareToBound(element, from, reversed) < 0)
    },
    descend(before) {
      const run = reshape(inner.ascend(before && unreverse(before, hasValues, false)))
      return before === undefined ? run : skipWhile(run, element => compareToBound(element, before, reversed) >= 0)
    },
  }
}

const bottom: Bound = { values: [] }
const top: Bound = { values: [], isAbove: true }

/** Where a bound stands by its document alone: below or above all of them, or at one. */
function documentSide({ ref, isAbove }: Bound): number {
  return ref !== undefined ? 0 : isAbove === true ? 1 : -1
}

/**
 * How the real server weighs a cursor against an end of a range: by the document first, so that a cursor may leave the
 * range behind (protocol.md E.6). `isEarly`: a cursor that ends early is below what begins like it.
 */
function weighCursor(cursor: Bound, end: Bound, isEarly: boolean, reversed: readonly boolean[]): number {
  const sides = documentSide(cursor) - documentSide(end)
  if (sides !== 0) return sides
  const order = cursor.ref && end.ref ? compareRefs(cursor.ref, end.ref) : 0
  if (order !== 0) return order
  const count = Math.min(cursor.values.length, end.values.length)
  const values = compareLists(cursor.values.slice(0, count), end.values.slice(0, count), reversed)
  if (values !== 0) return values
  const rest = cursor.values.length - end.values.length
  return isEarly ? rest : -rest
}

/** What is between two ends, both included. */
export function rangeReader(
  form: Extract<SetForm, { kind: 'range' }>,
  inner: SetReader,
  hasQuirks: boolean,
): SetReader {
  const { reversed } = inner
  const weigh = (cursor: Bound, end: Bound, isEarly: boolean): number =>
    hasQuirks ? weighCursor(cursor, end, isEarly, reversed) : compareEntries(cursor, end, reversed)
  return {
    ...inner,
    *ascend(from = bottom) {
      for (const element of inner.ascend(weigh(from, form.from, true) < 0 ? form.from : from)) {
        if (compareToBound(element, form.to, reversed) > 0) return
        yield element
      }
    },
    *descend(before = top) {
      for (const element of inner.descend(weigh(before, form.to, false) > 0 ? form.to : before)) {
        if (compareToBound(element, form.from, reversed) < 0) return
        yield element
      }
    },
  }
}

/** What a function says true of. */
export function filterReader(
  form: Extract<SetForm, { kind: 'filter' }>,
  inner: SetReader,
  context: SetContext,
): SetReader {
  function* kept(elements: Iterable<Element>): Generator<Element> {
    for (const element of elements) {
      const verdict = context.evaluator.apply(form.lambda, valueOf(element), { ...context.frame, isPure: true })
      if (castBoolean(verdict, form.lambda.at)) yield element
    }
  }
  return {
    ...inner,
    ascend: from => kept(inner.ascend(from)),
    descend: before => kept(inner.descend(before)),
  }
}
