/** Runs a TypeScript program in a process of its own, as a user would, and gives what it printed. */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { rmSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'

const root = fileURLToPath(new URL('../../', import.meta.url))
const tsx = import.meta.resolve('tsx')
/** Where `zod` and the like are found from. */
const bundles = resolve(root, '.cache/programs')
const bundled = new Map<string, string>()

/** A program or module of this project in one file: it starts in a fifth of the time that a loader of TypeScript needs. */
export function bundle(path: string): string {
  const made = bundled.get(path) ?? makeBundle(path)
  bundled.set(path, made)
  return made
}

function makeBundle(path: string): string {
  const name = relative(root, path).replaceAll(/[^\w]+/g, '-')
  const outfile = `${bundles}/${name}-${process.pid}.mjs`
  buildSync({
    entryPoints: [path],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    keepNames: true,
    sourcemap: 'inline',
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(path).href) },
  })
  process.once('exit', () => rmSync(outfile, { force: true }))
  return outfile
}

/** How Node is told to run a program: one that lies elsewhere, or imports what does, is left to the loader. */
function toArguments(path: string, importsTypeScript: boolean): readonly string[] {
  const full = resolve(root, path)
  if (!/\.[cm]?ts$/.test(full)) return [full]
  if (importsTypeScript || relative(root, full).startsWith('..')) return ['--import', tsx, full]
  return [bundle(full)]
}

/** The words that start a program of this project, for a shell. */
export function toCommand(path: string): readonly string[] {
  return [process.execPath, ...toArguments(path, false)]
}

/** How a program ended; `signal` where one killed it. */
export type Finished = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A program that runs. */
export type Program = {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  /** What it has printed so far. */
  readonly printed: () => string
  /** Resolves when stdout has this; rejects where the program ends before. */
  readonly prints: (pattern: RegExp) => Promise<RegExpExecArray>
}

/** `importsTypeScript`: the program imports files that are not there before it runs. */
export type ProgramOptions = SpawnOptions & { readonly importsTypeScript?: boolean }

/** For a program whose run does not count as covering `src`: measuring that costs a fifth of its time. */
export const uncovered = { NODE_V8_COVERAGE: undefined }

/** Starts a program: a path from the project's folder, or an absolute one, and its arguments. */
export function startProgram(path: string, args: readonly string[] = [], options: ProgramOptions = {}): Program {
  const { importsTypeScript = false, ...spawnOptions } = options
  // The variables of the machine that a program here reads are given by the test, or are absent.
  const { FAUNA_ENDPOINT: _e, FAUNA_SECRET: _s, NODE_TEST_CONTEXT: _t, FORCE_COLOR: _f, ...env } = process.env
  const child = spawn(process.execPath, [...toArguments(path, importsTypeScript), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...spawnOptions,
    env: { ...env, ...(!path.startsWith('src/') && uncovered), ...spawnOptions.env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  const prints = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(stdout)
        if (match) resolve(match)
      }
      child.stdout?.on('data', look)
      look()
      void finished.then(() => reject(new Error(`ended without printing ${pattern}: ${stdout}${stderr}`)), reject)
    })
  return { child, finished, printed: () => stdout, prints }
}

/** Runs a program to its end. */
export function runProgram(path: string, args?: readonly string[], options?: ProgramOptions): Promise<Finished> {
  return startProgram(path, args, options).finished
}
