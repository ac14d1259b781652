/**
 * Copies of recorded scenarios in which everything that a user chose has another name: collections, indexes, fields,
 * ids and values, the same in requests and answers. What is the language's own stays. A server that had learnt the
 * recorded answers by heart would fail on such a copy.
 */
import { forms } from '../../src/query/forms.ts'

/** Words of the wire that are not forms. */
const wireWords = [
  'ref id scope collection class database ts data ttl document documents action diff prev index type txn event errors position',
  'code description failures field fields cause object params name source active serialized unique terms values value',
  'partitions history_days ttl_days binding reverse transform mva casefold resource before after start version set',
  'history_rewrite error message create update delete add remove collections indexes databases functions roles keys tokens',
  'credentials classes membership privileges predicate actions read write body role secret hashed_secret global_id',
  'admin server server-readonly client expr with in then else api_version priority instance _ Infinity -Infinity NaN',
  'create_with_id history_read history_write unrestricted_read call lambda',
].flatMap(line => line.split(' '))

const ownWords: ReadonlySet<string> = new Set([
  ...wireWords,
  ...Object.values(forms).flatMap(keys => (keys as readonly string[]).map(key => key.replace(/[?…]$/, ''))),
])

/** Whether a word is one of the language, so that nothing of the user's should be renamed that has it for a name. */
export function isOwnWord(word: string): boolean {
  return ownWords.has(word)
}

/** Below these keys stand words and texts of the language. */
const ownTexts: ReadonlySet<string> = new Set([
  'abort',
  'code',
  'error',
  'message',
  'type',
  'action',
  'unit',
  'api_version',
  'global_id',
  'secret',
  'hashed_secret',
  '@ts',
  '@date',
  '@bytes',
  '@uuid',
])

/** Arrays of what was indexed: integers in them are the user's. */
const valueLists: ReadonlySet<string> = new Set(['values', 'terms', 'data'])

/** What the names and numbers of a copy are made with. */
export type Renaming = { readonly prefix: string; readonly idOffset: number; readonly valueOffset: number }

/** A renaming from random numbers. The prefix is the same for all, so that the order of strings stays. */
export function makeRenaming(random: () => number): Renaming {
  const letter = (): string => String.fromCharCode(0x61 + Math.floor(random() * 26))
  return {
    prefix: Array.from({ length: 3 + Math.floor(random() * 5) }, letter).join(''),
    idOffset: 1 + Math.floor(random() * 1_000_000),
    valueOffset: 1 + Math.floor(random() * 1_000),
  }
}

const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[[\]{},:]|\s+|\w+/g

/** Renames the text of a JSON value: the tokens keep their spelling otherwise. */
export function renameText(text: string, renaming: Renaming): string {
  const owners: string[] = []
  let key = ''
  return text.replace(token, (part, offset: number) => {
    if (part === '{' || part === '[') owners.push(part === '[' ? key : '')
    if (part === '}' || part === ']') owners.pop()
    if (part.startsWith('"')) {
      const isKey = text[offset + part.length] === ':'
      const word = part.slice(1, -1)
      if (isKey) key = word
      return `"${isKey ? renameWord(word, renaming) : renameString(word, key, renaming)}"`
    }
    if (!/^-?\d{1,9}$/.test(part)) return part
    const isUsers = text[offset - 1] === ':' ? isRenamed(key) || key === 'terms' : valueLists.has(owners.at(-1) ?? '')
    return isUsers ? String(Number(part) + renaming.valueOffset) : part
  })
}

function isRenamed(word: string): boolean {
  return !ownWords.has(word) && !word.startsWith('@') && !/^(SECRET_|fn.{30}|\$2|\d{10}|\d{4}-\d\d-)/.test(word)
}

function renameWord(word: string, { prefix, idOffset }: Renaming): string {
  if (!isRenamed(word)) return word
  return /^[1-9]\d{0,8}$/.test(word) ? String(Number(word) + idOffset) : prefix + word
}

/** Where descriptions have words of the user: the name of a schema document, a path, the keys of an object. */
const described =
  /(?<=\b(?:collection|class|index|database|role|function|variable|non-numeric) ')[^']+|(?<=path \[)[^\]]+|(?<=keys: \{ )[^}]+/gi

function renameWords(text: string, renaming: Renaming): string {
  return text.replace(/[^\s,:/]+/g, word => renameWord(word, renaming))
}

function renameString(word: string, key: string, renaming: Renaming): string {
  if (key === 'description') return word.replace(described, found => renameWords(found, renaming))
  // Older versions of the API write refs as paths.
  if (key === '@ref') return renameWords(word, renaming)
  return ownTexts.has(key) ? word : renameWord(word, renaming)
}

type Chunk = { at: number; data: string | { base64: string } }
type Entry = {
  request?: { body?: unknown; headers?: Readonly<Record<string, string>> }
  response?: { body?: unknown; chunks?: Chunk[] }
}

/** The scope of a secret names databases, roles and documents. */
function renameScope(authorization: string, renaming: Renaming): string {
  return authorization.replace(/(?<=SECRET_\d+:).*/, scope => renameWords(scope, renaming))
}

/** Whether a body is none of text. */
function isBytes(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'base64' in body
}

/** Whether a replay must wait as the recording did: it sees that a document is to expire only in a body that is no text. */
function isTimed(entries: readonly Entry[]): boolean {
  return entries.some(({ request }) => JSON.stringify(request?.body ?? null).includes('"ttl"'))
}

/** A copy of a scenario file with everything of the user's renamed. */
export function renameScenario(file: { entries: Entry[]; pace?: boolean }, renaming: Renaming): object {
  const rename = (body: unknown): string => renameText(typeof body === 'string' ? body : JSON.stringify(body), renaming)
  const entries = file.entries.map(entry => {
    if (entry.request === undefined || entry.response === undefined) return entry
    const { body, chunks } = entry.response
    const { headers } = entry.request
    return {
      ...entry,
      request: {
        ...entry.request,
        ...(headers?.['authorization'] && {
          headers: { ...headers, authorization: renameScope(headers['authorization'], renaming) },
        }),
        body: isBytes(entry.request.body) ? entry.request.body : rename(entry.request.body),
      },
      response: {
        ...entry.response,
        ...(body !== undefined && { body: rename(body) }),
        ...(chunks !== undefined && { chunks: linesOf(chunks).map(({ at, data }) => ({ at, data: rename(data) })) }),
      },
    }
  })
  return { ...file, entries, pace: file.pace === true || isTimed(file.entries) }
}

/** Whole lines, each with the time of the chunk that completed it: a name may be cut in two by chunks. */
function linesOf(chunks: readonly Chunk[]): { at: number; data: string }[] {
  const lines: { at: number; data: string }[] = []
  let rest = Buffer.alloc(0)
  for (const { at, data } of chunks) {
    rest = Buffer.concat([rest, typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.base64, 'base64')])
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      lines.push({ at, data: rest.subarray(0, end + 1).toString() })
      rest = rest.subarray(end + 1)
    }
  }
  // The body of a refusal has no end of line.
  const last = chunks.at(-1)
  if (last !== undefined && rest.length > 0) lines.push({ at: last.at, data: rest.toString() })
  return lines
}
