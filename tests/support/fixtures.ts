/**
 * The recorded fixtures that the tests rely on: reads the folder, and the checked-in list of names and SHA-256 hashes
 * beside this file. Run as a script it writes that list anew: `npx tsx tests/support/fixtures.ts`.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** SHA-256 in hexadecimal by file name, relative to the folder, with `/` between its parts. */
export type Hashes = Readonly<Record<string, string>>

/** The folder of the recorded exchanges, `tests/transcripts`. */
export const transcriptsFolder = fileURLToPath(new URL('../transcripts/', import.meta.url))

const listFile = fileURLToPath(new URL('fixtures.json', import.meta.url))

/** Hashes every file below a folder, in the order of their names. */
export async function hashFiles(folder: string): Promise<Hashes> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const hashed = paths.map(async path => {
    const hash = createHash('sha256').update(await readFile(path))
    return [relative(folder, path).replaceAll(sep, '/'), hash.digest('hex')] as const
  })
  const rows = await Promise.all(hashed)
  return Object.fromEntries(rows.sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** Reads the checked-in list. */
export async function readList(): Promise<Hashes> {
  return JSON.parse(await readFile(listFile, 'utf8')) as Hashes
}

/** Tells each difference between what should be there and what is: missing, changed and unlisted files. */
export function compareHashes(listed: Hashes, found: Hashes): string[] {
  const names = new Set([...Object.keys(listed), ...Object.keys(found)])
  return [...names].flatMap(name => {
    if (found[name] === undefined) return [`${name} is missing`]
    if (listed[name] === undefined) return [`${name} is not in the list`]
    return listed[name] === found[name] ? [] : [`${name} has changed`]
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(listFile, `${JSON.stringify(await hashFiles(transcriptsFolder), null, 2)}\n`)
}
