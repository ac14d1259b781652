/** Where a stream is, kept outside the process: the store's interface, the cursor's form, and when it is saved. */
import { createHash } from 'node:crypto'
import { StateError } from '../errors.ts'
import type { Time, Timer } from '../time.ts'
import type { Mark, Position } from './cursor.ts'

/** Keeps a stream's cursor between runs of a program. `load` and `save` that reject end the loop with their error. */
export interface CheckpointStore {
  /** The cursor that was saved last; `undefined` where there is none. */
  load(): Promise<string | undefined>
  /** Keeps a cursor; it is safe when the promise resolves. */
  save(cursor: string): Promise<void>
}

/** What a cursor holds. */
export type Kept = {
  readonly position: Position
  /** A time when the collection, or the index, surely existed, in microseconds. */
  readonly existedAt: number | undefined
}

const version = 1

/** Says which stream a cursor belongs to: the same expression, the same fields. */
export function fingerprint(body: string, fields: readonly string[]): string {
  return createHash('sha256')
    .update(`${[...fields].sort().join()}\n${body}`)
    .digest('base64url')
    .slice(0, 22)
}

/** The text of a cursor. It is nobody's business but ours. */
function writeCursor({ position, existedAt }: Kept, of: string): string {
  return JSON.stringify({ version, of, ...position, existedAt })
}

/**
 * Reads the text of a cursor.
 * @throws StateError `bad_checkpoint` where it is not one; `checkpoint_mismatch` where it is another stream's.
 */
export function readCursor(text: string, of: string): Kept {
  const cursor = parse(text)
  if (cursor === undefined) {
    const advice = 'delete it to begin anew; what was missed is then not told'
    throw new StateError('bad_checkpoint', `the checkpoint is no cursor of this version: ${advice}`)
  }
  if (cursor.of !== of) {
    const advice = 'give each stream a store of its own, or delete the checkpoint to begin anew'
    throw new StateError(
      'checkpoint_mismatch',
      `the checkpoint belongs to another expression or other fields: ${advice}`,
    )
  }
  const { txn, isComplete, keys, existedAt } = cursor
  return { position: { txn, isComplete, keys }, existedAt }
}

type Cursor = Position & { readonly version: number; readonly of: string; readonly existedAt: number | undefined }

function parse(text: string): Cursor | undefined {
  try {
    const { version: found, of, txn, isComplete, keys, existedAt } = JSON.parse(text) as Cursor
    const isWhole = found === version && Number.isSafeInteger(txn) && typeof isComplete === 'boolean'
    const areKeys = Array.isArray(keys) && keys.every(key => typeof key === 'string')
    const isTime = existedAt === undefined || Number.isSafeInteger(existedAt)
    return isWhole && areKeys && isTime ? { version, of, txn, isComplete, keys, existedAt } : undefined
  } catch {
    return undefined
  }
}

/** What a saver needs. */
export type SaverOptions = {
  readonly store: CheckpointStore
  /** Saves are at least so far apart, in milliseconds. */
  readonly intervalMs: number
  readonly of: string
  readonly time: Time
  readonly existedAt: () => number | undefined
}

/** A position as it was when its work was done, and what was known then: later on the collection may be another one. */
type Place = { readonly mark: Mark; readonly existedAt: number | undefined }

/** Saves positions whose work is done; the newest wins. */
export class Saver {
  readonly #options: SaverOptions
  #saved: Mark | undefined
  #savedAt = Number.NEGATIVE_INFINITY
  /** What waits until the interval is over. */
  #later: Place | undefined
  #timer: Timer | undefined
  #saving: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined

  constructor(options: SaverOptions) {
    this.#options = options
  }

  /** What was kept. @throws StateError; what the store throws. */
  async load(): Promise<Kept | undefined> {
    const text = await this.#options.store.load()
    return text === undefined ? undefined : readCursor(text, this.#options.of)
  }

  /** Whether this position must be kept before the loop goes on; where there is time, it is kept later. */
  isDue(mark: Mark): boolean {
    if (this.#failure) return true
    if (this.#saved?.equals(mark)) return false
    const waitMs = this.#savedAt + this.#options.intervalMs - this.#options.time.now()
    if (waitMs <= 0) return true
    this.#later = this.#placeAt(mark)
    this.#timer ??= this.#options.time.after(waitMs, () => this.#keep(this.#later!))
    return false
  }

  /** Keeps a position. Rejects with the store's error, also of a save that ran beside the loop. */
  async save(mark: Mark): Promise<void> {
    this.keep(mark)
    await this.#saving
    if (this.#failure) throw this.#failure.error
  }

  /** Keeps a position beside the loop, which is told at its next save where that failed. */
  keep(mark: Mark): void {
    this.#keep(this.#placeAt(mark))
  }

  /** Nothing is kept any more. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#later = undefined
  }

  #placeAt(mark: Mark): Place {
    return { mark, existedAt: this.#options.existedAt() }
  }

  #keep(place: Place): void {
    this.stop()
    this.#saving = this.#saving
      .then(() => (this.#failure ? undefined : this.#write(place)))
      .catch((error: unknown) => {
        this.#failure = { error }
      })
  }

  async #write({ mark, existedAt }: Place): Promise<void> {
    const { store, of, time } = this.#options
    await store.save(writeCursor({ position: mark.read(), existedAt }, of))
    this.#saved = mark
    this.#savedAt = time.now()
  }
}
