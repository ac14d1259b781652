/**
 * What the versions of the API call things: refs, events and their actions (protocol.md D.4). The language is one;
 * only the words differ.
 */
import type { ActionName } from './values.ts'

const apiVersions: ReadonlySet<unknown> = new Set(['2.0', '2.1', '2.7', '2.12', '3', '4', '5', 'UNSTABLE'])

/** Whether this is the text of a version of the API that may be asked for. */
export function isApiVersion(text: unknown): text is string {
  return apiVersions.has(text)
}

/** How one version of the API writes. */
export type Dialect = {
  /** Refs as paths (`classes/users/1`), or as objects whose collection has this key. */
  readonly refs: 'path' | 'class' | 'collection'
  /** Whether versions name their collection too. */
  readonly hasClass: boolean
  /** The key of the document of an event. */
  readonly eventDocument: 'resource' | 'instance' | 'document'
  /** Whether an event of a document shows its data, and the key of the values of one of a set. */
  readonly hasEventData: boolean
  readonly eventValues: 'values' | 'data'
  /** The words for actions, where they are others. */
  readonly actions: Partial<Readonly<Record<ActionName, ActionName>>>
  /** Older words in messages: what is replaced by what. */
  readonly words: readonly (readonly [RegExp, string])[]
}

const oldWords: Dialect['words'] = [
  [/^Document (?=already|not)/, 'Instance '],
  [/^Collection (?=already|not)/, 'Class '],
  [/^document (?=data is|is not unique)/, 'instance '],
  [/(?<=^Ref refers to undefined |^Valid native |^Cannot (?:create|update|delete) a schema meta )collection/, 'class'],
  [/(?<=^The )document(?= was not found or provided password)/, 'instance'],
  [/(?<=^A |^Cannot mix )collection(?= ref)/, 'class'],
  [/(?<=^Value is cached\..* a )collection/, 'class'],
]

const modern: Dialect = {
  refs: 'collection',
  hasClass: false,
  eventDocument: 'document',
  hasEventData: true,
  eventValues: 'data',
  actions: {},
  words: [],
}

const dialects: ReadonlyMap<string, Dialect> = new Map<string, Dialect>([
  [
    '2.0',
    {
      refs: 'path',
      hasClass: true,
      eventDocument: 'resource',
      hasEventData: false,
      eventValues: 'values',
      actions: { update: 'create', add: 'create', remove: 'delete' },
      words: oldWords,
    },
  ],
  ['2.1', { ...modern, refs: 'class', eventDocument: 'instance', words: oldWords }],
])

/** The dialect of a version of the API. */
export function dialectOf(apiVersion: string): Dialect {
  return dialects.get(apiVersion) ?? modern
}

/** A message in the words of a dialect. */
export function translate(description: string, { words }: Dialect): string {
  return words.reduce((text, [word, old]) => text.replace(word, old), description)
}

/** What functions of this version and of older ones count as; from the next one on, functions know their version. */
const LAST_SILENT_VERSION = '2.12'
/** The version since which functions know theirs. */
export const FUNCTIONS_KNOW_SINCE = 3

/** The version of a function that is made under a version of the API. */
export function functionVersion(apiVersion: string): string {
  return isBefore(apiVersion, FUNCTIONS_KNOW_SINCE) ? LAST_SILENT_VERSION : apiVersion
}

/** Whether a function of one version shows it in the answer to a request of another: not where both are old. */
export function showsVersion(ofFunction: string, ofRequest: string): boolean {
  return !isBefore(ofFunction, FUNCTIONS_KNOW_SINCE) || !isBefore(ofRequest, FUNCTIONS_KNOW_SINCE)
}

/** Whether a version of the API is older than one of these whole numbers; `UNSTABLE` is the newest. */
export function isBefore(apiVersion: string, version: number): boolean {
  return Number.parseInt(apiVersion, 10) < version
}
