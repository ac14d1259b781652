/** What spans and metrics say of clients, streams and errors: names of the schema and codes, never data or a secret. */
import type { Attributes, Exception } from '@opentelemetry/api'
import type { ObservedStream } from '../observe.ts'

/** Host and port, by OpenTelemetry's names. */
export function describeServer(endpoint: string): Attributes {
  const { hostname, port, protocol } = new URL(endpoint)
  // An IPv6 address stands in brackets only in a URL.
  const address = hostname.replace(/^\[|\]$/g, '')
  return { 'server.address': address, 'server.port': Number(port) || (protocol === 'https:' ? 443 : 80) }
}

/** A stream, as far as its schema goes: streams of one collection or index have the same attributes. */
export function describeStream({ endpoint, kind, collection, index }: ObservedStream): Attributes {
  return {
    ...describeServer(endpoint),
    'fauna.stream.kind': kind,
    ...(collection !== undefined && { 'db.collection.name': collection }),
    ...(index !== undefined && { 'fauna.index.name': index }),
  }
}

/** Errors whose message is ours alone. Those of the others may quote a document, or what the server said of one. */
const speakable: ReadonlySet<string> = new Set(['TransportError', 'GapError', 'StateError', 'OptionError'])

/** An error as a span may record it. */
export function describeError(error: Error): Exception & { readonly code: string; readonly message: string } {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return { name: error.name, code, message: speakable.has(error.name) ? error.message : code }
}
