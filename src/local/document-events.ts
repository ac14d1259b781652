/** The history of one document, as pages tell it (protocol.md F.1). */
import type { Query } from './frame.ts'
import { changeOf } from './history.ts'
import type { HistoryEvent } from './history-events.ts'
import { floorOf } from './retention.ts'
import { DELETED_FIELDS } from './values.ts'
import type { Ref, SetForm, Value } from './values.ts'

/**
 * Every event of a document, oldest first. Versions that are no longer kept shrink to the newest of them, which is
 * shown as the beginning of everything.
 */
export function documentEvents({ store, transaction }: Query, ref: Ref, source: SetForm): HistoryEvent[] {
  const history = store.historyOf(ref)
  if (history === undefined) return []
  const floor = floorOf(store, ref.database, ref.collection, transaction.snapshot)
  const oldest = history.at(floor)
  return history.versions.flatMap((version): HistoryEvent[] => {
    if (version.ts <= floor && version !== oldest) return []
    if (version === oldest && version.fields === null) return []
    const { action, diff } = version === oldest ? changeOf(version, undefined) : history.changeOf(version)
    const changed = action === 'delete' ? new Map(DELETED_FIELDS) : (diff?.fields ?? new Map<string, Value>())
    return [{ ts: version.ts, action, ref, values: [], sources: [source], changed }]
  })
}
