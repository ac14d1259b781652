#!/usr/bin/env node
/** The program `fauna-streams`: finds the command, and makes of what went wrong one line and an exit code. */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Command, CommandError, failures, type OptionValues, UsageError } from './command.ts'
import { describeCommand, describeProgram } from './help.ts'
import { query } from './query.ts'
import { serve } from './serve.ts'
import { tail } from './tail.ts'

const commands: Readonly<Record<string, Command>> = { serve, tail, query }

try {
  await run(process.argv.slice(2))
} catch (error) {
  process.exitCode = report(error)
}

async function run(words: readonly string[]): Promise<void> {
  const [first, ...rest] = words
  if (first === '--help' || first === '-h') return print(describeProgram(commands))
  if (first === '--version' || first === '-v') return print(`${readVersion()}\n`)
  const command = Object.hasOwn(commands, first ?? '') ? commands[first!] : undefined
  if (command === undefined) throw new UsageError(explainUnknown(first))
  const { values, positionals } = parse(command, rest)
  if (values['help'] === true) return print(describeCommand(first!, command))
  await command.run(values, positionals)
}

function explainUnknown(word: string | undefined): string {
  if (word === undefined) return `name a command: ${Object.keys(commands).join(', ')}`
  const kind = word.startsWith('-') ? 'option' : 'command'
  return `there is no ${kind} ${JSON.stringify(word)}; the commands are ${Object.keys(commands).join(', ')}`
}

function parse(command: Command, words: readonly string[]): { values: OptionValues; positionals: string[] } {
  const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const
  const allowPositionals = command.argument !== undefined
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals })
  } catch (error) {
    // Node's texts go on with advice about positional arguments, which mean nothing here.
    const [sentence] = String((error as Error).message).split(/\. |\.?\n/)
    throw new UsageError(sentence, { cause: error })
  }
}

/** Tells an error on stderr, as one line where it is of a kind that the user can put right; gives the exit code. */
function report(error: unknown): number {
  if (!(error instanceof UsageError) && !(error instanceof CommandError)) {
    console.error(error)
    return failures.failed.code
  }
  const hint = error instanceof UsageError ? ' (see fauna-streams --help)' : ''
  console.error(`fauna-streams: ${error.message}${hint}`)
  return error instanceof UsageError ? failures.misused.code : error.exitCode
}

function print(text: string): void {
  process.stdout.write(text)
}

/** The manifest lies at the same distance from `src/` and from the built files. */
function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return (manifest as { version: string }).version
}
