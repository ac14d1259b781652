/**
 * Reading sets: every kind of set as an ordered run of elements that may be entered anywhere, upwards or downwards
 * (protocol.md E.6). Sets made of indexes and collections start in O(log n); the others are merged as they are read.
 */
import { castBoolean, castSet } from './casts.ts'
import type { Frame, SetContext } from './frame.ts'
import { canonicalKey } from './equality.ts'
import { Collection } from './database.ts'
import { compareEntries, compareLists } from './entries.ts'
import type { EntrySet } from './entries.ts'
import { failure, permissionDenied } from './failures.ts'
import { isLive } from './history.ts'
import { requireFilled } from './index-builds.ts'
import { Index, placeOf } from './indexing.ts'
import type { SetOwner } from './indexing.ts'
import { compareRefs } from './compare.ts'
import { COLLECTIONS, FIRST_USER_COLLECTION } from './native.ts'
import { checkRetained, floorOf, indexFloorOf } from './retention.ts'
import { layoutOf } from './set-layout.ts'
import type { Store } from './store.ts'
import { inside } from './position.ts'
import { Ref } from './values.ts'
import type { Position } from './position.ts'
import type { Bound, SetForm, Value } from './values.ts'

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

/** Who has the set, and the entries, of an index or a collection; undefined where there never was one. */
type Found = { readonly owner: SetOwner; readonly entries: EntrySet | undefined }

type LeafForm = Extract<SetForm, { kind: 'match' | 'documents' }>

/** The entries of a `match` or `documents`. Throws where the index or the collection is gone, or not ready. */
export function findEntries(form: LeafForm, context: SetContext): Found {
  const { store } = context.frame.query
  if (form.kind === 'documents') {
    const owner = store.database(form.collection.database)?.collections.get(Number(form.collection.id))
    if (owner === undefined) throw undefinedSchema(context, form.collection, 'collection')
    return { owner, entries: owner.entries }
  }
  const owner = store.database(form.index.database)?.indexes.get(form.index.id)
  if (owner === undefined) throw undefinedSchema(context, form.index, 'index')
  if (!owner.isActive) throw inactive(form.index, inside(context.at, 'index'), store)
  requireFilled(context.frame.query, owner)
  return { owner, entries: owner.findEntries(placeOf(owner, form.terms)) }
}

/** The failure of an index that is not active. */
export function inactive(index: Ref, at: Position, store: Store): Error {
  const description = `Index '${store.nameOf(index) ?? ''}' is not active.`
  return failure(at, 'instance not found', description, { status: 400 })
}

function undefinedSchema(context: SetContext, ref: Ref, kind: string): Error {
  const name = context.frame.query.store.nameOf(ref) ?? ''
  return failure(context.at, 'invalid ref', `Ref refers to undefined ${kind} '${name}'`)
}

/**
 * How a key may read the set of an index or a collection: `all` of it, only `some` documents (they are asked for one
 * by one), or `none` of it.
 */
