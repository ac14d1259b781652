/**
 * Reading sets: every kind of set as an ordered run of elements that may be entered anywhere, upwards or downwards
 * (protocol.md E.6). Sets made of indexes and collections start in O(log n); the others are merged as they are read.
 */
import { castSet } from './call.ts'
import type { Evaluator, Frame } from './call.ts'
import { canonicalKey, compareValues } from './compare.ts'
import { Collection } from './database.ts'
import { compareEntries } from './entries.ts'
import type { Bound, EntrySet } from './entries.ts'
import { failure, permissionDenied } from './failures.ts'
import { isLive } from './history.ts'
import { Index, placeOf } from './indexing.ts'
import type { SetOwner } from './indexing.ts'
import { checkRetained, floorOf, indexFloorOf } from './retention.ts'
import { Lambda, Ref } from './values.ts'
import type { Position, SetForm, Value } from './values.ts'

/** An element of a set: the values that the set covers, the document, and the sets that it came from. */
export type Element = { readonly values: readonly Value[]; readonly ref: Ref; readonly sources: readonly SetForm[] }

/** A set being read. */
export interface SetReader {
  readonly reversed: readonly boolean[]
  /** Upwards from a bound (inclusive). */
  ascend(from?: Bound): Iterable<Element>
  /** Downwards from just below a bound. */
  descend(before?: Bound): Iterable<Element>
}

/** Who reads a set, and where its errors are told: at the argument, but what has no history at the form. */
export type SetContext = {
  readonly frame: Frame
  readonly evaluator: Evaluator
  readonly at: Position
  readonly formAt: Position
}

/** What an element is to a query: its ref, its one value, or its values. */
export function valueOf({ values, ref }: Pick<Element, 'values' | 'ref'>): Value {
  if (values.length === 0) return ref
  return values.length === 1 ? (values[0] ?? null) : [...values]
}

/** Who has the set, and the entries, of an index or a collection; undefined where there never was one. */
type Found = { readonly owner: SetOwner; readonly entries: EntrySet | undefined }

/** The entries of a `match` or `documents`. Throws where the index or the collection is gone. */
export function findEntries(form: Extract<SetForm, { kind: 'match' | 'documents' }>, context: SetContext): Found {
  const { store } = context.frame.query
  if (form.kind === 'documents') {
    const owner = store.database(form.collection.database)?.collections.get(Number(form.collection.id))
    if (owner === undefined) throw undefinedSchema(context, form.collection, 'collection')
    return { owner, entries: owner.entries }
  }
  const owner = store.database(form.index.database)?.indexes.get(form.index.id)
  if (owner === undefined) throw undefinedSchema(context, form.index, 'index')
  return { owner, entries: owner.findEntries(placeOf(owner, form.terms)) }
}

function undefinedSchema(context: SetContext, ref: Ref, kind: string): Error {
  const name = context.frame.query.store.nameOf(ref) ?? ''
  return failure(context.at, 'invalid ref', `Ref refers to undefined ${kind} '${name}'`)
}

/** Whether the documents of a set need not be asked for one by one. Throws where the set may not be read at all. */
export function isUnrestricted(owner: SetOwner, form: SetForm, context: SetContext): boolean {
  const { access } = context.frame.query
  const resource = owner instanceof Collection ? owner.collectionRef : owner instanceof Index ? owner.ref : undefined
  if (resource === undefined) return true
  const terms = form.kind === 'match' ? [...form.terms] : resource
  if (access.allows('unrestricted_read', resource, [terms])) return true
  if (form.kind === 'match' && !access.allows('read', resource, [terms])) throw permissionDenied(context.at)
  if (form.kind === 'documents' && owner instanceof Collection && owner.number < 1024) {
    if (!access.allows('read', resource, [resource])) throw permissionDenied(context.at)
  }
  return false
}

/** The earliest time that a set can be read at. */
export function floorOfOwner(owner: SetOwner, { frame }: SetContext): number {
  const { store, transaction } = frame.query
  if (owner instanceof Index) return indexFloorOf(store, owner.ref.database, owner.definition, transaction.snapshot)
  return owner instanceof Collection ? floorOf(store, owner.database, owner.number, transaction.snapshot) : 0
}

/** Whether a document may be read. */
export function canRead(ref: Ref, frame: Frame, privilege: 'read' | 'history_read' = 'read'): boolean {
  const { access, store } = frame.query
  const collection = store.database(ref.database)?.collections.get(ref.collection)
  return collection !== undefined && access.allows(privilege, collection.collectionRef, [ref])
}

