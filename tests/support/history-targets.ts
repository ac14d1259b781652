/** What a run of the history model follows: one row a kind of stream, with the entries that a document has in it. */
import { q } from '../../src/index.ts'

/** A document as JSON, as an answer to a write gives it. */
export type Doc = { readonly ref: unknown; readonly ts: number; readonly data: DocData; readonly ttl?: unknown }

/** What the writer puts into documents. */
export type DocData = {
  readonly group: string
  readonly n: number
  readonly tags: readonly string[]
  readonly nested?: Readonly<Record<string, unknown>> | null
}

/** The collection of a run, and the one document that is followed by itself. */
export const collectionName = 'things'
export const documentId = '1'
/** The term that is followed; documents come to it and leave it. */
export const followedGroup = 'a'

/** A kind of stream. */
export type HistoryTarget = {
  readonly name: string
  readonly expr: unknown
  /** `undefined` for a document. */
  readonly set?: {
    /** The values of each of the document's entries. */
    readonly listEntries: (data: DocData) => readonly (readonly unknown[])[]
    /** The field `index` of its events, without the values. */
    readonly index: Readonly<Record<string, unknown>>
  }
}

const collection = q.Collection(collectionName)
const group = { field: ['data', 'group'] }
const n = { field: ['data', 'n'] }

/** The indexes of a run, as `CreateIndex` takes them. */
export const indexes = [
  { name: 'by_group', source: collection, terms: [group] },
  { name: 'n_by_group', source: collection, terms: [group], values: [n] },
  {
    name: 'tags_by_group',
    source: collection,
    terms: [group],
    values: [{ field: ['data', 'tags'] }, { ...n, reverse: true }],
  },
  { name: 'all_n', source: collection, values: [n], partitions: 8 },
] as const

const toRef = (id: string, collection: string) => ({ '@ref': { id, collection: { '@ref': { id: collection } } } })

/** The ref of the followed document, as JSON. */
export const documentRef = { '@ref': { id: documentId, collection: toRef(collectionName, 'collections') } }

function match(
  index: (typeof indexes)[number]['name'],
  terms: readonly string[],
  listValues: (data: DocData) => readonly (readonly unknown[])[],
): HistoryTarget {
  const listEntries = (data: DocData) =>
    terms.length === 0 || data.group === followedGroup ? listValues(data) : ([] as const)
  const expr = q.Match(q.Index(index), ...terms)
  return { name: `match ${index}`, expr, set: { listEntries, index: { ref: toRef(index, 'indexes'), terms } } }
}

/** Every kind. */
export const targets: readonly HistoryTarget[] = [
  { name: 'document', expr: q.Ref(collection, documentId) },
  // Not a literal: it is resolved once, and followed as what it was.
  { name: 'computed document', expr: q.Select(0, [q.Ref(collection, documentId)]) },
  {
    name: 'documents',
    expr: q.Documents(collection),
    set: { listEntries: () => [[]], index: { terms: [toRef(collectionName, 'collections')] } },
  },
  match('by_group', [followedGroup], () => [[]]),
  match('n_by_group', [followedGroup], data => [[data.n]]),
  match('tags_by_group', [followedGroup], data => data.tags.map(tag => [tag, data.n])),
  match('all_n', [], data => [[data.n]]),
]
