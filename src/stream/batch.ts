/** Events in arrays: those that came together, or those of one transaction. */
import type { AnyEvent } from '../events/types.ts'
import type { Pullable } from './pull.ts'
import type { EventSource } from './source.ts'

type Batches = Pullable<readonly AnyEvent[]>

/** All events that have come, at once. */
export function byArrival(source: EventSource): Batches {
  return collect(source, () => source.takeWith())
}

/** The events of one transaction, removes first; what has no transaction stands alone. */
export function byTransaction(source: EventSource): Batches {
  const batches = collect(source, first => ('txn' in first ? source.takeWithin(first.txn) : undefined))
  return { ...batches, take: () => batches.take()?.toSorted((a, b) => rank(a) - rank(b)) }
}

/** An error waits until what was taken before it was given. */
function collect(source: EventSource, takeNext: (first: AnyEvent) => AnyEvent | undefined): Batches {
  let held: { readonly error: unknown } | undefined
  const take = () => {
    if (held) throw held.error
    const first = source.take()
    if (first === undefined) return undefined
    const events = [first]
    try {
      for (let event = takeNext(first); event !== undefined; event = takeNext(first)) events.push(event)
    } catch (error) {
      held = { error }
    }
    return events
  }
  return { take, fill: () => source.fill(), stop: () => source.stop() }
}

/** A `start` or a state goes before changes; of an entry that leaves and comes, the coming is what holds. */
function rank(event: AnyEvent): number {
  if (event.type !== 'set' || !('action' in event.event)) return 0
  return event.event.action === 'remove' ? 1 : 2
}
