/**
 * The interface of old, before there was a language: a path names something, a method says what to do with it. Each
 * such request is a query, and is answered as one.
 */
import type { Session } from './authentication.ts'
import { Failure } from './failures.ts'
import { JsonError, readJson } from './json.ts'
import type { Json } from './json.ts'
import { KEYS, natives } from './native.ts'
import { readBody } from './requests.ts'
import type { RestPath } from './rest-paths.ts'
import type { Store } from './store.ts'
import { Ref } from './values.ts'
import { resolveRef } from './written-refs.ts'

/** A request of old: its method, its body, and the parameters of its address. */
export type RestRequest = {
  readonly method: string
  readonly path: RestPath
  readonly params: ReadonlyMap<string, string>
  readonly body: Uint8Array
}

/** What becomes of it: a query, which may fail to be read; or why there is none, the methods that there are for one. */
export type RestQuery =
  | { readonly read: () => Json }
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

/** Whether there is what a path names, were it only by its name. */
function isNameKnown(store: Store, { database, access }: Session, { ref }: RestPath): boolean {
  try {
    return resolveRef({ store, database, access }, ref, null) instanceof Ref
  } catch (error) {
    if (error instanceof Failure) return false
    throw error
  }
}

/** The parameters of a page: what cannot be read counts as not given. */
function pageOf(params: ReadonlyMap<string, string>, isEvents: boolean): [string, Json][] {
  const size = params.get('size') ?? ''
  const page: [string, Json][] = /^[-+]?\d{1,18}$/.test(size) ? [['size', BigInt(size.replace('+', ''))]] : []
  for (const name of ['before', 'after']) {
    const cursor = readCursor(params.get(name))
    if (cursor !== undefined) page.push([name, new Map([['quote', cursor]])])
  }
  if (isEvents) page.push(['events', true])
  return page
}

function readCursor(text: string | undefined): Json | undefined {
  try {
    return text === undefined ? undefined : readJson(Buffer.from(text))
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}

/** The query that a request of old stands for. */
export function restQuery(store: Store, session: Session, { method, path, params, body }: RestRequest): RestQuery {
  if (path.events === 'one' || !isNameKnown(store, session, path)) return { refused: 'not found' }
  const isEvents = path.events === 'set'
  const isSet = path.ref.collection === undefined
  const actions = isEvents ? eventActions : isSet ? setActions : documentActions
  const action = actions.get(method)
  if (action === undefined) return { refused: [...actions.keys()] }
  const isKey = path.ref.collection?.id === natives.get(KEYS)?.name
  const description = isKey && session.access.holder !== undefined ? forbidden.get(method) : undefined
  if (description !== undefined) return { refused: 'forbidden', description }
  const page = action.form === 'paginate' ? pageOf(params, isEvents) : []
  const read = (): Json => {
    const parts: [string, Json][] = [[action.form, new Map([['@ref', path.text]])], ...page]
    if (action.hasBody) parts.push(['params', new Map([['quote', body.length === 0 ? new Map() : readBody(body)]])])
    return new Map(parts)
  }
  return { read }
}
