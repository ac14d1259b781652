#!/usr/bin/env node
/** The program `fauna-streams`: finds the command, and makes of what went wrong one line and an exit code. */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { findNearest } from '../spelling.ts'
import { type Command, CommandError, failures, type OptionValues, UsageError } from './command.ts'
import { describeCommand, describeProgram } from './help.ts'
import { toColumns } from './output.ts'
import { query } from './query.ts'
import { serve } from './serve.ts'
import { tail } from './tail.ts'
import { toVisibleLines, wrapLines } from './terminal-text.ts'

const commands: Readonly<Record<string, Command>> = { serve, tail, query }

try {
  await run(process.argv.slice(2))
} catch (error) {
  process.exitCode = report(error)
}

async function run(words: readonly string[]): Promise<void> {
  const [first, ...rest] = words
  if (first === '--help' || first === '-h') return print(describeProgram(commands))
  if (first === 'help') return rest.length === 0 ? print(describeProgram(commands)) : run([...rest, '--help'])
  if (first === '--version' || first === '-v') return print(`${readVersion()}\n`)
  const command = Object.hasOwn(commands, first ?? '') ? commands[first!] : undefined
  if (command === undefined) throw new UsageError(explainUnknown(first))
  const { values, positionals } = parse(command, rest)
  if (values['help'] === true) return print(describeCommand(first!, command))
  await command.run(values, positionals)
}

function explainUnknown(word: string | undefined): string {
  const names = Object.keys(commands)
  if (word === undefined) return `name a command: ${names.join(', ')}`
  if (word.startsWith('-'))
    return `there is no option ${JSON.stringify(word)} before a command; ${suggest(word, ['--help', '--version'], 'options')}`
  return `there is no command ${JSON.stringify(word)}; ${suggest(word, names, 'commands')}`
}

/** What was probably meant, or all that there is. */
function suggest(word: string, known: readonly string[], what: string): string {
  const meant = findNearest(word, known)
  return meant === undefined ? `the ${what} are ${known.join(', ')}` : `did you mean ${meant}?`
}

function parse(command: Command, words: readonly string[]): { values: OptionValues; positionals: string[] } {
  const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const
  const allowPositionals = command.argument !== undefined
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals })
  } catch (error) {
    throw new UsageError(explainMistake(error as NodeJS.ErrnoException, Object.keys(options)), { cause: error })
  }
}

function explainMistake({ code, message }: NodeJS.ErrnoException, known: readonly string[]): string {
  const [, word] = /^Unknown option '([^']+)'/.exec(message) ?? []
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' && word !== undefined) {
    return `there is no option ${word}; ${suggest(
      word,
      known.map(name => `--${name}`),
      'options',
    )}`
  }
  // Node's texts go on with advice about positional arguments, which mean nothing here.
  const [sentence] = message.split(/\. |\.?\n/)
  return sentence!
}

/** Tells an error on stderr, as one line where it is of a kind that the user can put right; gives the exit code. */
function report(error: unknown): number {
  if (!(error instanceof UsageError) && !(error instanceof CommandError)) {
    console.error(error)
    return failures.failed.code
  }
  const hint = error instanceof UsageError ? ' (see fauna-streams --help)' : ''
  // It may quote what a server sent.
  const text = toVisibleLines(`fauna-streams: ${error.message}${hint}`)
  console.error(process.stderr.isTTY ? wrapLines(text, toColumns(process.stderr)) : text)
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
