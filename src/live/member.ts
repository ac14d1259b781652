/** What a live view holds of one document, and how an event changes it. */
import type { AnyEvent, Data, DocumentVersion, SetEvent } from '../events/types.ts'
import { encode, type Ref } from '../values/index.ts'

/** A member of a live view. */
export type Member<T = Data> = {
  readonly ref: Ref
  /** Of a document: its version. A set does not tell contents. */
  readonly document: DocumentVersion<T> | undefined
  /** Of a set: the values of each of the document's entries; one without values where the index has none. */
  readonly entries: readonly (readonly unknown[])[]
}

/** One change of a live view. */
export type Change<T = Data> = {
  readonly type: 'add' | 'change' | 'remove'
  readonly ref: Ref
  /** As it is now; `undefined` where it went. */
  readonly member: Member<T> | undefined
  /** As it was before; `undefined` where it was not there. */
  readonly before: Member<T> | undefined
}

/** The members, by the text of their refs. */
export type Members<T> = Map<string, Member<T>>

/** The text that a ref is known by. */
export function keyOf(ref: Ref): string {
  return encode(ref)
}

/** The transaction that each entry came with, as long as it may go again in the same one. */
export type Arrivals = Map<string, number>

/** Changes the members as an event of the state, or of a change, says. */
export function applyEvent<T>(members: Members<T>, event: AnyEvent, arrivals: Arrivals): void {
  if (event.type === 'snapshot') {
    const { document, index } = event.event
    if (document === null) return
    if (index === undefined) members.set(keyOf(document.ref), toMember(document as DocumentVersion<T>))
    else addEntry(members, document.ref, index.values)
  } else if (event.type === 'version') {
    const { action, document } = event.event
    if (action === 'delete') members.delete(keyOf(document.ref))
    else members.set(keyOf(document.ref), toMember(document as DocumentVersion<T>))
  } else if (event.type === 'set') applyEntry(members, event, arrivals)
}

/** Within a transaction an `add` wins over the `remove` of the same entry, whichever comes first (protocol.md F.5). */
function applyEntry<T>(members: Members<T>, { txn, event }: SetEvent, arrivals: Arrivals): void {
  const { action, document, index } = event
  const entry = keyOf(document.ref) + encode(index.values)
  forgetBefore(txn, arrivals)
  if (action === 'add') {
    // Last, so that they stay in the order of their transactions.
    arrivals.delete(entry)
    arrivals.set(entry, txn)
    addEntry(members, document.ref, index.values)
  } else if (!arrivals.has(entry)) removeEntry(members, document.ref, index.values)
}

/** The oldest come first: of a transaction of thousands of entries no event looks at them all. */
function forgetBefore(txn: number, arrivals: Arrivals): void {
  for (const [entry, at] of arrivals) {
    if (at >= txn) return
    arrivals.delete(entry)
  }
}

function addEntry<T>(members: Members<T>, ref: Ref, values: readonly unknown[]): void {
  const key = keyOf(ref)
  const entries = members.get(key)?.entries ?? []
  if (entries.some(entry => encode(entry) === encode(values))) return
  members.set(key, { ref, document: undefined, entries: [...entries, values] })
}

function removeEntry<T>(members: Members<T>, ref: Ref, values: readonly unknown[]): void {
  const key = keyOf(ref)
  const before = members.get(key)?.entries ?? []
  const entries = before.filter(entry => encode(entry) !== encode(values))
  if (entries.length === 0) members.delete(key)
  else if (entries.length < before.length) members.set(key, { ref, document: undefined, entries })
}

function toMember<T>(document: DocumentVersion<T>): Member<T> {
  return { ref: document.ref, document, entries: [] }
}

/** Whether two members say the same. */
export function isSame<T>(a: Member<T> | undefined, b: Member<T> | undefined): boolean {
  if (a === b) return true
  return (
    a !== undefined &&
    b !== undefined &&
    encode([a.document ?? null, a.entries]) === encode([b.document ?? null, b.entries])
  )
}
