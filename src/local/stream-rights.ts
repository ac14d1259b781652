/** What a stream may show: the rights of its key, asked for every event (protocol.md B.8). */
import type { Session } from './authentication.ts'
import type { Notice } from './feed.ts'
import type { StreamRights } from './live-stream.ts'
import { COLLECTIONS } from './native.ts'
import { Ref } from './values.ts'

/** The rights of a stream that a session opened on a collection's documents or an index. */
export function streamRights({ access, fingerprint }: Session): StreamRights {
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
      const subject = index === undefined ? collectionOf(entry.ref) : [...set.terms]
      if (access.allows('unrestricted_read', index ?? collectionOf(entry.ref), [subject])) return true
      const mayReadIndex = index === undefined || access.allows('read', index, [subject])
      return mayReadIndex && access.allows('read', collectionOf(entry.ref), [entry.ref])
    },
  }
}

function collectionOf(ref: Ref): Ref {
  return new Ref(ref.database, COLLECTIONS, BigInt(ref.collection))
}