function openEntries(form: Extract<SetForm, { kind: 'match' | 'documents' }>, context: SetContext): SetReader {
  const { frame } = context
  const { owner, entries } = findEntries(form, context)
  if (frame.readAt !== undefined) checkRetained(frame.readAt, floorOfOwner(owner, context))
  const unrestricted = isUnrestricted(owner, form, context)
  const at = frame.readAt ?? Number.POSITIVE_INFINITY
  const now = frame.query.transaction.snapshot
  const sources = [form]
  function* visible(rows: Iterable<{ values: readonly Value[]; ref: Ref }>): Generator<Element> {
    for (const { values, ref } of rows) if (unrestricted || canRead(ref, frame)) yield { values, ref, sources }
  }
  return {
    reversed: entries?.reversed ?? [],
    ascend: from => visible(entries?.ascend(at, now, from) ?? []),
    descend: before => visible(entries?.descend(at, now, before) ?? []),
  }
}

/** A reader over elements that are all at hand. */
function overArray(elements: () => readonly Element[], reversed: readonly boolean[] = []): SetReader {
  const isBelow = (element: Element, bound: Bound | undefined): boolean =>
    bound !== undefined && compareEntries({ ...element, ttl: undefined }, { values: bound }, reversed) < 0
  return {
    reversed,
    ascend: from => elements().filter(element => !isBelow(element, from)),
    descend: before =>
      elements()
        .filter(element => before === undefined || isBelow(element, before))
        .reverse(),
  }
}

/** Fails where a document cannot be read at the time of the frame any more. */
export function checkDocumentRetained(ref: Ref, { readAt, query }: Frame): void {
  if (readAt === undefined) return
  checkRetained(readAt, floorOf(query.store, ref.database, ref.collection, query.transaction.snapshot))
}

function openSingleton(form: Extract<SetForm, { kind: 'singleton' }>, { frame }: SetContext): SetReader {
  checkDocumentRetained(form.ref, frame)
  return overArray(() => {
    const { query } = frame
    const history = query.store.historyOf(form.ref)
    const version = frame.readAt === undefined ? history?.newest : history?.at(frame.readAt)
    const isThere = isLive(version, query.transaction.snapshot) && canRead(form.ref, frame)
    return isThere ? [{ values: [], ref: form.ref, sources: [form] }] : []
  })
}

type Run = { readonly iterator: Iterator<Element>; head: Element | undefined }

function startRun(elements: Iterable<Element>): Run {
  const iterator = elements[Symbol.iterator]()
  const { done, value } = iterator.next()
  return { iterator, head: done === true ? undefined : value }
}

/** Merges ordered runs: at each place, which of them have the element there. */
function* mergeRuns(
  runs: readonly Run[],
  compare: (a: Element, b: Element) => number,
): Generator<{ element: Element; holders: readonly number[] }> {
  for (;;) {
    let lowest: Element | undefined
    for (const { head } of runs) if (head && (lowest === undefined || compare(head, lowest) < 0)) lowest = head
    if (lowest === undefined) return
    const sources: SetForm[] = []
    const holders: number[] = []
    for (const [i, run] of runs.entries()) {
      if (run.head === undefined || compare(run.head, lowest) !== 0) continue
      sources.push(...run.head.sources)
      holders.push(i)
      const { done, value } = run.iterator.next()
      run.head = done === true ? undefined : value
    }
    yield { element: { ...lowest, sources }, holders }
  }
}

/** Which elements a combination of sets keeps: by the number of sets and those that hold the element. */
const combinations: Readonly<
  Record<'union' | 'intersection' | 'difference', (holders: readonly number[], sets: number) => boolean>
> = {
  union: () => true,
  intersection: (holders, sets) => holders.length === sets,
  difference: holders => holders.length === 1 && holders[0] === 0,
}

function openCombination(
  form: Extract<SetForm, { kind: 'union' | 'intersection' | 'difference' }>,
  context: SetContext,
): SetReader {
  const readers = form.sets.map(set => openSet(set, context))
  const reversed = readers[0]?.reversed ?? []
  const isKept = combinations[form.kind]
  const compare = (a: Element, b: Element): number => compareEntries(entry(a), entry(b), reversed)
  function* merged(runs: Run[], direction: 1 | -1): Generator<Element> {
    for (const { element, holders } of mergeRuns(runs, (a, b) => direction * compare(a, b))) {
      if (isKept(holders, readers.length)) yield element
    }
  }
  return {
    reversed,
    ascend: from =>
      merged(
        readers.map(reader => startRun(reader.ascend(from))),
        1,
      ),
    descend: before =>
      merged(
        readers.map(reader => startRun(reader.descend(before))),
        -1,
      ),
  }
}

function entry({ values, ref }: Element): { values: readonly Value[]; ref: Ref } {
  return { values, ref }
}

function* distinctRun(elements: Iterable<Element>): Generator<Element> {
  let last: string | undefined
  for (const element of elements) {
    const key = canonicalKey(valueOf(element))
    if (key !== last) yield element
    last = key
  }
}

