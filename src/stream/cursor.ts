/** Where a stream is: the last transaction that it told, and whether that one is complete. */
import { readEvent } from '../events/decode.ts'
import type { StreamEvent } from '../events/types.ts'
import { encode } from '../values/index.ts'

/** An event that has a place: of an unknown one we do not know it. */
export type PlacedEvent = Exclude<StreamEvent, { readonly type: 'unknown' }>

/** A place in the stream, to go on from. */
export type Position = {
  /** The highest transaction time that was told, in microseconds. */
  readonly txn: number
  /** Whether all of that transaction was told. */
  readonly isComplete: boolean
  /** What was told of it where it is not: the key of each event. */
  readonly keys: readonly string[]
}

/** The position of a stream; it only goes forward. */
export class Cursor {
  /** The highest transaction time that was told, in microseconds. */
  txn: number | undefined
  /** Of a set no mark says that a transaction is complete; what follows a `start` begins anew. */
  #isComplete = true
  /** Keys of events at `txn` that were told before this cursor was made. */
  #keys: readonly string[] = []
  /** Lines at `txn` where more of them may come; a document changes once in a transaction, and needs none. */
  #lines: string[] = []
  /** Set while the server, reopened, may repeat what was told. */
  #repeated: Repeated | undefined

  /** Goes on from a position that was kept. */
  restore({ txn, isComplete, keys }: Position): void {
    this.txn = txn
    this.#isComplete = isComplete
    this.#keys = keys
  }

  /** Whether everything up to `txn` was told. */
  isCompleteAt(txn: number): boolean {
    return this.txn !== undefined && (this.txn > txn || (this.txn === txn && this.#isComplete))
  }

  /** The position of this moment; `undefined` before the first. */
  mark(): Mark | undefined {
    return this.txn === undefined ? undefined : new Mark(this.txn, this.#isComplete, this.#keys, this.#lines)
  }

  /** Everything up to `txn` was told, or is owed to nobody. */
  complete(txn: number): void {
    this.#moveTo(txn)
    if (txn === this.txn) this.#isComplete = true
  }

  /** An event of history is told: all of its transaction follows. */
  recover(txn: number): void {
    this.#moveTo(txn)
    this.#isComplete = false
  }

  /**
   * The stream was reopened at `start`. Where that does not lie after us, what we told may come again; and where what was
   * missed is read back (`readsBack`), so may what was read.
   */
  reopen(start: number, readsBack: boolean): void {
    if (this.txn === undefined || (start > this.txn && !readsBack)) return
    const isWhole = this.#isComplete || (readsBack && start >= this.txn)
    this.#repeated = {
      until: Math.max(start, this.txn),
      last: isWhole ? undefined : new Tally(this.mark()!.read().keys),
    }
  }

  /** Takes an event; false where it was told before. */
  admit(event: PlacedEvent, line: string): boolean {
    if (this.#repeated && this.#isRepeated(event, this.#repeated)) return false
    // Rewrites of the past come after the version of their transaction (protocol.md B.5), and history has none of them.
    const isTold = event.type === 'history_rewrite' && this.#isComplete && event.txn === this.txn
    this.#moveTo(event.txn)
    this.#isComplete = event.type === 'version' || isTold
    if (!this.#isComplete) this.#lines.push(line)
    return true
  }

  #moveTo(txn: number): void {
    if (this.txn !== undefined && txn <= this.txn) return
    this.txn = txn
    if (this.#lines.length > 0) this.#lines = []
    this.#keys = []
  }

  #isRepeated(event: PlacedEvent, { until, last }: Repeated): boolean {
    if (event.txn > until) {
      this.#repeated = undefined
      return false
    }
    return event.txn < until || last === undefined || last.take(keyOf(event))
  }
}

/** Everything up to `until` was told, or is told before; of that transaction itself only this, where it is given. */
type Repeated = { readonly until: number; readonly last: Tally | undefined }

/** A position that costs nothing until it is read: its keys are made of lines. */
export class Mark {
  readonly txn: number
  readonly #isComplete: boolean
  readonly #keys: readonly string[]
  readonly #lines: readonly string[]
  /** Lines are only added at a transaction, so their number says which of them were there. */
  readonly #count: number

  constructor(txn: number, isComplete: boolean, keys: readonly string[], lines: readonly string[]) {
    this.txn = txn
    this.#isComplete = isComplete
    this.#keys = keys
    this.#lines = lines
    this.#count = lines.length
  }

  /** The same, now that something of a later transaction was told. */
  complete(): Mark {
    return new Mark(this.txn, true, [], [])
  }

  /** Whether the other one is the same place. */
  equals(other: Mark): boolean {
    const [txn, isComplete, count] = [other.txn, other.#isComplete, other.#count]
    return this.txn === txn && this.#isComplete === isComplete && (isComplete || this.#count === count)
  }

  /** The position as it was. */
  read(): Position {
    const { txn } = this
    const isComplete = this.#isComplete
    if (isComplete) return { txn, isComplete, keys: [] }
    return { txn, isComplete, keys: [...this.#keys, ...this.#lines.slice(0, this.#count).map(keyOfLine)] }
  }
}

/** Counts equal things, and takes them back one by one. */
export class Tally {
  readonly #counts = new Map<string, number>()

  constructor(keys: readonly string[]) {
    for (const key of keys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  /** Takes one away; false where none is left. */
  take(key: string): boolean {
    const count = this.#counts.get(key) ?? 0
    if (count > 0) this.#counts.set(key, count - 1)
    return count > 0
  }
}

type Keyed = {
  readonly action?: unknown
  readonly document?: { readonly ref: unknown; readonly ts: number }
  readonly index?: { readonly values: unknown }
}

/**
 * What tells an event from the others of its transaction, whichever way it came: a document has one version in it. Two
 * that are equal in this, as far as their fields show, are equal to their reader.
 */
export function keyOf({ type, event }: { readonly type: string; readonly event: unknown }): string {
  if (type === 'version') return type
  const { action = null, document, index } = event as Keyed
  return type + encode([action, document?.ref ?? null, document?.ts ?? null, index?.values ?? null])
}

function keyOfLine(line: string): string {
  return keyOf(readEvent(line) as PlacedEvent)
}
