/**
 * Paths that name something, as the interface of old has them: refs in their old spelling, such as `/classes/users/1`
 * and `/keys`, and `/events` behind them.
 */
import { parseRefPath } from './ref-literals.ts'
import type { RefLiteral } from './ref-literals.ts'

/** What a path names. */
export type RestPath = {
  /** The ref in its old spelling. */
  readonly text: string
  readonly ref: RefLiteral
  /** `set`: its history; `one`: an element of that, which nobody serves. */
  readonly events?: 'set' | 'one'
}

const EVENTS = /\/events(\/\d+\/(?:create|delete))?$/

/** Reads a path without its first `/`; undefined where it names nothing. */
export function parseRestPath(path: string): RestPath | undefined {
  const [suffix = '', one] = EVENTS.exec(path) ?? []
  const text = path.slice(0, path.length - suffix.length)
  const ref = parseRefPath(text)
  if (ref === undefined || suffix === '') return ref && { text, ref }
  return { text, ref, events: one === undefined ? 'set' : 'one' }
}
