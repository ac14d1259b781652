/**
 * Stored values as text and back, exactly. It is the JSON of the wire wherever that reads back as the same value; what it
 * has no exact text for (`NaN`, half a character, a ref whose name now means something else) stands as `{"@exact":…}`,
 * the bytes that the log would have.
 */
import { builtInAccess } from '../built-in-roles.ts'
import type { Query } from '../frame.ts'
import type { Database } from '../database.ts'
import { readJson } from '../json.ts'
import type { Json } from '../json.ts'
import { ByteWriter } from '../log/byte-writer.ts'
import { ByteReader } from '../log/byte-reader.ts'
import { parseExpression } from '../parse.ts'
import type { Renderer } from '../render.ts'
import { rendererFor } from '../renderers.ts'
import type { Store } from '../store.ts'
import { pathOf, relativeTo } from '../position.ts'
import type { Position } from '../position.ts'
import { Lambda } from '../values.ts'
import type { ObjectValue, Value } from '../values.ts'

const API_VERSION = '4'
const EXACT = '@exact'
const OBJECT = '@obj'
/** Values that are deeper than this stand as their bytes: a reader of JSON goes only so deep. */
const MAX_DEPTH = 200
const LONE_SURROGATE = /\p{Surrogate}/u

/** The values of one database as text. */
export class ValueText {
  readonly #query: Query
  readonly #renderer: Renderer

  constructor(store: Store, database: Database) {
    const access = builtInAccess(store, database, 'admin', undefined)
    this.#query = { store, database, transaction: store.begin(), access, apiVersion: API_VERSION, kind: 'get' }
    this.#renderer = rendererFor(store, database.number, API_VERSION)
  }

  /** The text of a value. */
  write(value: Value, depth = 0): string {
    if (depth > MAX_DEPTH) return exact(value)
    if (Array.isArray(value)) return `[${value.map(item => this.write(item, depth + 1)).join()}]`
    if (value instanceof Map) return this.#writeObject(value, depth)
    if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
    if (typeof value === 'string') return LONE_SURROGATE.test(value) ? exact(value) : JSON.stringify(value)
    const text = this.#renderer.value(value)
    return this.#readsAs(text, value) ? text : exact(value)
  }

  /** The value of a text. Throws where it is none. */
  read(json: Json): Value {
    if (Array.isArray(json)) return json.map(item => this.read(item))
    if (!(json instanceof Map)) return json
    const [only] = json.size === 1 ? json : []
    if (only === undefined || !only[0].startsWith('@')) return this.#readObject(json)
    const [key, content] = only
    if (key === OBJECT && content instanceof Map) return this.#readObject(content)
    if (key === EXACT && typeof content === 'string')
      return new ByteReader(Buffer.from(content, 'base64')).value<Value>()
    const expression = parseExpression(json, this.#query)
    if (expression.kind === 'literal') return expression.value
    throw new TypeError(`${key} is no value that is stored`)
  }

  #writeObject(fields: ObjectValue, depth: number): string {
    const keys = [...fields.keys()]
    if (keys.some(key => LONE_SURROGATE.test(key))) return exact(fields)
    const text = `{${[...fields].map(([key, item]) => `${JSON.stringify(key)}:${this.write(item, depth + 1)}`).join()}}`
    return keys.some(key => key.startsWith('@')) ? `{"${OBJECT}":${text}}` : text
  }

  #readObject(json: ReadonlyMap<string, Json>): ObjectValue {
    return new Map([...json].map(([key, item]) => [key, this.read(item)]))
  }

  #readsAs(text: string, value: Value): boolean {
    try {
      return bytesOf(this.read(readJson(Buffer.from(text)))).equals(bytesOf(value))
    } catch {
      return false
    }
  }
}

function exact(value: Value): string {
  const writer = new ByteWriter()
  writer.value(value)
  return `{"${EXACT}":"${writer.bytes.toString('base64')}"}`
}

/** What two values have in common that are the same. */
function bytesOf(value: Value): Buffer {
  const writer = new ByteWriter()
  writer.value(placeless(value))
  return writer.bytes
}

/** The same, with functions that do not say where in a request they stood: what they do does not depend on it. */
export function placeless(part: unknown, root: Position = null): unknown {
  if (Array.isArray(part)) return part.map(item => placeless(item, root))
  if (part instanceof Map) return new Map([...part].map(([key, item]) => [key, placeless(item, root)]))
  const within = part instanceof Lambda ? part.at : root
  const isNode = typeof part === 'object' && part !== null && (part instanceof Lambda || part.constructor === Object)
  if (!isNode) return part
  return Object.fromEntries(
    Object.entries(part).map(([key, item]) => [
      key,
      key === 'at' ? JSON.stringify(pathOf(relativeTo(item as Position, within))) : placeless(item, within),
    ]),
  )
}
