/**
 * Paths that name something, as the interface of old has them: `/classes/users/1`, `/indexes/all`, `/keys`, and
 * `/events` behind it. Names stand in them as they are, without escapes.
 */
import { isSchemaName } from './schema-fields.ts'

/** A document of a collection, a schema document, or a native collection; `self` is whoever asks. */
export type RestPath = {
  /** The native collection that it is or is in; undefined for a document of a user's collection. */
  readonly native?: string
  /** The name of a user's collection, or of a schema document. */
  readonly name?: string
  readonly id?: string
  /** `set`: its history; `one`: an element of that, which nobody serves. */
  readonly events?: 'set' | 'one'
}

const NAME = '([^/,()&=]+)'
const EVENTS = String.raw`(/events(?:/\d+/(?:create|delete))?)?`
/** `classes` is the old word for `collections`, and both stand for the same. */
const COLLECTIONS = '(?:classes|collections)'

type Read = (first: string, second: string | undefined) => RestPath

const shapes: readonly (readonly [shape: RegExp, read: Read])[] = [
  [
    new RegExp(String.raw`^(keys|tokens|credentials)(?:/(\d+|self))?${EVENTS}$`),
    (native, id) => ({ native, ...(id !== undefined && { id }) }),
  ],
  [
    new RegExp(String.raw`^${COLLECTIONS}/${NAME}(?:/(\d+|self))?${EVENTS}$`),
    (name, id) => (id === undefined ? { native: 'collections', name } : { name, id }),
  ],
  [
    new RegExp(`^(indexes|functions|roles|access_providers|databases)/${NAME}${EVENTS}$`),
    (native, name) => ({ native, ...(name !== undefined && { name }) }),
  ],
  [
    new RegExp(`^(databases|${COLLECTIONS}|indexes|functions|roles|access_providers)()${EVENTS}$`),
    native => ({ native: native === 'classes' ? 'collections' : native }),
  ],
]

/** Names that are words of such paths themselves. */
const reserved: ReadonlySet<string> = new Set(['self', 'events'])
const MAX_ID = 2n ** 63n - 1n

function isNameable({ name, id }: RestPath): boolean {
  const isId = id === undefined || id === 'self' || BigInt(id) <= MAX_ID
  return isId && (name === undefined || (isSchemaName(name) && !reserved.has(name)))
}

/** Reads a path without its first `/`; undefined where it names nothing. */
export function parseRestPath(text: string): RestPath | undefined {
  for (const [shape, read] of shapes) {
    const [, first, second, events] = shape.exec(text) ?? []
    if (first === undefined) continue
    const path = read(first, second)
    if (!isNameable(path)) continue
    if (events === undefined) return path
    return { ...path, events: events === '/events' ? 'set' : 'one' }
  }
  return undefined
}
