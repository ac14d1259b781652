/**
 * One transaction: reads at its snapshot that see its own writes, writes that are all kept or all undone, and the
 * account of what changed for those who follow.
 *
 * Writes go into the store at once, under the commit time, each with what undoes it: the whole of a transaction runs
 * without a pause, so nobody else ever sees it half done.
 */
import type { Clock } from './clock.ts'
import type { Database } from './database.ts'
import { DocumentNotices } from './document-notices.ts'
import type { DocumentNotice } from './document-notices.ts'
import type { Edit, TransactionRecord } from './edits.ts'
import { canonicalKey } from './equality.ts'
import { DocumentHistory, isLive } from './history.ts'
import type { LiveVersion, Version } from './history.ts'
import { entriesWithout, identityOf, timelineOf } from './indexing.ts'
import type { Placed, PlacedEvent, SetOwner } from './indexing.ts'
import { SetNotices } from './set-notices.ts'
import type { State, Undo } from './state.ts'
import type { ObjectValue, Ref } from './values.ts'

/** What a transaction did, for the streams. */
export type Commit = {
  readonly txn: number
  readonly documents: readonly DocumentNotice[]
  readonly sets: readonly PlacedEvent[]
}

/** Which write it was: it decides what the sets are told (see `SetNotices`). */
export type WriteKind = 'create' | 'update' | 'delete'

/** A document that the transaction has written, and what that changed in the sets of each owner. */
type Written = {
  readonly ref: Ref
  readonly base: LiveVersion | undefined
  newest: Version
  readonly net: Map<SetOwner, PlacedEvent[]>
}

/** What a transaction is made with. */
export type TransactionOptions = {
  readonly clock: Clock
  readonly state: State
  /** The time that is read at, in microseconds. */
  readonly snapshot: number
  readonly hasQuirks: boolean
  /** Told of all that was written when it commits; where it throws, the transaction does not. */
  readonly record: (record: TransactionRecord) => void
}

/** Reads and writes of one request. */
export class Transaction {
  /** The time that is read at, in microseconds. */
  readonly snapshot: number
  /**
   * The names of schema documents that this transaction gave, with the ids, and took, with none. Most are not found
   * before it commits (`schema-names.ts`).
   */
  readonly names = new Map<string, bigint | undefined>()
  readonly #options: TransactionOptions
  readonly #edits: Edit[] = []
  readonly #written = new Map<string, Written>()
  readonly #undo: Undo[] = []
  readonly #atCommit: (() => void)[] = []
  readonly #documentNotices = new DocumentNotices()
  readonly #setNotices = new SetNotices()
  readonly #rewrites: PlacedEvent[] = []
  readonly #unknown = new Set<SetOwner>()
  #commitTime: number | undefined

  constructor(options: TransactionOptions) {
    this.#options = options
    this.snapshot = options.snapshot
  }

  /** The time of its commit, fixed by its first write; undefined while it has none. */
  get commitTime(): number | undefined {
    return this.#commitTime
  }

  /** Whether a version was written by this transaction. */
  isOwn(ts: number): boolean {
    return ts === this.#commitTime
  }

  /** The version of a document that is there at a time; default: the newest, own writes included. */
  read(database: Database, ref: Ref, at?: number): LiveVersion | undefined {
    const history = database.findHistory(ref.collection, ref.id)
    const version = at === undefined ? history?.newest : history?.at(at)
    return isLive(version, this.snapshot) ? version : undefined
  }

  /**
   * The newest version of a document as it was before the transaction: what the caches of the real server have of it,
   * which do not see what a transaction writes.
   */
  readCached(database: Database, ref: Ref): LiveVersion | undefined {
    const written = this.#written.get(canonicalKey(ref))
    return written === undefined ? this.read(database, ref) : written.base
  }

  /**
   * Whether this transaction made it, and is not told of by what it writes: the real server's cache has none of its new
   * collections and indexes. What is still to be built gets it then.
   */
  isUnknown(owner: SetOwner): boolean {
    return this.#unknown.has(owner)
  }

  /** Changes what the server keeps, until the transaction fails. */
  make(edit: Edit): void {
    this.#undo.push(this.#options.state.make(edit))
    this.#edits.push(edit)
    const made = this.#options.hasQuirks ? ownerMadeBy(edit, this.#options.state) : undefined
    if (made !== undefined) this.#unknown.add(made)
  }

