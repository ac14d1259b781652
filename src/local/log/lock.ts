/**
 * One process at a time uses a folder: it keeps a file with its number there, `lock.1`. What a killed process left is
 * told by that number being nobody's now, or that of a process which began at another time; then `lock.2` is made, which
 * only one of several can do. The file with the highest number counts.
 */
import { linkSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { StateError } from '../../errors.ts'

const LOCK = /^lock\.(\d+)$/

/** The folders that this process uses itself. */
const used = new Set<string>()

/** Who has a folder: the number of a process, and when it began, where the system tells. */
type Holder = { readonly pid: number; readonly began: string | undefined }

/** Takes a folder. Gives back how to let it go. Throws `StateError` (`data_in_use`) where another one has it. */
export function lockFolder(folder: string): () => void {
  const path = resolve(folder)
  if (used.has(path)) throw inUse(folder, process.pid)
  const release = takeLock(path)
  used.add(path)
  return () => {
    used.delete(path)
    release()
  }
}

function takeLock(path: string): () => void {
  for (;;) {
    const last = refuseLiving(path)
    const own = join(path, `lock.${last + 1}`)
    if (!create(path, own)) continue
    // Others may have come and gone since the first look, and one of them be there: its number is higher.
    if (lastLock(path) > last + 1) {
      rmSync(own, { force: true })
      continue
    }
    rmSync(join(path, `lock.${last}`), { force: true })
    return () => rmSync(own, { force: true })
  }
}

/** The highest number of a lock, or 0. Throws where its process lives. */
function refuseLiving(path: string): number {
  const last = lastLock(path)
  const holder = last === 0 ? undefined : read(join(path, `lock.${last}`))
  if (holder !== undefined && isAlive(holder)) throw inUse(path, holder.pid)
  return last
}

function lastLock(path: string): number {
  return Math.max(0, ...readdirSync(path).map(name => Number(LOCK.exec(name)?.[1] ?? 0)))
}

/** Makes a lock that has its content from the first moment; false where it is there already. */
function create(path: string, file: string): boolean {
  const own: Holder = { pid: process.pid, began: beganAt(process.pid) }
  const draft = join(path, `lock.draft-${process.pid}`)
  writeFileSync(draft, JSON.stringify(own))
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Undefined where the file is gone, or a crash left it without content. */
function read(file: string): Holder | undefined {
  try {
    const { pid, began } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Holder>
    return typeof pid === 'number' ? { pid, began } : undefined
  } catch {
    return undefined
  }
}

function isAlive({ pid, began }: Holder): boolean {
  // A container that starts again gives its processes the numbers that they had.
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const now = beganAt(pid)
  return began === undefined || now === undefined || began === now
}

/** The field of `/proc/PID/stat` that tells when a process began, counted behind the name of its program. */
const BEGAN_FIELD = 19

/** When a process began, on Linux: another one may have its number since. */
function beganAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie is no process any more that could write.
    return fields[0] === 'Z' ? 'ended' : `${boot} ${fields[BEGAN_FIELD]}`
  } catch {
    return undefined
  }
}

function inUse(folder: string, pid: number): StateError {
  const advice = 'stop that one first, or give another folder'
  return new StateError('data_in_use', `the data folder ${folder} is in use by the process ${pid}: ${advice}`)
}
