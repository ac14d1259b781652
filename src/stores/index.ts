/**
 * `fauna-streams/stores`: where a stream's checkpoint is kept, in memory or in a file.
 * @module fauna-streams/stores
 */
export { fileStore } from './file.ts'
export { memoryStore } from './memory.ts'
export type { CheckpointStore } from '../stream/checkpoint.ts'
