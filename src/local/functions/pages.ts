/** `paginate`: pages of sets, and of the history of sets and documents (protocol.md E.5, F.3). */
import type { Frame } from '../frame.ts'
import type { SetContext } from '../frame.ts'
import type { Call, Evaluate } from '../call.ts'
import { undefinedRef } from '../casts.ts'
import { cursorAt, readEventCursor } from '../event-cursors.ts'
import { isBefore } from '../history-events.ts'
import type { HistoryEvent } from '../history-events.ts'
import { lastPlaceAt, openEvents } from '../set-events.ts'
import type { SetEvents } from '../set-history.ts'
import { boundOf, layoutOf } from '../set-layout.ts'
import { valueOf } from '../set-elements.ts'
import type { Element, SetReader } from '../set-elements.ts'
import { openSet } from '../sets.ts'
import type { Store } from '../store.ts'
import { inside } from '../position.ts'
import type { Position } from '../position.ts'
import { DocumentEventValue, Page, Ref, SetEventValue, Sourced, UnresolvedRef } from '../values.ts'
import type { Bound, SetForm, Value } from '../values.ts'

/** Elements of a page unless a size is given, and at most. */
const DEFAULT_SIZE = 64
const MAX_SIZE = 100_000

/** Where a page begins: at a cursor and upwards, or below it. */
type Cursor = { readonly direction: 'after' | 'before'; readonly value: Value; readonly at: Position } | undefined

const cursorKeys = ['after', 'before', 'cursor'] as const

/** The cursor of a page from what was given for it; it is looked at behind all other arguments. */
function cursorOf(call: Call, key: (typeof cursorKeys)[number] | undefined, value: Value): Cursor {
  if (key !== 'cursor') return key && { direction: key, value, at: call.at(key) }
  if (value === null) return undefined
  for (const direction of ['after', 'before'] as const) {
    const inner = value instanceof Map && value.size === 1 ? value.get(direction) : undefined
    if (inner !== undefined) return { direction, value: inner, at: inside(call.at('cursor'), direction) }
  }
  throw call.failAt('cursor', "Invalid cursor object. Expected an object with either 'before' or 'after' key in it.")
}

/** As the real server does, only the low 32 bits of what is below the most count. */
function sizeOf(call: Call): number {
  if (!call.has('size')) return DEFAULT_SIZE
  const size = call.integer('size')
  return size > MAX_SIZE ? MAX_SIZE : Number(BigInt.asIntN(32, size))
}

type Book<Item extends { readonly sources: readonly SetForm[] }> = {
  /** The elements, from the beginning of the page on, the way it is read. */
  readonly items: Iterable<Item>
  readonly isAscending: boolean
  /** The cursor as it was given. */
  readonly given: Value | undefined
  readonly cursorAt: (item: Item) => Value
  readonly show: (item: Item) => Value
  /** Whether each element has the sets that it came from beside it; so has its cursor, wherever it goes then. */
  readonly hasSources: boolean | undefined
}

/**
 * A run of elements cut to a page: its elements in ascending order, and its two cursors. One of size 0 leads nowhere
 * but to where it is, one below that has nothing on its other side (`PaginateImpl` in FN/ReadAdaptor.scala).
 */
function cut<Item extends { readonly sources: readonly SetForm[] }>(book: Book<Item>, size: number): Page {
  const { items, isAscending, given, cursorAt: toCursor, show, hasSources } = book
  if (size <= 0) {
    const other = size === 0 ? given : undefined
    return isAscending ? new Page([], given, other) : new Page([], other, given)
  }
  const taken: Item[] = []
  let isMore = false
  let following: Item | undefined
  for (const item of items) {
    if (taken.length === size) {
      isMore = true
      following = item
      break
    }
    taken.push(item)
  }
  const nearest = isAscending ? following : taken.at(-1)
  const next = isMore && nearest !== undefined ? toCursor(nearest) : undefined
  const data = isAscending ? taken : taken.reverse()
  const [before, after] = isAscending ? [given, next] : [next, given]
  const mark = (value: Value, { sources }: Item): Value => (hasSources === true ? new Sourced(value, sources) : value)
  const [values, cursors] = [show, toCursor].map(read => data.map(item => mark(read(item), item)))
  return new Page(values ?? [], before, after, cursors)
}

function cursorOfElement({ values, ref }: Element): Value {
  return [...values, ref]
}

