/** `fauna-streams query`: evaluates one expression and prints its value. */
import { inspect } from 'node:util'
import { encode } from '../values/index.ts'
import { type Command, failures } from './command.ts'
import { connect, connectionOptions, readExpression, toCommandError } from './connect.ts'
import { hasColors, onClosedPipe, toColumns, write } from './output.ts'
import { toVisible, toVisibleLines } from './terminal-text.ts'

/** The command's row. */
export const query: Command = {
  about: 'evaluate an expression and print its value',
  argument: 'expression',
  options: {
    ...connectionOptions,
    json: { type: 'boolean', about: 'print the value as JSON of the wire, on one line' },
  },
  failures,
  examples: [
    [`query 'Get(Ref(Collection("orders"), "101"))'`, 'a document'],
    [`query 'Create(Collection("orders"), { data: { state: "new" } })'`, 'write one'],
    [`query 'Paginate(Documents(Collection("orders")))' --json | jq .data`, 'as JSON, into another program'],
    [`query - < question.fql`, 'the text of a file'],
  ],
  run: async (values, words) => {
    try {
      const expr = readExpression(words)
      await using client = connect(values)
      const value = await client.query(expr)
      // What nobody reads any more is left unwritten.
      onClosedPipe(process.stdout, () => undefined)
      await write(process.stdout, `${values['json'] === true ? toJson(value) : toPretty(value)}\n`)
    } catch (error) {
      throw toCommandError(error)
    }
  },
}

/** On a terminal what would steer it is escaped: the same JSON in other letters. */
function toJson(value: unknown): string {
  const text = encode(value, 'value')
  return process.stdout.isTTY ? toVisible(text) : text
}

/** A value as one would write it, in colours, as wide as the terminal and as deep as it goes. */
function toPretty(value: unknown): string {
  const { stdout } = process
  const colors = hasColors(stdout)
  if (typeof value === 'string') return toVisible(JSON.stringify(value))
  const plain = { depth: Infinity, maxArrayLength: null, maxStringLength: null, breakLength: toColumns(stdout) - 1 }
  // Of what is left only colours have an escape character: `inspect` shows those of the value as text.
  const text = inspect(value, { ...plain, colors })
  return colors
    ? text
        .split(colorPattern)
        .map((part, i) => (i % 2 === 0 ? toVisibleLines(part) : part))
        .join('')
    : toVisibleLines(text)
}

/** What `inspect` writes for a colour; the group keeps it in the parts of a split. */
const colorPattern = new RegExp(`(${'\u001b'}\\[[\\d;]*m)`)