  /** Has something else undone when the transaction fails. */
  onUndo(undo: Undo): void {
    this.#undo.push(undo)
  }

  /** Has something done when the transaction commits: what its own reads must not see yet. */
  onCommit(action: () => void): void {
    this.#atCommit.push(action)
  }

  /** Makes sure that the transaction commits as a write, and gives the time. */
  begin(): number {
    this.#commitTime ??= this.#options.clock.commit()
    return this.#commitTime
  }

  /** Writes the present version of a document; null deletes it. */
  write(database: Database, ref: Ref, fields: ObjectValue | null, kind: WriteKind): Version {
    const ts = this.begin()
    const newest = database.findHistory(ref.collection, ref.id)?.newest
    const version: Version = { ...(newest?.ts === ts && newest), ts, fields }
    const written = this.#touch(ref, newest, version)
    this.#put(ref, version)
    for (const owner of this.#ownersOf(database, ref)) this.#replaceEntries(owner, written, version, kind)
    return version
  }

  /** Writes a version into the past. */
  insert(database: Database, ref: Ref, version: Version): void {
    this.begin()
    const history = database.findHistory(ref.collection, ref.id)
    const replaced = history?.find(version.ts)
    if (history !== undefined && replaced !== undefined) this.#documentNotices.noteGone(ref, history.changeOf(replaced))
    const newest = history?.newest
    if (history !== undefined && newest !== undefined && this.isOwn(newest.ts) && newest !== replaced) {
      this.#put(ref, { ...newest, knownBefore: history.neighbours(newest).before ?? null })
    }
    this.#rewrite(database, ref, version, () => this.#put(ref, version))
    const change = database.findHistory(ref.collection, ref.id)?.changeOf(version)
    if (change !== undefined) this.#documentNotices.noteRewritten(ref, version.ts, change)
  }

  /** Takes a version out of the past; nothing happens if there is none of this time and kind. */
  remove(database: Database, ref: Ref, ts: number, isDeletion: boolean): void {
    const history = database.findHistory(ref.collection, ref.id)
    const version = history?.find(ts)
    if (history === undefined || version === undefined || (version.fields === null) !== isDeletion) return
    this.begin()
    this.#documentNotices.noteGone(ref, history.changeOf(version))
    this.#rewrite(database, ref, version, () => this.#take(ref, version))
  }

  /** Takes a document out with all of its past, as if it had never been: nobody is told. */
  clear(database: Database, ref: Ref): void {
    const versions = [...(database.findHistory(ref.collection, ref.id)?.versions ?? [])]
    this.begin()
    for (const owner of database.ownersOf(ref.collection)) this.#replaceEvents(timelineOf(owner, ref, versions), [])
    for (const version of versions) this.#take(ref, version)
  }

  /** Ends the transaction: what it did, or undefined where it wrote nothing. */
  commit(): Commit | undefined {
    if (this.#commitTime === undefined) return undefined
    for (const action of this.#atCommit) action()
    this.#options.record({ txn: this.#commitTime, edits: this.#edits })
    const sets = this.#options.hasQuirks ? this.#setNotices.events : this.#netEvents()
    return { txn: this.#commitTime, documents: this.#documentNotices.all, sets: [...sets, ...this.#rewrites] }
  }

  /** Ends the transaction as if it had never been. */
  rollback(): void {
    while (this.#undo.length > 0) this.#undo.pop()?.()
    this.#commitTime = undefined
  }

  /** What is told of a write of a document. */
  #ownersOf(database: Database, ref: Ref): readonly SetOwner[] {
    const owners = database.ownersOf(ref.collection)
    return this.#unknown.size === 0 ? owners : owners.filter(owner => !this.#unknown.has(owner))
  }

  #put(ref: Ref, version: Version): void {
    this.make({ kind: 'version', ref, version, isTaken: false })
  }

  #take(ref: Ref, version: Version): void {
    this.make({ kind: 'version', ref, version, isTaken: true })
  }

  #replaceEvents(taken: readonly PlacedEvent[], put: readonly PlacedEvent[]): void {
    if (taken.length > 0 || put.length > 0) this.make({ kind: 'entries', taken, put })
  }

  /** Notes that a document is written; `newest` is what it was before that. */
  #touch(ref: Ref, newest: Version | undefined, version: Version): Written {
    const key = canonicalKey(ref)
    let written = this.#written.get(key)
    if (written === undefined) {
      written = { ref, base: isLive(newest, this.snapshot) ? newest : undefined, newest: version, net: new Map() }
      this.#written.set(key, written)
      this.#documentNotices.noteWritten(written)
    }
    written.newest = version
    return written
  }

