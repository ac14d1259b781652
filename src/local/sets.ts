/**
 * Reading sets: every kind of set as an ordered run of elements that may be entered anywhere, upwards or downwards
 * (protocol.md E.6). Sets made of indexes and collections start in O(log n); the others are merged as they are read.
 */
import { castSet } from './casts.ts'
import { compareRefs } from './compare.ts'
import { distinctReader, filterReader, rangeReader, reverseReader } from './derived-sets.ts'
import { permissionDenied } from './failures.ts'
import type { SetContext } from './frame.ts'
import { isLive } from './history.ts'
import { checkRetained } from './retention.ts'
import {
  canRead,
  canReadSingle,
  checkDocumentRetained,
  findEntries,
  floorOfOwner,
  isListed,
  readingOf,
} from './set-access.ts'
import type { LeafForm } from './set-access.ts'
import { combineReaders, mergeTargets } from './set-combinations.ts'
import type { Combination } from './set-combinations.ts'
import { compareToBound, valueOf } from './set-elements.ts'
import type { Element, SetReader } from './set-elements.ts'
import { layoutOf } from './set-layout.ts'
import { Ref } from './values.ts'
import type { Bound, SetForm, Value } from './values.ts'

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
    for (const { values, ref } of rows) if (isListed(ref, context)) yield { values, ref, sources }
  }
  return {
    reversed: entries?.reversed ?? [],
    isFiltered: reading === 'some',
    ascend: from => elements(entries?.ascend(at, now, from) ?? []),
    descend: before => elements(entries?.descend(at, now, before) ?? []),
  }
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

/** Of the sets of a combination those that may not be read do not take part. */
function openCombination(form: Combination, context: SetContext): SetReader | undefined {
  const readers = form.sets.map(set => tryOpen(set, context))
  if (form.kind === 'difference' && readers[0] === undefined) return undefined
  const open = readers.filter(reader => reader !== undefined)
  return open.length === 0 ? undefined : combineReaders(form, open)
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
  const openTargets = (): SetReader[] =>
    [...source.ascend()]
      .map(element => tryOpen(joinTarget(form, element, context), context))
      .filter(reader => reader !== undefined)
  return {
    reversed: layoutOf(form, context.frame.query.store).reversed,
    isFiltered: source.isFiltered,
    ascend: from => mergeTargets(openTargets, reader => reader.ascend(from), 1),
    descend: before => mergeTargets(openTargets, reader => reader.descend(before), -1),
  }
}

/** Opens a set that is another one, seen otherwise. */
function openDerived(
  form: Extract<SetForm, { kind: 'distinct' | 'reverse' | 'range' | 'filter' }>,
  context: SetContext,
) {
  const inner = tryOpen(form.set, context)
  if (inner === undefined) return undefined
  const { store } = context.frame.query
  switch (form.kind) {
    case 'distinct':
      return distinctReader(inner)
    case 'reverse':
      return reverseReader(form, inner, store)
    case 'range':
      return rangeReader(form, inner, store.hasQuirks)
    case 'filter':
      return filterReader(form, inner, context)
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
    case 'reverse':
    case 'range':
    case 'filter':
      return openDerived(form, context)
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
