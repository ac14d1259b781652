/** A page of history, as an answer to `pageText` must be: who answers with something else is told so, not read wrongly. */
import type { HistoryElement, Version } from './rebuild.ts'

/** An element, and the version at it where versions were asked for. */
export type PageItem = HistoryElement | readonly [HistoryElement, Version | null]

/** A page, and what was asked beside it. */
export type HistoryPage = {
  readonly remade?: boolean
  /** The version before the first element, where versions were asked for. */
  readonly base?: Version | null
  /** `after` is the element that the next page begins with. */
  readonly page: { readonly data: readonly PageItem[]; readonly after?: { readonly ts: number } }
}

type Fields = Readonly<Record<string, unknown>>

/** Whether a decoded answer is a page, with versions where they were asked for. */
export function isPage(value: unknown, withVersions: boolean): value is HistoryPage {
  if (!isObject(value) || typeof (value['remade'] ?? false) !== 'boolean' || !isObject(value['page'])) return false
  const { data, after } = value['page']
  if (!Array.isArray(data) || !isVersion(value['base'] ?? null)) return false
  return (after === undefined || hasTime(after)) && data.every(withVersions ? isElementAndVersion : isElement)
}

function isElementAndVersion(item: unknown): boolean {
  return Array.isArray(item) && isElement(item[0]) && isVersion(item[1])
}

function isElement(item: unknown): boolean {
  return hasTime(item) && typeof item['action'] === 'string' && isObject(item['document'])
}

function isVersion(item: unknown): boolean {
  return item === null || (hasTime(item) && isObject(item['ref']))
}

function hasTime(item: unknown): item is Fields {
  return isObject(item) && Number.isSafeInteger(item['ts'])
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
