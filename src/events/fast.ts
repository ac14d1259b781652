/**
 * The fast path: reads the lines that servers send most without parsing what is the same on every line.
 *
 * Half of a line is its envelope and its ref. Patterns read these, `JSON.parse` reads only the data: half the cost. Each
 * piece that is cut out must be JSON by itself, so that a line that is read here is what `JSON.parse` would have given.
 * Whatever looks different is left to the schema's path, which knows everything: nothing is refused here.
 */
import { z } from 'zod'
import { decodeExactly, maxDepth, parseExact, Ref } from '../values/index.ts'
import { indexSchema } from './schema.ts'
import type { StreamEvent } from './types.ts'

/** What a JSON string holds that needs no unescaping. */
const plainText = String.raw`[^"\\\u0000-\u001f]*`
const name = `"(${plainText})"`
const micros = String.raw`([1-9]\d{0,15})`
const ref = String.raw`\{"@ref":\{"id":${name},"collection":\{"@ref":\{"id":${name},"collection":\{"@ref":\{"id":"collections"\}\}\}\}\}\}`

/** A line up to its first version (protocol.md B.5, B.6). */
const headPattern = new RegExp(
  String.raw`\{"type":"(version|set|history_rewrite)","txn":${micros},"event":\{(?:"action":${name},)?"document":`,
  'y',
)
/** A version up to what follows its time. */
const versionPattern = new RegExp(String.raw`\{"ref":${ref},"ts":${micros}`, 'y')

const dataKey = ',"data":'
const diffKey = '},"diff":'
const prevKey = '},"prev":'
const indexKey = '},"index":'
const ttlKey = '},"ttl":'
/** A `ttl` begins within so many characters of the end of its version. */
const ttlLength = 60
/** The end of a document, of its event and of its line. */
const lineEnd = '}}}'

/** Levels of the event's value above `data`, and above `index`: `maxDepth` counts from the event. */
const dataDepth = 2
const indexDepth = 1

/** Each level has a bracket that opens and one that closes: shorter lines are never nested deeper than `maxDepth`. */
const minDeepLength = 2 * maxDepth

/** Collections to remember: most streams have one. */
const maxCollections = 256
const collections = new Map<string, Ref>()

type Fields = Record<string, unknown>

/** The event that a line tells, as the schema's path gives it; `undefined` where that path must look. Never throws. */
export function readCommonEvent(line: string): StreamEvent | undefined {
  headPattern.lastIndex = 0
  const head = headPattern.exec(line)
  if (head === null || !line.endsWith(lineEnd)) return undefined
  const txn = Number(head[2])
  if (!Number.isSafeInteger(txn)) return undefined
  const type = head[1] as 'version'
  const action = head[3]
  const event: Fields = action === undefined ? {} : { action: copy(action) }
  try {
    const isRead = head[1] === 'set' ? readSet(line, head[0].length, event) : readChange(line, head[0].length, event)
    return isRead ? ({ type, txn, event } as unknown as StreamEvent) : undefined
  } catch {
    // A piece was cut at the wrong place, or is wrong itself: the other path tells which, and in what words.
    return undefined
  }
}

/** Reads the versions of a document's change, from `at` on, into its fields. */
function readChange(line: string, at: number, event: Fields): boolean {
  const end = line.length - lineEnd.length
  const diffAt = line.indexOf(diffKey, at)
  const prevAt = line.indexOf(prevKey, diffAt === -1 ? at : diffAt)
  const diffEnd = prevAt === -1 ? end : prevAt
  const document = readVersion(line, at, diffAt === -1 ? diffEnd : diffAt)
  if (document === undefined) return false
  event['document'] = document
  if (diffAt !== -1 && (event['diff'] = readVersion(line, diffAt + diffKey.length, diffEnd)) === undefined) return false
  return prevAt === -1 || (event['prev'] = readVersion(line, prevAt + prevKey.length, end)) !== undefined
}

/** Reads what tells of a member of a set, from `at` on, into its fields. */
function readSet(line: string, at: number, event: Fields): boolean {
  const indexAt = line.indexOf(indexKey, at)
  const documentEnd = indexAt === -1 ? line.length - lineEnd.length : indexAt
  const document = readVersion(line, at, documentEnd)
  if (document === undefined) return false
  event['document'] = document
  if (indexAt === -1) return true
  const text = line.slice(indexAt + indexKey.length, 1 - lineEnd.length)
  const index: unknown = JSON.parse(text)
  if (!z.validate(indexSchema, index)) return false
  event['index'] = decodePiece(index, text, indexDepth, line)
  return true
}

/** The version whose text goes from `at` to `end`, its last brace not counted. */
function readVersion(line: string, at: number, end: number): Fields | undefined {
  versionPattern.lastIndex = at
  const parts = versionPattern.exec(line)
  if (parts === null) return undefined
  const ts = Number(parts[3])
  if (!Number.isSafeInteger(ts)) return undefined
  const ref = new Ref(copy(parts[1]!), toCollection(parts[2]!))
  const dataAt = versionPattern.lastIndex
  if (dataAt === end) return { ref, ts }
  if (!line.startsWith(dataKey, dataAt)) return undefined
  const text = line.slice(dataAt + dataKey.length, end)
  const ttlAt = text.indexOf(ttlKey, text.length - ttlLength)
  if (ttlAt === -1) return { ref, ts, data: readPiece(text, line) }
  return {
    ref,
    ts,
    data: readPiece(text.slice(0, ttlAt + 1), line),
    ttl: readPiece(text.slice(ttlAt + ttlKey.length), line),
  }
}

function readPiece(text: string, line: string): unknown {
  return decodePiece(JSON.parse(text), text, dataDepth, line)
}

/** Decodes what `JSON.parse` gave for a piece of the line that stands `depth` levels deep in the event. */
function decodePiece(json: unknown, text: string, depth: number, line: string): unknown {
  const parseAgain = (): unknown => {
    // A large integer in one piece makes the schema's path count the levels of all of them.
    if (line.length >= minDeepLength) throw new RangeError('the line may be nested too deep')
    return parseExact(text)
  }
  return decodeExactly(json, parseAgain, depth)
}

function toCollection(name: string): Ref {
  const known = collections.get(name)
  if (known !== undefined) return known
  if (collections.size >= maxCollections) collections.clear()
  const ref = new Ref(copy(name), Ref.native('collections'))
  collections.set(ref.id, ref)
  return ref
}

/** A part of a line is a window on it: who kept the part would keep all the text that was split with it, 64 KiB and more. */
function copy(part: string): string {
  return ` ${part}`.slice(1)
}