  /** Brings one owner's sets up to the version, and notes what they are told of this write. */
  #replaceEntries(owner: SetOwner, written: Written, version: Version, kind: WriteKind): void {
    const { ref, base } = written
    const before = base === undefined ? [] : owner.place(ref, base)
    const after = owner.place(ref, version)
    const removed = entriesWithout(before, after)
    const added = entriesWithout(after, before)
    const told = kind === 'create' ? { removed: [], added: after } : { removed, added }
    for (const event of eventsOf(version.ts, told.removed, told.added)) this.#setNotices.note(event)
    const old = written.net.get(owner) ?? []
    const next = eventsOf(version.ts, removed, added)
    this.#replaceEvents(old, next)
    written.net.set(owner, next)
  }

  /** Changes the past of a document and tells of the next newer version, where its event is another one now. */
  #rewrite(database: Database, ref: Ref, version: Version, change: () => void): void {
    const owners = this.#ownersOf(database, ref)
    const old = database.findHistory(ref.collection, ref.id) ?? new DocumentHistory()
    const before = owners.map(owner => timelineOf(owner, ref, old.versions))
    const changesBefore = new Map(old.versions.map(one => [one.ts, old.changeOf(one)]))
    change()
    const history = database.findHistory(ref.collection, ref.id) ?? old
    this.#forgetKnownBefore(history, ref, version)
    owners.forEach((owner, i) => this.#replaceTimeline(before[i] ?? [], timelineOf(owner, ref, history.versions)))
    const after = history.versions.find(other => other.ts > version.ts)
    if (after === undefined || this.isOwn(after.ts)) return
    const now = history.changeOf(after)
    const was = changesBefore.get(after.ts)
    if (was === undefined || canonicalKey(was) !== canonicalKey(now))
      this.#documentNotices.noteRewritten(ref, after.ts, now)
  }

  /** What stands behind a version tells its change anew, unless it is of the same transaction. */
  #forgetKnownBefore(history: DocumentHistory, ref: Ref, version: Version): void {
    const after = history.versions.find(other => other.ts > version.ts)
    if (after?.knownBefore === undefined || this.isOwn(after.ts)) return
    this.#put(ref, { ts: after.ts, fields: after.fields })
  }

  #replaceTimeline(before: readonly PlacedEvent[], after: readonly PlacedEvent[]): void {
    const removed = eventsWithout(before, after)
    const added = eventsWithout(after, before)
    this.#replaceEvents(removed, added)
    // A row that goes is told with the action that it had (protocol.md B.6).
    this.#rewrites.push(...removed, ...added)
  }

  #netEvents(): PlacedEvent[] {
    return [...this.#written.values()].flatMap(written => [...written.net.values()].flat())
  }
}

/** The collection or the index that an edit makes; an index only where it is not to be built later. */
function ownerMadeBy(edit: Edit, state: State): SetOwner | undefined {
  if (edit.kind === 'collection' && !edit.isGone) return state.databaseOf(edit.database).collections.get(edit.number)
  return edit.kind === 'index' && edit.isActive ? state.indexOf(edit.ref) : undefined
}

function eventsOf(ts: number, removed: readonly Placed[], added: readonly Placed[]): PlacedEvent[] {
  return [
    ...removed.map((placed): PlacedEvent => ({ ts, action: 'remove', placed })),
    ...added.map((placed): PlacedEvent => ({ ts, action: 'add', placed })),
  ]
}

function eventsWithout(events: readonly PlacedEvent[], others: readonly PlacedEvent[]): PlacedEvent[] {
  const keyOf = (event: PlacedEvent): string => `${event.ts} ${event.action} ${identityOf(event.placed)}`
  const known = new Set(others.map(keyOf))
  return events.filter(event => !known.has(keyOf(event)))
}
