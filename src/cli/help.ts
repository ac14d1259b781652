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
`
}

/** The help of one command: its options and their defaults. */
export function describeCommand(name: string, { about, argument, options, failures }: Command): string {
  const rows = Object.entries({ ...options, ...general }).map(([option, row]) => toRow(option, row))
  const words = argument === undefined ? '' : ` <${argument}>`
  return `Usage: fauna-streams ${name}${words} [options]

${name}: ${about}

Options:
${toColumns(rows)}
${argument === undefined ? '' : expressionHelp}${failures === undefined ? '' : `\nExit codes:\n${toColumns([['0', 'all went well, or it was stopped'], ...Object.values(failures).map(toCodeRow)])}\n`}`
}

const expressionHelp = `
The expression is text of FQL v4, as 'Documents(Collection("orders"))', or JSON of the wire; - reads it from standard input.
`

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
