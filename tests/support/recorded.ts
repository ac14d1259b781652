/** The recorded streams of `tests/transcripts/streams`, and what they owe. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../transcripts/streams/', import.meta.url))

type Chunk = { readonly at: number; readonly data: string | { readonly base64: string } }
type Entry = {
  readonly kind: string
  readonly note?: string
  readonly request: { readonly path: string; readonly body: unknown }
  readonly response: {
    readonly status: number
    readonly headers: Record<string, string>
    readonly chunks?: Chunk[]
    readonly body?: unknown
  }
  readonly expect?: unknown[]
  readonly expectLines?: string[]
}

/** One recorded stream. */
export type RecordedStream = {
  /** The scenario and the place in it, for the test's name. */
  readonly name: string
  readonly status: number
  readonly headers: Record<string, string>
  /** The answer's bytes, as they came. */
  readonly bytes: Buffer
  /** The lines of these bytes, without their ends. */
  readonly lines: readonly string[]
  /** The text of the events that the scenario's writes make it owe, where it is known. */
  readonly owed: readonly string[] | undefined
}

/** Every recorded stream that has an answer with status 200 or a body. */
export function readRecordedStreams(): RecordedStream[] {
  const files = readdirSync(folder).filter(name => name.endsWith('.json'))
  return files.flatMap(name => readScenario(join(folder, name)))
}

function readScenario(path: string): RecordedStream[] {
  const file = JSON.parse(readFileSync(path, 'utf8')) as { entries?: Entry[] }
  const streams = (file.entries ?? []).filter(entry => entry.kind === 'stream')
  return streams.map((entry, i) => {
    const bytes = Buffer.concat((entry.response.chunks ?? []).map(chunk => toBytes(chunk.data)))
    return {
      name: `${basename(path, '.json')} #${i + 1}${entry.note ? ` (${entry.note})` : ''}`,
      status: entry.response.status,
      headers: entry.response.headers,
      bytes,
      lines: bytes.toString('utf8').split('\r\n').slice(0, -1),
      owed: entry.expectLines ?? entry.expect?.map(event => JSON.stringify(event)),
    }
  })
}

function toBytes(data: Chunk['data']): Buffer {
  return typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.base64, 'base64')
}
