/** What those who follow documents are told of one transaction. */
import { canonicalKey } from './equality.ts'
import { changeOf } from './history.ts'
import type { Change, LiveVersion, Version } from './history.ts'
import type { Ref } from './values.ts'

/** What happened to a document. */
export type DocumentNotice = {
  readonly ref: Ref
  readonly type: 'version' | 'history_rewrite'
  readonly change: Change
}

/** A document that a transaction writes: what it was before, and what it is now. */
export type WrittenDocument = { readonly ref: Ref; readonly base: LiveVersion | undefined; readonly newest: Version }

/** The notices of one transaction, in the order of what it did first. */
export class DocumentNotices {
  readonly #notices: (DocumentNotice | { readonly written: WrittenDocument })[] = []
  readonly #rewritten = new Set<string>()

  /** Notes a document that is written: its change is known only when the transaction ends. */
  noteWritten(written: WrittenDocument): void {
    this.#notices.push({ written })
  }

  /** Notes a version that goes: only its time and what it was are told. */
  noteGone(ref: Ref, change: Change): void {
    const { ts } = change.diff ?? change.document
    const document = { ts, fields: new Map() }
    this.#notices.push({ ref, type: 'history_rewrite', change: { action: change.action, document } })
  }

  /** Notes a version of the past: it is told of once, as it was after the first change that touched it. */
  noteRewritten(ref: Ref, ts: number, change: Change): void {
    const key = `${canonicalKey(ref)} ${ts} ${change.action === 'delete'}`
    if (this.#rewritten.has(key)) return
    this.#rewritten.add(key)
    this.#notices.push({ ref, type: 'history_rewrite', change })
  }

  /** All notices, at the end of the transaction. */
  get all(): DocumentNotice[] {
    return this.#notices.map(notice => {
      if (!('written' in notice)) return notice
      const { ref, base, newest } = notice.written
      return { ref, type: 'version', change: changeOf(newest, base) }
    })
  }
}
