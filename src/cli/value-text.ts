/** Values and what changed in them, as pieces of a line: only as many are made as the line has room for. */
import { FaunaDate, FaunaTime, Ref } from '../index.ts'
import { cutTo, type Piece, toVisible, widthOf } from './terminal-text.ts'

/** No terminal is wider: a longer text is not looked at further, in characters. */
const maxTextLength = 4_096
const plainKey = /^[\p{L}_$][\p{L}\p{N}_$]*$/u

/**
 * A value as one would write it, refs as `collection/id`. Of an object each value takes `limit` columns at most: a long one
 * must not hide the others.
 */
export function* tellValue(value: unknown, limit = Infinity): Generator<Piece> {
  if (typeof value === 'string') yield [JSON.stringify(value.slice(0, maxTextLength)), 'green']
  else if (value instanceof Ref) yield [nameRef(value), 'cyan']
  else if (value instanceof FaunaTime || value instanceof FaunaDate) yield [value.value, 'magenta']
  else if (Array.isArray(value)) yield* tellList(value)
  else if (isPlain(value)) yield* tellObject(value, limit)
  else yield [String(value), 'yellow']
}

function* tellList(values: readonly unknown[]): Generator<Piece> {
  yield ['[']
  for (const [i, value] of values.entries()) {
    if (i > 0) yield [', ']
    yield* tellValue(value)
  }
  yield [']']
}

function* tellObject(object: Readonly<Record<string, unknown>>, limit: number): Generator<Piece> {
  const entries = Object.entries(object)
  if (entries.length === 0) return yield ['{}']
  yield ['{ ']
  for (const [i, [key, value]] of entries.entries()) {
    yield [`${i > 0 ? ', ' : ''}${toKey(key)}: `]
    yield* cutPieces(tellValue(value), limit)
  }
  yield [' }']
}

/**
 * A merge patch (RFC 7396), key by key, what is deep inside with its path; where the value before is known, it stands
 * before the new one. Each takes `limit` columns at most.
 */
export function* tellChanges(patch: unknown, before: unknown, limit = Infinity): Generator<Piece> {
  let isFirst = true
  for (const [path, value, old] of listChanges(patch, before, '')) {
    yield [isFirst ? path : `, ${path}`]
    isFirst = false
    if (value === null) {
      yield [' removed', 'red']
      // Where not all fits, what comes now goes before what is gone.
      if (old !== undefined && limit === Infinity) yield* tellBefore(' (was ', old, ')', limit)
      continue
    }
    yield [': ']
    if (old !== undefined) yield* tellBefore('', old, ' → ', limit)
    yield* cutPieces(tellValue(value), limit)
  }
}

type Change = readonly [path: string, value: unknown, before: unknown]

function* listChanges(patch: unknown, before: unknown, path: string): Generator<Change> {
  if (!isPlain(patch)) return
  const known = isPlain(before) ? before : {}
  for (const [key, value] of Object.entries(patch)) {
    const here = path === '' ? toKey(key) : `${path}.${toKey(key)}`
    const old = Object.hasOwn(known, key) ? known[key] : undefined
    const isDeep = isPlain(value) && Object.keys(value).length > 0 && (old === undefined || isPlain(old))
    if (isDeep) yield* listChanges(value, old, here)
    else yield [here, value, old]
  }
}

function* tellBefore(beginning: string, value: unknown, end: string, limit: number): Generator<Piece> {
  yield [beginning, 'dim']
  for (const [text] of cutPieces(tellValue(value), limit)) yield [text, 'dim']
  yield [end, 'dim']
}

/** The pieces up to this width, with an ellipsis where there is more. */
function* cutPieces(pieces: Iterable<Piece>, columns: number): Generator<Piece> {
  let room = columns
  for (const [raw, style] of pieces) {
    const text = toVisible(raw)
    const width = widthOf(text)
    if (width > room) return yield [`${cutTo(text, room - 1)}…`, style]
    yield [text, style]
    room -= width
  }
}

/** A ref as `collection/id`; of the database's own collections the name alone. */
export function nameRef(ref: Ref): string {
  return ref.collection === undefined ? ref.id : `${ref.collection.id}/${ref.id}`
}

function toKey(key: string): string {
  return plainKey.test(key) ? key : JSON.stringify(key.slice(0, maxTextLength))
}

/** Whether it is an object of data: not a value of FQL, nor an array. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
