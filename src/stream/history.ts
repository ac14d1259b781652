/** A stream's way to history: what it follows is asked once, then holes are read back, or the state is. */
import type { End } from '../end.ts'
import { ProtocolError } from '../errors.ts'
import type { Field } from '../events/types.ts'
import type { Operation } from '../observe.ts'
import { CatchUp } from './catch-up.ts'
import type { Position } from './cursor.ts'
import { isPage } from './history-page.ts'
import { pageText, probeText } from './history-query.ts'
import type { Link } from './link.ts'
import { ask, type Lack, type Portion, type Reading } from './reading.ts'
import { Snapshot } from './snapshot.ts'
import { readLiteral, readResolved, resolveText, type Target } from './target.ts'

/** What a history needs besides its link. */
export type HistoryOptions = {
  /** The expression, as wire JSON. */
  readonly body: string
  readonly fields: readonly Field[]
  /** Elements in a page. */
  readonly pageSize: number
  readonly signal: AbortSignal
}

/** Makes the readings of one stream. */
export class History {
  readonly #link: Link
  readonly #options: HistoryOptions
  #target: Target | undefined
  /** A time when the collection, or the index, surely existed, in microseconds. */
  #existedAt: number | undefined
  /** What the expression was evaluated with at the first opening. */
  #firstView: number | undefined

  constructor(link: Link, options: HistoryOptions) {
    this.#link = link
    this.#options = options
    this.#target = readLiteral(options.body, options.fields)
  }

  /** What the stream follows, once that is known. */
  get kind(): Target['kind'] | undefined {
    return this.#target?.kind
  }

  /** A transaction time at which the collection, or the index, existed: an opening had it in view. */
  get existedAt(): number | undefined {
    return this.#existedAt
  }

  /** The stream was opened with a view of this transaction time, in microseconds. */
  openedAt(view: number): void {
    if (Number.isSafeInteger(view)) this.#firstView ??= view
  }

  /** All that came before such an opening was told: what the stream follows is what the opening saw. */
  confirm(existedAt: number | undefined): void {
    if (existedAt !== undefined && Number.isSafeInteger(existedAt)) this.#existedAt = existedAt
  }

  /** What to open the stream with, once it was open: the same thing again. An `End` where that cannot be asked. */
  async findBody(): Promise<string | End> {
    const target = await this.#findTarget()
    if ('how' in target) return target
    return 'reason' in target ? this.#options.body : target.text
  }

  /** Reads what happened after `position`, up to `until`; `isRecovery` where the events say that they were missed. */
  catchUp(position: Position, until: number, isRecovery: boolean): Reading {
    // The view of an opening may lie ahead of the `start` of a later one (protocol.md B.8).
    const known = this.#existedAt
    const existedAt = known === undefined ? undefined : Math.min(Math.max(known, position.txn), until)
    const { fields, pageSize, signal } = this.#options
    return this.#reading(
      target => new CatchUp(this.#link, { target, fields, position, until, existedAt, pageSize, isRecovery, signal }),
    )
  }

  /** Reads the state at `at`. */
  snapshot(at: number): Reading {
    const { fields, pageSize, signal } = this.#options
    return this.#reading(target => new Snapshot(this.#link, { target, fields, at, pageSize, signal }))
  }

  /** Whether history may not be read; `undefined` where that could not be found out. */
  async isDenied(): Promise<boolean | undefined> {
    const target = await this.#findTarget()
    if ('how' in target) return undefined
    if ('reason' in target) return true
    const answer = await ask(this.#link, probeText(target), this.#firstView, this.#options.signal)
    if ('how' in answer) return undefined
    return 'reason' in answer && answer.reason === 'permission'
  }

  /**
   * The transaction time of a view in which nothing happened after `txn`; `undefined` where something did, or where that
   * could not be found out.
   */
  async findQuiet(txn: number): Promise<number | undefined> {
    const looked = await this.#look(txn, undefined)
    return looked?.isQuiet ? looked.view : undefined
  }

  /** Whether something happened after `txn`, up to `until`; `undefined` where that could not be found out. */
  async hasMissed(txn: number, until: number): Promise<boolean | undefined> {
    const looked = txn < until ? await this.#look(txn, until) : { isQuiet: true }
    return looked && !looked.isQuiet
  }

  async #look(txn: number, until: number | undefined): Promise<{ isQuiet: boolean; view: number } | undefined> {
    const target = await this.#findTarget()
    if (!('kind' in target)) return undefined
    // Of a set this cursor shows nothing at the position itself, of a document the version there (protocol.md F.3).
    const request = { target, from: txn, after: `{"object":{"ts":${txn}}}`, until, size: 2, withVersions: false }
    const text = pageText({ ...request, existedAt: this.#existedAt && Math.max(this.#existedAt, txn) })
    const answer = await ask(this.#link, text, until, this.#options.signal)
    if (!('value' in answer) || !isPage(answer.value, false)) return undefined
    const { remade, page } = answer.value
    const isQuiet = !remade && page.data.every(item => !('ts' in item) || item.ts <= txn)
    return { isQuiet, view: answer.txnTime }
  }

  #reading(make: (target: Target) => Reading): Reading {
    let reading: Reading | undefined
    const next = async (parent?: Operation): Promise<Portion | End> => {
      if (reading === undefined) {
        const target = await this.#findTarget(parent)
        if ('how' in target) return target
        if ('reason' in target) return { items: [], until: undefined, isDone: true, lack: target }
        reading = make(target)
      }
      return reading.next(parent)
    }
    return { next }
  }

  async #findTarget(parent?: Operation): Promise<Target | Lack | End> {
    if (this.#target) return this.#target
    const view = this.#firstView
    const text = resolveText(this.#options.body)
    // As the first opening saw it: the expression may compute something else now.
    const asked = view === undefined ? text : `{"at":${view},"expr":${text}}`
    const answer = await ask(this.#link, asked, view, this.#options.signal, { parent })
    if ('how' in answer || 'reason' in answer) return answer
    // Somebody else may have been faster.
    this.#target ??= readResolved(answer.value, answer.text)
    return this.#target ?? { how: 'answered', error: notATarget(this.#link.where, answer.text) }
  }
}

function notATarget(where: string, text: string): ProtocolError {
  return new ProtocolError('bad_response', `${where}: the stream follows what is neither a document nor a set`, text)
}
