/**
 * What the elements of a set look like: how many values they have, which of them are sorted from the highest down, and
 * how a cursor is read against that (protocol.md E.5, E.6).
 */
import { compareValues, termOf } from './compare.ts'
import type { Store } from './store.ts'
import { cannotEncode, findUnknown } from './unknown-names.ts'
import { Ref } from './values.ts'
import type { Bound, SetForm, Value } from './values.ts'

/** The values of the elements of a set; `isFree` where nobody knows how many there are before it is read. */
export type SetLayout = {
  readonly values: number
  /** Of each value, and of the document behind them, whether it is sorted from the highest down. */
  readonly reversed: readonly boolean[]
  readonly isHistory: boolean
  readonly isFree: boolean
}

const documentsOnly: SetLayout = { values: 0, reversed: [false], isHistory: false, isFree: false }
const free: SetLayout = { values: 0, reversed: [], isHistory: false, isFree: true }

function layoutOfIndex(store: Store, index: Ref): SetLayout {
  const fields = store.database(index.database)?.indexes.get(index.id)?.definition.values ?? []
  return { ...documentsOnly, values: fields.length, reversed: [...fields.map(field => field.isReversed), false] }
}

/** A reversed set of documents alone has them as its values: they are what is sorted the other way round. */
function reverseLayout(inner: SetLayout): SetLayout {
  if (inner.values === 0 && !inner.isFree) return { ...inner, values: 1, reversed: [true, false] }
  return { ...inner, reversed: [...inner.reversed.slice(0, -1).map(isReversed => !isReversed), false] }
}

/** The layout of a set. */
export function layoutOf(form: SetForm, store: Store): SetLayout {
  switch (form.kind) {
    case 'match':
      return layoutOfIndex(store, form.index)
    case 'documents':
    case 'singleton':
      return documentsOnly
    case 'union':
    case 'intersection':
    case 'difference': {
      const [first] = form.sets
      return first === undefined ? documentsOnly : layoutOf(first, store)
    }
    case 'distinct':
    case 'range':
    case 'filter':
      return layoutOf(form.set, store)
    case 'reverse':
      return reverseLayout(layoutOf(form.set, store))
    case 'join':
      return form.target instanceof Ref ? layoutOfIndex(store, form.target) : free
    case 'events':
      return { ...(form.of instanceof Ref ? documentsOnly : layoutOf(form.of, store)), isHistory: true }
  }
}

/** Whether two sets can be combined: sorted the same way as far as both go, and both history or neither. */
export function isCompatible(a: SetLayout, b: SetLayout): boolean {
  if (a.isHistory !== b.isHistory) return false
  return a.reversed.every((isReversed, i) => b.reversed[i] === undefined || b.reversed[i] === isReversed)
}

/** Below every document. */
const lowestRef = new Ref(0, 0, -(2n ** 63n))

/** A place is what is stored of its values, and nothing is of a name that nothing has. */
function checkStorable(values: readonly Value[]): void {
  const unknown = findUnknown([...values])
  if (unknown !== undefined) throw cannotEncode(unknown)
}

/**
 * The place that a cursor means: `side` is where it stands of the elements that begin with all of it. A value where a
 * document should be is below or above all documents; what is behind that does not count.
 */
export function boundOf(cursor: readonly Value[], layout: SetLayout, side: 'below' | 'above'): Bound {
  const count = layout.isFree ? Math.max(cursor.length - 1, 0) : layout.values
  checkStorable(cursor.slice(0, count + 1))
  const values = cursor.slice(0, count).map(termOf)
  const document = cursor[count]
  if (document === undefined) return { values, isAbove: side === 'above' }
  if (document instanceof Ref) return { values, ref: document, isAbove: side === 'above' }
  return { values, isAbove: compareValues(document, lowestRef) > 0 }
}
