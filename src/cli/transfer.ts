/** The files of `serve --import` and `--export`: newline-delimited JSON, `-` for what is piped in. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { CommandError } from './command.ts'

/** Written at once, in characters. */
const CHUNK_LENGTH = 1 << 20

/** The lines of a file. Throws `CommandError` where it cannot be read. */
export function readLines(path: string): string[] {
  try {
    return readFileSync(path === '-' ? process.stdin.fd : path, 'utf8').split(/\r?\n/)
  } catch (cause) {
    throw new CommandError(`--import: ${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
}

/** Throws `CommandError` where `writeLines` could not: told when the server starts, not when what it holds would be lost. */
export function checkWritable(path: string): void {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error('it is a folder')
    const draft = toDraft(path)
    closeSync(openSync(draft, 'w'))
    unlinkSync(draft)
  } catch (cause) {
    throw toExportError(path, cause)
  }
}

/** Writes lines into a file, which is the old one or the new one at every moment. Throws `CommandError` where it cannot. */
export function writeLines(path: string, lines: Iterable<string>): void {
  const draft = toDraft(path)
  try {
    const file = openSync(draft, 'w')
    try {
      for (const chunk of chunksOf(lines)) writeFileSync(file, chunk)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(draft, path)
  } catch (cause) {
    throw toExportError(path, cause)
  }
}

/** Where the lines are written before the file is replaced. */
function toDraft(path: string): string {
  return `${path}.tmp`
}

function toExportError(path: string, cause: unknown): CommandError {
  return new CommandError(`--export: ${path} cannot be written: ${(cause as Error).message}`, { cause })
}

function* chunksOf(lines: Iterable<string>): Generator<string> {
  let chunk = ''
  for (const line of lines) {
    chunk += `${line}\n`
    if (chunk.length < CHUNK_LENGTH) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}
