/** Forms that read: `get`, `exists`, `first` and `last`. */
import { showVersion } from '../frame.ts'
import type { Frame } from '../frame.ts'
import type { SetContext } from '../frame.ts'
import type { Call, Evaluate } from '../call.ts'
import { castSet, isNativeCollection } from '../casts.ts'
import { failure, permissionDenied, wrongType } from '../failures.ts'
import { isLive } from '../history.ts'
import { typeName } from '../kinds.ts'
import { nounOf } from '../names.ts'
import { ACCESS_PROVIDERS, ROLES } from '../native.ts'
import { canRead, checkDocumentRetained } from '../set-access.ts'
import { firstDocument } from '../sets.ts'
import { readPage } from './pages.ts'
import { Ref, SetValue, UnresolvedRef } from '../values.ts'
import type { SetForm, VersionValue } from '../values.ts'

/** The version of a document that is there at the time of a frame. */
export function readVersion(ref: Ref, frame: Frame): VersionValue | undefined {
  const { query } = frame
  checkDocumentRetained(ref, frame)
  const history = query.store.historyOf(ref)
  const version = frame.readAt === undefined ? history?.newest : history?.at(frame.readAt)
  return isLive(version, query.transaction.snapshot) ? showVersion(query, ref, version) : undefined
}

/** Whether a document is there, and its reader may see it. */
export function isReadable(ref: Ref, frame: Frame): boolean {
  return readVersion(ref, frame) !== undefined && canRead(ref, frame)
}

function getDocument(call: Call, ref: Ref, frame: Frame): VersionValue {
  const version = readVersion(ref, frame)
  if (!canRead(ref, frame)) throw permissionDenied(call.position)
  if (version === undefined) throw call.fail('instance not found', `${nounOf(ref)} not found.`)
  return version
}

const evaluateGet: Evaluate = call => {
  const subject = call.refOrSet('get')
  const frame = call.readFrame()
  if (subject instanceof Ref) return getDocument(call, subject, frame)
  const ref = firstDocument(subject, call.setContext('get', frame))
  if (ref === undefined) throw call.fail('instance not found', 'Set not found.')
  return getDocument(call, ref, frame)
}

/** Native collections that `exists` takes for documents, which they are not. */
const plainInExists: ReadonlySet<number> = new Set([ROLES, ACCESS_PROVIDERS])

const evaluateExists: Evaluate = call => {
  const value = call.value('exists')
  if (!(value instanceof Ref) && !(value instanceof SetValue) && !(value instanceof UnresolvedRef))
    throw wrongType(call.at('exists'), 'Ref or Set', typeName(value))
  const frame = call.readFrame()
  if (value instanceof UnresolvedRef) return false
  if (value instanceof SetValue) return hasDocument(value.form, call.setContext('exists', frame))
  return isNativeCollection(value) && !plainInExists.has(Number(value.id))
    ? hasDocument(castSet(value, call.at('exists')), call.setContext('exists', frame))
    : isReadable(value, frame)
}

/** Whether a set has a document: if the first of it may not be read, it is as if there were none. */
export function hasDocument(form: SetForm, context: SetContext): boolean {
  const ref = firstDocument(form, context)
  return ref !== undefined && isReadable(ref, context.frame)
}

function endOf(key: 'first' | 'last'): Evaluate {
  return call => {
    const value = call.setOrArray(key)
    if (Array.isArray(value)) {
      const element = key === 'first' ? value[0] : value.at(-1)
      if (element === undefined) throw failure(call.at(key), 'invalid argument', 'Non-empty array expected.')
      return element
    }
    const page = readPage(value, call.setContext(key), { size: 1, isAscending: key === 'first' })
    const [element] = page.data
    if (element === undefined) throw failure(call.at(key), 'invalid argument', 'Non-empty set expected.')
    return element
  }
}

/** The forms of this file. */
export const reads = {
  exists: evaluateExists,
  get: evaluateGet,
  first: endOf('first'),
  last: endOf('last'),
} satisfies Record<string, Evaluate>
