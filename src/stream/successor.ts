/** A planned hand-over: the same stream opened a second time, which waits until the first one has passed its start. */
import type { End } from '../end.ts'
import { toError } from '../end.ts'
import { StreamError } from '../errors.ts'
import { readEvent } from '../events/decode.ts'
import type { Attempt } from './attempt.ts'
import type { Link } from './link.ts'

/**
 * The old stream may lie behind the new one's start without telling; the server ends a stream that lies behind for ten
 * seconds (protocol.md B.7). After so long a silence the old one has passed it. In milliseconds.
 */
export const overlapMs = 15_000

/** An opened and confirmed stream whose lines wait: nothing of it is read before it takes over. */
export class Successor {
  readonly attempt: Attempt
  /** Everything after this transaction time is told by it, in microseconds. */
  readonly startTxn: number
  /** Its `start` and what came with it. */
  readonly lines: readonly string[]
  /** Resolves when it took over, or is not needed any more. */
  readonly settled: Promise<void>
  readonly settle: () => void

  private constructor(attempt: Attempt, startTxn: number, lines: readonly string[]) {
    this.attempt = attempt
    this.startTxn = startTxn
    this.lines = lines
    let settle = () => undefined as void
    this.settled = new Promise(resolve => (settle = resolve))
    this.settle = settle
  }

  /** Waits for the `start` of an attempt. Throws where it was refused; nothing is held then. */
  static async of(attempt: Attempt | End, link: Link): Promise<Successor | undefined> {
    const lines = 'how' in attempt ? attempt : await attempt.read()
    if ('how' in lines) {
      if (lines.how === 'closed') return undefined
      throw toError(lines, link.where)
    }
    const first = readEvent(lines[0]!)
    if (first.type === 'start') return new Successor(attempt as Attempt, first.txn, lines)
    ;(attempt as Attempt).cancel()
    if (first.type !== 'error') throw toError({ how: 'silent', awaited: 'start', waitedMs: 0 }, link.where)
    throw new StreamError(first.event.code, first.event.description, first.txn, link.where)
  }
}