function openDistinct(form: Extract<SetForm, { kind: 'distinct' | 'reverse' }>, context: SetContext): SetReader {
  const inner = openSet(form.set, context)
  return {
    reversed: inner.reversed,
    ascend: from => distinctRun(inner.ascend(from)),
    descend: before => distinctRun(inner.descend(before)),
  }
}

/** The order of an element against a bound that counts as equal to all that begin like it. */
function compareToPrefix(element: Element, bound: Bound, reversed: readonly boolean[]): number {
  const parts: readonly Value[] = [...element.values, element.ref]
  for (let i = 0; i < bound.length && i < parts.length; i++) {
    const order = compareValues(parts[i] ?? null, bound[i] ?? null)
    if (order !== 0) return reversed[i] === true ? -order : order
  }
  return 0
}

/** A reversed set is entered from the other side: bounds stay where they are, up and down change places. */
function openReverse(form: Extract<SetForm, { kind: 'distinct' | 'reverse' }>, context: SetContext): SetReader {
  const inner = openSet(form.set, context)
  return {
    reversed: inner.reversed.map(isReversed => !isReversed),
    *ascend(from) {
      for (const element of inner.descend()) {
        if (from === undefined || compareToPrefix(element, from, inner.reversed) <= 0) yield element
      }
    },
    *descend(before) {
      for (const element of inner.ascend()) {
        if (before === undefined || compareToPrefix(element, before, inner.reversed) > 0) yield element
      }
    },
  }
}

function openRange(form: Extract<SetForm, { kind: 'range' }>, context: SetContext): SetReader {
  const inner = openSet(form.set, context)
  const { reversed } = inner
  // The real server forgets the upper bound where paging backwards names one of its own (protocol.md E.6).
  const isBounded = (before: Bound | undefined): boolean => before === undefined || !context.frame.query.store.hasQuirks
  return {
    reversed,
    *ascend(from) {
      const isLater = from !== undefined && compareEntries({ values: from }, { values: form.from }, reversed) > 0
      const start = isLater ? from : form.from
      for (const element of inner.ascend(start.length === 0 ? undefined : start)) {
        if (compareToPrefix(element, form.to, reversed) > 0) return
        yield element
      }
    },
    *descend(before) {
      for (const element of inner.descend(before)) {
        if (isBounded(before) && compareToPrefix(element, form.to, reversed) > 0) continue
        if (compareToPrefix(element, form.from, reversed) < 0) return
        yield element
      }
    },
  }
}

function openFilter(form: Extract<SetForm, { kind: 'filter' }>, context: SetContext): SetReader {
  const inner = openSet(form.set, context)
  function* kept(elements: Iterable<Element>): Generator<Element> {
    for (const element of elements) {
      const verdict = context.evaluator.apply(form.lambda, valueOf(element), { ...context.frame, isPure: true })
      if (verdict === true) yield element
    }
  }
  return {
    reversed: inner.reversed,
    ascend: from => kept(inner.ascend(from)),
    descend: before => kept(inner.descend(before)),
  }
}

function joinTarget(form: Extract<SetForm, { kind: 'join' }>, element: Element, context: SetContext): SetForm {
  const { target } = form
  if (target instanceof Ref) {
    const terms = element.values.length === 0 ? [element.ref] : element.values
    return { kind: 'match', index: target, terms }
  }
  const value = context.evaluator.apply(target, valueOf(element), { ...context.frame, isPure: true })
  return castSet(value, target instanceof Lambda ? target.body.at : context.at, 'Set')
}

function openJoin(form: Extract<SetForm, { kind: 'join' }>, context: SetContext): SetReader {
  let reversed: readonly boolean[] = []
  return overArray(() => {
    const found = new Map<string, Element>()
    for (const element of openSet(form.set, context).ascend()) {
      const reader = openSet(joinTarget(form, element, context), context)
      reversed = reader.reversed
      for (const inner of reader.ascend()) found.set(canonicalKey([[...inner.values], inner.ref]), inner)
    }
    return [...found.values()].sort((a, b) => compareEntries(entry(a), entry(b), reversed))
  }, reversed)
}

/** Opens a set. Throws a `Failure` where it, or a set that it is made of, may not be read. */
export function openSet(form: SetForm, context: SetContext): SetReader {
  switch (form.kind) {
    case 'match':
    case 'documents':
      return openEntries(form, context)
    case 'singleton':
      return openSingleton(form, context)
    case 'union':
    case 'intersection':
    case 'difference':
      return openCombination(form, context)
    case 'distinct':
      return openDistinct(form, context)
    case 'reverse':
      return openReverse(form, context)
    case 'range':
      return openRange(form, context)
    case 'filter':
      return openFilter(form, context)
    case 'join':
      return openJoin(form, context)
    case 'events':
      throw failure(context.formAt, 'invalid argument', 'Set does not support events history.')
  }
}
