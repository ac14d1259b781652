/** The lines of a stream: one JSON object and CR LF each (protocol.md B.3 to B.7). */
import { writeString } from './json.ts'
import type { Change, Shown } from './history.ts'
import type { PlacedEvent } from './indexing.ts'
import type { Renderer } from './render.ts'
import type { DocumentNotice } from './document-notices.ts'
import type { Ref } from './values.ts'

/** What an event may show, in the order in which it does. */
export const eventFields = ['action', 'document', 'diff', 'prev', 'index'] as const

/** A part of an event that a client may ask for. */
export type EventField = (typeof eventFields)[number]

/** What is shown where nobody asks (protocol.md B.1). */
export const defaultEventFields: readonly EventField[] = ['action', 'document']

const LINE_END = '\r\n'

function writeLine(type: string, txn: number, event: string): string {
  return `{"type":"${type}","txn":${txn},"event":${event}}${LINE_END}`
}

function writeEvent(parts: readonly (string | undefined)[]): string {
  return `{${parts.filter(part => part !== undefined).join()}}`
}

/** The first line of every stream. */
export function startLine(txn: number): string {
  return writeLine('start', txn, String(txn))
}

/** The last line of a stream that ends with an error. */
export function errorLine(code: string, description: string, txn = 0): string {
  return writeLine('error', txn, `{"code":${writeString(code)},"description":${writeString(description)}}`)
}

/** The line of a change of a document. */
export function documentLine(
  notice: DocumentNotice,
  txn: number,
  fields: ReadonlySet<EventField>,
  renderer: Renderer,
): string {
  const { ref, change } = notice
  const show = (field: keyof Change & EventField, shown: Shown | undefined): string | undefined =>
    fields.has(field) && shown !== undefined ? `"${field}":${renderer.version(ref, shown.ts, shown.fields)}` : undefined
  return writeLine(
    notice.type,
    txn,
    writeEvent([
      fields.has('action') ? `"action":"${renderer.action(change.action)}"` : undefined,
      show('document', change.document),
      show('diff', change.diff),
      show('prev', change.prev),
    ]),
  )
}

/** The line of something that came to a set or went from it. */
export function setLine(event: PlacedEvent, txn: number, fields: ReadonlySet<EventField>, renderer: Renderer): string {
  const { entry, set } = event.placed
  return writeLine(
    'set',
    txn,
    writeEvent([
      fields.has('action') ? `"action":"${renderer.action(event.action)}"` : undefined,
      fields.has('document') ? `"document":${renderer.version(entry.ref, event.ts, new Map())}` : undefined,
      fields.has('index') ? `"index":${indexText(set.owner.ref, set.terms, entry.values, renderer)}` : undefined,
    ]),
  )
}

type Values = Parameters<Renderer['value']>[0][]

/** The set of a collection's documents has no index of its own; its one term is the collection. */
function indexText(
  ref: Ref | undefined,
  terms: readonly Values[number][],
  values: readonly Values[number][],
  renderer: Renderer,
): string {
  const parts = [`"terms":${renderer.value([...terms])}`, `"values":${renderer.value([...values])}`]
  return `{${ref === undefined ? '' : `"ref":${renderer.value(ref)},`}${parts.join()}}`
}
