/** The one place where a stream's state is kept and changed. */
import type { Signal, StreamState } from '../signals.ts'

/** Which states may follow a state. */
export const moves: Readonly<Record<StreamState, readonly StreamState[]>> = {
  idle: ['connecting', 'closed'],
  connecting: ['open', 'closed'],
  open: ['connecting', 'closed'],
  closed: [],
}

/** A state that moves only along the table, and says so. */
export class State {
  #now: StreamState = 'idle'
  readonly #signal: Signal

  constructor(signal: Signal) {
    this.#signal = signal
  }

  get now(): StreamState {
    return this.#now
  }

  get isOpen(): boolean {
    return this.#now === 'open'
  }

  get isOver(): boolean {
    return this.#now === 'closed'
  }

  /** Moves where the table allows it; says whether it did. */
  move(to: StreamState): boolean {
    const before = this.#now
    if (!moves[before].includes(to)) return false
    this.#now = to
    this.#signal('state', to, before)
    return true
  }
}
