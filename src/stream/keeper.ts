/** Gives the events of a stream in such a way that what the loop has worked through is kept before it goes on. */
import type { AnyEvent } from '../events/types.ts'
import type { Saver } from './checkpoint.ts'
import type { Cursor, Mark } from './cursor.ts'
import type { Sequence } from './sequence.ts'

/** An event that was decoded before its turn, or the error that stands there, and where the stream was before it. */
type Held = { readonly before: Mark | undefined } & ({ readonly event: AnyEvent } | { readonly error: unknown })

/** Takes events one by one; who asks for the next one has worked through those before. */
export class Keeper {
  readonly #cursor: Cursor
  readonly #sequence: Sequence
  readonly #saver: Saver | undefined
  #held: Held | undefined

  constructor(cursor: Cursor, sequence: Sequence, saver: Saver | undefined) {
    this.#cursor = cursor
    this.#sequence = sequence
    this.#saver = saver
  }

  /** Whether something waits. */
  get isHolding(): boolean {
    return this.#held !== undefined
  }

  /** The next event; `undefined` also where `save` must come first. */
  take(): AnyEvent | undefined {
    const saver = this.#saver
    if (saver === undefined) return this.#held ? this.#release() : this.#sequence.take()
    this.#held ??= this.#takeMarked()
    if (this.#held === undefined) return undefined
    const { before } = this.#held
    const isLater = 'event' in this.#held && before !== undefined && beginsAfter(this.#held.event, before)
    if (isLater && saver.isDue(before.complete())) return undefined
    return this.#release()
  }

  /** The next event, as a part of what was taken last: an array that the loop works through as one. */
  takeWith(): AnyEvent | undefined {
    return this.#held ? this.#release() : this.#sequence.take()
  }

  /** The same where it is of this transaction; another event waits, and so does an error: it has its place after those. */
  takeWithin(txn: number): AnyEvent | undefined {
    this.#held ??= this.#takeMarked()
    if (this.#held === undefined || 'error' in this.#held || !('txn' in this.#held.event)) return undefined
    return this.#held.event.txn === txn ? this.#release() : undefined
  }

  /** Keeps the place of what the loop has worked through: it waits for more. Rejects with the store's error. */
  async save(saver: Saver): Promise<void> {
    const held = this.#held
    const mark = held === undefined ? this.#cursor.mark() : 'error' in held ? held.before : held.before?.complete()
    if (mark && saver.isDue(mark)) await saver.save(mark)
  }

  clear(): void {
    this.#held = undefined
  }

  #takeMarked(): Held | undefined {
    const before = this.#cursor.mark()
    try {
      const event = this.#sequence.take()
      return event && { event, before }
    } catch (error) {
      return { error, before }
    }
  }

  #release(): AnyEvent {
    const held = this.#held!
    this.#held = undefined
    if ('error' in held) throw held.error
    return held.event
  }
}

/** Whether an event is of a later transaction: the one before is then complete, and worked through. */
function beginsAfter(event: AnyEvent, before: Mark): boolean {
  return 'txn' in event && event.txn > before.txn
}
