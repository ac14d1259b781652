/** What a command of `fauna-streams` is: a row that parsing, help and running all read. */

/** One option of a command, `--name`. */
export type CommandOption = {
  readonly type: 'string' | 'boolean'
  /** What the help calls its value; options of type `boolean` have none. */
  readonly value?: string
  /** What stands where the option is not given. */
  readonly default?: string
  /** One line of the help. */
  readonly about: string
}

/** The values of a command's options, by name; defaults are filled in. */
export type OptionValues = Readonly<Record<string, string | boolean | undefined>>

/** A command: its help, its options, and what it does. */
export type Command = {
  /** One line of the help. */
  readonly about: string
  /** What the help calls the word that it takes besides its options. */
  readonly argument?: string
  readonly options: Readonly<Record<string, CommandOption>>
  /** Words after `fauna-streams`, and what they do, for the help. */
  readonly examples?: readonly (readonly [words: string, about: string])[]
  /** Exit codes for what can go wrong, for the help; default: those of the program. */
  readonly failures?: Readonly<Record<string, { readonly code: number; readonly about: string }>>
  /** Resolves when the command has done its work; it then holds nothing open. */
  readonly run: (values: OptionValues, words: readonly string[]) => Promise<void>
}

/** Exit codes by the kind of what went wrong; they stand in `--help`. */
export const failures = {
  failed: { code: 1, about: 'something else went wrong' },
  misused: { code: 2, about: 'words, an option or an expression that cannot be used' },
  unreachable: { code: 3, about: 'the server cannot be reached, or the connection broke' },
  refused: { code: 4, about: 'the secret was refused, or has no right to this' },
  rejected: { code: 5, about: 'the server refused or ended the expression' },
} as const

/** Words on the command line that cannot be used: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Something that the user can put right and that is no fault of the words: exit code 1 or its own, told without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number

  constructor(
    message: string,
    { exitCode = failures.failed.code, ...options }: ErrorOptions & { readonly exitCode?: number } = {},
  ) {
    super(message, options)
    this.exitCode = exitCode
  }
}
