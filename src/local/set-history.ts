/** The history of sets as it is read: what came and went, from anywhere, either way (protocol.md F.2). */
import type { EntryEvent } from './entries.ts'
import { failure } from './failures.ts'
import { ttlOf } from './history.ts'
import { Index } from './indexing.ts'
import { canRead, findEntries, floorOfOwner, isUnrestricted } from './sets.ts'
import type { SetContext } from './sets.ts'
import type { Ref, SetForm } from './values.ts'

/** A set's history as it is read; it begins anywhere, and runs either way. */
export type HistoryReader = {
  readonly hasValues: boolean
  ascend(from?: EntryEvent): Iterable<EntryEvent>
  descend(before?: EntryEvent): Iterable<EntryEvent>
}

/** Opens the history of a set; only those of indexes and collections, and unions of these, have one. */
export function openHistory(form: SetForm, context: SetContext): HistoryReader {
  if (form.kind === 'match' || form.kind === 'documents') {
    const { owner, entries } = findEntries(form, context)
    const unrestricted = isUnrestricted(owner, form, context)
    const floor = floorOfOwner(owner, context)
    const visible = function* (events: Iterable<EntryEvent>): Generator<EntryEvent> {
      for (const event of events) {
        if (event.ts > floor && (unrestricted || canRead(event.entry.ref, context.frame))) yield event
      }
    }
    return {
      hasValues: owner instanceof Index && owner.definition.values.length > 0,
      ascend: from => visible(entries?.history(from) ?? []),
      descend: before => visible(entries?.historyBack(before) ?? []),
    }
  }
  if (form.kind === 'singleton') return singletonHistory(form.ref, context)
  throw failure(context.formAt, 'invalid argument', 'Set does not support events history.')
}

function singletonHistory(ref: Ref, { frame }: SetContext): HistoryReader {
  const history = frame.query.store.historyOf(ref)
  const events: EntryEvent[] = []
  for (const version of history?.versions ?? []) {
    const entry = { values: [], ref, ttl: ttlOf(version.fields) }
    const action = history?.changeOf(version).action
    if (action === 'create') events.push({ ts: version.ts, action: 'add', entry })
    if (action === 'delete') events.push({ ts: version.ts, action: 'remove', entry })
  }
  return {
    hasValues: false,
    ascend: from => events.filter(event => from === undefined || event.ts >= from.ts),
    descend: before => events.filter(event => before === undefined || event.ts < before.ts).reverse(),
  }
}
