/** What those who follow sets are told of one transaction. */
import { identityOf } from './indexing.ts'
import type { PlacedEvent } from './indexing.ts'

/**
 * What sets are told, as the real server puts it together. It compares every write with the state *before* the transaction
 * (a `create` with nothing), and an `add` swallows the `remove` of the same entry: where one transaction writes a
 * document twice that is not what the set holds (protocol.md B.6).
 */
export class SetNotices {
  readonly #events = new Map<string, PlacedEvent>()

  /** Notes that an entry comes or goes by one write. */
  note(event: PlacedEvent): void {
    const entry = `${event.ts} ${identityOf(event.placed)}`
    if (event.action === 'remove') {
      if (!this.#events.has(`add ${entry}`)) this.#events.set(`remove ${entry}`, event)
      return
    }
    this.#events.delete(`remove ${entry}`)
    this.#events.set(`add ${entry}`, event)
  }

  /** What is told, in the order in which it was noted. */
  get events(): PlacedEvent[] {
    return [...this.#events.values()]
  }
}
