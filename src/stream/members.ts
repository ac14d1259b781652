/** The members of a set at a transaction time, page by page, each with its document. */
import type { End } from '../end.ts'
import type { Operation } from '../observe.ts'
import { encode, Ref } from '../values/index.ts'
import type { Link, QueryAnswer } from './link.ts'
import { findOwner } from './owner.ts'
import { ask, type Lack } from './reading.ts'
import type { HistoryElement, Version } from './rebuild.ts'
import {
  changesText,
  cursorBeforeText,
  documentText,
  entriesText,
  firstText,
  membersText,
  valuesText,
} from './state-query.ts'
import type { Target } from './target.ts'

/** What a reader of members needs besides its link. */
export type MembersOptions = {
  readonly target: Target
  /** The transaction time of the state, in microseconds. */
  readonly at: number
  readonly pageSize: number
  readonly signal: AbortSignal
}

/** One entry of a set. */
export type Member = { readonly document: Version | null; readonly values: readonly unknown[] }

/** A page of members. */
export type MembersPage = { readonly members: readonly Member[]; readonly isDone: boolean }

type Result<T> = T | Lack | End
type Page = { readonly data: readonly unknown[]; readonly after?: readonly unknown[] }
type Entries = {
  readonly left: readonly unknown[] | null
  readonly entries: readonly ([readonly unknown[], Version] | null)[]
  readonly next: unknown
}
/** An element of history, and whether its document is there. */
type Seen = readonly [HistoryElement, boolean]

/** An entry of an index with values costs a read each, so fewer of them are asked for at once. */
const maxEntries = 100
/** So many of the last changes are looked through for the one that names an entry. */
const maxChanges = 1_000

/** Reads the members of a set. After a failed step the next one goes on from where it was. */
export class Members {
  readonly #link: Link
  readonly #options: MembersOptions
  /** How many values an entry has; `undefined` until it is known. */
  #valueCount: number | undefined
  /** The cursor of the next page, as wire JSON. */
  #after: string | undefined
  /** What the queries are sent for. */
  #parent: Operation | undefined

  constructor(link: Link, options: MembersOptions) {
    this.#link = link
    this.#options = options
    if (options.target.isDocuments) this.#valueCount = 0
  }

  /** The next page. */
  async next(parent?: Operation): Promise<Result<MembersPage>> {
    this.#parent = parent
    if (this.#valueCount === undefined) {
      const count = await this.#countValues()
      if (typeof count !== 'number') return count
      this.#valueCount = count
    }
    return this.#valueCount === 0 ? this.#readRefs() : this.#readEntries(this.#valueCount)
  }

  /** What the index says; a key that may not see it must look at what the set holds. */
  async #countValues(): Promise<Result<number>> {
    const { target, at } = this.#options
    const defined = await this.#ask(valuesText(target))
    if (!('value' in defined)) return defined
    if (Array.isArray(defined.value)) return defined.value.length
    const first = await this.#ask(firstText(target, at), 'data')
    if (!('value' in first)) return first
    const { data, after } = first.value as Page
    if (after) return after.length - 1
    const [only] = data
    return only === undefined || only instanceof Ref ? 0 : Array.isArray(only) ? only.length : 1
  }

  async #readRefs(): Promise<Result<MembersPage>> {
    const { target, at, pageSize } = this.#options
    const answer = await this.#ask(membersText(target, at, pageSize, this.#after), 'data')
    if (!('value' in answer)) return answer
    const { data, after } = answer.value as Page
    this.#after = after && encode(after)
    return { members: data.map(document => ({ document: document as Version, values: [] })), isDone: !after }
  }

  async #readEntries(valueCount: number): Promise<Result<MembersPage>> {
    if (this.#after === undefined) {
      const found = await this.#findFirst()
      if (typeof found === 'object') return found
      this.#after = found
    }
    const { target, at, pageSize } = this.#options
    const size = Math.min(pageSize, maxEntries)
    const answer = await this.#ask(entriesText(target, at, size, this.#after, valueCount), 'entries')
    if (!('value' in answer)) return answer
    const { left, entries, next } = answer.value as Entries
    if (left) return left.length === 0 ? { members: [], isDone: true } : this.#readOnly(left[0])
    if (next !== null) this.#after = encode(next)
    const members = entries.flatMap(entry =>
      entry === null ? [] : [{ document: entry[1], values: entry[0].slice(0, valueCount) }],
    )
    return { members, isDone: next === null }
  }

  /** The cursor of the first entry; the whole page where there is but one, or none. */
  async #findFirst(): Promise<Result<string | MembersPage>> {
    const { target, at } = this.#options
    const answer = await this.#ask(firstText(target, at), 'data')
    if (!('value' in answer)) return answer
    const { data, after } = answer.value as Page
    if (data.length === 0) return { members: [], isDone: true }
    if (after === undefined) return this.#readOnly(data[0])
    const before = await this.#ask(cursorBeforeText(target, at, encode(after)))
    if (!('value' in before)) return before
    const first = (before.value as Page).after
    // One of the two has expired meanwhile.
    return first === undefined ? this.#findFirst() : encode(first)
  }

  /** No cursor points at an only entry: history tells whose it is, as far as it goes back; else it is looked for. */
  async #readOnly(value: unknown): Promise<Result<MembersPage>> {
    const { target, at } = this.#options
    const values = Array.isArray(value) ? value : [value]
    const answer = await this.#ask(changesText(target, at, maxChanges), 'data')
    if (!('value' in answer)) return answer
    const told = findOwnerInHistory((answer.value as { readonly data: readonly Seen[] }).data, values)
    const owner = told ?? (await findOwner(text => this.#ask(text), target, at, values))
    if (owner !== undefined && !(owner instanceof Ref)) return owner
    if (owner === undefined) return { members: [{ document: null, values }], isDone: true }
    const found = await this.#ask(documentText({ ...target, text: encode(owner) }, at))
    if (!('value' in found)) return found
    const document = (found.value ?? { ref: owner, ts: at }) as Version
    return { members: [{ document, values }], isDone: true }
  }

  #ask(text: string, ...list: readonly string[]): Promise<Result<QueryAnswer>> {
    return ask(this.#link, text, this.#options.at, this.#options.signal, { parent: this.#parent, list })
  }
}

/**
 * Whose entry these values are. An entry that came and did not leave may still be gone, with a document that expired, and
 * that history does not tell; but a document that may not be read seems to be gone as well: it is the owner if no other is.
 */
function findOwnerInHistory(changes: readonly Seen[], values: readonly unknown[]): Ref | undefined {
  const text = encode(values)
  const known = new Set<string>()
  const stayed: Seen[] = []
  for (const change of changes.toReversed()) {
    const [{ action, document, data }] = change
    const key = encode(document)
    if (encode(data ?? []) !== text || known.has(key)) continue
    known.add(key)
    if (action === 'add') stayed.push(change)
  }
  const there = stayed.find(([, isThere]) => isThere) ?? (stayed.length === 1 ? stayed[0] : undefined)
  return there?.[0].document
}
