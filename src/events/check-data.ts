/** Holds the data of documents to the caller's schema, and puts in its place what the schema makes of it. */
import { OptionError, SchemaError, type SchemaIssue } from '../errors.ts'
import type { StandardIssue, StandardResult, StandardSchema } from './standard-schema.ts'
import type { AnyEvent, InvalidEvent } from './types.ts'

/** Where an event holds the data of a document. */
const places = ['document', 'prev'] as const

type Place = (typeof places)[number]
type Payload = { readonly [P in Place]?: { readonly data?: unknown } | null }
type CheckedEvent = InvalidEvent['event']

/**
 * The event with what the schema gives in place of its data; an `invalid` event where it does not fit. What has no data
 * is passed on: a document without any, the `prev` of a create, a member that may not be read.
 * @throws OptionError where the schema is asynchronous; what the schema throws.
 */
export function checkData(event: AnyEvent, schema: StandardSchema): AnyEvent {
  if (!hasDocument(event)) return event
  const payload = event.event as Payload
  const issues: SchemaIssue[] = []
  const checked: Record<string, unknown> = { ...payload }
  for (const place of places) {
    const version = payload[place]
    if (version?.data === undefined) continue
    const result = validate(schema, version.data)
    if (result.issues) issues.push(...result.issues.map(issue => toIssue(issue, place)))
    else checked[place] = { ...version, data: result.value }
  }
  if (issues.length > 0) return { type: 'invalid', txn: event.txn, issues, event }
  return { ...event, event: checked } as CheckedEvent
}

/** The error that stands for an `invalid` event. */
export function toSchemaError({ issues, event }: InvalidEvent, where: string): SchemaError {
  const { document, prev } = event.event as { readonly document?: object | null; readonly prev?: object }
  const { ref } = (document ?? prev) as { readonly ref: unknown }
  return new SchemaError(issues, event, `${where}: ${String(ref)} at ${event.txn}`)
}

function hasDocument(event: AnyEvent): event is CheckedEvent {
  return event.type === 'version' || event.type === 'history_rewrite' || event.type === 'snapshot'
}

function validate(schema: StandardSchema, data: unknown): StandardResult<unknown> {
  const result = schema['~standard'].validate(data)
  if (!('then' in result)) return result
  // Nobody waits for it: what it rejects with is nobody's error.
  Promise.resolve(result).catch(() => undefined)
  throw new OptionError(
    'schema',
    'it validates asynchronously; give a synchronous one, and do in the loop what has to be awaited',
  )
}

/** Its path begins at the event's payload, so that `prev` and `document` are told apart. */
function toIssue({ message, path = [] }: StandardIssue, place: Place): SchemaIssue {
  const keys = path.map(part => (typeof part === 'object' ? part.key : part))
  return { message, path: [place, 'data', ...keys] }
}
