/** A stream that only says when: which of its lines are passed on all the same, and what is asked for. */
import { type Field, fieldNames } from '../events/types.ts'
import type { PlacedEvent } from './cursor.ts'

/** The fields of a stream's events in the server's order; where none are named, those that it sends then. */
export function sortFields(fields: readonly string[] = ['action', 'document']): readonly Field[] {
  return fieldNames.filter(field => fields.includes(field))
}

/** What an exact stream asks for: enough to know a rewrite of history, which history itself does not tell. */
export function widenFields(fields: readonly Field[]): readonly Field[] {
  return fieldNames.filter(field => field === 'action' || field === 'document' || fields.includes(field))
}

/** Whether an event changes the past: such a one is not in history at its own time (protocol.md F.9). */
export function isRewrite({ type, txn, event }: PlacedEvent): boolean {
  if (type === 'history_rewrite') return true
  return type === 'set' && 'document' in event && event.document.ts !== txn
}

/** Whether a rewrite holds what was asked for: where the server cannot render contents, less is asked of it. */
export function canProject({ type, event }: PlacedEvent, fields: readonly Field[]): boolean {
  if (typeof event !== 'object') return false
  if (type === 'set') return 'index' in event || !fields.includes('index')
  return 'document' in event || !fields.some(field => field !== 'action')
}

/** The event with the fields that were asked for. */
export function project<E extends PlacedEvent>(placed: E, fields: readonly Field[]): E {
  if (typeof placed.event !== 'object') return placed
  const entries = Object.entries(placed.event).filter(([name]) => (fields as readonly string[]).includes(name))
  return { ...placed, event: Object.fromEntries(entries) }
}
