/**
 * Appends what transactions did to the file, and tells when it is on the disk. Transactions that commit while one flush
 * runs share the next one.
 */
import { open } from 'node:fs/promises'
import { StateError } from '../../errors.ts'
import { writeFrame } from './frames.ts'

/** Called when all before it is on the disk, or with the reason why it will never be. It throws nothing. */
export type Waiter = (error?: StateError) => void

/** A file that can be appended to and flushed. */
export interface LogFile {
  /** Writes all of the bytes. */
  write(bytes: Uint8Array, position: number): Promise<void>
  flush(): Promise<void>
  close(): Promise<void>
}

/** The log of a server that runs. */
export class Log {
  readonly #path: string
  readonly #file: LogFile
  #size: number
  /** What no flush has begun to write. */
  #records: Buffer[] = []
  #waiters: Waiter[] = []
  /** Who waits for the flush that runs. */
  #flushed: Waiter[] | undefined
  #isScheduled = false
  #idle: Promise<void> = Promise.resolve()
  #error: StateError | undefined

  /** Goes on behind the last byte of a file. */
  constructor(path: string, file: LogFile, size: number) {
    this.#path = path
    this.#file = file
    this.#size = size
  }

  /** Why nothing can be written any more; undefined while all is well. */
  get error(): StateError | undefined {
    return this.#error
  }

  /** Adds a record. */
  append(record: Buffer): void {
    this.#records.push(record)
    this.#schedule()
  }

  /** Calls back when all that was added is on the disk: at once, where it is. Those who wait are called in turn. */
  whenDurable(waiter: Waiter): void {
    if (this.#error !== undefined) waiter(this.#error)
    else if (this.#records.length > 0) this.#waiters.push(waiter)
    else if (this.#flushed !== undefined) this.#flushed.push(waiter)
    else waiter()
  }

  /** Nothing more is written: the disk failed. Everyone who waits, now or later, is told. */
  fail(cause: unknown): void {
    if (this.#error !== undefined) return
    const reason = cause instanceof Error ? cause.message : String(cause)
    const advice = 'what was answered is safe; free space or mend the disk, then start the server again'
    this.#error = new StateError('data_failed', `the log ${this.#path} could not be written: ${reason}; ${advice}`, {
      cause,
    })
    const waiting = [...(this.#flushed ?? []), ...this.#waiters]
    this.#flushed = undefined
    this.#waiters = []
    this.#records = []
    for (const waiter of waiting) waiter(this.#error)
  }

  /** Writes what is left, and closes the file. */
  async close(): Promise<void> {
    await new Promise<void>(resolve => this.whenDurable(() => resolve()))
    await this.#idle
    await this.#file.close()
  }

  /** A turn of the event loop later: requests that came together share a flush. */
  #schedule(): void {
    if (this.#isScheduled || this.#flushed !== undefined || this.#error !== undefined) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#idle = this.#flush()
    })
  }

  async #flush(): Promise<void> {
    while (this.#records.length > 0 && this.#error === undefined) {
      const records = this.#records
      this.#records = []
      this.#flushed = this.#waiters
      this.#waiters = []
      try {
        const frame = writeFrame(records, this.#size)
        await this.#file.write(frame, this.#size)
        await this.#file.flush()
        this.#size += frame.length
      } catch (cause) {
        this.fail(cause)
        return
      }
      this.#tellFlushed()
    }
  }

  /** What they do may come back here: while one is called, whoever asks anew stands behind the others. */
  #tellFlushed(): void {
    const flushed = this.#flushed ?? []
    for (let i = 0; i < flushed.length; i++) flushed[i]?.()
    this.#flushed = undefined
  }
}

/** Opens a file for appending. */
export async function openLogFile(path: string): Promise<LogFile> {
  const file = await open(path, 'r+')
  return {
    async write(bytes, position) {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
        done += bytesWritten
      }
    },
    flush: () => file.datasync(),
    close: () => file.close(),
  }
}
