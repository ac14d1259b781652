/**
 * The body of a request in a few words, as `Paginate(Documents(Collection("orders")))`: the names of functions and of
 * schema, ids and numbers. Other texts are never shown: they may be passwords and secrets.
 */
import { print } from '../query/print.ts'

/** Larger bodies are only measured. */
const maxBodyBytes = 16 * 1024
/** How many functions inside one another are named. */
const maxDepth = 4
/** How many elements of an array are shown. */
const maxElements = 3

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Form = { readonly [key: string]: Json }

/** Something that is printed as this text. */
const asText = (text: string): object => ({ _isFaunaExpr: true, value: text, toString: () => text })
const hidden = asText('…')
const hiddenObject = asText('{ … }')

/** Forms whose text is the name of something in the schema. */
const namesSchema: ReadonlySet<string> = new Set(
  'collection class index database function role access_provider'.split(' '),
)
/** Forms that make something with a name. */
const makesNamed: ReadonlySet<string> = new Set(
  'create_collection create_class create_index create_database create_function create_role'.split(' '),
)

/** The expression of a request in a few words; nothing where it has no body. */
export function describeExpression(body: Uint8Array): string {
  if (body.length === 0) return ''
  if (body.length > maxBodyBytes) return `(${Math.ceil(body.length / 1024)} KiB)`
  try {
    return print(abbreviate(JSON.parse(Buffer.from(body).toString()) as Json, maxDepth))
  } catch {
    return '(no JSON)'
  }
}

function isObject(json: Json | undefined): json is Form {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function abbreviate(json: Json, depth: number): unknown {
  if (typeof json === 'string') return hidden
  if (typeof json !== 'object' || json === null) return json
  if (depth === 0) return hidden
  if (!isObject(json)) {
    const shown = json.slice(0, maxElements).map(element => abbreviate(element, depth))
    return json.length > maxElements ? [...shown, hidden] : shown
  }
  const [form = ''] = Object.keys(json)
  const write = Object.hasOwn(special, form) ? special[form] : undefined
  if (write !== undefined) return write(json, depth)
  if (form.startsWith('@')) return hidden
  return Object.fromEntries(
    Object.entries(json).map(([key, part]) => [key, abbreviatePart(form, key, part, depth - 1)]),
  )
}

/** Names of schema, ids and variables are shown. */
function abbreviatePart(form: string, key: string, part: Json, depth: number): unknown {
  const isShown = (key === form && (namesSchema.has(form) || form === 'var')) || (form === 'ref' && key === 'id')
  if (isShown && typeof part === 'string') return part
  return makesNamed.has(form) ? showName(part) : abbreviate(part, depth)
}

/** Of what is made the name. */
function showName(params: Json): unknown {
  const fields = isObject(params) ? params['object'] : undefined
  const name = isObject(fields) ? fields['name'] : undefined
  if (typeof name !== 'string' || !isObject(fields)) return hiddenObject
  return asText(`{ name: ${JSON.stringify(name)}${Object.keys(fields).length > 1 ? ', …' : ''} }`)
}

/** A ref as drivers write one: `{"@ref":{"id":…,"collection":{"@ref":…}}}`. */
function readRef(json: Form): unknown {
  const ref = json['@ref']
  const id = isObject(ref) ? ref['id'] : undefined
  if (!isObject(ref) || typeof id !== 'string') return hidden
  const within = ref['collection'] ?? ref['class']
  if (!isObject(within)) return asText(print({ [id]: null }))
  const native = isObject(within['@ref']) ? within['@ref'] : undefined
  const isSchema = native !== undefined && native['collection'] === undefined && native['class'] === undefined
  const kind = isSchema ? schemaKinds[String(native['id'])] : undefined
  return kind === undefined ? { ref: readRef(within), id } : { [kind]: id }
}

/** The forms that name what is in a native collection. */
const schemaKinds: Readonly<Record<string, string>> = {
  collections: 'collection',
  classes: 'collection',
  indexes: 'index',
  databases: 'database',
  functions: 'function',
  roles: 'role',
}

const special: Readonly<Record<string, (json: Form, depth: number) => unknown>> = {
  '@ref': readRef,
  object: () => hiddenObject,
  quote: () => asText('Quote(…)'),
  lambda: () => asText('Lambda(…)'),
  query: () => asText('Query(…)'),
  let: (json, depth) => asText(`Let({ … }, ${print(abbreviate(json['in'] ?? null, depth - 1))})`),
}
