/** A line → the event that it tells. */
import { z } from 'zod'
import { ProtocolError } from '../errors.ts'
import { decodeExactly } from '../values/index.ts'
import { readCommonEvent } from './fast.ts'
import { envelopeSchema, lineSchemas } from './schema.ts'
import type { StreamEvent } from './types.ts'

/** The server's last word on a stream (protocol.md B.7). */
export type ErrorEvent = {
  readonly type: 'error'
  readonly txn: number
  readonly event: { readonly code: string; readonly description: string }
}

/** Everything that a line can tell. */
export type LineEvent = StreamEvent | ErrorEvent

type Known = { type: string; txn: number; event: unknown }

/**
 * Parses, validates and decodes one line. Where `mayHoldVersions` is false, neither `diff` nor `prev` was asked for: that
 * saves a look for them, and changes nothing else.
 * @throws ProtocolError `bad_line` where it is not JSON, `bad_event` where it is not an event.
 */
export function readEvent(line: string, mayHoldVersions = true): LineEvent {
  return (isFast ? readCommonEvent(line, mayHoldVersions) : undefined) ?? readEventSlowly(line)
}

let isFast = true

/** Turns the fast path on or off, for tests: what is read is the same. */
export function useFastPath(isOn: boolean): void {
  isFast = isOn
}

/**
 * The same without the fast path: parses all of the line and lets its schema judge it.
 * @throws ProtocolError as `readEvent`.
 */
export function readEventSlowly(line: string): LineEvent {
  const json = parse(line)
  const schema = isRecord(json) ? lineSchemas.get(json['type']) : undefined
  if (schema === undefined) return readUnknown(json, line)
  if (!z.validate(schema, json)) throw notAnEvent(schema, json, line)
  const known = json as Known
  known.event = decodeValues(known.event, line, eventOf)
  return known as LineEvent
}

/** A type that this version does not know is passed on as it came: never dropped. */
function readUnknown(json: unknown, line: string): LineEvent {
  if (!envelopeSchema.safeParse(json).success) throw notAnEvent(envelopeSchema, json, line)
  return { type: 'unknown', raw: decodeValues(json, line, wholeOf) }
}

// Functions of their own: one made for each line is a tenth of its cost.
function eventOf(json: unknown): unknown {
  return (json as Known).event
}

function wholeOf(json: unknown): unknown {
  return json
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new ProtocolError('bad_line', 'a line of the stream is not JSON', line, { cause })
  }
}

/** Decodes the part of a line that `partOf` takes from all of it. */
function decodeValues(part: unknown, line: string, partOf: (json: unknown) => unknown): unknown {
  try {
    return decodeExactly(part, line, partOf)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ProtocolError('bad_event', `a line of the stream holds what is no value of FQL: ${why}`, line, { cause })
  }
}

function notAnEvent(schema: z.ZodType, json: unknown, line: string): ProtocolError {
  const issue = schema.safeParse(json).error?.issues[0]
  const at = issue && issue.path.length > 0 ? ` at ${issue.path.join('.')}` : ''
  const why = issue ? `${at}: ${issue.message}` : ''
  return new ProtocolError('bad_event', `a line of the stream is not an event${why}`, line)
}

function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
