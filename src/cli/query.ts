/** `fauna-streams query`: evaluates one expression and prints its value. */
import { inspect } from 'node:util'
import { encode } from '../values/index.ts'
import { type Command, failures } from './command.ts'
import { connect, connectionOptions, readExpression, toCommandError } from './connect.ts'
import { hasColors, write } from './output.ts'

/** The command's row. */
export const query: Command = {
  about: 'evaluate an expression and print its value',
  argument: 'expression',
  options: {
    ...connectionOptions,
    json: { type: 'boolean', about: 'print the value as JSON of the wire, on one line' },
  },
  failures,
  run: async (values, words) => {
    try {
      const expr = readExpression(words)
      await using client = connect(values)
      const value = await client.query(expr)
      const text = values['json'] === true ? encode(value, 'value') : pretty(value)
      await write(process.stdout, `${text}\n`)
    } catch (error) {
      throw toCommandError(error)
    }
  },
}

/** A value with its names in colour, as deep as it goes. */
function pretty(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  const colors = hasColors(process.stdout)
  return inspect(value, { depth: Infinity, colors, maxArrayLength: null, maxStringLength: null, breakLength: 100 })
}
