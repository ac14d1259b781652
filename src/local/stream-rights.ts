/** What a stream may show: the rights of its key, asked for every event (protocol.md B.8). */
import type { Session } from './authentication.ts'
import type { Notice } from './feed.ts'
import type { StreamRights } from './live-stream.ts'
import { COLLECTIONS } from './native.ts'
import { Ref } from './values.ts'

/**
 * The rights of a stream that a session opened. `hasQuirks`: predicates about an event of `documents()` are asked when
 * it is rendered, so a document that was readable only for a moment is never told.
 */
export function streamRights({ access, fingerprint }: Session, hasQuirks: boolean): StreamRights {
  const opened = fingerprint()
  return {
    isValid: () => fingerprint() === opened,
    canSee(notice: Notice) {
      if (notice.kind === 'document') {
        const { ref, type } = notice.notice
        return access.allows(type === 'version' ? 'read' : 'history_read', collectionOf(ref), [ref])
      }
      const { entry, set } = notice.event.placed
      const index = set.owner.ref
      const terms = index === undefined ? null : [...set.terms]
      if (access.allows('unrestricted_read', index ?? collectionOf(entry.ref), [terms])) return true
      const mayReadIndex = index === undefined || access.allows('read', index, [terms])
      return mayReadIndex && access.allows('read', collectionOf(entry.ref), [entry.ref])
    },
    isAskedLate(notice: Notice) {
      if (!hasQuirks || notice.kind === 'document') return false
      const { entry, set } = notice.event.placed
      if (set.owner.ref !== undefined) return false
      const collection = collectionOf(entry.ref)
      return access.hasPredicate('unrestricted_read', collection) && access.hasPredicate('read', collection)
    },
  }
}

function collectionOf(ref: Ref): Ref {
  return new Ref(ref.database, COLLECTIONS, BigInt(ref.collection))
}
