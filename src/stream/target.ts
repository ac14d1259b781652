/** What a stream follows, as history must know it: a document or a set, in wire form. */
import type { Field } from '../events/types.ts'
import { decode, Ref, SetRef } from '../values/index.ts'
import type { IndexName } from './rebuild.ts'

/** A document or a set. All texts are wire JSON, to be put into a query. */
export type Target = {
  readonly kind: 'document' | 'set'
  /** The ref or the set itself; the body of a stream, too. */
  readonly text: string
  /** The collection or index that it belongs to. */
  readonly container: string
  /** Whether it is all documents of a collection. */
  readonly isDocuments: boolean
  /** What set events say in `index`; unknown where nobody asked for it. */
  readonly index: IndexName | undefined
}

type Wire = Readonly<Record<string, unknown>>

/**
 * The target that an expression names literally; `undefined` where the server must say what it is: it is then resolved
 * once. The same goes where `index` is asked for, since its terms are values.
 */
export function readLiteral(body: string, fields: readonly Field[]): Target | undefined {
  const wire: unknown = JSON.parse(body)
  if (!isWire(wire)) return undefined
  if (hasKeys(wire, 'ref', 'id') && typeof wire['id'] === 'string' && isName(wire['ref'], 'collection')) {
    return makeTarget('document', body, JSON.stringify(wire['ref']))
  }
  if (fields.includes('index')) return undefined
  if (hasKeys(wire, 'documents') && isName(wire['documents'], 'collection')) {
    return { ...makeTarget('set', body, JSON.stringify(wire['documents'])), isDocuments: true }
  }
  const isMatch = hasKeys(wire, 'match') || (hasKeys(wire, 'match', 'terms') && isPlain(wire['terms']))
  if (isMatch && isName(wire['match'], 'index')) return makeTarget('set', body, JSON.stringify(wire['match']))
  return undefined
}

/** The query that says what an expression is: the ref or the set itself, the ref of a version (protocol.md F.5). */
export function resolveText(body: string): string {
  const isTarget = '{"or":[{"is_set":{"var":"x"}},{"is_ref":{"var":"x"}}]}'
  return `{"let":[{"x":${body}}],"in":{"if":${isTarget},"then":{"var":"x"},"else":{"select":"ref","from":{"var":"x"}}}}`
}

/** The target that the answer to `resolveText` tells; `undefined` where it is none. `text` is the answer as it came. */
export function readResolved(value: unknown, text: string): Target | undefined {
  if (value instanceof Ref) {
    const { collection } = value
    return collection && makeTarget('document', text, JSON.stringify(collection))
  }
  if (!(value instanceof SetRef) || !isWire(value.value)) return undefined
  const { match, documents, terms } = value.value
  // Refs inside a set are kept as they were on the wire.
  const ref = decode(structuredClone(match ?? documents))
  if (!(ref instanceof Ref)) return undefined
  if (documents !== undefined) {
    const index = { terms: [ref] }
    return { ...makeTarget('set', text, JSON.stringify(ref)), isDocuments: true, index }
  }
  const given: unknown = decode(structuredClone(terms))
  const list = given === undefined ? [] : Array.isArray(given) ? given : [given]
  return { ...makeTarget('set', text, JSON.stringify(ref)), index: { ref, terms: list } }
}

/** The name of what a target belongs to, where the expression says it. */
export function nameContainer({
  kind,
  container,
  isDocuments,
}: Target): Partial<Record<'collection' | 'index', string>> {
  const wire = JSON.parse(container) as Wire
  const { collection, index, '@ref': ref } = wire
  const name = collection ?? index ?? (ref as Wire | undefined)?.['id']
  return typeof name === 'string' ? { [kind === 'document' || isDocuments ? 'collection' : 'index']: name } : {}
}

function makeTarget(kind: Target['kind'], text: string, container: string): Target {
  return { kind, text, container, isDocuments: false, index: undefined }
}

/** `{"collection":"name"}` or its ref as the server writes it: the same thing at any time. */
function isName(wire: unknown, form: 'collection' | 'index'): boolean {
  if (!isWire(wire)) return false
  if (hasKeys(wire, '@ref')) return true
  return hasKeys(wire, form) && typeof wire[form] === 'string'
}

/** Values that no evaluation can change. */
function isPlain(wire: unknown): boolean {
  if (Array.isArray(wire)) return wire.every(isPlain)
  return typeof wire !== 'object' || wire === null
}

function hasKeys(wire: Wire, ...keys: string[]): boolean {
  return Object.keys(wire).length === keys.length && keys.every(key => Object.hasOwn(wire, key))
}

function isWire(value: unknown): value is Wire {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
