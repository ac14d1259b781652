/**
 * Who follows what. Followers are found by the key of what changed (a document, or one set of an index or a
 * collection), so a commit costs the same however many streams are open on other things.
 */
import type { PlacedEvent } from './indexing.ts'
import type { DocumentNotice } from './document-notices.ts'
import type { Commit } from './transaction.ts'
import type { Ref } from './values.ts'

/** What a follower is told. */
export type Notice =
  { readonly kind: 'document'; readonly notice: DocumentNotice } | { readonly kind: 'set'; readonly event: PlacedEvent }

/** What followers of one notice share: what was rendered for one of them is sent to all who see the same. */
export type Rendered = Map<string, Buffer>

/** Someone who follows one document or set. */
export interface Follower {
  deliver(txn: number, notice: Notice, rendered: Rendered): void
}

/** The key of a document. */
export function documentKey(ref: Ref): string {
  return `document ${ref.database}/${ref.collection}/${ref.id}`
}

/** The followers of everything. */
export class Feed {
  readonly #followers = new Map<string, Set<Follower>>()

  /** How many keys are followed. */
  get size(): number {
    return this.#followers.size
  }

  /** Tells a follower of everything under a key from now on. Gives back how to stop. */
  follow(key: string, follower: Follower): () => void {
    const followers = this.#followers.get(key) ?? new Set()
    this.#followers.set(key, followers.add(follower))
    return () => {
      followers.delete(follower)
      if (followers.size === 0 && this.#followers.get(key) === followers) this.#followers.delete(key)
    }
  }

  /** Tells everyone concerned what a transaction did. */
  publish({ txn, documents, sets }: Commit): void {
    if (this.#followers.size === 0) return
    for (const notice of documents) this.#tell(documentKey(notice.ref), txn, { kind: 'document', notice })
    for (const event of sets) this.#tell(event.placed.set.key, txn, { kind: 'set', event })
  }

  #tell(key: string, txn: number, notice: Notice): void {
    const followers = this.#followers.get(key)
    if (followers === undefined) return
    const rendered: Rendered = new Map()
    for (const follower of followers) follower.deliver(txn, notice, rendered)
  }
}
