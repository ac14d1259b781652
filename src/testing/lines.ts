/** The lines of a stream, as the server writes them (protocol.md B.7): without their end, which is CR LF. */

/** Which document a line tells of, and what was done to it. */
export type LineDetails = {
  /** Default: `1`. */
  readonly id?: string
  /** Default: `c`. */
  readonly collection?: string
  /** Default: `update` of a document, `add` of a set. */
  readonly action?: string
}

/** The first line of a stream: what is committed after `txn` is told. */
export function startLine(txn: number): string {
  return JSON.stringify({ type: 'start', txn, event: txn })
}

/** A write of a document, in a document stream. */
export function versionLine(txn: number, data: unknown = { n: txn }, details: LineDetails = {}): string {
  const { action = 'update' } = details
  return JSON.stringify({ type: 'version', txn, event: { action, document: { ref: toRef(details), ts: txn, data } } })
}

/** An entry that came or went, in a set stream. */
export function setLine(txn: number, details: LineDetails = {}): string {
  const { action = 'add' } = details
  return JSON.stringify({ type: 'set', txn, event: { action, document: { ref: toRef(details), ts: txn } } })
}

/** An error that ends a stream; `code` in the server's spelling. */
export function errorLine(code: string, description: string, txn = 0): string {
  return JSON.stringify({ type: 'error', txn, event: { code, description } })
}

function toRef({ id = '1', collection = 'c' }: LineDetails): object {
  const own = { '@ref': { id: collection, collection: { '@ref': { id: 'collections' } } } }
  return { '@ref': { id, collection: own } }
}
