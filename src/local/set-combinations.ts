/** Sets that are made of several: their elements are merged, and of those that are the same some are kept. */
import { compareLists } from './entries.ts'
import { canonicalKey } from './equality.ts'
import { compareToBound, skipWhile, termsOf } from './set-elements.ts'
import type { Element, SetReader } from './set-elements.ts'
import type { Bound, SetForm } from './values.ts'

type Run = { readonly iterator: Iterator<Element>; head: Element | undefined }

function startRun(elements: Iterable<Element>): Run {
  const run: Run = { iterator: elements[Symbol.iterator](), head: undefined }
  stepRun(run)
  return run
}

function stepRun(run: Run): void {
  const { done, value } = run.iterator.next()
  run.head = done === true ? undefined : value
}

/** Elements that are the same to combinations of sets, by the set that they are from. */
type Group = ReadonlyMap<number, readonly Element[]>

/** Merges ordered runs into groups of elements that have the same values: which document they are of does not count. */
function* groupRuns(runs: readonly Run[], compare: (a: Element, b: Element) => number): Generator<Group> {
  for (;;) {
    let lowest: Element | undefined
    for (const { head } of runs) if (head && (lowest === undefined || compare(head, lowest) < 0)) lowest = head
    if (lowest === undefined) return
    const group = new Map<number, Element[]>()
    for (const [i, run] of runs.entries()) {
      const own: Element[] = []
      for (; run.head !== undefined && compare(run.head, lowest) === 0; stepRun(run)) own.push(run.head)
      if (own.length > 0) group.set(i, own)
    }
    yield group
  }
}

/** The sets that the elements of a group came from, the last set first. */
function sourcesOf(elements: readonly Element[]): SetForm[] {
  const sources = elements.toReversed().flatMap(element => element.sources)
  return [...new Map(sources.map(source => [canonicalKey(source), source])).values()]
}

/** The larger of two lists; of two as long the first. */
function longer(a: readonly Element[], b: readonly Element[]): readonly Element[] {
  return b.length > a.length ? b : a
}

/** A set that is made of several. */
export type Combination = Extract<SetForm, { kind: 'union' | 'intersection' | 'difference' }>

/** What a combination keeps of a group; within it elements come in opposite order, as from the real server. */
const combinations: Readonly<Record<Combination['kind'], (group: Group, sets: number) => readonly Element[]>> = {
  union: group => [...group.values()].reduce(longer).toReversed(),
  intersection: (group, sets) => {
    if (group.size < sets) return []
    const count = Math.min(...[...group.values()].map(elements => elements.length))
    return (group.get(0) ?? []).slice(0, count)
  },
  difference: group => (group.size === 1 ? (group.get(0)?.toReversed() ?? []) : []),
}

function* combine(form: Combination, runs: readonly Run[], compare: (a: Element, b: Element) => number) {
  const keep = combinations[form.kind]
  for (const group of groupRuns(runs, compare)) {
    const kept = keep(group, runs.length)
    const sources = kept.length === 0 ? [] : sourcesOf([...group.values()].flat())
    for (const element of kept) yield { ...element, sources }
  }
}

/** Reads the sets of a combination side by side. */
export function combineReaders(form: Combination, readers: readonly SetReader[]): SetReader {
  const reversed = readers[0]?.reversed ?? []
  const compare = (a: Element, b: Element): number => compareLists(termsOf(a), termsOf(b), reversed)
  const upwards = (from?: Bound): Generator<Element> =>
    combine(
      form,
      readers.map(reader => startRun(reader.ascend(from))),
      compare,
    )
  const downwards = (before?: Bound): Generator<Element> =>
    combine(
      form,
      readers.map(reader => startRun(reader.descend(before))),
      (a, b) => compare(b, a),
    )
  const reader = { reversed, isFiltered: readers.some(one => one.isFiltered), ascend: upwards, descend: downwards }
  if (form.kind !== 'intersection') return reader
  // It begins before all documents that have the values of a bound: what is the same in its sets is of several documents.
  return {
    ...reader,
    ascend: from =>
      from === undefined || from.values.length === 0
        ? upwards(from)
        : skipWhile(upwards({ values: from.values }), element => compareToBound(element, from, reversed) < 0),
    descend: before =>
      before === undefined || before.values.length === 0
        ? downwards(before)
        : skipWhile(
            downwards({ values: before.values, isAbove: true }),
            element => compareToBound(element, before, reversed) >= 0,
          ),
  }
}

/** Merges the sets that a join leads to, each read from where it starts; they are opened when the first is asked for. */
export function* mergeTargets(
  open: () => readonly SetReader[],
  start: (reader: SetReader) => Iterable<Element>,
  direction: 1 | -1,
): Generator<Element> {
  const readers = open()
  const reversed = readers[0]?.reversed ?? []
  const compare = (a: Element, b: Element): number => direction * compareLists(termsOf(a), termsOf(b), reversed)
  const runs = readers.map(reader => startRun(start(reader)))
  for (const group of groupRuns(runs, compare)) {
    const all = [...group.values()].flat()
    const last = all.at(-1)
    if (last !== undefined) yield { ...last, sources: sourcesOf(all) }
  }
}
