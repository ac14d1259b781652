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
export function describeCommand(name: string, { about, options }: Command): string {
  const rows = Object.entries({ ...options, ...general }).map(([option, row]) => toRow(option, row))
  return `Usage: fauna-streams ${name} [options]

${name}: ${about}

Options:
${toColumns(rows)}
`
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
