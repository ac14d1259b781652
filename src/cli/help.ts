/** The texts of `--help`, made of the commands' rows. */
import type { Command, CommandOption } from './command.ts'

const general: Readonly<Record<string, CommandOption>> = {
  help: { type: 'boolean', about: 'show this' },
}

/** The help of the program: its commands. */
export function describeProgram(commands: Readonly<Record<string, Command>>): string {
  const rows = Object.entries(commands).map(([name, { about }]) => [name, about] as const)
  return `Usage: fauna-streams <command> [options]

Commands:
${toColumns(rows)}

Options:
${toColumns([
  ['--help', 'show this; after a command: its options'],
  ['--version', 'show the version'],
])}

Where the server is, tail and query read from FAUNA_ENDPOINT and FAUNA_SECRET, or from --endpoint and --secret.

  fauna-streams serve                                    # in one terminal: a server, which prints the two variables
  fauna-streams query 'CreateCollection({ name: "orders" })'
  fauna-streams tail 'Documents(Collection("orders"))'   # in another: what comes and goes
`
}

/** The help of one command: its options and their defaults, examples, exit codes. */
export function describeCommand(name: string, { about, argument, options, examples, failures }: Command): string {
  const rows = Object.entries({ ...options, ...general }).map(([option, row]) => toRow(option, row))
  const words = argument === undefined ? '' : ` <${argument}>`
  const parts = [
    `Usage: fauna-streams ${name}${words} [options]`,
    `${name}: ${about}`,
    ...(argument === undefined ? [] : [expressionHelp]),
    `Options:\n${toColumns(rows)}`,
    ...(examples === undefined ? [] : [`Examples:\n${examples.map(toExample).join('\n')}`]),
    ...(failures === undefined
      ? []
      : [`Exit codes:\n${toColumns([stopped, ...Object.values(failures).map(toCodeRow)])}`]),
  ]
  return `${parts.join('\n\n')}\n`
}

const expressionHelp = `The expression is text of FQL v4, as 'Documents(Collection("orders"))', or JSON of the wire;
- reads it from standard input.`

const stopped = ['0', 'all went well, or it was stopped: Ctrl+C, or nobody reads the pipe any more'] as const

function toExample([words, about]: readonly [string, string]): string {
  return `  fauna-streams ${words}\n      ${about}`
}

function toCodeRow({ code, about }: { readonly code: number; readonly about: string }): readonly [string, string] {
  return [String(code), about]
}

function toRow(option: string, row: CommandOption): readonly [string, string] {
  const value = row.value === undefined ? '' : ` <${row.value}>`
  const fallback = row.default === undefined ? '' : ` (default: ${row.default})`
  return [`--${option}${value}`, row.about + fallback]
}

function toColumns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`).join('\n')
}
