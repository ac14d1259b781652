/**
 * The reference of a history run: what each transaction must tell on a stream, worked out from the answers to the writes
 * and nothing else (protocol.md F.5).
 */
import { isDeepStrictEqual } from 'node:util'
import { type Doc, documentRef, type HistoryTarget } from './history-targets.ts'

/** What a transaction did to a document; `null` where there is none. */
export type Change = { readonly ref: unknown; readonly before: Doc | null; readonly after: Doc | null }

/** A transaction. */
export type HistoryCommit = { readonly txn: number; readonly changes: readonly Change[] }

type Json = Readonly<Record<string, unknown>>

/** The events of a transaction on a stream with these fields, in no order, as JSON. */
export function listEvents({ txn, changes }: HistoryCommit, target: HistoryTarget, fields: readonly string[]): Json[] {
  return changes.flatMap(change => {
    const events = target.set ? toSetEvents(change, txn, target.set) : toVersion(change, txn)
    return events.map(({ type, event }) => {
      const kept = Object.entries(event).filter(([name, value]) => fields.includes(name) && value !== undefined)
      return { type, txn, event: Object.fromEntries(kept) }
    })
  })
}

function toVersion({ ref, before, after }: Change, ts: number) {
  if (!isDeepStrictEqual(ref, documentRef)) return []
  const bare = { ref, ts }
  const action = after === null ? 'delete' : before === null ? 'create' : 'update'
  const diff = after === null ? bare : before === null ? after : { ...bare, ...diffStored(before, after) }
  return [{ type: 'version', event: { action, document: after ?? before, diff, prev: before ?? bare } }]
}

/** Only what is stored is compared: `ref` and `ts` are of the version. */
function diffStored(before: Doc, after: Doc): Json {
  const stored = ({ data, ttl }: Doc) => ({ data, ...(ttl === undefined ? {} : { ttl }) })
  return diffObjects(stored(before), stored(after))
}

function diffObjects(before: Json, after: Json): Json {
  const diff: Record<string, unknown> = {}
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[name], after[name]]
    if (isDeepStrictEqual(old, now)) continue
    diff[name] = isPlain(old) && isPlain(now) ? diffObjects(old, now) : (now ?? null)
  }
  return diff
}

function isPlain(value: unknown): value is Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return !Object.keys(value).some(key => key.startsWith('@'))
}

function toSetEvents({ ref, before, after }: Change, ts: number, { listEntries, index }: TargetSet) {
  const list = (doc: Doc | null) => (doc === null ? [] : listEntries(doc.data))
  // A change of ttl takes every entry out and puts it in again (protocol.md F.2).
  const isRenewed = before !== null && after !== null && !isDeepStrictEqual(before.ttl, after.ttl)
  const without = (these: readonly (readonly unknown[])[], those: readonly (readonly unknown[])[]) =>
    isRenewed ? these : these.filter(entry => !those.some(other => isDeepStrictEqual(entry, other)))
  const toEvent = (action: string, values: readonly unknown[]) => {
    return { type: 'set', event: { action, document: { ref, ts }, index: { ...index, values } } }
  }
  const [old, now] = [list(before), list(after)]
  return [
    ...without(old, now).map(values => toEvent('remove', values)),
    ...without(now, old).map(values => toEvent('add', values)),
  ]
}

type TargetSet = NonNullable<HistoryTarget['set']>
