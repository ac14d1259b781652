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
 */
export function entriesText(target: Target, at: number, size: number, first: string, valueCount: number): string {
  const page = (cursor: string) => `{"paginate":${target.text},"size":1,"after":${cursor}}`
  const next = (i: number) => {
    const before = `{"var":"c${i - 1}"}`
    const after = `{"select":"after","from":${page(before)},"default":null}`
    return `{"c${i}":{"if":{"equals":[${before},null]},"then":null,"else":${after}}}`
  }
  const bindings = [`{"c0":${first}}`, ...Array.from({ length: size }, (_, i) => next(i + 1))]
  const ref = `{"select":${valueCount},"from":{"var":"c"}}`
  const document = `{"if":{"exists":${ref}},"then":{"get":${ref}},"else":{"object":{"ref":${ref},"ts":${at}}}}`
  const each = `{"if":{"equals":[{"var":"c"},null]},"then":null,"else":[{"var":"c"},${document}]}`
  const cursors = Array.from({ length: size }, (_, i) => `{"var":"c${i}"}`).join(',')
  const result = `{"object":{"entries":{"map":{"lambda":"c","expr":${each}},"collection":[${cursors}]},"next":{"var":"c${size}"}}}`
  return `{"at":${at},"expr":{"let":[${bindings.join(',')}],"in":${result}}}`
}

/** The last time that this set's only member came, as far as history tells. */
export function additionText(target: Target, at: number): string {
  return `{"paginate":{"events":${target.text}},"before":null,"ts":${at},"size":1}`
}
