/** What happened between two transaction times, read from history page by page (protocol.md F.6). */
import type { End } from '../end.ts'
import { ProtocolError } from '../errors.ts'
import type { Field, GapEvent } from '../events/types.ts'
import type { Operation } from '../observe.ts'
import { keyOf, type Position, Tally } from './cursor.ts'
import { type HistoryPage, isPage, type PageItem } from './history-page.ts'
import { pageText } from './history-query.ts'
import type { Link } from './link.ts'
import { ask, type Lack, notAPage, type Portion, type ReadItem, type Reading } from './reading.ts'
import {
  type HistoryElement,
  needsVersions,
  type HistoryEvent,
  rebuildSetEvent,
  rebuildVersion,
  type Version,
} from './rebuild.ts'
import type { Target } from './target.ts'

/** Nearly every hole fits into one page of this many elements, and no such query takes long (protocol.md F.10). */
export const defaultPageSize = 1_000
/** The server gives no more in one page (protocol.md E.5). */
export const maxPageSize = 100_000
/** After so many pages in a row that came, one that was made smaller grows again. */
const growAfterPages = 8

/** What a catch-up needs besides its link. */
export type CatchUpOptions = {
  readonly target: Target
  readonly fields: readonly Field[]
  /** What was told before. */
  readonly position: Position
  /** The last transaction time to read, in microseconds. */
  readonly until: number
  /** See `PageRequest`. */
  readonly existedAt: number | undefined
  readonly pageSize: number
  /** Whether the events say that they were missed. */
  readonly isRecovery: boolean
  readonly signal: AbortSignal
}

/** An element and, where they are needed, the versions before and at it. */
type Entry = { readonly element: HistoryElement; readonly prev: Version | null; readonly doc: Version | null }

/** Reads (position, until]; after a failed step the next one goes on from where it was. */
export class CatchUp implements Reading {
  readonly #link: Link
  readonly #options: CatchUpOptions
  readonly #withVersions: boolean
  /** Everything up to here was read; what stands at the position itself is read again, to see what of it was told. */
  #from: number
  #size: number
  /** Pages that came since one did not, or since the size was changed. */
  #pages = 0
  /** The last transaction that was read, or told before. */
  #last: number
  readonly #told: Tally

  constructor(link: Link, options: CatchUpOptions) {
    this.#link = link
    this.#options = options
    this.#withVersions = options.target.kind === 'document' && needsVersions(options.fields)
    this.#from = Math.max(0, options.position.txn - 1)
    this.#size = options.pageSize
    this.#last = options.position.txn
    this.#told = new Tally(options.position.keys)
  }

  async next(parent?: Operation): Promise<Portion | End> {
    const { target, until, existedAt, signal } = this.#options
    const [from, size] = [this.#from, this.#size]
    const text = pageText({ target, from, until, size, existedAt, withVersions: this.#withVersions })
    const answer = await ask(this.#link, text, until, signal, { parent })
    if ('how' in answer) {
      // It may have been too much to ask for.
      this.#size = Math.max(1, Math.floor(size / 2))
      this.#pages = 0
      return answer
    }
    this.#grow()
    if ('reason' in answer) return fail(answer)
    const { value: page } = answer
    if (!isPage(page, this.#withVersions)) return notAPage(this.#link.where, answer.text)
    if (page.remade) return fail({ reason: 'recreated', cause: undefined })
    return this.#take(page)
  }

  /** A page may have failed for another reason than its size, as when the server was away. */
  #grow(): void {
    if (++this.#pages < growAfterPages) return
    this.#pages = 0
    const { pageSize } = this.#options
    if (this.#size < pageSize) this.#size = Math.min(pageSize, this.#size * 2)
  }

  /** Whole transactions only: the page may end in the middle of one (protocol.md F.3). */
  #take({ base = null, page }: HistoryPage): Portion {
    const until = page.after ? page.after.ts - 1 : this.#options.until
    if (page.after && until <= this.#from) {
      if (this.#size >= maxPageSize) throw tooLarge(page.after.ts, this.#link.where)
      this.#size = Math.min(maxPageSize, this.#size * 2)
      return { items: [], until: undefined, isDone: false }
    }
    const entries = this.#read(page.data, base).filter(({ element: { ts } }) => ts > this.#from && ts <= until)
    this.#from = until
    return { items: this.#tell(entries), until, isDone: page.after === undefined }
  }

  #read(data: readonly PageItem[], base: Version | null): Entry[] {
    if (!this.#withVersions) return data.map(element => ({ element: element as HistoryElement, prev: null, doc: null }))
    let prev = base
    return data.map(item => {
      const [element, doc] = item as [HistoryElement, Version | null]
      const entry = { element, prev, doc }
      prev = doc
      return entry
    })
  }

  #tell(entries: readonly Entry[]): ReadItem[] {
    const items: ReadItem[] = []
    for (const entry of entries) {
      const { ts } = entry.element
      const event = this.#rebuild(entry)
      if (this.#isTold(ts, event)) continue
      if (event) items.push(event)
      else extendGap(items, this.#last, ts)
      this.#last = ts
    }
    return items
  }

  #isTold(ts: number, event: HistoryEvent | undefined): boolean {
    const { txn, isComplete } = this.#options.position
    if (ts !== txn) return ts < txn
    return isComplete || (event !== undefined && this.#told.take(keyOf(event)))
  }

  #rebuild({ element, prev, doc }: Entry): HistoryEvent | undefined {
    const { target, fields, isRecovery } = this.#options
    const event =
      target.kind === 'document'
        ? rebuildVersion(element, prev, doc, fields)
        : rebuildSetEvent(element, target.index, fields)
    return event && isRecovery ? { ...event, recovered: true } : event
  }
}

/** What cannot be rebuilt in a row is one hole. */
function extendGap(items: ReadItem[], after: number, until: number): void {
  const last = items.at(-1)
  if (last?.type === 'gap') items[items.length - 1] = { ...last, until }
  else items.push({ type: 'gap', after, until, reason: 'expired' } satisfies GapEvent)
}

function fail(lack: Lack): Portion {
  return { items: [], until: undefined, isDone: true, lack }
}

function tooLarge(txn: number, where: string): ProtocolError {
  const text = `${where}: history holds more than ${maxPageSize} events in one transaction (${txn}), and cannot be read further`
  return new ProtocolError('bad_response', text, '')
}
