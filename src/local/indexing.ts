/**
 * Indexes: what they are made of, and the entries that a version of a document has in them (protocol.md E.7).
 */
import { foldCase } from './casing.ts'
import { termOf } from './compare.ts'
import { canonicalKey } from './equality.ts'
import { EntrySet } from './entries.ts'
import type { Entry } from './entries.ts'
import { isLive, ttlOf } from './history.ts'
import type { Version } from './history.ts'
import { isScalar } from './kinds.ts'
import { FIRST_USER_COLLECTION, collectionOf } from './native.ts'
import { OrderedMap } from './ordered.ts'
import { Action, Lambda, Ref, UnresolvedRef, VersionValue } from './values.ts'
import type { Expression, Value } from './values.ts'

/** Where one term or value comes from: a path into the document, or a binding of the source. */
export type IndexField = {
  readonly path: readonly (string | bigint)[]
  readonly binding: string | undefined
  readonly isReversed: boolean
  /** Arrays give an entry for each element, unless this is false. */
  readonly isMultiValued: boolean
  readonly isCasefolded: boolean
}

/** The collections that an index is over; null: every one. Each with the values that it computes. */
export type IndexSource = {
  readonly collections: readonly number[] | null
  readonly bindings: ReadonlyMap<string, Lambda>
}

/** What an index was defined as. */
export type IndexDefinition = {
  readonly sources: readonly IndexSource[]
  readonly terms: readonly IndexField[]
  readonly values: readonly IndexField[]
}

/** Computes a binding of a document, or a path into a ref, in a database: undefined where it fails. */
export type ComputeBinding = (lambda: Lambda, argument: Value, database: number) => Value | undefined

/** An entry and the set that it is in. */
export type Placed = { readonly set: SetPlace; readonly entry: Entry }

/** A set of which there is one for each list of terms. */
export type SetPlace = { readonly owner: SetOwner; readonly terms: readonly Value[]; readonly key: string }

/** Whoever has sets: an index, or a collection (the set of its documents). */
export interface SetOwner {
  /** Unique among all that have sets. */
  readonly identity: string
  /** The index, or undefined where the set is that of a collection's documents. */
  readonly ref: Ref | undefined
  /** The set for these terms; it is made if there is none yet. */
  entriesOf(place: SetPlace): EntrySet
  /** The entries that a version of a document has. */
  place(ref: Ref, version: Version): Placed[]
  /** All that came to its sets and went from them: set by set, oldest first. */
  placed(): Iterable<PlacedEvent>
}

/** All that came to one set and went from it, oldest first. */
export function* placedIn(set: SetPlace, entries: EntrySet): Generator<PlacedEvent> {
  for (const { ts, action, entry } of entries.history()) yield { ts, action, placed: { set, entry } }
}

/** The set of an owner for some terms. */
export function placeOf(owner: SetOwner, terms: readonly Value[]): SetPlace {
  return { owner, terms, key: `${owner.identity}${canonicalKey(terms)}` }
}

/** A text that two entries of one transaction share exactly when they are the same entry of the same set. */
export function identityOf({ set, entry }: Placed): string {
  return `${set.key} ${canonicalKey(entry.values)} ${canonicalKey(entry.ref)} ${entry.ttl ?? ''}`
}

/** One set of an index. */
type PlacedSet = { readonly place: SetPlace; readonly entries: EntrySet }

/** An index with its entries. */
export class Index implements SetOwner {
  readonly ref: Ref
  readonly definition: IndexDefinition
  readonly identity: string
  /** Whether it may be read. */
  isActive = true
  readonly #compute: ComputeBinding
  /** By their keys. A tree, because a large `Map` stands still while it makes itself larger. */
  readonly #sets = new OrderedMap<string, PlacedSet>((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  readonly #reversed: readonly boolean[]

  constructor(ref: Ref, definition: IndexDefinition, compute: ComputeBinding) {
    this.ref = ref
    this.definition = definition
    this.identity = `index ${ref.database}/${ref.id} `
    this.#compute = compute
    this.#reversed = definition.values.map(field => field.isReversed)
  }

  /** Whether documents of the collection have entries in it. */
  covers(collection: number): boolean {
    return this.#sourceOf(collection) !== undefined
  }

