/**
 * The latest time that may have been given out, in a file: after a crash transaction time goes on behind it, also when
 * the clock of the machine went back. It is kept ahead, so that not every time costs a write.
 *
 * Two slots of 20 bytes are written in turn (a count, the time in microseconds, both doubles, and a CRC-32), so that a
 * write that is cut short leaves the other one.
 */
import { closeSync, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

const NAME = 'clock'
const SLOT_BYTES = 20
const COUNT_AT = 0
const TIME_AT = 8
const CHECK_AT = 16

/** The file with the times. */
export class TimeFile {
  readonly #file: number
  #count = 0
  #last = 0

  /** Opens the file of a folder, or makes it. */
  constructor(folder: string) {
    const path = join(folder, NAME)
    this.#file = openOrMake(path)
    const bytes = Buffer.alloc(2 * SLOT_BYTES)
    readSync(this.#file, bytes, 0, bytes.length, 0)
    for (const slot of [bytes.subarray(0, SLOT_BYTES), bytes.subarray(SLOT_BYTES)]) {
      const isWhole = slot.readUInt32LE(CHECK_AT) === crc32(slot.subarray(0, CHECK_AT))
      if (!isWhole || slot.readDoubleLE(COUNT_AT) <= this.#count) continue
      this.#count = slot.readDoubleLE(COUNT_AT)
      this.#last = slot.readDoubleLE(TIME_AT)
    }
  }

  /** The time that was written last, in microseconds; 0 where none was. */
  get last(): number {
    return this.#last
  }

  /** Writes a time; it is on the disk when this returns. */
  write(micros: number): void {
    this.#count++
    const slot = Buffer.alloc(SLOT_BYTES)
    slot.writeDoubleLE(this.#count, COUNT_AT)
    slot.writeDoubleLE(micros, TIME_AT)
    slot.writeUInt32LE(crc32(slot.subarray(0, CHECK_AT)), CHECK_AT)
    writeSync(this.#file, slot, 0, SLOT_BYTES, (this.#count % 2) * SLOT_BYTES)
    fdatasyncSync(this.#file)
    this.#last = micros
  }

  close(): void {
    closeSync(this.#file)
  }
}

function openOrMake(path: string): number {
  try {
    return openSync(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return openSync(path, 'w+')
  }
}
