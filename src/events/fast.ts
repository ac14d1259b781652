/**
 * The fast path: reads the lines that servers send most without parsing what is the same on every line.
 *
 * Half of a line is its envelope and its ref. Patterns read these, `JSON.parse` reads only the data: half the cost. Each
 * piece that is cut out must be JSON by itself, so that a line that is read here is what `JSON.parse` would have given.
 * Whatever looks different is left to the schema's path, which knows everything: nothing is refused here.
 */
import { z } from 'zod'
import { decode, decodeUnlessRounded, maxDepth, parseExact, Ref } from '../values/index.ts'
import { indexSchema } from './schema.ts'
import type { StreamEvent } from './types.ts'

/** What a JSON string holds that needs no unescaping. */
const plainText = String.raw`[^"\\\u0000-\u001f]*`
const name = `"(${plainText})"`
/** Times in microseconds, from 2001 to 2286. */
const micros = String.raw`([1-9]\d{15})`
const collections = String.raw`\{"@ref":\{"id":"collections"\}\}`
const ref = String.raw`\{"@ref":\{"id":${name},"collection":\{"@ref":\{"id":${name},"collection":${collections}\}\}\}\}`

/** A version up to what follows its time, or, where that is data, up to the data: an empty group then says so. */
const toVersion = (ts: string): string => String.raw`\{"ref":${ref},"ts":${ts}(?:,"data":())?`
const versionPattern = new RegExp(toVersion(micros), 'y')
/**
 * A line up to the data of its first version (protocol.md B.5, B.6). Each group that holds something costs a string: the
 * commonest type has an empty one, and so have most documents' times, which are the line's.
 */
const headPattern = new RegExp(
  String.raw`\{"type":"(?:version|(set|history_rewrite))","txn":${micros},"event":\{(?:"action":${name},)?"document":` +
    toVersion(String.raw`(?:\2|${micros})`),
  'y',
)

const diffKey = '},"diff":'
const prevKey = '},"prev":'
const indexKey = '},"index":'
const ttlKey = '},"ttl":'
/** A `ttl` begins within so many characters of the end of its version, and ends so. */
const ttlLength = 60
const ttlEnd = 'Z"}'
/** The end of a document, of its event and of its line. */
const lineEnd = '}}}'

/** Levels of the event's value above `data`, and above `index`: `maxDepth` counts from the event. */
const dataDepth = 2
const indexDepth = 1

/** Each level has a bracket that opens and one that closes: shorter lines are never nested deeper than `maxDepth`. */
const minDeepLength = 2 * maxDepth

/** Collections to remember: most streams have one. */
const maxCollections = 256
const knownCollections = new Map<string, Ref>()
let lastCollection = new Ref('', Ref.native('collections'))

/** V8 copies what is cut out where it is shorter. */
const minWindowLength = 13
const half = minWindowLength - 1

const digitZero = 48 // '0'

type Fields = Record<string, unknown>

/**
 * The event that a line tells, as the schema's path gives it; `undefined` where that path must look. Never throws.
 *
 * `mayHoldVersions`: whether `diff` or `prev` may come, which are looked for then; a line that has one all the same is
 * left to the schema's path.
 */
export function readCommonEvent(line: string, mayHoldVersions = true): StreamEvent | undefined {
  headPattern.lastIndex = 0
  const head = headPattern.exec(line)
  if (head === null || !line.endsWith(lineEnd)) return undefined
  const type = head[1] ?? 'version'
  const txn = toNumber(head[2]!)
  const ts = head[6] === undefined ? txn : toNumber(head[6])
  if (!Number.isSafeInteger(txn) || !Number.isSafeInteger(ts)) return undefined
  const document: Fields = { ref: new Ref(copy(head[4]!), toCollection(head[5]!)), ts }
  const event: Fields = head[3] === undefined ? { document } : { action: copy(head[3]), document }
  try {
    const at = head[0].length
    const hasData = head[7] !== undefined
    const isRead =
      type === 'set' ? readSet(line, at, hasData, event) : readChange(line, at, hasData, event, mayHoldVersions)
    return isRead ? ({ type, txn, event } as unknown as StreamEvent) : undefined
  } catch {
    // A piece was cut at the wrong place, or is wrong itself: the other path tells which, and in what words.
    return undefined
  }
}

