/** `paginate`: pages of sets, and of the history of sets and documents (protocol.md E.5, F.3). */
import type { Call, Evaluate, Frame } from '../call.ts'
import { castSet } from '../call.ts'
import { fieldsOf } from '../compare.ts'
import { failure, wrongType } from '../failures.ts'
import { typeName } from '../kinds.ts'
import type { EntryEvent } from '../entries.ts'
import { changeOf } from '../history.ts'
import { floorOf } from '../retention.ts'
import { openHistory } from '../set-history.ts'
import { canRead, openSet, valueOf } from '../sets.ts'
import type { Element } from '../sets.ts'
import { Action, CalendarDate, DocumentEventValue, Page, Ref, SetEventValue, Sourced, Time, inside } from '../values.ts'
import type { ActionName, ObjectValue, Position, SetForm, Value } from '../values.ts'

/** Elements of a page unless a size is given, and at most. */
const DEFAULT_SIZE = 64
const MAX_SIZE = 100_000

/** Where a page begins: at a cursor and upwards, or below it. */
type Cursor = { readonly direction: 'after' | 'before'; readonly value: Value; readonly at: Position } | undefined

function cursorOf(call: Call): Cursor {
  for (const direction of ['after', 'before'] as const) {
    if (call.has(direction)) return { direction, value: call.value(direction), at: call.at(direction) }
  }
  if (!call.has('cursor')) return undefined
  const value = call.value('cursor')
  if (value === null) return undefined
  for (const direction of ['after', 'before'] as const) {
    const inner = value instanceof Map ? value.get(direction) : undefined
    if (inner !== undefined) return { direction, value: inner, at: call.at('cursor') }
  }
  throw call.failAt('cursor', "Invalid cursor object. Expected an object with either 'before' or 'after' key in it.")
}

function sizeOf(call: Call): number {
  if (!call.has('size')) return DEFAULT_SIZE
  return Math.min(Math.max(Number(call.integer('size')), 0), MAX_SIZE)
}

/** A run of elements cut to a page: its elements in ascending order, and its two cursors. */
function cut<Item>(
  run: { ascend: () => Iterable<Item>; descend: () => Iterable<Item> },
  cursor: Cursor,
  given: Value | undefined,
  size: number,
  cursorAt: (item: Item) => Value,
): { items: Item[]; before: Value | undefined; after: Value | undefined } {
  if (size === 0) return { items: [], before: given, after: given }
  const isBackward = cursor?.direction === 'before'
  const items: Item[] = []
  let next: Item | undefined
  for (const item of isBackward ? run.descend() : run.ascend()) {
    if (items.length === size) {
      next = item
      break
    }
    items.push(item)
  }
  if (!isBackward) return { items, before: given, after: next === undefined ? undefined : cursorAt(next) }
  const lowest = items.at(-1)
  const before = next === undefined || lowest === undefined ? undefined : cursorAt(lowest)
  return { items: items.reverse(), before, after: given }
}

function cursorOfElement({ values, ref }: Element): Value {
  return [...values, ref]
}

function setPage(call: Call, form: SetForm, frame: Frame): Page {
  const cursor = cursorOf(call)
  const bound = cursor === undefined ? undefined : Array.isArray(cursor.value) ? cursor.value : [cursor.value]
  const reader = openSet(form, call.setContext('paginate', frame))
  const run = { ascend: () => reader.ascend(bound), descend: () => reader.descend(bound) }
  const { items, before, after } = cut(run, cursor, bound, sizeOf(call), cursorOfElement)
  const hasSources = call.has('sources') && call.boolean('sources')
  const data = items.map(element => (hasSources ? new Sourced(valueOf(element), element.sources) : valueOf(element)))
  return new Page(data, before, after)
}

/** A place in history: a time, and for an exact one the action, the document and the values. */
type EventCursor = {
  readonly ts: number
  readonly action: ActionName
  readonly ref: Ref | undefined
  readonly values: readonly Value[]
  /** Given as an object: then it means the place behind everything of its time, unless it names a document. */
  readonly isObject: boolean
}

