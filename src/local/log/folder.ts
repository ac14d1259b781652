/**
 * A data folder: a state that is kept between runs. `log` holds its transactions, `clock` the times given out, `lock.N`
 * who uses it; `log.new` is a log that was being written anew when the process ended, and is never read.
 */
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { OptionError } from '../../errors.ts'
import type { Store } from '../store.ts'
import { contentsOf, sizeOf } from './contents.ts'
import { syncFolder, writeAll } from './disk.ts'
import { FILE_HEADER, writeFrame } from './frames.ts'
import { lockFolder } from './lock.ts'
import { Log, openLogFile } from './log.ts'
import type { LogFile, Waiter } from './log.ts'
import { damaged, readLog } from './reading.ts'
import { recordsOf, replayRecord, writeRecord } from './records.ts'
import { TimeFile } from './time-file.ts'
import type { Edit } from '../edits.ts'

/** A log is written anew at start when it is larger than this many bytes… */
const MIN_COMPACTED_BYTES = 1 << 20
/** …and holds so many times what is still there. */
const MAX_SURPLUS = 2
/** A log that is written anew has frames of about so many bytes. */
const FRAME_BYTES = 1 << 20

/** How the folder's log is written. For tests. */
export type OpenFile = (path: string) => Promise<LogFile>

/** The folder of a running server. */
export class DataFolder {
  readonly #store: Store
  readonly #log: Log
  readonly #times: TimeFile
  readonly #unlock: () => void

  private constructor(store: Store, log: Log, times: TimeFile, unlock: () => void) {
    this.#store = store
    this.#log = log
    this.#times = times
    this.#unlock = unlock
    store.clock.restore(times.last)
    store.clock.reserveWith(micros => this.#reserve(micros))
    store.journal = record => log.append(writeRecord({ ...record, lastId: store.lastId }))
  }

  /**
   * Opens a folder, or makes it, and fills an empty store with what it holds; from then on all that the store's
   * transactions do goes there. Throws `StateError` where another process uses the folder (`data_in_use`), or its log is
   * damaged or of an unknown version (`bad_data`), and `OptionError` where the folder cannot be had.
   */
  static async open(path: string, store: Store, openFile: OpenFile = openLogFile): Promise<DataFolder> {
    makeFolder(path)
    const unlock = lockFolder(path)
    try {
      const size = prepareLog(path, store)
      const times = new TimeFile(path)
      syncFolder(path)
      const file = join(path, 'log')
      return new DataFolder(store, new Log(file, await openFile(file), size), times, unlock)
    } catch (error) {
      unlock()
      throw error
    }
  }

  /** Why nothing can be written any more; undefined while all is well. */
  get error(): Error | undefined {
    return this.#log.error
  }

  /** Calls back when all that was committed is on the disk; at once, where it is. */
  whenDurable(waiter: Waiter): void {
    this.#log.whenDurable(waiter)
  }

  /** Writes what is left, and lets the folder go. */
  async close(): Promise<void> {
    this.#store.journal = () => {}
    try {
      await this.#log.close()
      // The clock need not go on from the time that was reserved: nothing was told of it.
      if (this.#log.error === undefined) this.#times.write(this.#store.clock.last)
    } finally {
      this.#times.close()
      this.#unlock()
    }
  }

  #reserve(micros: number): void {
    try {
      this.#times.write(micros)
    } catch (cause) {
      this.#log.fail(cause)
    }
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
  } catch (cause) {
    const { code = String(cause) } = cause as NodeJS.ErrnoException
    const error = new OptionError('dataDir', `the folder ${path} cannot be made or used (${code}); give another one`)
    error.cause = cause
    throw error
  }
}

/** Fills the store from the log, cuts off what a crash left, and writes the log anew where that pays. */
function prepareLog(folder: string, store: Store): number {
  const path = join(folder, 'log')
  const draft = join(folder, 'log.new')
  rmSync(draft, { force: true })
  const file = openExisting(path)
  if (file === undefined) return writeAnew(draft, path, store, [])
  let size: number
  let replayed: number
  try {
    const found = replay(file, path, store)
    size = found.end
    replayed = found.edits
    if (size < fstatSync(file).size) {
      ftruncateSync(file, size)
      fsyncSync(file)
    }
  } finally {
    closeSync(file)
  }
  const isSurplus = size > MIN_COMPACTED_BYTES && replayed > MAX_SURPLUS * sizeOf(contentsOf(store.state))
  return isSurplus || size < FILE_HEADER.length ? writeAnew(draft, path, store, contentsOf(store.state)) : size
}

function openExisting(path: string): number | undefined {
  try {
    return openSync(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
}

function replay(file: number, path: string, store: Store): { end: number; edits: number } {
  const frames = readLog(file, fstatSync(file).size, path)
  let edits = 0
  for (;;) {
    const { value, done } = frames.next()
    if (done === true) return { end: value, edits }
    try {
      const read = replayRecord(value.record, store.state)
      store.clock.restore(read.txn)
      store.restoreId(read.lastId)
      edits += read.size
    } catch (cause) {
      throw damaged(path, value.offset, String(cause instanceof Error ? cause.message : cause), cause)
    }
  }
}

/** Writes a log under another name, then gives it its name: at every moment the old one or the new one is there. */
function writeAnew(draft: string, path: string, store: Store, contents: Iterable<Edit>): number {
  const file = openSync(draft, 'w')
  let size = 0
  try {
    writeAll(file, FILE_HEADER, 0)
    size = FILE_HEADER.length
    for (const frame of framesOf(contents, store)) {
      const bytes = writeFrame(frame, size)
      writeAll(file, bytes, size)
      size += bytes.length
    }
    fdatasyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(draft, path)
  return size
}

function* framesOf(contents: Iterable<Edit>, store: Store): Generator<Buffer[]> {
  let records: Buffer[] = []
  let bytes = 0
  for (const record of recordsOf(contents, store.clock.last, store.lastId)) {
    records.push(record)
    bytes += record.length
    if (bytes < FRAME_BYTES) continue
    yield records
    records = []
    bytes = 0
  }
  if (records.length > 0) yield records
}
