/** Cursors of pages of history: how they are written, and which place each means (protocol.md F.3). */
import { castRef } from './casts.ts'
import { termOf } from './compare.ts'
import { collect, failure, wrongType } from './failures.ts'
import { typeName } from './kinds.ts'
import { highestRef, LAST_MICROS, lowestRef } from './history-events.ts'
import type { HistoryEvent } from './history-events.ts'
import { inside } from './position.ts'
import type { Position } from './position.ts'
import { Action, CalendarDate, DocumentEventValue, EventPlace, SetEventValue, Time } from './values.ts'
import type { ActionName, ObjectValue, Ref, Value } from './values.ts'

/** A cursor: the place that it means, and how it comes back. */
export type EventCursor = { readonly place: HistoryEvent; readonly shown: Value }

const MICROS_PER_DAY = 86_400_000_000n

/** A time in microseconds: as a number, as a time, or the beginning of a day; null is behind everything. */
function microsOf(value: Value): bigint | undefined {
  if (value === null) return LAST_MICROS
  if (typeof value === 'bigint') return value
  if (value instanceof CalendarDate) return BigInt(value.days) * MICROS_PER_DAY
  return value instanceof Time ? value.micros : undefined
}

/** What the object of a cursor may have; the words for a document and its values are those of all versions. */
const shapes: readonly (readonly string[])[] = [
  ['ts'],
  ['ts', 'action'],
  ['ts', 'action', 'resource'],
  ['ts', 'action', 'resource', 'values'],
  ['ts', 'action', 'instance'],
  ['ts', 'action', 'document'],
  ['ts', 'action', 'instance', 'data'],
  ['ts', 'action', 'document', 'data'],
]

/** A cursor knows what was done to a set; of a document only a change is another thing. */
const actions: ReadonlyMap<string, ActionName> = new Map<string, ActionName>([
  ['add', 'add'],
  ['create', 'add'],
  ['remove', 'remove'],
  ['delete', 'remove'],
  ['update', 'update'],
])

function actionOf(value: Value | undefined, at: Position): ActionName {
  if (value === undefined) return 'add'
  const name = value instanceof Action ? value.name : value
  const action = typeof name === 'string' ? actions.get(name) : undefined
  if (action === undefined) throw wrongType(at, "String 'create', 'update', or 'delete'", typeName(value))
  return action
}

function timeOf(value: Value, at: Position): bigint {
  if (typeof value !== 'bigint') throw wrongType(at, 'Integer', typeName(value))
  return value
}

/** All that is wrong with its parts is told together, the document before the action. */
function readObject(fields: ObjectValue, at: Position): EventCursor {
  const keys = [...fields.keys()]
  const shape = shapes.find(names => names.length === fields.size && names.every(name => fields.has(name)))
  if (shape === undefined) {
    throw failure(at, 'invalid argument', `Cannot create event cursor with keys ${keys.join(', ')}`)
  }
  const [, , documentKey, valuesKey] = shape
  const parts: { ts?: bigint; ref?: Ref; action?: ActionName } = {}
  collect(
    [
      () => (parts.ts = timeOf(fields.get('ts') ?? null, inside(at, 'ts'))),
      () => {
        if (documentKey !== undefined) parts.ref = castRef(fields.get(documentKey) ?? null, inside(at, documentKey))
      },
      () => (parts.action = actionOf(fields.get('action'), inside(at, 'action'))),
    ],
    read => read(),
  )
  const { ts = 0n, ref = highestRef, action = 'add' } = parts
  const given = valuesKey === undefined ? undefined : fields.get(valuesKey)
  const values = given === undefined || action === 'update' ? [] : (Array.isArray(given) ? given : [given]).map(termOf)
  const place = { ts: Number(ts), action, ref, values, sources: [], isCursor: true }
  return { place, shown: showPlace(place, ts) }
}

/** Reads a cursor. Throws a `Failure` where it can be none. */
export function readEventCursor(value: Value, at: Position): EventCursor {
  const micros = microsOf(value)
  if (micros === undefined) {
    // The cursor that a page shows is read where it comes from outside: as it is, it is none.
    if (!(value instanceof Map)) throw wrongType(at, 'Object, Integer, Time, or Date', typeName(value))
    return readObject(value, at)
  }
  const place = { ts: Number(micros), action: 'add', ref: lowestRef, values: [], sources: [], isCursor: true } as const
  return { place, shown: showPlace(place, micros) }
}

/** A place as a cursor: without a document where it has none, and nothing at all where it is behind all of them. */
function showPlace({ action, ref, values, changed }: HistoryEvent, ts: bigint): Value {
  return ref === highestRef ? null : new EventPlace(ts, action, ref === lowestRef ? undefined : ref, values, changed)
}

/** A cursor of history as a path finds it: the element that is at its place. */
export function eventAt(place: EventPlace): Value {
  const { ts, action, ref, values, changed } = place
  if (ref === undefined || ts > Number.MAX_SAFE_INTEGER) return place
  return changed === undefined && action !== 'update'
    ? new SetEventValue(Number(ts), action, ref, values.length === 0 ? undefined : values)
    : new DocumentEventValue(Number(ts), action, ref, changed ?? new Map<string, Value>())
}

/** The cursor that leads to an element. */
export function cursorAt(event: HistoryEvent): Value {
  return showPlace(event, BigInt(event.ts))
}
