/** Runs a TypeScript program in a process of its own, as a user would, and gives what it printed. */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const tsx = import.meta.resolve('tsx')

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

/** Starts a program: a path from the project's folder, or an absolute one, and its arguments. */
export function startProgram(path: string, args: readonly string[] = [], options: SpawnOptions = {}): Program {
  // The variables of the machine that a program here reads are given by the test, or are absent.
  const { FAUNA_ENDPOINT: _e, FAUNA_SECRET: _s, NODE_TEST_CONTEXT: _t, FORCE_COLOR: _f, ...env } = process.env
  const child = spawn(process.execPath, ['--import', tsx, path, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
    env: { ...env, ...options.env },
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
export function runProgram(path: string, args?: readonly string[], options?: SpawnOptions): Promise<Finished> {
  return startProgram(path, args, options).finished
}
