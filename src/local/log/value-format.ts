/** The format of values in the log: what stands before each of them, and the classes by their numbers. */
import {
  Action,
  Bytes,
  CalendarDate,
  DocumentEventValue,
  EventPlace,
  Lambda,
  Page,
  PendingTime,
  Ref,
  SetEventValue,
  SetValue,
  Sourced,
  Time,
  UnresolvedRef,
  Uuid,
  VersionValue,
} from '../values.ts'

/** What stands before each value. These numbers are part of the format of the log. */
export const tags = {
  null: 0,
  undefined: 1,
  false: 2,
  true: 3,
  smallBigint: 4,
  largeBigint: 5,
  integer: 6,
  double: 7,
  string: 8,
  /** A string that UTF-8 cannot hold, as UTF-16. */
  brokenString: 9,
  array: 10,
  map: 11,
  bytes: 12,
  record: 13,
  instance: 14,
  /** A place in a request: `relativeTo` asks whether two are the same one, so each is written once. */
  place: 15,
  knownPlace: 16,
} as const

type Class = abstract new (...parameters: never[]) => object

/**
 * The classes, by their numbers in the log, with what their constructors take, in that order: new ones go last. One that
 * takes more than before has another row, by which it is written; logs of before are read by the old one.
 */
export const classes: readonly (readonly [type: Class, fields: readonly string[]])[] = [
  [Ref, ['database', 'collection', 'id']],
  [Time, ['nanoseconds']],
  [CalendarDate, ['days']],
  [Bytes, ['bytes']],
  [Uuid, ['text']],
  [Lambda, ['parameters', 'body', 'captured', 'apiVersion', 'at']],
  [SetValue, ['form']],
  [UnresolvedRef, ['kind', 'name', 'id', 'scope']],
  [Page, ['data', 'before', 'after', 'cursors']],
  [VersionValue, ['ref', 'ts', 'fields', 'isPending', 'isCreated']],
  [DocumentEventValue, ['ts', 'action', 'ref', 'fields']],
  [SetEventValue, ['ts', 'action', 'ref', 'values']],
  [EventPlace, ['ts', 'action', 'ref', 'values']],
  [Sourced, ['value', 'sources']],
  [Action, ['name']],
  [PendingTime, ['micros']],
  [EventPlace, ['ts', 'action', 'ref', 'values', 'changed']],
]

/** The numbers of the classes. */
export const classNumbers: ReadonlyMap<unknown, number> = new Map(classes.map(([type], number) => [type, number]))

/** The bytes of a double. */
export const DOUBLE_BYTES = 8
/** The bits of a varint's byte that are the number's. */
export const LOW_BITS = 0x7f
/** The mark of a varint's bytes that are not its last. */
export const MORE = 0x80
