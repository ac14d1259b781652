/**
 * The history of one document: its versions by valid time, what changed between them, and the events that tell of
 * it. An event of a document shows `prev` rebuilt from the stored backward change, which is why the order of keys
 * differs between `document`, `prev` and `diff` (protocol.md B.5).
 */
import { isEqual } from './equality.ts'
import { Time } from './values.ts'
import type { ObjectValue, Value } from './values.ts'

/** One version: what a document was from `ts` on. `fields` is null in the version that a delete leaves. */
export type Version = {
  readonly ts: number
  readonly fields: ObjectValue | null
  /**
   * What was live before it when it was written (null: nothing), where its transaction then put another version there:
   * its events go on telling the change from this.
   */
  readonly knownBefore?: LiveVersion | null
}

/** A version with content. */
export type LiveVersion = { readonly ts: number; readonly fields: ObjectValue }

/** A version as events show it. */
export type Shown = { readonly ts: number; readonly fields: ObjectValue }

/** What one version did; the parts are absent where only the place in history is known. */
export type Change = {
  readonly action: 'create' | 'update' | 'delete'
  readonly document: Shown
  readonly diff?: Shown
  readonly prev?: Shown
}

const nothing: ObjectValue = new Map()

/** When a version expires, in nanoseconds; undefined: never. */
export function ttlOf(fields: ObjectValue | null): bigint | undefined {
  const ttl = fields?.get('ttl')
  return ttl instanceof Time ? ttl.nanoseconds : undefined
}

/** Whether the version is there at a time (microseconds): not deleted, not expired. */
export function isLive(version: Version | undefined, micros: number): version is LiveVersion {
  if (version === undefined || version.fields === null) return false
  const ttl = ttlOf(version.fields)
  return ttl === undefined || ttl > BigInt(micros) * 1000n
}

/** The change that makes `to` of `from`: changed and new keys with their values, keys that went with null. */
export function diffFields(from: ObjectValue, to: ObjectValue): ObjectValue {
  const diff: ObjectValue = new Map()
  for (const [key, before] of from) {
    const after = to.get(key)
    if (after === undefined) diff.set(key, null)
    else if (before instanceof Map && after instanceof Map) {
      const inner = diffFields(before, after)
      if (inner.size > 0) diff.set(key, inner)
    } else if (!isSame(before, after)) diff.set(key, after)
  }
  for (const [key, after] of to) if (!from.has(key)) diff.set(key, after)
  return diff
}

/** Stored values are the same only when their types are too: `1` becoming `1.0` is a change. */
function isSame(a: Value, b: Value): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Object.is(a, b)
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => isSame(item, b[i] ?? null))
  if (a instanceof Map && b instanceof Map) return diffFields(a, b).size === 0
  return typeof a === typeof b && isEqual(a, b)
}

/** Applies a change: null takes a key away, objects are merged, all else replaces. Kept keys keep their place. */
export function patchFields(fields: ObjectValue, change: ObjectValue): ObjectValue {
  const result: ObjectValue = new Map(fields)
  for (const [key, value] of change) {
    const old = result.get(key)
    if (value === null) result.delete(key)
    else if (value instanceof Map) result.set(key, patchFields(old instanceof Map ? old : nothing, value))
    else result.set(key, value)
  }
  return result
}

/** What a version changed; `before` is the version that was live until then, if one was. */
export function changeOf(version: Version, before: LiveVersion | undefined): Change {
  const { ts, fields } = version
  if (fields === null) return deletionAt(ts, before)
  if (before === undefined) {
    return { action: 'create', document: { ts, fields }, diff: { ts, fields }, prev: { ts, fields: nothing } }
  }
  const prev = { ts: before.ts, fields: patchFields(fields, diffFields(fields, before.fields)) }
  return { action: 'update', document: { ts, fields }, diff: { ts, fields: diffFields(prev.fields, fields) }, prev }
}

/** A deletion shows what was deleted, with the time of that version. */
function deletionAt(ts: number, before: LiveVersion | undefined): Change {
  const shown = before === undefined ? { ts, fields: nothing } : { ts: before.ts, fields: ttlFirst(before.fields) }
  return { action: 'delete', document: shown, diff: { ts, fields: nothing }, prev: shown }
}

/** What was deleted is shown with its ttl before all else. */
function ttlFirst(fields: ObjectValue): ObjectValue {
  const ttl = fields.get('ttl')
  return ttl === undefined ? fields : new Map([['ttl', ttl], ...fields])
}

/** The versions of one document, oldest first. */
export class DocumentHistory {
  #versions: Version[] = []

  /** Every version, oldest first. */
  get versions(): readonly Version[] {
    return this.#versions
  }

  /** The newest version, deleted ones included. */
  get newest(): Version | undefined {
    return this.#versions.at(-1)
  }

  /** The version that is valid at a time. */
  at(ts: number): Version | undefined {
    return this.#versions[this.#indexAfter(ts) - 1]
  }

  /** The version of exactly this time. */
  find(ts: number): Version | undefined {
    const version = this.at(ts)
    return version?.ts === ts ? version : undefined
  }

  /** The live version just before this one, and the version just after it. */
  neighbours(version: Version): { before: LiveVersion | undefined; after: Version | undefined } {
    const index = this.#versions.indexOf(version)
    const { knownBefore = liveBefore(this.#versions[index - 1], version.ts) } = version
    return { before: knownBefore ?? undefined, after: this.#versions[index + 1] }
  }

  /** What the version changed. */
  changeOf(version: Version): Change {
    return changeOf(version, this.neighbours(version).before)
  }

  /** Puts a version into its place. Gives back the one of the same time that it replaced. */
  put(version: Version): Version | undefined {
    const replaced = this.find(version.ts)
    // Most documents have one version for ever: its array is no larger than that.
    if (this.#versions.length === 0) this.#versions = [version]
    else if (replaced === undefined) this.#versions.splice(this.#indexAfter(version.ts), 0, version)
    else this.#versions[this.#versions.indexOf(replaced)] = version
    return replaced
  }

  /** Takes a version out. */
  take(version: Version): void {
    const index = this.#versions.indexOf(version)
    if (index >= 0) this.#versions.splice(index, 1)
  }

  /** Binary search: the first index whose version is later than the time. */
  #indexAfter(ts: number): number {
    let low = 0
    let high = this.#versions.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#versions[middle] as Version).ts <= ts) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** An expired version counts as gone: what comes after it is a `create`. */
function liveBefore(version: Version | undefined, ts: number): LiveVersion | undefined {
  return isLive(version, ts) ? version : undefined
}
