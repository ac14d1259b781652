/** A checkpoint in memory: a loop may end and another one go on, as long as the process lives. */
import type { CheckpointStore } from '../stream/checkpoint.ts'

/** Makes a store that forgets when the process ends: for tests, and for loops that are begun anew within a program. */
export function memoryStore(): CheckpointStore {
  let kept: string | undefined
  return {
    load: () => Promise.resolve(kept),
    save(cursor) {
      kept = cursor
      return Promise.resolve()
    },
  }
}