/** Reads a document's change, from `at` on, which is the data of its first version or what follows its time. */
function readChange(line: string, at: number, hasData: boolean, event: Fields, mayHoldVersions: boolean): boolean {
  const end = line.length - lineEnd.length
  if (!mayHoldVersions) return readRest(line, at, end, hasData, event['document'] as Fields)
  const diffAt = line.indexOf(diffKey, at)
  const prevAt = line.indexOf(prevKey, diffAt === -1 ? at : diffAt)
  const diffEnd = prevAt === -1 ? end : prevAt
  if (!readRest(line, at, diffAt === -1 ? diffEnd : diffAt, hasData, event['document'] as Fields)) return false
  if (diffAt !== -1 && (event['diff'] = readVersion(line, diffAt + diffKey.length, diffEnd)) === undefined) return false
  return prevAt === -1 || (event['prev'] = readVersion(line, prevAt + prevKey.length, end)) !== undefined
}

/** Reads what tells of a member of a set, from `at` on, which is the data of its version or what follows its time. */
function readSet(line: string, at: number, hasData: boolean, event: Fields): boolean {
  const indexAt = line.indexOf(indexKey, at)
  const documentEnd = indexAt === -1 ? line.length - lineEnd.length : indexAt
  if (!readRest(line, at, documentEnd, hasData, event['document'] as Fields)) return false
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
  const ts = toNumber(parts[3]!)
  if (!Number.isSafeInteger(ts)) return undefined
  const read: Fields = { ref: new Ref(copy(parts[1]!), toCollection(parts[2]!)), ts }
  return readRest(line, versionPattern.lastIndex, end, parts[4] !== undefined, read) ? read : undefined
}

/** Reads the data of a version, from `at` to `end`, into it; where it has none, nothing must follow its time. */
function readRest(line: string, at: number, end: number, hasData: boolean, into: Fields): boolean {
  if (!hasData) return at === end
  const text = line.slice(at, end)
  const ttlAt = text.endsWith(ttlEnd) ? text.indexOf(ttlKey, text.length - ttlLength) : -1
  if (ttlAt === -1) {
    into['data'] = readPiece(text, line)
    return true
  }
  into['data'] = readPiece(text.slice(0, ttlAt + 1), line)
  into['ttl'] = readPiece(text.slice(ttlAt + ttlKey.length), line)
  return true
}

function readPiece(text: string, line: string): unknown {
  return decodePiece(JSON.parse(text), text, dataDepth, line)
}

/** Decodes what `JSON.parse` gave for a piece of the line that stands `depth` levels deep in the event. */
function decodePiece(json: unknown, text: string, depth: number, line: string): unknown {
  const decoded = decodeUnlessRounded(json, depth)
  if (decoded !== undefined) return decoded
  // A large integer in one piece makes the schema's path count the levels of all of them.
  if (line.length >= minDeepLength) throw new RangeError('the line may be nested too deep')
  return decode(parseExact(text))
}

function toCollection(name: string): Ref {
  // A look is cheaper than a hash.
  if (name !== lastCollection.id) lastCollection = knownCollections.get(name) ?? learnCollection(name)
  return lastCollection
}

function learnCollection(name: string): Ref {
  if (knownCollections.size >= maxCollections) knownCollections.clear()
  const ref = new Ref(copy(name), Ref.native('collections'))
  knownCollections.set(ref.id, ref)
  return ref
}

/** What digits stand for: half the cost of `Number`. */
function toNumber(digits: string): number {
  let number = 0
  for (let i = 0; i < digits.length; i++) number = 10 * number + (digits.charCodeAt(i) - digitZero)
  return number
}

/**
 * A long part of a line is a window on it: who kept the part would keep all the text that was split with it, 64 KiB and
 * more. V8 copies shorter ones, and so the halves of most ids.
 */
function copy(part: string): string {
  if (part.length < minWindowLength) return part
  return part.length < 2 * minWindowLength ? part.slice(0, half) + part.slice(half) : ` ${part}`.slice(1)
}