export function readingOf(owner: SetOwner, form: LeafForm, { frame }: SetContext): 'all' | 'some' | 'none' {
  const { access } = frame.query
  const resource = owner instanceof Collection ? owner.collectionRef : owner instanceof Index ? owner.ref : undefined
  if (resource === undefined) return 'all'
  // A native collection as a set is read as a document of the collections.
  if (form.kind === 'documents' && form.isSchema === true) return canRead(resource, frame) ? 'some' : 'none'
  const terms = form.kind === 'match' ? [...form.terms] : null
  if (access.allows('unrestricted_read', resource, [terms])) return 'all'
  return form.kind === 'match' && !access.allows('read', resource, [terms]) ? 'none' : 'some'
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

/** Whether the set of one document may be read: its history is what it takes. */
export function canReadSingle(ref: Ref, { query }: Frame): boolean {
  if (ref.collection < FIRST_USER_COLLECTION) return canRead(ref, { query } as Frame, 'history_read')
  return query.access.allows('history_read', new Ref(ref.database, COLLECTIONS, BigInt(ref.collection)), [ref])
}

function openEntries(form: LeafForm, context: SetContext): SetReader | undefined {
  const { frame } = context
  const { owner, entries } = findEntries(form, context)
  if (frame.readAt !== undefined) checkRetained(frame.readAt, floorOfOwner(owner, context))
  const reading = readingOf(owner, form, context)
  if (reading === 'none') return undefined
  const at = frame.readAt ?? Number.POSITIVE_INFINITY
  const now = frame.query.transaction.snapshot
  const sources = [form]
  function* elements(rows: Iterable<{ values: readonly Value[]; ref: Ref }>): Generator<Element> {
    for (const { values, ref } of rows) yield { values, ref, sources }
  }
  return {
    reversed: entries?.reversed ?? [],
    isFiltered: reading === 'some',
    ascend: from => elements(entries?.ascend(at, now, from) ?? []),
    descend: before => elements(entries?.descend(at, now, before) ?? []),
  }
}

/** An element against a bound; its ttl does not count. */
function compareToBound({ values, ref }: Element, bound: Bound, reversed: readonly boolean[]): number {
  return compareEntries({ values, ref, ttl: undefined }, bound, reversed)
}

function* skipWhile<Item>(items: Iterable<Item>, isSkipped: (item: Item) => boolean): Generator<Item> {
  let isSkipping = true
  for (const item of items) {
    isSkipping &&= isSkipped(item)
    if (!isSkipping) yield item
  }
}

/** Fails where a document cannot be read at the time of the frame any more. */
export function checkDocumentRetained(ref: Ref, { readAt, query }: Frame): void {
  if (readAt === undefined) return
  checkRetained(readAt, floorOf(query.store, ref.database, ref.collection, query.transaction.snapshot))
}

type SingletonForm = Extract<SetForm, { kind: 'singleton' }>

function openSingleton(form: SingletonForm, { frame }: SetContext): SetReader | undefined {
  checkDocumentRetained(form.ref, frame)
  if (!canReadSingle(form.ref, frame)) return undefined
  const { query } = frame
  const present = (): Element[] => {
    const history = query.store.historyOf(form.ref)
    const version = frame.readAt === undefined ? history?.newest : history?.at(frame.readAt)
    return isLive(version, query.transaction.snapshot) ? [{ values: [], ref: form.ref, sources: [form] }] : []
  }
  // A bound with values stands among documents by its document alone.
  const sideOfBound = (bound: Bound): number =>
    bound.ref === undefined ? (bound.isAbove === true ? 1 : -1) : compareRefs(bound.ref, form.ref)
  return {
    reversed: [],
    isFiltered: false,
    ascend: from =>
      present().filter(
        element => from === undefined || (sideOfBound(from) <= 0 && compareToBound(element, from, []) >= 0),
      ),
    descend: before =>
      present().filter(
        element => before === undefined || (sideOfBound(before) >= 0 && compareToBound(element, before, []) < 0),
      ),
  }
}

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

type Combination = Extract<SetForm, { kind: 'union' | 'intersection' | 'difference' }>

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

/** What stands for an element in combinations: its values, or the document where it has none. */
function termsOf({ values, ref }: Element): readonly Value[] {
  return values.length === 0 ? [ref] : values
}

function* combine(form: Combination, runs: readonly Run[], compare: (a: Element, b: Element) => number) {
  const keep = combinations[form.kind]
  for (const group of groupRuns(runs, compare)) {
    const kept = keep(group, runs.length)
    const sources = kept.length === 0 ? [] : sourcesOf([...group.values()].flat())
    for (const element of kept) yield { ...element, sources }
  }
}

/** The readers of the sets of a combination: those that may not be read do not take part. */
function openOperands(form: Combination, context: SetContext): SetReader[] | undefined {
  const readers = form.sets.map(set => tryOpen(set, context))
  if (form.kind === 'difference' && readers[0] === undefined) return undefined
  const open = readers.filter(reader => reader !== undefined)
  return open.length === 0 ? undefined : open
}

function openCombination(form: Combination, context: SetContext): SetReader | undefined {
  const readers = openOperands(form, context)
  if (readers === undefined) return undefined
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

function* distinctRun(elements: Iterable<Element>): Generator<Element> {
  let last: string | undefined
  for (const element of elements) {
    const key = canonicalKey(valueOf(element))
    if (key !== last) yield element
    last = key
  }
}

type Derived = Extract<SetForm, { kind: 'distinct' | 'reverse' }>

function openDistinct(form: Derived, context: SetContext): SetReader | undefined {
  const inner = tryOpen(form.set, context)
  return (
    inner && {
      ...inner,
      ascend: from => distinctRun(inner.ascend(from)),
      descend: before => distinctRun(inner.descend(before)),
    }
  )
}

/** A bound of a reversed set as one of the set itself: where documents are all, they have become the values. */
function unreverse({ values, ref }: Bound, hasValues: boolean, isAbove: boolean): Bound | undefined {
  if (hasValues) return { values, ref, isAbove }
  const [only] = values
  if (only instanceof Ref) return { values: [], ref: only, isAbove }
  return values.length === 0 ? { values: [], ref, isAbove } : undefined
}

/** A reversed set is read from the other side. */
function openReverse(form: Derived, context: SetContext): SetReader | undefined {
  const inner = tryOpen(form.set, context)
  if (inner === undefined) return undefined
  const { store } = context.frame.query
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

function openRange(form: Extract<SetForm, { kind: 'range' }>, context: SetContext): SetReader | undefined {
  const inner = tryOpen(form.set, context)
  if (inner === undefined) return undefined
  const { reversed } = inner
  const { hasQuirks } = context.frame.query.store
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

function openFilter(form: Extract<SetForm, { kind: 'filter' }>, context: SetContext): SetReader | undefined {
  const inner = tryOpen(form.set, context)
  if (inner === undefined) return undefined
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

/** The set that a join reads for one element of its source. */
export function joinTarget(
  form: Extract<SetForm, { kind: 'join' }>,
  element: Pick<Element, 'values' | 'ref'>,
  context: SetContext,
): SetForm {
  const { target } = form
  if (target instanceof Ref) {
    const terms = element.values.length === 0 ? [element.ref] : element.values
    return { kind: 'match', index: target, terms }
  }
  const value = context.evaluator.apply(target, valueOf(element), { ...context.frame, isPure: true })
  return castSet(value, target.at)
}

/** A join reads the sets of all elements of its source, and leaves out those that may not be read. */
function openJoin(form: Extract<SetForm, { kind: 'join' }>, context: SetContext): SetReader | undefined {
  const source = tryOpen(form.set, context)
  if (source === undefined) return undefined
  function* merged(start: (reader: SetReader) => Iterable<Element>, direction: 1 | -1): Generator<Element> {
    const readers = [...(source?.ascend() ?? [])]
      .map(element => tryOpen(joinTarget(form, element, context), context))
      .filter(reader => reader !== undefined)
    const reversed = readers[0]?.reversed ?? []
    const compare = (a: Element, b: Element): number => direction * compareLists(termsOf(a), termsOf(b), reversed)
    for (const group of groupRuns(
      readers.map(reader => startRun(start(reader))),
      compare,
    )) {
      const all = [...group.values()].flat()
      const last = all.at(-1)
      if (last !== undefined) yield { ...last, sources: sourcesOf(all) }
    }
  }
  return {
    reversed: layoutOf(form, context.frame.query.store).reversed,
    isFiltered: source.isFiltered,
    ascend: from => merged(reader => reader.ascend(from), 1),
    descend: before => merged(reader => reader.descend(before), -1),
  }
}

/** Opens a set; undefined where it may not be read. Documents that may not be read are still in it. */
function tryOpen(form: SetForm, context: SetContext): SetReader | undefined {
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
      return tryOpen(form.of instanceof Ref ? { kind: 'singleton', ref: form.of } : form.of, context)
  }
}

/** Opens a set: of its documents, those that may be read. Throws a `Failure` where the set itself may not be. */
export function openSet(form: SetForm, context: SetContext): SetReader {
  const reader = tryOpen(form, context)
  if (reader === undefined) throw permissionDenied(context.at)
  if (!reader.isFiltered) return reader
  function* visible(elements: Iterable<Element>): Generator<Element> {
    for (const element of elements) if (canRead(element.ref, context.frame)) yield element
  }
  return {
    ...reader,
    ascend: from => visible(reader.ascend(from)),
    descend: before => visible(reader.descend(before)),
  }
}

/** The first document of a set, whether or not it may be read. Throws a `Failure` where the set may not be. */
export function firstDocument(form: SetForm, context: SetContext): Ref | undefined {
  const reader = tryOpen(form, context)
  if (reader === undefined) throw permissionDenied(context.at)
  for (const element of reader.ascend()) return element.ref
  return undefined
}
