/** What is read with queries before live events go on: history after a loss, the state before the first change. */
import { onAbort } from '../abort.ts'
import type { End } from '../end.ts'
import { type GapReason, ProtocolError, QueryError } from '../errors.ts'
import type { GapEvent, ResetEvent, SnapshotEvent, SyncedEvent } from '../events/types.ts'
import type { Operation } from '../observe.ts'
import type { Link, QueryAnswer } from './link.ts'
import type { HistoryEvent } from './rebuild.ts'

/** What a reading tells, in order. */
export type ReadItem = HistoryEvent | SnapshotEvent | SyncedEvent | ResetEvent | GapEvent

/** One step of a reading. */
export type Portion = {
  readonly items: readonly ReadItem[]
  /** Everything up to this transaction time is told once the items are; `undefined`: nothing can be said yet. */
  readonly until: number | undefined
  /** Set by the last one. */
  readonly isDone: boolean
  /** What is lacking, and cannot be had: the reading is over. */
  readonly lack?: Lack
}

/** Why a reading cannot go on. */
export type Lack = { readonly reason: GapReason; readonly cause: Error | undefined }

/** Something that is read step by step. A step that ended may be asked for again. */
export interface Reading {
  /** `parent` is what its queries are sent for. */
  next(parent?: Operation): Promise<Portion | End>
}

/**
 * Asks, with everything up to `lastSeen` in view. What the answer says cannot be had is told as a lack. `list` is where
 * the answer has an array, by the names on the way there: one without it is not that of a FaunaDB.
 */
export async function ask(
  link: Link,
  text: string,
  lastSeen: number | undefined,
  signal: AbortSignal,
  { parent, list = [] }: { readonly parent?: Operation | undefined; readonly list?: readonly string[] } = {},
): Promise<QueryAnswer | Lack | End> {
  const answer = await askInTime(link, text, lastSeen, signal, parent)
  if (!('how' in answer)) return hasList(answer.value, list) ? answer : notAPage(link.where, answer.text)
  if (answer.how !== 'answered') return answer
  const reason = findLack(answer.error)
  return reason === undefined ? answer : { reason, cause: answer.error }
}

function hasList(value: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true
  if (typeof value !== 'object' || value === null) return false
  const inner = (value as Readonly<Record<string, unknown>>)[name]
  return rest.length === 0 ? Array.isArray(inner) : hasList(inner, rest)
}

/** The end that stands for an answer that no server gives. */
export function notAPage(where: string, text: string): End {
  const said = `${where}: a query of history or of the state was answered with something else; is this a FaunaDB, or a test peer without its \`query\`?`
  return { how: 'answered', error: new ProtocolError('bad_response', said, text) }
}

/** The server bounds a query by itself; one that is never answered must not stop the loop. In milliseconds. */
const answerTimeoutMs = 120_000

async function askInTime(
  link: Link,
  text: string,
  lastSeen: number | undefined,
  signal: AbortSignal,
  parent: Operation | undefined,
): Promise<QueryAnswer | End> {
  const limit = new AbortController()
  const unfollow = onAbort(signal, () => limit.abort())
  const timer = link.time.after(answerTimeoutMs, () => limit.abort())
  try {
    const answer = await link.query(text, { signal: limit.signal, lastSeen, parent })
    const isOverdue = 'how' in answer && answer.how === 'closed' && limit.signal.aborted && !signal.aborted
    return isOverdue ? { how: 'silent', awaited: 'answer', waitedMs: answerTimeoutMs } : answer
  } finally {
    unfollow()
    timer.cancel()
  }
}

/** Of all refusals these two say that history is not to be had; the sentence is protocol.md F.4's. */
function findLack(error: Error): GapReason | undefined {
  if (!(error instanceof QueryError)) return undefined
  if (error.code === 'permission denied') return 'permission'
  const isTooOld = error.code === 'bad request' && /less than minimum allowed timestamp/.test(error.description)
  return isTooOld ? 'retention' : undefined
}
