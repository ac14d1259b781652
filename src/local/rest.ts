/**
 * The interface of old, before there was a language: a path names something, a method says what to do with it. Each
 * such request is a query, and is answered as one.
 */
import type { Session } from './authentication.ts'
import type { Query } from './frame.ts'
import { Failure } from './failures.ts'
import { JsonError, readJson } from './json.ts'
import { KEYS, natives } from './native.ts'
import { parseData } from './parse.ts'
import { parseRefPath } from './ref-literals.ts'
import type { RefLiteral } from './ref-literals.ts'
import { readBody } from './requests.ts'
import type { ReadSource } from './requests.ts'
import type { RestPath } from './rest-paths.ts'
import type { Store } from './store.ts'
import { Ref } from './values.ts'
import type { UnresolvedRef, Value } from './values.ts'
import { resolveRef } from './written-refs.ts'

/** A request of old: its method, its body, and the parameters of its address. */
export type RestRequest = {
  readonly method: string
  readonly path: RestPath
  readonly params: ReadonlyMap<string, string>
  readonly body: Uint8Array | undefined
}

/** What becomes of it: a query, which may fail to be read; or why there is none, the methods that there are for one. */
export type RestQuery =
  | { readonly read: ReadSource }
  | { readonly refused: 'not found' | 'forbidden' | readonly string[]; readonly description?: string }

/** What a method does with a thing: the key of its query, and whether it has a body. */
type Action = { readonly form: string; readonly hasBody: boolean }

const create: Action = { form: 'create', hasBody: true }
const documentActions: ReadonlyMap<string, Action> = new Map([
  ['GET', { form: 'get', hasBody: false }],
  ['POST', create],
  ['PUT', { form: 'replace', hasBody: true }],
  ['PATCH', { form: 'update', hasBody: true }],
  ['DELETE', { form: 'delete', hasBody: false }],
])
const setActions: ReadonlyMap<string, Action> = new Map([
  ['GET', { form: 'paginate', hasBody: false }],
  ['POST', create],
])
const eventActions: ReadonlyMap<string, Action> = new Map([['GET', { form: 'paginate', hasBody: false }]])

/** Keys are not imported from elsewhere. */
const forbidden: ReadonlyMap<string, string> = new Map([
  ['PUT', 'Replacing a key with PUT is not allowed: create a replacement key, then delete this key.'],
  ['PATCH', "Updating a key with PATCH is not allowed: use the Update FQL function to change key's user metadata."],
])

/** What a written ref stands for; undefined where it can stand for nothing. */
function findNamed(asker: Parameters<typeof resolveRef>[0], ref: RefLiteral): Ref | UnresolvedRef | undefined {
  try {
    return resolveRef(asker, ref, null)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

/** The parameters of a page: what cannot be read counts as not given. */
function pageOf(query: Query, params: ReadonlyMap<string, string>, isEvents: boolean): [string, Value][] {
  const size = params.get('size') ?? ''
  const page: [string, Value][] = /^[-+]?\d{1,18}$/.test(size) ? [['size', BigInt(size.replace('+', ''))]] : []
  for (const name of ['before', 'after']) {
    const cursor = readCursor(query, params.get(name))
    if (cursor !== undefined) page.push([name, new Map([['quote', cursor]])])
  }
  if (isEvents) page.push(['events', true])
  return page
}

/** A cursor is data as JSON, or a ref in its old spelling. */
function readCursor(query: Query, text: string | undefined): Value | undefined {
  if (text === undefined) return undefined
  try {
    return parseData(readJson(Buffer.from(text)), query)
  } catch (error) {
    if (!(error instanceof JsonError || error instanceof Failure)) throw error
  }
  const ref = parseRefPath(text)
  return ref && findNamed(query, ref)
}

/** The query that a request of old stands for. */
export function restQuery(store: Store, session: Session, { method, path, params, body }: RestRequest): RestQuery {
  const ref = findNamed({ store, ...session }, path.ref)
  if (path.events === 'one' || !(ref instanceof Ref)) return { refused: 'not found' }
  const isEvents = path.events === 'set'
  const isSet = path.ref.collection === undefined
  const actions = isEvents ? eventActions : isSet ? setActions : documentActions
  const action = actions.get(method)
  if (action === undefined) return { refused: [...actions.keys()] }
  const isKey = path.ref.collection?.id === natives.get(KEYS)?.name
  const description = isKey && session.access.holder !== undefined ? forbidden.get(method) : undefined
  if (description !== undefined) return { refused: 'forbidden', description }
  const read: ReadSource = query => {
    const parts: [string, Value][] = [[action.form, ref]]
    if (action.form === 'paginate') parts.push(...pageOf(query, params, isEvents))
    if (action.hasBody)
      parts.push(['params', new Map([['quote', body === undefined ? new Map() : parseData(readBody(body), query)]])])
    return new Map(parts)
  }
  return { read }
}
