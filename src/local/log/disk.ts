/** What a log asks of a disk, beyond what Node does by itself. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'

/** Systems and file systems where a folder cannot be opened, or not be flushed, say one of these. */
const unsyncable: ReadonlySet<string> = new Set(['EACCES', 'EBADF', 'EINVAL', 'EISDIR', 'ENOSYS', 'ENOTSUP', 'EPERM'])

/** Makes new names in a folder last through a loss of power, where the system allows it. */
export function syncFolder(path: string): void {
  try {
    const folder = openSync(path, 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  } catch (error) {
    if (!unsyncable.has((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/** Writes all of some bytes: a system may write fewer at once. */
export function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done)
  }
}