  /** One that names the collection comes before the one for every collection of the user's. */
  #sourceOf(collection: number): IndexSource | undefined {
    const { sources } = this.definition
    const named = sources.find(({ collections }) => collections?.includes(collection) === true)
    if (named !== undefined || collection < FIRST_USER_COLLECTION) return named
    return sources.find(({ collections }) => collections === null)
  }

  /** The set of these terms; an empty one is not kept. */
  entriesOf(place: SetPlace): EntrySet {
    let set = this.#sets.get(place.key)
    if (set === undefined) {
      set = { place, entries: new EntrySet(this.#reversed) }
      this.#sets.set(place.key, set)
    }
    return set.entries
  }

  *placed(): Generator<PlacedEvent> {
    for (const [, { place, entries }] of this.#sets.ascend()) yield* placedIn(place, entries)
  }

  /** The set of these terms as it is read: none is made. */
  findEntries(place: SetPlace): EntrySet | undefined {
    return this.#sets.get(place.key)?.entries
  }

  /** The entries of a version: the product of the candidates of its terms and values. */
  place(ref: Ref, version: Version): Placed[] {
    const { fields } = version
    if (fields === null) return []
    const source = this.#sourceOf(ref.collection)
    if (source === undefined) return []
    const document = new VersionValue(ref, version.ts, fields)
    const terms = this.#product(this.definition.terms, document, source)
    const values = this.#product(this.definition.values, document, source)
    const ttl = ttlOf(fields)
    return terms.flatMap(term => {
      const set = placeOf(this, term)
      return values.map(row => ({ set, entry: { values: row, ref, ttl } }))
    })
  }

  /** Every combination of candidates; none where all of one are null, and one that is empty where there are no fields. */
  #product(fields: readonly IndexField[], document: VersionValue, source: IndexSource): Value[][] {
    let rows: Value[][] = [[]]
    for (const field of fields) {
      const candidates = this.#candidates(field, document, source)
      // Rows are kept: `concat` makes an array of just this length, `[...row, candidate]` one with room for 17.
      rows = rows.flatMap(row => candidates.map(candidate => row.concat([candidate])))
    }
    return fields.length === 0 ? rows : rows.filter(row => row.some(value => value !== null))
  }

  /** What a field has to index: all elements of an array, however deep; null where it has nothing. */
  #candidates(field: IndexField, document: VersionValue, source: IndexSource): Value[] {
    if (field.binding !== undefined) return distinct(candidatesOf(this.#bound(field.binding, document, source)))
    const find = this.#find
    if (!field.isMultiValued) return [termOf(fold(field, readPath(document, field.path, find)))]
    const found = flatten(readPath(document, field.path, find, 'all'))
    const folded = fold(field, found)
    return distinct(Array.isArray(folded) ? folded.map(value => (isPlain(value) ? value : null)) : [])
  }

  #bound(binding: string, document: VersionValue, source: IndexSource): Value {
    const lambda = source.bindings.get(binding)
    return lambda === undefined ? null : (this.#compute(lambda, document, this.ref.database) ?? null)
  }

  readonly #find: FindInRef = (ref, path) => this.#compute(selection(path), ref, this.ref.database) ?? undefined
}

/** What a path finds in a ref: its id, its collection. */
type FindInRef = (ref: Ref, path: readonly (string | bigint)[]) => Value | undefined

/** The function that selects what a path leads to, or null. */
function selection(path: readonly (string | bigint)[]): Lambda {
  const literal = (value: Value): Expression => ({ kind: 'literal', value, at: null })
  const from: Expression = { kind: 'form', name: 'var', parts: new Map([['var', literal('x')]]), at: null }
  const parts = new Map([
    ['select', literal([...path])],
    ['from', from],
    ['default', literal(null)],
  ])
  return new Lambda('x', { kind: 'form', name: 'select', parts, at: null }, new Map(), PATHS_VERSION, null)
}

/** Paths of indexes are followed as in this version of the API, whichever made them. */
const PATHS_VERSION = '2.1'

function distinct(values: Value[]): Value[] {
  if (values.length === 1) return values
  const byKey = new Map(values.map(value => [canonicalKey(value), value]))
  return byKey.size === 0 ? [null] : [...byKey.values()]
}

/** What a function gives to index: the elements of an array one by one, whatever `mva` says; null for what has parts. */
function candidatesOf(value: Value): Value[] {
  return (Array.isArray(value) ? value : [value]).map(one => {
    if (one instanceof UnresolvedRef || !isScalar(one)) return null
    return one instanceof Action ? one.name : one
  })
}

function flatten(value: Value): Value[] {
  return Array.isArray(value) ? value.flatMap(flatten) : [value]
}

/** Objects and functions in documents are no values of an index: they are as if missing. */
function isPlain(value: Value): boolean {
  return !Array.isArray(value) && !(value instanceof Map) && !(value instanceof Lambda)
}

/** Folds the case of all strings in an array. One value that cannot be folded, or no array, and nothing is there. */
function fold(field: IndexField, value: Value): Value {
  if (!field.isCasefolded) return value
  const folded = Array.isArray(value) ? value.map(foldElement) : []
  return !Array.isArray(value) || folded.includes(undefined) ? null : (folded as Value[])
}

/** As `casefold` does: of an array all that is in it; an array of one is that one. Undefined where it fails. */
function foldElement(value: Value): Value | undefined {
  if (typeof value === 'string') return foldCase(value)
  if (!Array.isArray(value)) return isPlain(value) ? value : undefined
  if (!value.every(isPlain)) return undefined
  const folded = value.map(one => (typeof one === 'string' ? foldCase(one) : one))
  return folded.length === 1 ? folded[0] : folded
}

/** What a path leads to; of `all` it leads to, an array, where arrays on the way stand for each of their elements. */
function readPath(
  document: VersionValue,
  path: readonly (string | bigint)[],
  find: FindInRef,
  mode: 'one' | 'all' = 'one',
): Value {
  const [first, ...rest] = path
  if (first === undefined) return null
  if (first === 'ts') return path.length === 1 ? BigInt(document.ts) : null
  if (first === 'ref' || first === 'class') {
    const ref = first === 'ref' ? document.ref : collectionOf(document.ref)
    return rest.length === 0 ? ref : (find(ref, rest) ?? null)
  }
  return mode === 'one' ? (follow(document.fields, path, find) ?? null) : followAll(document.fields, path, find)
}

function step(value: Value, key: string | bigint): Value | undefined {
  if (value instanceof Map) return typeof key === 'string' ? value.get(key) : undefined
  return Array.isArray(value) && typeof key === 'bigint' ? value[Number(key)] : undefined
}

function follow(value: Value, path: readonly (string | bigint)[], find: FindInRef): Value | undefined {
  let found: Value | undefined = value
  for (const [i, key] of path.entries()) {
    if (found instanceof Ref) return find(found, path.slice(i))
    found = step(found, key)
    if (found === undefined) return undefined
  }
  return found
}

/** `from` is where in the path the value stands. */
function followAll(value: Value, path: readonly (string | bigint)[], find: FindInRef, from = 0): Value[] {
  const key = path[from]
  if (key === undefined) return [value]
  if (Array.isArray(value) && typeof key === 'string') {
    return value.flatMap(element => followAll(element, path, find, from))
  }
  if (value instanceof Ref) return [find(value, path.slice(from))].filter(found => found !== undefined)
  const found = step(value, key)
  return found === undefined ? [] : followAll(found, path, find, from + 1)
}

/** Something that came or went, and in which set. */
export type PlacedEvent = { readonly ts: number; readonly action: 'add' | 'remove'; readonly placed: Placed }

/** What one list of entries has that another lacks. */
export function entriesWithout(entries: readonly Placed[], others: readonly Placed[]): readonly Placed[] {
  // What comes or goes whole, as most does, needs no keys: they are most of the work.
  if (entries.length === 0 || others.length === 0) return entries
  const known = new Set(others.map(identityOf))
  return entries.filter(entry => !known.has(identityOf(entry)))
}

/** All that came and went for a document in the sets of an owner, over its whole history. */
export function timelineOf(owner: SetOwner, ref: Ref, versions: readonly Version[]): PlacedEvent[] {
  const events: PlacedEvent[] = []
  let before: Placed[] = []
  let previous: Version | undefined
  for (const version of versions) {
    // Expiry leaves no trace: the entries of an expired version are not removed by what follows.
    if (!isLive(previous, version.ts)) before = []
    const { knownBefore } = version
    if (knownBefore !== undefined) before = knownBefore === null ? [] : owner.place(ref, knownBefore)
    const after = owner.place(ref, version)
    for (const placed of entriesWithout(before, after)) events.push({ ts: version.ts, action: 'remove', placed })
    for (const placed of entriesWithout(after, before)) events.push({ ts: version.ts, action: 'add', placed })
    before = after
    previous = version
  }
  return events
}
