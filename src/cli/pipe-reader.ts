/**
 * Whether somebody still reads a quiet pipe, as behind `| head -3`: Node tells that only at a write. On Linux /proc says who
 * holds the other end (proc(5)); whether that means what it seems a write of one space decides, which JSON may begin with.
 */
import { fstatSync, lstatSync, readdirSync, readlinkSync } from 'node:fs'
import type { Output } from './output.ts'

/** How often the reader is looked at, in milliseconds. */
const lookEveryMs = 200
const mayRead = 0o400

/**
 * Writes a space when the reader is not to be seen any more, so that the output notices if it is gone; another user's reader
 * is never seen, and is asked so once. Gives a function that ends the watch.
 */
export function watchReader(output: Output): () => void {
  const inode = process.platform === 'linux' ? findPipe(output.fd) : undefined
  if (inode === undefined) return () => undefined
  const link = `pipe:[${inode}]`
  let reader = findReader(link)
  const timer = setInterval(() => {
    if (reader !== undefined && isHeld(reader, link)) return
    reader = findReader(link)
    if (reader !== undefined) return
    clearInterval(timer)
    output.write(' ')
  }, lookEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** The inode of a pipe; `undefined` where it is none. */
export function findPipe(fd: number): number | undefined {
  try {
    const stats = fstatSync(fd)
    return stats.isFIFO() ? stats.ino : undefined
  } catch {
    return undefined
  }
}

/** Where in /proc the reading end of a pipe is held; what may not be looked at is passed over. */
function findReader(link: string): string | undefined {
  for (const id of readdirSync('/proc')) {
    if (!/^\d+$/.test(id)) continue
    for (const fd of list(`/proc/${id}/fd`)) {
      const path = `/proc/${id}/fd/${fd}`
      if (isHeld(path, link)) return path
    }
  }
  return undefined
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function isHeld(path: string, link: string): boolean {
  try {
    return readlinkSync(path) === link && (lstatSync(path).mode & mayRead) !== 0
  } catch {
    return false
  }
}
