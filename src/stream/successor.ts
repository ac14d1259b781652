/** A planned hand-over: the same stream opened a second time, which waits until the first one has passed its start. */
import { type End, toError } from '../end.ts'
import { ProtocolError, StreamError } from '../errors.ts'
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

  /** Waits for the `start` of an attempt; `undefined` where it was closed. Throws where it has none; nothing is held then. */
  static async of(attempt: Attempt | End, link: Link): Promise<Successor | undefined> {
    if ('how' in attempt) return failUnlessClosed(attempt, link)
    const lines = await attempt.read()
    if ('how' in lines) return failUnlessClosed(lines, link)
    try {
      return new Successor(attempt, readStart(lines[0]!, link), lines)
    } catch (error) {
      attempt.cancel()
      throw error
    }
  }
}

function failUnlessClosed(end: End, link: Link): undefined {
  if (end.how !== 'closed') throw toError(end, link.where)
}

function readStart(line: string, link: Link): number {
  const first = readEvent(line)
  if (first.type === 'start') return first.txn
  if (first.type === 'error') throw new StreamError(first.event.code, first.event.description, first.txn, link.where)
  throw new ProtocolError('bad_event', `${link.where}: the first line of a stream is not its start`, line)
}
