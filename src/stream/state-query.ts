/** The queries that read the state at a transaction time, as wire JSON text: protocol.md F.8. */
import type { Target } from './target.ts'

/** A document at a transaction time: its version, or null. */
export function documentText(target: Target, at: number): string {
  const version = `{"if":{"exists":${target.text}},"then":{"get":${target.text}},"else":null}`
  return `{"at":${at},"expr":${version}}`
}

/**
 * A page of a set's members with their documents, at a transaction time; `after` is the cursor of the page before, as
 * wire JSON. Of a member whose document may not be read there is the name alone.
 */
export function membersText(target: Target, at: number, size: number, after: string | undefined): string {
  const cursor = after === undefined ? '' : `,"after":${after}`
  const page = `{"paginate":${target.text},"size":${size}${cursor}}`
  const bare = `{"object":{"ref":{"var":"x"},"ts":${at}}}`
  const each = `{"if":{"exists":{"var":"x"}},"then":{"get":{"var":"x"}},"else":${bare}}`
  return `{"at":${at},"expr":{"map":{"lambda":"x","expr":${each}},"collection":${page}}}`
}

/** What an index covers: the definitions of its values; null where the key may not see the index. */
export function valuesText({ container }: Target): string {
  const values = `{"select":"values","from":{"get":${container}},"default":[]}`
  return `{"if":{"exists":${container}},"then":${values},"else":null}`
}

/** The first member of a set, and the cursor of the second. */
export function firstText(target: Target, at: number): string {
  return `{"at":${at},"expr":{"paginate":${target.text},"size":1}}`
}

/** The cursor of the member before this one: a page that goes backwards shows it as what comes next. */
export function cursorBeforeText(target: Target, at: number, cursor: string): string {
  return `{"at":${at},"expr":{"paginate":{"reverse":${target.text}},"size":1,"after":${cursor}}}`
}

/**
 * Members of an index with values, each as its cursor (its values, then its ref) and its document. A page shows values
 * alone, but the cursor of the next page is a whole member: so each is read as what follows the one before.
 *
 * The document of `first` may have expired since its cursor was read, and its entry with it: then it begins with the one
 * behind it. Where that is the last one nothing follows it that would name it: `left` has what the page shows.
 */
export function entriesText(target: Target, at: number, size: number, first: string, valueCount: number): string {
  const page = (cursor: string, set = target.text) => `{"paginate":${set},"size":1,"after":${cursor}}`
  const after = (of: string) => `{"select":"after","from":${of},"default":null}`
  const next = (i: number) => {
    const before = `{"var":"c${i - 1}"}`
    return `{"c${i}":{"if":{"equals":[${before},null]},"then":null,"else":${after(page(before))}}}`
  }
  const ref = (cursor: string) => `{"select":${valueCount},"from":{"var":"${cursor}"}}`
  const isLast = '{"equals":[{"var":"second"},null]}'
  const found = after(page('{"var":"second"}', `{"reverse":${target.text}}`))
  const bindings = [
    `{"given":${first}}`,
    `{"there":{"exists":${ref('given')}}}`,
    `{"page":${page('{"var":"given"}')}}`,
    `{"second":${after('{"var":"page"}')}}`,
    `{"c0":{"if":{"or":[{"var":"there"},${isLast}]},"then":{"var":"given"},"else":${found}}}`,
    `{"left":{"if":{"and":[{"not":{"var":"there"}},${isLast}]},"then":{"select":"data","from":{"var":"page"}},"else":null}}`,
    ...Array.from({ length: size }, (_, i) => next(i + 1)),
  ]
  const document = `{"if":{"exists":${ref('c')}},"then":{"get":${ref('c')}},"else":{"object":{"ref":${ref('c')},"ts":${at}}}}`
  const each = `{"if":{"equals":[{"var":"c"},null]},"then":null,"else":[{"var":"c"},${document}]}`
  const cursors = Array.from({ length: size }, (_, i) => `{"var":"c${i}"}`).join(',')
  const entries = `{"map":{"lambda":"c","expr":${each}},"collection":[${cursors}]}`
  const result = `{"object":{"left":{"var":"left"},"entries":${entries},"next":{"var":"c${size}"}}}`
  return `{"at":${at},"expr":{"let":[${bindings.join(',')}],"in":${result}}}`
}

/**
 * The last entries that came to this set or left it, as far as history tells; of each whether its document is there. Of a
 * page that goes backwards `ts` is no upper end, its cursor is.
 */
export function changesText(target: Target, at: number, size: number): string {
  const page = `{"paginate":{"events":${target.text}},"before":${at + 1},"size":${size}}`
  const each = '[{"var":"e"},{"exists":{"select":"document","from":{"var":"e"}}}]'
  return `{"at":${at},"expr":{"map":{"lambda":"e","expr":${each}},"collection":${page}}}`
}

/** What an index is of, as its definition says; null where the key may not see the index. */
export function sourceText({ container }: Target): string {
  const source = `{"select":"source","from":{"get":${container}},"default":null}`
  return `{"if":{"exists":${container}},"then":${source},"else":null}`
}

/** Of each of these ids: whether no member with these values stands at it or behind it. All but `ids` as wire JSON. */
export function behindText(target: Target, at: number, values: string[], collection: string, ids: string[]): string {
  const cursor = `[${values.map(value => `${value},`).join('')}{"ref":${collection},"id":{"var":"i"}}]`
  const page = `{"paginate":${target.text},"size":1,"after":${cursor}}`
  const each = `{"equals":[{"select":"data","from":${page}},[]]}`
  return `{"at":${at},"expr":{"map":{"lambda":"i","expr":${each}},"collection":${JSON.stringify(ids)}}}`
}
