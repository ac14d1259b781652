/** Starts the bench's server as a child process, and gives server and client a processor core each where that works. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ServerOptions, ServerReady } from './server.ts'

/** A server that runs. */
export interface RunningServer extends ServerReady {
  readonly endpoint: string
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>
}

/** Two cores that this process may use and `taskset` can pin to, or nothing. */
function findCores(): readonly [client: number, server: number] | undefined {
  if (process.platform !== 'linux' || spawnSync('taskset', ['--version']).status !== 0) return undefined
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
  const cores = allowed.match(/\d+/g)?.map(Number) ?? []
  const [first, last] = [cores[0], cores.at(-1)]
  return first === undefined || last === undefined || first === last ? undefined : [first, last]
}

async function receiveReady(child: ChildProcess): Promise<ServerReady> {
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the server of the bench ended with code ${code} before it listened`)
  })
  const [ready] = (await Promise.race([once(child, 'message'), failed])) as [ServerReady]
  return ready
}

/** Starts the server, pinned to a core of its own with `pin`; this process is then pinned to another one. */
export async function startServer(options: ServerOptions, { pin }: { pin: boolean }): Promise<RunningServer> {
  const cores = pin ? findCores() : undefined
  const script = fileURLToPath(new URL('server.ts', import.meta.url))
  const command = [process.execPath, ...process.execArgv, script, JSON.stringify(options)]
  if (cores) {
    spawnSync('taskset', ['-acp', String(cores[0]), String(process.pid)])
    command.unshift('taskset', '-c', String(cores[1]))
  }
  const [program, ...args] = command as [string, ...string[]]
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = once(child, 'exit')
  const ready = await receiveReady(child)
  return {
    ...ready,
    endpoint: `http://127.0.0.1:${ready.port}`,
    stop: async () => {
      child.kill()
      await exited
    },
  }
}
