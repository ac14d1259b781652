/** Events in arrays: those that came together, or those of one transaction. */
import type { AnyEvent } from '../events/types.ts'
import type { Pullable } from './pull.ts'
import type { EventSource } from './source.ts'

type Batches = Pullable<readonly AnyEvent[]>

/** All events that have come, at once. */
export function byArrival(source: EventSource): Batches {
  let held: { readonly error: unknown } | undefined
  const take = () => {
    if (held) throw held.error
    const first = source.take()
    if (first === undefined) return undefined
    const events = [first]
    try {
      collect(events, () => source.takeWith())
    } catch (error) {
      // It waits until what was taken before it was given.
      held = { error }
    }
    return events
  }
  return { take, fill: () => source.fill(), stop: () => source.stop() }
}

/** The events of one transaction, removes first; what has no transaction stands alone. */
export function byTransaction(source: EventSource): Batches {
  // An error comes instead: a part of a transaction is never given as if it were all of it.
  const take = () => {
    const first = source.take()
    if (first === undefined) return undefined
    const events = [first]
    if ('txn' in first) collect(events, () => source.takeWithin(first.txn))
    return events.toSorted((a, b) => rank(a) - rank(b))
  }
  return { take, fill: () => source.fill(), stop: () => source.stop() }
}

function collect(events: AnyEvent[], takeNext: () => AnyEvent | undefined): void {
  for (let event = takeNext(); event !== undefined; event = takeNext()) events.push(event)
}

/** A `start` or a state goes before changes; of an entry that leaves and comes, the coming is what holds. */
function rank(event: AnyEvent): number {
  if (event.type !== 'set' || !('action' in event.event)) return 0
  return event.event.action === 'remove' ? 1 : 2
}
