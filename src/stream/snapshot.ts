/** The state of a document or a set at a transaction time, read page by page (protocol.md F.8). */
import type { End } from '../end.ts'
import type { Field, SnapshotEvent } from '../events/types.ts'
import { encode } from '../values/index.ts'
import { documentText, membersText } from './history-query.ts'
import type { Link } from './link.ts'
import { ask, type Portion, type ReadItem, type Reading } from './reading.ts'
import type { Version } from './rebuild.ts'
import type { Target } from './target.ts'

/** What a snapshot needs besides its link. */
export type SnapshotOptions = {
  readonly target: Target
  readonly fields: readonly Field[]
  /** The transaction time of the state, in microseconds. */
  readonly at: number
  readonly pageSize: number
  readonly signal: AbortSignal
}

type Page = { readonly data: readonly unknown[]; readonly after?: unknown }

/** Reads the state at a time, and marks its end; after a failed step the next one goes on from where it was. */
export class Snapshot implements Reading {
  readonly #link: Link
  readonly #options: SnapshotOptions
  #after: string | undefined

  constructor(link: Link, options: SnapshotOptions) {
    this.#link = link
    this.#options = options
  }

  async next(): Promise<Portion | End> {
    const { target, at, pageSize, signal } = this.#options
    const text = target.kind === 'document' ? documentText(target, at) : membersText(target, at, pageSize, this.#after)
    const answer = await ask(this.#link, text, at, signal)
    if ('how' in answer) return answer
    if ('reason' in answer) return { items: [], until: undefined, isDone: true, lack: answer }
    return target.kind === 'document' ? this.#tellDocument(answer.value) : this.#tellPage(answer.value as Page)
  }

  #tellDocument(value: unknown): Portion {
    return this.#end([this.#tell(value as Version | null)])
  }

  #tellPage({ data, after }: Page): Portion {
    const items = data.map(document => this.#tell(document as Version))
    if (after === undefined) return this.#end(items)
    this.#after = encode(after)
    return { items, until: undefined, isDone: false }
  }

  #tell(document: Version | null): SnapshotEvent {
    const { at, target, fields } = this.#options
    const index = target.kind === 'set' && fields.includes('index') ? { index: { ...target.index!, values: [] } } : {}
    return { type: 'snapshot', txn: at, event: { document, ...index } } as unknown as SnapshotEvent
  }

  #end(items: readonly ReadItem[]): Portion {
    const { at } = this.#options
    return { items: [...items, { type: 'synced', txn: at }], until: at, isDone: true }
  }
}
