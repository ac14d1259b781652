/** What to do about an error of the server: the sentence that a message ends with. */

type Advice = { readonly code: string; readonly description?: RegExp; readonly text: string }

/** What to do about an error of the server: the first row that fits. */
const advices: readonly Advice[] = [
  { code: 'unauthorized', text: 'check the secret: the key may be deleted, expired, or of another database' },
  {
    code: 'permission denied',
    description: /Authorization lost/,
    text: 'the key, its role or its token was changed or deleted; where the secret is still good a new stream works, but the change at this txn was withheld: read it',
  },
  {
    code: 'permission denied',
    text: 'the role of the key lacks the right for the call at this position: grant it (read on the collection, read or unrestricted_read on the index, call on the function), or use another key',
  },
  {
    code: 'invalid argument',
    description: /Expected a Document Ref or Version, or a Set Ref/,
    text: 'a stream follows the ref of a document, a version of one (Get), Match(index, …terms) or Documents(collection), of collections of your own; for anything else follow one of these and query when it changes',
  },
  {
    code: 'invalid expression',
    description: /performs a write/,
    text: 'the expression of a stream may only read: write with client.query first',
  },
  {
    code: 'invalid expression',
    description: /^Ref refers to undefined/,
    text: 'what the stream followed is gone, as after a restart of a server that keeps nothing: create it anew, then open the stream',
  },
  { code: 'not found', text: 'is the path of the endpoint right? Most servers have none' },
  { code: 'invalid ref', text: 'create it first, or check its name and the database of the secret' },
  {
    code: 'instance not found',
    description: /is not active/,
    text: 'the index is still being built: wait until Select("active", Get(index)) is true',
  },
  { code: 'contended transaction', text: 'another transaction wrote the same documents: send it again' },
  {
    code: 'too many requests',
    text: 'the server is at its limit: close streams that are not needed, or try again later',
  },
  { code: 'request too large', text: 'an expression may have 8 MiB' },
  {
    code: 'internal server error',
    description: /refCnt/,
    text: 'the server cannot render bytes in an event: leave out the fields that hold them (fields: ["action"]) and read the document with a query',
  },
  {
    code: 'time out',
    description: /congestion/,
    text: 'the stream fell 4,096 events behind and what was queued is lost: open it anew and read what it missed; let the loop do less',
  },
  { code: 'time out', text: 'the server was too busy or is stopping: try again' },
]

/** The sentence that says what to do, to append to a message; empty where there is nothing to add. */
export function advise(code: string, description: string): string {
  const row = advices.find(advice => advice.code === code && (advice.description?.test(description) ?? true))
  return row ? ` — ${row.text}` : ''
}