const actionNames: ReadonlySet<string> = new Set<ActionName>(['create', 'update', 'delete', 'add', 'remove'])

function isAction(name: Value | undefined): name is ActionName {
  return typeof name === 'string' && actionNames.has(name)
}

/** Of an action, whether something is there after it. */
function sideOf(action: ActionName): 'add' | 'remove' {
  return action === 'delete' || action === 'remove' ? 'remove' : 'add'
}

/** A time of history: microseconds, a time, or the beginning of a day. */
function microsOf(value: Value): number | undefined {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof CalendarDate) return value.days * MICROS_PER_DAY
  return value instanceof Time ? Number(value.micros) : undefined
}

const MICROS_PER_DAY = 86_400_000_000

/** What the object of a cursor may have; the names of its document are those of all versions of the API. */
const cursorKeys: ReadonlySet<string> = new Set(['ts', 'action', 'document', 'instance', 'resource', 'data', 'values'])

function eventCursorOf(cursor: Cursor): EventCursor | undefined {
  if (cursor === undefined || cursor.value === null) return undefined
  const { value, at } = cursor
  const micros = microsOf(value)
  if (micros !== undefined) return { ts: micros, action: 'add', ref: undefined, values: [], isObject: false }
  const fields = fieldsOf(value)
  if (fields === undefined) throw wrongType(at, 'Object, Integer, Time, or Date', typeName(value))
  return objectCursor(fields, at)
}

function objectCursor(fields: ObjectValue, at: Position): EventCursor {
  const ts = fields.get('ts')
  if (ts === undefined || [...fields.keys()].some(key => !cursorKeys.has(key))) {
    throw failure(at, 'invalid argument', `Cannot create event cursor with keys ${[...fields.keys()].join(', ')}`)
  }
  if (typeof ts !== 'bigint') throw wrongType(inside(at, 'ts'), 'Integer', typeName(ts))
  const name = fields.get('action')
  const text = name instanceof Action ? name.name : name
  const action = isAction(text) ? text : 'add'
  const ref = fields.get('document') ?? fields.get('instance') ?? fields.get('resource')
  const data = fields.get('data')
  return {
    ts: Number(ts),
    action,
    ref: ref instanceof Ref ? ref : undefined,
    values: Array.isArray(data) ? data : [],
    isObject: true,
  }
}

function showCursor(cursor: EventCursor | undefined): Value | undefined {
  if (cursor === undefined) return undefined
  if (cursor.isObject && cursor.ref === undefined) return null
  const fields = new Map<string, Value>([
    ['ts', BigInt(cursor.ts)],
    ['action', cursor.action],
  ])
  if (cursor.ref !== undefined) fields.set('document', cursor.ref)
  return cursor.values.length === 0 ? fields : fields.set('data', [...cursor.values])
}

const lowestId = -(2n ** 63n)
const highestId = 2n ** 63n - 1n

/** A cursor as it was given: a deletion comes back as a removal. */
function echoCursor(cursor: EventCursor | undefined): Value | undefined {
  return showCursor(cursor?.action === 'delete' ? { ...cursor, action: 'remove' } : cursor)
}

/** A cursor as the event that it stands at: the lowest of its time and action, or behind all of them. */
function boundOf(cursor: EventCursor | undefined): EntryEvent | undefined {
  if (cursor === undefined) return undefined
  const { ts, action, ref, values, isObject } = cursor
  const edge = isObject
    ? new Ref(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, highestId)
    : new Ref(-1, -1, lowestId)
  return { ts, action: sideOf(action), entry: { values, ref: ref ?? edge, ttl: ref === undefined ? undefined : 0n } }
}

