/** Where a stream is: the last transaction that it told, and whether that one is complete. */
import type { StreamEvent } from '../events/types.ts'

/** An event that has a place: of an unknown one we do not know it. */
export type PlacedEvent = Exclude<StreamEvent, { readonly type: 'unknown' }>

/** The position of a stream; it only goes forward. */
export class Cursor {
  /** The highest transaction time that was told, in microseconds. */
  txn: number | undefined
  /** Of a set no mark says that a transaction is complete; what follows a `start` begins anew. */
  #isComplete = true
  /** Lines at `txn` where more of them may come; a document changes once in a transaction, and needs none. */
  #lines: string[] = []
  /** Set while the server, reopened behind us, repeats what was told: how often each line at `txn` was. */
  #repeated: Map<string, number> | undefined

  /** Whether everything up to `txn` was told. */
  isCompleteAt(txn: number): boolean {
    return this.txn !== undefined && (this.txn > txn || (this.txn === txn && this.#isComplete))
  }

  /** Everything up to `txn` was told, or is owed to nobody. */
  complete(txn: number): void {
    this.#moveTo(txn)
    if (txn === this.txn) this.#isComplete = true
  }

  /** The stream was reopened at `start`. Where that lies before us, what we told comes again. */
  reopen(start: number): void {
    if (this.txn === undefined || start >= this.txn) return
    this.#repeated = new Map()
    for (const line of this.#lines) this.#repeated.set(line, (this.#repeated.get(line) ?? 0) + 1)
  }

  /** Takes an event; false where it was told before. */
  admit(event: PlacedEvent, line: string): boolean {
    if (this.#repeated && this.#isRepeated(event, line)) return false
    this.#moveTo(event.txn)
    this.#isComplete = event.type === 'version'
    if (!this.#isComplete) this.#lines.push(line)
    return true
  }

  #moveTo(txn: number): void {
    if (this.txn !== undefined && txn <= this.txn) return
    this.txn = txn
    if (this.#lines.length > 0) this.#lines = []
  }

  #isRepeated(event: PlacedEvent, line: string): boolean {
    const txn = this.txn!
    if (event.txn > txn) {
      this.#repeated = undefined
      return false
    }
    if (event.txn < txn || this.#isComplete) return true
    const count = this.#repeated!.get(line) ?? 0
    if (count > 0) this.#repeated!.set(line, count - 1)
    return count > 0
  }
}