/** An unresolved ref as a cursor is told at once. */
function checkCursor(cursor: Cursor): void {
  if (cursor?.value instanceof UnresolvedRef) throw undefinedRef(cursor.value, cursor.at)
}

/** How a page is asked for. */
export type Asked = {
  readonly cursor?: Cursor
  readonly isAscending: boolean
  readonly size: number
  readonly hasSources?: boolean
}

/** The real server finds nothing where it begins at the upper end of a set that has values. */
function* downwards(reader: SetReader, bound: Bound | undefined, { frame }: SetContext): Generator<Element> {
  const isLost = bound === undefined && frame.query.store.hasQuirks
  for (const element of reader.descend(bound)) if (!isLost || element.values.length === 0) yield element
}

function setPage(form: SetForm, context: SetContext, { cursor, isAscending, size, hasSources }: Asked): Page {
  const given = cursor && (Array.isArray(cursor.value) ? cursor.value : [cursor.value])
  const bound = given && boundOf(given, layoutOf(form, context.frame.query.store), 'below')
  const reader = openSet(form, context)
  const items = isAscending ? reader.ascend(bound) : downwards(reader, bound, context)
  return cut({ items, isAscending, given, cursorAt: cursorOfElement, show: valueOf, hasSources }, size)
}

/** An element of history as a query sees it. */
export function showEvent({ ts, action, ref, values, changed }: HistoryEvent): Value {
  return changed === undefined
    ? new SetEventValue(ts, action, ref, values.length === 0 ? undefined : values)
    : new DocumentEventValue(ts, action, ref, changed)
}

/** The elements of history that a page may show: from a place on, as far as the time that is read at. */
function* eventsFrom(events: SetEvents, frame: Frame, place: HistoryEvent | undefined, isAscending: boolean) {
  const last = lastPlaceAt(events, frame.readAt)
  const from = place ?? (isAscending ? events.first : last)
  const reach: HistoryEvent = from.action === 'update' ? { ...from, action: 'add' } : from
  let isSkipping = true
  for (const event of events.tell({ from: reach, to: isAscending ? last : events.first, isAscending })) {
    isSkipping &&= isBefore(event, from, isAscending, events.reversed)
    if (!isSkipping) yield event
  }
}

function eventPage(form: SetForm, context: SetContext, { cursor, isAscending, size, hasSources }: Asked): Page {
  const read = cursor && readEventCursor(cursor.value, cursor.at)
  const items = eventsFrom(openEvents(form, context), context.frame, read?.place, isAscending)
  return cut({ items, isAscending, given: read?.shown, cursorAt, show: showEvent, hasSources }, size)
}

/** A page of a set or of history. */
export function readPage(form: SetForm, context: SetContext, asked: Asked): Page {
  const { isHistory } = layoutOf(form, context.frame.query.store)
  return isHistory ? eventPage(form, context, asked) : setPage(form, context, asked)
}

/** The set of a subject: of the ref of a document that of this document. */
function setOf(subject: Ref | SetForm): SetForm {
  return subject instanceof Ref ? { kind: 'singleton', ref: subject, isDocument: true } : subject
}

/** The history of a subject: of a document alone its own. */
function eventsOf(subject: Ref | SetForm, store: Store): SetForm {
  if (!(subject instanceof Ref) && layoutOf(subject, store).isHistory) return subject
  return { kind: 'events', of: subject }
}

/** Where a page is read: as of the transaction's own snapshot, with what the transaction has written (like `at`). */
function frameOf(call: Call): Frame {
  const frame = call.readFrame()
  return frame.readAt === call.query.transaction.snapshot ? { ...frame, readAt: undefined } : frame
}

const evaluatePaginate: Evaluate = call => {
  const subject = call.refOrSet('paginate')
  const cursorKey = cursorKeys.find(key => call.has(key))
  const given = cursorKey === undefined ? null : call.value(cursorKey)
  const frame = frameOf(call)
  const size = sizeOf(call)
  const wantsEvents = call.has('events') && call.boolean('events')
  const hasSources = call.has('sources') && call.boolean('sources')
  const cursor = cursorOf(call, cursorKey, given)
  checkCursor(cursor)
  const context = call.setContext('paginate', frame)
  const form = wantsEvents ? eventsOf(subject, call.query.store) : setOf(subject)
  return readPage(form, context, { cursor, isAscending: cursor?.direction !== 'before', size, hasSources })
}

/** The forms of this file. */
export const pages = { paginate: evaluatePaginate } satisfies Record<string, Evaluate>
