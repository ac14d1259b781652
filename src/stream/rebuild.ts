/** Elements of history → the stream events that they would have been (protocol.md F.5). */
import type { Field, SetEvent, VersionEvent } from '../events/types.ts'
import type { Ref } from '../values/index.ts'
import { copy, diffFields } from './merge-patch.ts'

/** One element of a page of events, decoded (protocol.md F.1, F.2). */
export type HistoryElement = {
  readonly ts: number
  readonly action: string
  readonly document: Ref
  readonly data?: unknown
}

/** A version as `get` gives it. */
export type Version = Readonly<Record<string, unknown>> & { readonly ref: Ref; readonly ts: number }

/** What the events of a set say of its index. */
export type IndexName = { readonly ref?: Ref; readonly terms: readonly unknown[] }

/** An event that comes from history. */
export type HistoryEvent = VersionEvent | SetEvent

/** The fields that need the content of a version. */
const contentFields: readonly Field[] = ['document', 'diff', 'prev']

/** Whether events with these fields can be told from the page of history alone. */
export function needsVersions(fields: readonly Field[]): boolean {
  return fields.some(field => contentFields.includes(field))
}

/**
 * The event of a document's element; `prev` and `doc` are the versions before and at it, `null` where there is none.
 * `undefined` where it cannot be rebuilt: the document has expired, and history keeps its versions to itself (F.9).
 */
export function rebuildVersion(
  element: HistoryElement,
  prev: Version | null,
  doc: Version | null,
  fields: readonly Field[],
): HistoryEvent | undefined {
  const { action, ts, document: ref } = element
  if (needsVersions(fields)) {
    if (action !== 'delete' && doc === null) return undefined
    if (action === 'update' && prev === null) return undefined
  }
  const bare = () => ({ ref, ts })
  const before = () => (prev === null ? bare() : copy(prev))
  const rows: Readonly<Record<string, () => unknown>> = {
    document: () => (action === 'delete' ? before() : copy(doc)),
    diff: () =>
      action === 'create' ? copy(doc) : { ...bare(), ...(action === 'update' ? diffStored(prev!, doc!) : {}) },
    prev: () => (action === 'create' ? bare() : before()),
  }
  return toEvent('version', element, fields, rows)
}

/** The event of a set's element. */
export function rebuildSetEvent(
  element: HistoryElement,
  index: IndexName | undefined,
  fields: readonly Field[],
): HistoryEvent {
  return toEvent('set', element, fields, {
    document: () => ({ ref: element.document, ts: element.ts }),
    index: () => ({ ...index, terms: copy(index?.terms ?? []), values: element.data ?? [] }),
  })
}

/** What is stored of a version: `ref` and `ts` only name it. */
function diffStored(before: Version, after: Version): Record<string, unknown> {
  const { ref: _ref, ts: _ts, ...stored } = after
  const { ref: _oldRef, ts: _oldTs, ...storedBefore } = before
  return diffFields(storedBefore, stored)
}

function toEvent(
  type: 'version' | 'set',
  { ts, action }: HistoryElement,
  fields: readonly Field[],
  rows: Readonly<Record<string, () => unknown>>,
): HistoryEvent {
  const event: Record<string, unknown> = {}
  // In the server's order, as `fields` is.
  for (const field of fields) {
    if (field === 'action') event['action'] = action
    else if (rows[field]) event[field] = rows[field]()
  }
  return { type, txn: ts, event } as unknown as HistoryEvent
}
