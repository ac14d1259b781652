/** Starts the children of the bench, and gives those that serve and the client a processor core each where that works. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Health, Question } from './embedded-server.ts'
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

/** A child that has sent its first message. */
interface Child<Message> {
  readonly message: Message
  /** Sends a message and waits for its answer. */
  ask<Answer>(question: string): Promise<Answer>
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>
}

/** Starts a script of this folder as a child process on a core, and waits for its first message. */
async function startChild<Message>(
  script: string,
  args: readonly string[],
  core: number | undefined,
): Promise<Child<Message>> {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const loader = path.endsWith('.ts') ? process.execArgv : []
  const command = [process.execPath, ...loader, '--expose-gc', path, ...args]
  if (core !== undefined) command.unshift('taskset', '-c', String(core))
  const [program, ...rest] = command as [string, ...string[]]
  const child: ChildProcess = spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = once(child, 'exit')
  const failed = exited.then(([code]) => {
    throw new Error(`${script} ended with code ${code} before it was ready`)
  })
  const [message] = (await Promise.race([once(child, 'message'), failed])) as [Message]
  failed.catch(() => undefined)
  return {
    message,
    ask: async <Answer>(question: string) => {
      const answered = once(child, 'message')
      child.send(question)
      return ((await answered) as [Answer])[0]
    },
    stop: async () => {
      child.kill()
      await exited
    },
  }
}

/** Starts the server, pinned to a core of its own with `pin`; this process is then pinned to another one. */
export async function startServer(options: ServerOptions, { pin }: { pin: boolean }): Promise<RunningServer> {
  const cores = pin ? findCores() : undefined
  if (cores) spawnSync('taskset', ['-acp', String(cores[0]), String(process.pid)])
  const { message, stop } = await startChild<ServerReady>('server.ts', [JSON.stringify(options)], cores?.[1])
  return { ...message, endpoint: `http://127.0.0.1:${message.port}`, stop }
}

/** An embedded server that runs, and can be asked how it fares. */
export interface RunningEmbedded {
  readonly endpoint: string
  /** How it fared since it was asked before; `heap`: with what it holds. */
  ask(question: Question): Promise<Health>
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>
}

/** Starts the embedded server on any core: its garbage collector has threads of its own. */
export async function startEmbedded(): Promise<RunningEmbedded> {
  const { message, ask, stop } = await startChild<number>('embedded-server.ts', [], undefined)
  return { endpoint: `http://127.0.0.1:${message}`, ask: question => ask<Health>(question), stop }
}

/** Puts a distance before a server: a proxy in a process of its own. */
export async function serveFrom(
  endpoint: string,
  roundTripMs: number,
): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const { message, stop } = await startChild<string>('distance.ts', [endpoint, String(roundTripMs)], findCores()?.[1])
  return { endpoint: message, stop }
}

/** Runs a script of this folder to its one message, on a core of its own. */
export async function askChild<Message>(script: string, ...args: readonly string[]): Promise<Message> {
  const { message, stop } = await startChild<Message>(script, args, findCores()?.[0])
  await stop()
  return message
}
