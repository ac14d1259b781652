/**
 * A program that runs snippets one after another, each as a module of its own process, and prints what each printed, one
 * line of JSON a snippet. One process for all costs a second; one for each snippet costs a second each. Its word is the
 * path of a file that holds `{ folder, snippets }`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inWorld } from './snippet-world.ts'
import { anyEndpoint, type Snippet } from './snippets.ts'

/** What became of a snippet; `error` where it threw, or did not end. */
export type Outcome = {
  readonly file: string
  readonly stdout: string
  readonly stderr: string
  readonly error?: string
}

/** How long a snippet may take before it counts as one that hangs, in milliseconds. */
const limitMs = 60_000

/** Takes what the process prints, until it is let go. */
function capture() {
  const texts = { stdout: '', stderr: '' }
  const looks = new Set<() => void>()
  const originals = { stdout: process.stdout.write, stderr: process.stderr.write }
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (text: string | Uint8Array) => {
      texts[name] += text.toString()
      for (const look of looks) look()
      return true
    }
  }
  const printing = (pattern: RegExp) =>
    new Promise<void>(resolve => {
      const look = () => {
        if (pattern.test(texts.stdout)) resolve()
      }
      looks.add(look)
      look()
    })
  const release = () =>
    Object.assign(process.stdout, { write: originals.stdout }) &&
    Object.assign(process.stderr, { write: originals.stderr })
  return { texts, printing, release }
}

/** Rejects where the snippet has not ended in time: the process then cannot go on, since it cannot be stopped. */
function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`it did not end within ${limitMs} ms`)), limitMs)
    signal.addEventListener('abort', () => clearTimeout(timer))
  })
}

async function runSnippet(folder: string, { file, expected }: Snippet): Promise<Outcome> {
  const path = join(folder, file)
  const { texts, printing, release } = capture()
  const ended = new AbortController()
  try {
    await inWorld(expected, server => {
      process.env['FAUNA_ENDPOINT'] = server.endpoint
      process.env['FAUNA_SECRET'] = server.secret
      const importing = readFile(path, 'utf8')
        .then(text => writeFile(path, text.replaceAll(anyEndpoint, server.endpoint)))
        .then(() => import(pathToFileURL(path).href) as Promise<unknown>)
      return { ended: Promise.race([importing, hang(ended.signal)]), printing, stop: () => undefined }
    })
    return { file, ...texts }
  } catch (error) {
    return { file, ...texts, error: (error as Error).stack ?? String(error) }
  } finally {
    ended.abort()
    release()
  }
}

const job = await readFile(process.argv[2] ?? '', 'utf8')
const { folder, snippets } = JSON.parse(job) as { folder: string; snippets: Snippet[] }
for (const snippet of snippets) {
  const outcome = await runSnippet(folder, snippet)
  console.log(JSON.stringify(outcome))
  // One that hangs is left alone with what it holds.
  if (outcome.error?.includes('did not end')) process.exit(1)
}
