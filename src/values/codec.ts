/** Parsed wire JSON → values: one row a tag (protocol.md D.1). */
import { ProtocolError } from '../errors.ts'
import { Bytes } from './bytes.ts'
import { parseExact } from './exact.ts'
import { Query, SetRef, Uuid } from './opaque.ts'
import { Ref } from './ref.ts'
import { encode, maxDepth } from './serializer.ts'
import { FaunaDate, FaunaTime } from './time.ts'

type Json = Record<string, unknown>
type Decode = (content: unknown, depth: number) => unknown

/** What each tag's content becomes. A row may throw for content that the server never writes. */
const tags: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  // A ref of an old API version (text, or with the key `class`: protocol.md D.4) stays as it came: nothing of it is lost.
  [
    '@ref',
    (content, depth) => (typeof content === 'string' ? undefined : decodeRef(content, depth)) ?? { '@ref': content },
  ],
  ['@set', content => new SetRef(noteLarge(content))],
  ['@ts', content => new FaunaTime(toText(content))],
  ['@date', content => new FaunaDate(toText(content))],
  ['@bytes', content => new Bytes(toText(content))],
  ['@query', content => new Query(noteLarge(content))],
  ['@uuid', content => new Uuid(toText(content))],
  // A literal object that has a key with an at sign: its keys are names, its values are values as anywhere.
  ['@obj', (content, depth) => decodeFields(toObject(content), depth)],
])

const at = 64 // '@'

/**
 * Set by the walk where it meets a number that may stand for an integer which a double cannot hold: `JSON.parse` has
 * rounded it. The walk sees every number anyway, so that to look for such digits in the text, which costs a tenth of
 * an event, is not needed.
 */
let hasLarge = false

/**
 * Decodes what `JSON.parse` gave; `undefined` where that may have rounded an integer, so that what `parseExact` gives is to
 * be decoded instead. `depth` as for `decode`.
 *
 * Throws as `decode` does.
 */
export function decodeUnlessRounded(json: unknown, depth = 0): unknown {
  hasLarge = isLarge(json)
  const decoded = decode(json, depth)
  return hasLarge ? undefined : decoded
}

/**
 * Decodes a part of what `JSON.parse` gave for a text; where that may have rounded an integer, decodes the part of what
 * `parseExact` gives instead. `partOf` takes the part from all of it: one made for each call would cost more than it does.
 *
 * Throws as `decode` and `parseExact` do.
 */
export function decodeExactly(part: unknown, text: string, partOf: (json: unknown) => unknown): unknown {
  const decoded = decodeUnlessRounded(part)
  return decoded === undefined ? decode(partOf(parseExact(text))) : decoded
}

function isLarge(json: unknown): boolean {
  return typeof json === 'number' && !(json <= Number.MAX_SAFE_INTEGER && json >= Number.MIN_SAFE_INTEGER)
}

/** Looks for large numbers in what the walk leaves as it is. */
function noteLarge(json: unknown): unknown {
  if (isLarge(json)) hasLarge = true
  else if (typeof json === 'object' && json !== null) Object.values(json).forEach(noteLarge)
  return json
}

/**
 * Turns the tagged objects of parsed wire JSON into values: `{ '@ref': … }` into a `Ref`, and so on. It walks the tree
 * once and changes it in place, since a copy, or a reviver, costs more than parsing. Objects with an unknown tag, or
 * with another key beside the tag, stay as they are, their values decoded. `depth` is how deep it stands; default 0.
 *
 * Throws `ProtocolError` (`bad_response`) if a tag's content is not what the tag needs, or past `maxDepth` levels.
 */
export function decode(json: unknown, depth = 0): unknown {
  return typeof json === 'object' && json !== null ? decodeNode(json as Json, depth) : json
}

function decodeNode(node: Json, depth: number): unknown {
  if (depth >= maxDepth) throw new ProtocolError('bad_response', `values nested deeper than ${maxDepth} levels`, '')
  if (Array.isArray(node)) return decodeItems(node, depth)
  for (const key in node) {
    // Only the first key needs a look: a tag has no other beside it.
    return key.charCodeAt(0) === at ? decodeTagged(key, node, depth) : decodeFields(node, depth)
  }
  return node
}

function decodeItems(items: unknown[], depth: number): unknown[] {
  for (let i = 0; i < items.length; i++) {
    const item = items[i]
    if (typeof item === 'object' && item !== null) items[i] = decodeNode(item as Json, depth + 1)
    else if (isLarge(item)) hasLarge = true
  }
  return items
}

function decodeFields(node: Json, depth: number): Json {
  // Several times as fast as a list of the keys; what a careless program put on `Object.prototype` comes here too.
  for (const key in node) {
    const field = node[key]
    if (typeof field === 'object' && field !== null) {
      // Assignment to a key that exists as an own property never meets a setter, not even under `__proto__`.
      if (Object.hasOwn(node, key)) node[key] = decodeNode(field as Json, depth + 1)
    } else if (isLarge(field)) hasLarge = true
  }
  return node
}

function decodeTagged(tag: string, node: Json, depth: number): unknown {
  const row = tags.get(tag)
  if (row === undefined || !hasOneKey(node)) return decodeFields(node, depth)
  try {
    return row(node[tag], depth + 1)
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause
    throw new ProtocolError('bad_response', `not a value of FQL under ${tag}: ${describe(cause)}`, encode(node), {
      cause,
    })
  }
}

function hasOneKey(node: Json): boolean {
  let keys = 0
  for (const key in node) if (++keys > 1 && Object.hasOwn(node, key)) return false
  return true
}

function decodeRef(content: unknown, depth: number): Ref | undefined {
  if (depth >= maxDepth) throw new TypeError('the ref is nested too deep')
  const node = toObject(content)
  const { id, collection, database } = node
  const known = 1 + (collection === undefined ? 0 : 1) + (database === undefined ? 0 : 1)
  if (Object.keys(node).length !== known) return undefined
  if (known === 1) return Ref.native(toText(id))
  const collectionRef = collection === undefined ? undefined : decodePart(collection, depth)
  const databaseRef = database === undefined ? undefined : decodePart(database, depth)
  if (collectionRef === null || databaseRef === null) return undefined
  return new Ref(toText(id), collectionRef, databaseRef)
}

/** The ref inside a ref; `null` where it is one that we do not know. */
function decodePart(part: unknown, depth: number): Ref | null {
  return decodeRef(toObject(part)['@ref'], depth + 1) ?? null
}

function toText(content: unknown): string {
  if (typeof content !== 'string') throw new TypeError('a string is needed')
  return content
}

function toObject(content: unknown): Json {
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new TypeError('an object is needed')
  return content as Json
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
