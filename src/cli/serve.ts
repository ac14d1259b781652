/** `fauna-streams serve`: the embedded server on a port, until a signal ends it. */
import { FaunaError } from '../index.ts'
import type { LocalOptions, LocalServer } from '../local/index.ts'
import { describeServer } from './banner.ts'
import { type Command, CommandError, type OptionValues, UsageError } from './command.ts'
import { hasColors } from './output.ts'
import { RequestLog } from './request-log.ts'
import { checkWritable, readLines, writeLines } from './transfer.ts'

const inMemory = 'in memory: gone when it stops'
/** The signals that end the command: Ctrl+C, and what process managers send. */
const stopSignals = ['SIGINT', 'SIGTERM'] as const
const maxPort = 65_535
const visibleAscii = /^[\x21-\x7e]+$/
/** Characters that end a secret in an `Authorization` header (protocol.md A.7). */
const secretEnd = /[/,()&=:]/

/** What to say of a port that cannot be had, by the code of Node's error. */
const listenProblems: Readonly<Record<string, (where: string) => string>> = {
  EADDRINUSE: where => `${where} is in use; choose another port with --port, or --port 0 for any free one`,
  EACCES: where => `${where} may not be opened by this user; choose a port above 1023 with --port`,
  EADDRNOTAVAIL: where => `${where}: this machine does not have that address; choose another with --host`,
  ENOTFOUND: where => `${where}: no such host; choose another with --host`,
}

/** The command's row. */
export const serve: Command = {
  about: 'start the embedded FQL v4 server (for development and tests)',
  options: {
    host: { type: 'string', value: 'address', default: '127.0.0.1', about: 'where to listen' },
    port: { type: 'string', value: 'number', default: '8443', about: 'where to listen; 0 takes any free port' },
    secret: { type: 'string', value: 'text', default: 'secret', about: 'the root secret: it may do everything' },
    data: {
      type: 'string',
      value: 'folder',
      about: 'keep what is written there between runs; default: in memory only',
    },
    import: {
      type: 'string',
      value: 'file',
      about: 'fill the server, which must be empty, with newline-delimited JSON; - reads what is piped in',
    },
    export: {
      type: 'string',
      value: 'file',
      about: 'write everything there, as --import reads it, when the server stops',
    },
    'no-quirks': { type: 'boolean', about: 'do not repeat the faults of the real server' },
    quiet: { type: 'boolean', about: 'print the endpoint and nothing else: no banner, no log' },
  },
  run: async values => {
    const options = readOptions(values)
    const to = values['export']
    if (to !== undefined) checkWritable(String(to))
    const stopped = awaitSignal()
    const log = new RequestLog(process.stdout)
    const isQuiet = values['quiet'] === true
    const server = await start({ ...options, ...(!isQuiet && { onRequest: report => log.write(report) }) })
    const { endpoint, secret } = server
    const colors = hasColors(process.stdout)
    const keeps = options.dataDir === undefined ? inMemory : `kept in ${options.dataDir}`
    try {
      if (values['import'] !== undefined) await importFile(server, String(values['import']))
      process.stdout.write(isQuiet ? `${endpoint}\n` : describeServer({ endpoint, secret, keeps, colors }))
      await stopped
      // The terminal has written ^C into the line.
      if (process.stdout.isTTY) process.stdout.write('\n')
      await server.stop()
      if (to !== undefined) writeLines(String(to), server.exportLines())
    } finally {
      await server.close()
    }
  },
}

async function importFile(server: LocalServer, path: string): Promise<void> {
  try {
    await server.importLines(readLines(path))
  } catch (cause) {
    if (!(cause instanceof FaunaError)) throw cause
    throw new CommandError(`--import: ${path}: ${cause.message}`, { cause })
  }
}

function readOptions(values: OptionValues): LocalOptions {
  const host = String(values['host'])
  const port = String(values['port'])
  const secret = String(values['secret'])
  const data = values['data']
  if (data === '') throw new UsageError('--data: give the path of a folder')
  for (const name of ['import', 'export']) {
    if (values[name] === '') throw new UsageError(`--${name}: give the path of a file`)
  }
  if (values['export'] === '-') throw new UsageError('--export: give the path of a file; standard output has the log')
  if (host === '') throw new UsageError('--host: give an address, as 127.0.0.1')
  if (!/^\d{1,5}$/.test(port) || Number(port) > maxPort) {
    throw new UsageError(`--port: ${JSON.stringify(port)} is no port; give a number from 0 to ${maxPort}`)
  }
  if (!visibleAscii.test(secret) || secretEnd.test(secret)) {
    throw new UsageError('--secret: give visible ASCII characters other than / , ( ) & = :')
  }
  const dataDir = data === undefined ? undefined : String(data)
  return { host, port: Number(port), secret, quirks: values['no-quirks'] !== true, dataDir }
}

async function start(options: LocalOptions): Promise<LocalServer> {
  // Loaded here: the other commands start sooner without the server.
  const { startLocal } = await import('../local/index.ts')
  try {
    return await startLocal(options)
  } catch (cause) {
    if (cause instanceof FaunaError) throw new CommandError(cause.message.replace(/^dataDir:/, '--data:'), { cause })
    const { code } = cause as NodeJS.ErrnoException
    const explain = listenProblems[code ?? '']
    if (explain === undefined) throw cause
    throw new CommandError(explain(`port ${options.port} of ${options.host}`), { cause })
  }
}

/** Resolves at the first signal. A second one finds no listener, and ends the process as it always does. */
function awaitSignal(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of stopSignals) process.once(signal, () => resolve())
  })
}
