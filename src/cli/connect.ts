/** What the commands share that ask a server: the expression, the client, the options that say where it is. */
import { readFileSync } from 'node:fs'
import { Client, type ErrorCode, FaunaError, fql, OptionError } from '../index.ts'
import { CommandError, type CommandOption, failures, type OptionValues, UsageError } from './command.ts'

/** The options of every command that asks a server. */
export const connectionOptions = {
  endpoint: { type: 'string', value: 'url', about: 'where the server is (default: FAUNA_ENDPOINT)' },
  secret: { type: 'string', value: 'text', about: 'what it lets in (default: FAUNA_SECRET)' },
} as const satisfies Readonly<Record<string, CommandOption>>

const kinds: Readonly<Record<string, keyof typeof failures>> = {
  OptionError: 'misused',
  QueryTextError: 'misused',
  TransportError: 'unreachable',
  QueryError: 'rejected',
  StreamError: 'rejected',
}

const refusals: ReadonlySet<ErrorCode> = new Set(['unauthorized', 'permission denied', 'authentication failed'])

/** The exit code for an error of this package. */
function toExitCode(error: FaunaError): number {
  if (refusals.has(error.code)) return failures.refused.code
  return failures[kinds[error.name] ?? 'failed'].code
}

/** Reads the expression: text of FQL, or wire JSON; `-` reads it from standard input. */
export function readExpression(words: readonly string[]): unknown {
  const [first, ...more] = words
  if (first === undefined) throw new UsageError(`give an expression, as 'Documents(Collection("orders"))'`)
  if (more.length > 0) throw new UsageError('give one expression; put it in quotation marks')
  const text = first === '-' ? readFileSync(0, 'utf8') : first
  return parseWire(text) ?? fql(text)
}

/** An object of wire JSON; anything else is text of FQL, in which an object is data. */
function parseWire(text: string): { toJSON(): unknown } | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  return typeof json === 'object' && json !== null ? { toJSON: () => json } : undefined
}

/** What to do where an option is missing that has a variable too. */
const missing: Readonly<Record<string, string>> = {
  endpoint:
    'where is the server? Give --endpoint http://localhost:8443, or set FAUNA_ENDPOINT; `fauna-streams serve` starts one',
  secret: 'the server asks for a secret: give --secret, or set FAUNA_SECRET; `fauna-streams serve` prints its own',
}

/** A client of the server that the options name. */
export function connect(values: OptionValues): Client {
  const { endpoint, secret } = values
  const given = {
    ...(typeof endpoint === 'string' && { endpoint }),
    ...(typeof secret === 'string' && { secret }),
  }
  const known = { endpoint: process.env['FAUNA_ENDPOINT'], secret: process.env['FAUNA_SECRET'], ...given }
  for (const [option, advice] of Object.entries(missing)) {
    if (!known[option as keyof typeof known]) throw new UsageError(advice)
  }
  try {
    return new Client(given)
  } catch (cause) {
    if (!(cause instanceof OptionError)) throw cause
    throw new UsageError(toFlag(cause, given), { cause })
  }
}

/** The message, by the name under which the value was given. */
function toFlag({ option, message }: OptionError, given: object): string {
  return option in given ? `--${message}` : message.replace(option, `FAUNA_${option.toUpperCase()}`)
}

/** An error of this package, as the command line tells it. */
export function toCommandError(error: unknown): unknown {
  if (isSystemError(error)) return new CommandError(error.message, { cause: error })
  if (!(error instanceof FaunaError)) return error
  return new CommandError(toFlagName(error.message), { cause: error, exitCode: toExitCode(error) })
}

/** What an option of the package is called on the command line, at the beginning of a message. */
function toFlagName(message: string): string {
  return message.replace(/^(fields|since|snapshot|checkpoint)(\[\d+\])?:/, '--$1:').replace(/^path:/, '--checkpoint:')
}

/** Whether the system refused something, as a file that cannot be written. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error
}
