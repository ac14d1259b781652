/** Which objects are forms, and in which versions of the API: the table of forms by their own keys (protocol.md C.2, E.2). */
import { alternatives, forms, unstableNames } from '../query/forms.ts'
import type { FormName } from '../query/forms.ts'
import { isBefore } from './dialects.ts'
import type { Value } from './values.ts'

/** A form as an object: its keys, and the versions that have it. */
export type FormRow = {
  readonly name: FormName
  /** The form's own key. */
  readonly head: string
  /** The first version of the API that has the row. */
  readonly since: number
  /** Whether the version `UNSTABLE` has another name for it. */
  readonly isRenamed: boolean
  readonly required: readonly string[]
  readonly allowed: ReadonlySet<string>
  /** Keys of which only one may be given. */
  readonly alternatives: readonly string[]
}
/** Greater than every version with a number. */
const UNSTABLE = Number.POSITIVE_INFINITY

/** Forms that older versions do not have. */
const formsSince: Partial<Record<FormName, number>> = {
  contains_path: 3,
  contains_field: 3,
  contains_value: 3,
  first: 4,
  last: 4,
  access_provider: 4,
  access_providers: 4,
  create_access_provider: 4,
  current_identity: 4,
  has_current_identity: 4,
  current_token: 4,
  has_current_token: 4,
  issue_access_jwt: UNSTABLE,
  split_str: UNSTABLE,
  split_str_regex: UNSTABLE,
}

const rowsByHead = new Map<string, FormRow[]>()
for (const [name, keys] of Object.entries(forms) as [FormName, readonly string[]][]) {
  const unstable = unstableNames[name]
  addRow(name, name, keys, { since: formsSince[name] ?? 0, isRenamed: unstable !== undefined })
  if (unstable !== undefined) addRow(name, unstable, keys, { since: UNSTABLE, isRenamed: false })
}

function addRow(
  name: FormName,
  head: string,
  keys: readonly string[],
  versions: Pick<FormRow, 'since' | 'isRenamed'>,
): void {
  const plain = [head, ...keys.slice(1).map(key => key.replace(/[?…]$/, ''))]
  const row: FormRow = {
    name,
    head,
    required: plain.filter((_, i) => !keys[i]?.endsWith('?')),
    allowed: new Set(plain),
    alternatives: alternatives[name] ?? [],
    ...versions,
  }
  rowsByHead.set(head, [...(rowsByHead.get(head) ?? []), row])
}

function hasRow(apiVersion: string, row: FormRow): boolean {
  return !isBefore(apiVersion, row.since) && !(row.isRenamed && !isBefore(apiVersion, UNSTABLE))
}

/** The form that an object is, by its exact set of keys, in a version of the API; undefined where it is none. */
export function findForm(object: ReadonlyMap<string, Value>, apiVersion: string): FormRow | undefined {
  for (const head of object.keys()) {
    for (const row of rowsByHead.get(head) ?? []) {
      if (!hasRow(apiVersion, row)) continue
      if (object.size > row.allowed.size || row.alternatives.filter(key => object.has(key)).length > 1) continue
      if (row.required.every(key => object.has(key)) && [...object.keys()].every(key => row.allowed.has(key)))
        return row
    }
  }
  return undefined
}