function historyPage(call: Call, form: SetForm, frame: Frame): Page {
  const given = cursorOf(call)
  const cursor = eventCursorOf(given)
  const bound = boundOf(cursor)
  const history = openHistory(form, call.setContext('paginate', frame))
  const until = frame.readAt ?? Number.POSITIVE_INFINITY
  const run = {
    *ascend() {
      for (const event of history.ascend(bound)) {
        if (event.ts > until) return
        yield event
      }
    },
    *descend() {
      for (const event of history.descend(bound)) if (event.ts <= until) yield event
    },
  }
  const cursorAt = ({ ts, action, entry }: EntryEvent): Value =>
    showCursor({ ts, action, ref: entry.ref, values: history.hasValues ? entry.values : [], isObject: true }) ?? null
  const { items, before, after } = cut(run, given, echoCursor(cursor), sizeOf(call), cursorAt)
  const show = ({ ts, action, entry }: EntryEvent): Value =>
    new SetEventValue(ts, action, entry.ref, history.hasValues ? entry.values : undefined)
  return new Page(items.map(show), before, after)
}

/** Versions that are no longer kept shrink to the newest of them, shown as the beginning of everything. */
function documentEvents(call: Call, ref: Ref, frame: Frame): DocumentEventValue[] {
  const { store, transaction } = call.query
  const history = store.historyOf(ref)
  if (history === undefined || !canRead(ref, frame, 'history_read')) return []
  const until = frame.readAt ?? Number.POSITIVE_INFINITY
  const floor = floorOf(store, ref.database, ref.collection, transaction.snapshot)
  const oldest = history.at(floor)
  return history.versions.flatMap(version => {
    if (version.ts > until || (version.ts <= floor && version !== oldest)) return []
    if (version === oldest && version.fields === null) return []
    const { action, diff } = version === oldest ? changeOf(version, undefined) : history.changeOf(version)
    const data = diff?.fields.get('data')
    return [new DocumentEventValue(version.ts, action, ref, data instanceof Map && action !== 'delete' ? data : null)]
  })
}

function documentHistoryPage(call: Call, ref: Ref, frame: Frame): Page {
  const given = cursorOf(call)
  const cursor = eventCursorOf(given)
  const events = documentEvents(call, ref, frame)
  // A cursor at a deletion stands behind everything of its time (protocol.md F.3).
  const isBelow = ({ ts }: DocumentEventValue): boolean =>
    cursor !== undefined && (ts < cursor.ts || (ts === cursor.ts && sideOf(cursor.action) === 'remove'))
  const run = {
    ascend: () => events.filter(event => !isBelow(event)),
    descend: () => events.filter(event => cursor === undefined || isBelow(event)).reverse(),
  }
  const cursorAt = (event: DocumentEventValue): Value =>
    showCursor({ ts: event.ts, action: event.action, ref, values: [], isObject: true }) ?? null
  const { items, before, after } = cut(run, given, echoCursor(cursor), sizeOf(call), cursorAt)
  return new Page(items, before, after)
}

const evaluatePaginate: Evaluate = call => {
  const subject = call.refOrSet('paginate')
  const micros = call.micros('ts')
  const frame = micros === undefined ? call.frame : { ...call.frame, readAt: micros }
  const wantsEvents = call.has('events') && call.boolean('events')
  const of = !(subject instanceof Ref) && subject.kind === 'events' ? subject.of : undefined
  const history = of ?? (wantsEvents ? subject : undefined)
  if (history === undefined) {
    return setPage(call, subject instanceof Ref ? castSet(subject, call.at('paginate'), 'Ref or Set') : subject, frame)
  }
  if (!(history instanceof Ref)) return historyPage(call, history, frame)
  const form = castSet(history, call.at('paginate'), 'Ref or Set')
  return form.kind === 'documents' ? historyPage(call, form, frame) : documentHistoryPage(call, history, frame)
}

/** The forms of this file. */
export const pages = { paginate: evaluatePaginate } satisfies Record<string, Evaluate>
