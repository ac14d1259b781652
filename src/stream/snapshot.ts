/** The state of a document or a set at a transaction time, told piece by piece (protocol.md F.8). */
import type { End } from '../end.ts'
import type { Field, SnapshotEvent } from '../events/types.ts'
import type { Operation } from '../observe.ts'
import type { Link } from './link.ts'
import { type Member, Members, type MembersOptions } from './members.ts'
import { ask, type Portion, type ReadItem, type Reading } from './reading.ts'
import type { Version } from './rebuild.ts'
import { documentText } from './state-query.ts'

/** What a snapshot needs besides its link. */
export type SnapshotOptions = MembersOptions & { readonly fields: readonly Field[] }

/** Reads the state at a time, and marks its end; after a failed step the next one goes on from where it was. */
export class Snapshot implements Reading {
  readonly #link: Link
  readonly #options: SnapshotOptions
  readonly #members: Members

  constructor(link: Link, options: SnapshotOptions) {
    this.#link = link
    this.#options = options
    this.#members = new Members(link, options)
  }

  async next(parent?: Operation): Promise<Portion | End> {
    return this.#options.target.kind === 'document' ? this.#readDocument(parent) : this.#readMembers(parent)
  }

  async #readDocument(parent: Operation | undefined): Promise<Portion | End> {
    const { target, at, signal } = this.#options
    const answer = await ask(this.#link, documentText(target, at), at, signal, { parent })
    if ('how' in answer) return answer
    if ('reason' in answer) return { items: [], until: undefined, isDone: true, lack: answer }
    const document = answer.value as Version | null
    return this.#end([{ type: 'snapshot', txn: at, event: { document } } as unknown as SnapshotEvent])
  }

  async #readMembers(parent: Operation | undefined): Promise<Portion | End> {
    const page = await this.#members.next(parent)
    if ('how' in page) return page
    if ('reason' in page) return { items: [], until: undefined, isDone: true, lack: page }
    const items = page.members.map(member => this.#tell(member))
    return page.isDone ? this.#end(items) : { items, until: undefined, isDone: false }
  }

  #tell({ document, values }: Member): SnapshotEvent {
    const { at, target, fields } = this.#options
    const index = fields.includes('index')
      ? { index: { ...target.index, terms: target.index?.terms ?? [], values } }
      : {}
    return { type: 'snapshot', txn: at, event: { document, ...index } } as unknown as SnapshotEvent
  }

  #end(items: readonly ReadItem[]): Portion {
    const { at } = this.#options
    return { items: [...items, { type: 'synced', txn: at }], until: at, isDone: true }
  }
}
