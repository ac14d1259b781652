/** A checkpoint in a file, which is whole at every moment: a crash leaves the cursor before or the new one. */
import { createHash } from 'node:crypto'
import { promises } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { OptionError, StateError } from '../errors.ts'
import type { CheckpointStore } from '../stream/checkpoint.ts'

const format = 'fauna-streams checkpoint'
const version = 1

/**
 * Makes a store that keeps the cursor in a file of its own, for one stream of one process at a time. `save` writes
 * `<path>.tmp`, flushes it to the disk and renames it; of cursors saved while that goes on only the last is written.
 * `load` gives `undefined` where there is no file yet.
 *
 * Both reject with an `OptionError` where the folder does not exist, and with an error that has the system's `code` where that
 * forbids, or has no room (`ENOSPC`);
 * `load` rejects with a `StateError` (`bad_checkpoint`) where the file is torn, empty, or something else.
 * @throws OptionError where the path is no path.
 */
export function fileStore(path: string): CheckpointStore {
  if (typeof path !== 'string' || path === '') throw new OptionError('path', 'give the path of a file')
  return new FileStore(resolve(path))
}

class FileStore implements CheckpointStore {
  readonly #path: string
  /** Settles when all that was begun is over; never rejects. */
  #idle: Promise<unknown> = Promise.resolve()
  /** The save that waits for the one before it; its cursor may still change. */
  #next: { cursor: string; readonly done: Promise<void> } | undefined

  constructor(path: string) {
    this.#path = path
  }

  async load(): Promise<string | undefined> {
    await this.#idle
    const text = await this.#read()
    if (text === undefined) return undefined
    const cursor = parse(text)
    if (cursor !== undefined) return cursor
    const what = text === '' ? 'is empty' : 'is torn, or is no checkpoint of this version'
    const advice = 'put back a copy, or delete it to begin anew; what was missed is then not told'
    throw new StateError('bad_checkpoint', `the file ${this.#path} ${what}: ${advice}`)
  }

  save(cursor: string): Promise<void> {
    if (this.#next) {
      this.#next.cursor = cursor
      return this.#next.done
    }
    const write = (): Promise<void> => {
      this.#next = undefined
      return this.#write(next.cursor)
    }
    const next: { cursor: string; readonly done: Promise<void> } = { cursor, done: this.#idle.then(write) }
    this.#next = next
    this.#idle = next.done.catch(() => undefined)
    return next.done
  }

  async #read(): Promise<string | undefined> {
    try {
      return await promises.readFile(this.#path, 'utf8')
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw this.#explain('read', error)
      await promises.stat(dirname(this.#path)).catch((cause: unknown) => this.#refuse('read', cause))
      return undefined
    }
  }

  async #write(cursor: string): Promise<void> {
    const draft = `${this.#path}.tmp`
    const file = await promises.open(draft, 'w').catch((cause: unknown) => this.#refuse('written', cause))
    try {
      try {
        await file.writeFile(print(cursor))
        // A rename may reach the disk before what was written does, and would then name a torn file.
        await file.sync()
      } finally {
        await file.close()
      }
      await promises.rename(draft, this.#path)
      await syncFolder(dirname(this.#path))
    } catch (cause) {
      throw this.#explain('written', cause)
    }
  }

  /** The system's error with the file that it is about: not each of them names it. */
  #explain(what: 'read' | 'written', cause: unknown): unknown {
    if (!(cause instanceof Error)) return cause
    const error = new Error(`the checkpoint ${this.#path} cannot be ${what}: ${cause.message}`, { cause })
    const { code, errno, syscall } = cause as NodeJS.ErrnoException
    return Object.assign(error, { code, errno, syscall, path: this.#path })
  }

  #refuse(what: 'read' | 'written', cause: unknown): never {
    if (!isCode(cause, 'ENOENT')) throw this.#explain(what, cause)
    const error = new OptionError('path', `the folder ${dirname(this.#path)} does not exist: make it first`)
    error.cause = cause
    throw error
  }
}

function print(cursor: string): string {
  const sha256 = createHash('sha256').update(cursor).digest('hex')
  return JSON.stringify({ format, version, sha256, cursor }) + '\n'
}

/** The cursor of a file that is whole to the last byte: printed again it is the same. */
function parse(text: string): string | undefined {
  try {
    const { cursor } = JSON.parse(text) as { readonly cursor: unknown }
    return typeof cursor === 'string' && print(cursor) === text ? cursor : undefined
  } catch {
    return undefined
  }
}

/** Systems and file systems where a folder cannot be opened, or not be flushed, say one of these. */
const unsyncable = ['EACCES', 'EBADF', 'EINVAL', 'EISDIR', 'ENOSYS', 'ENOTSUP', 'EPERM']

/** Makes the new name last through a loss of power, where the system allows it. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await promises.open(path)
    await folder.sync().finally(() => folder.close())
  } catch (error) {
    if (!isCode(error, ...unsyncable)) throw error
  }
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
