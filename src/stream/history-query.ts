/** The queries that read history, as wire JSON text: protocol.md F.6, F.7 for the probe. */
import type { Target } from './target.ts'

/** What a page of history is asked for; times in microseconds. */
export type PageRequest = {
  readonly target: Target
  /** An integer time before the first one wanted: as `after` it loses nothing (protocol.md F.3). */
  readonly from: number
  /** Another cursor than that time, as wire JSON. */
  readonly after?: string
  /** The last one wanted; `undefined`: of the query's own snapshot. */
  readonly until: number | undefined
  readonly size: number
  /** A time when collection or index surely existed: was it there then? `undefined`: do not ask. */
  readonly existedAt: number | undefined
  /** Whether the versions of the document are wanted with its events. */
  readonly withVersions: boolean
}

/**
 * One page of history, with the check that fails loudly where history is too short: `events` alone would be cut without
 * a word (protocol.md F.4). They share the query, and so its snapshot.
 */
export function pageText(request: PageRequest): string {
  const { target, from, after = from, until, size } = request
  const ts = until === undefined ? '' : `,"ts":${until}`
  const bindings = [
    `{"covered":{"at":${from},"expr":${coverageText(target)}}}`,
    `{"remade":${remadeText(request)}}`,
    `{"page":{"paginate":{"events":${target.text}},"after":${after}${ts},"size":${size}}}`,
  ]
  if (!request.withVersions) return letText(bindings, '{"remade":{"var":"remade"},"page":{"var":"page"}}')
  const first = '{"subtract":[{"var":"first"},1]}'
  bindings.push(
    '{"first":{"select":["data",0,"ts"],"from":{"var":"page"},"default":null}}',
    `{"base":{"if":{"equals":[{"var":"first"},null]},"then":null,"else":${versionText(target.text, first)}}}`,
  )
  const each = `{"let":[{"t":{"select":"ts","from":{"var":"e"}}}],"in":[{"var":"e"},${versionText(target.text, '{"var":"t"}')}]}`
  const page = `{"map":{"lambda":"e","expr":${each}},"collection":{"var":"page"}}`
  return letText(bindings, `{"remade":{"var":"remade"},"base":{"var":"base"},"page":${page}}`)
}

/** Fails with `permission denied` where history may not be read (protocol.md F.7). */
export function probeText(target: Target): string {
  return `{"paginate":{"events":${target.text}},"size":0}`
}

/** Of all documents of a collection any one of them tells the limit, and costs one read instead of eight. */
function coverageText({ kind, text, container, isDocuments }: Target): string {
  if (isDocuments) return `{"exists":{"ref":${container},"id":"1"}}`
  return kind === 'document' ? `{"exists":${text}}` : `{"is_empty":${text}}`
}

/** A key that may not see the collection sees it neither now nor then: that says nothing. */
function remadeText({ target: { container }, existedAt }: PageRequest): string {
  if (existedAt === undefined) return 'false'
  const then = `{"not":{"at":${existedAt},"expr":{"exists":${container}}}}`
  return `{"if":{"exists":${container}},"then":${then},"else":false}`
}

function versionText(ref: string, ts: string): string {
  return `{"if":{"exists":${ref},"ts":${ts}},"then":{"get":${ref},"ts":${ts}},"else":null}`
}

function letText(bindings: readonly string[], fields: string): string {
  return `{"let":[${bindings.join(',')}],"in":{"object":${fields}}}`
}
