/** `fauna-streams tail`: follows a document or a set, on a terminal line by line, in a pipe as NDJSON. */
import { FaunaTime, type Field, type StreamOptions } from '../index.ts'
import { fileStore } from '../stores/index.ts'
import { encode } from '../values/index.ts'
import { type Command, failures, type OptionValues, UsageError } from './command.ts'
import { connect, connectionOptions, readExpression, toCommandError } from './connect.ts'
import { describeEvent, type TailEvent } from './lines.ts'
import { defaultColumns, hasColors, onClosedPipe, write } from './output.ts'
import { StatusLine } from './status-line.ts'

const stopSignals = ['SIGINT', 'SIGTERM'] as const
const defaultFields = 'action,document'

/** The command's row. */
export const tail: Command = {
  about: 'follow a document or a set, event by event',
  argument: 'expression',
  options: {
    ...connectionOptions,
    fields: {
      type: 'string',
      value: 'names',
      default: defaultFields,
      about: 'any of action, document, diff, prev, index',
    },
    snapshot: { type: 'boolean', about: 'tell the state first' },
    since: { type: 'string', value: 'time', about: 'begin after this time: ISO-8601 or microseconds' },
    checkpoint: { type: 'string', value: 'file', about: 'go on from the place kept in this file, and keep it there' },
    json: { type: 'boolean', about: 'one event a line as JSON, also on a terminal' },
  },
  failures,
  run: async (values, words) => {
    try {
      await follow(readExpression(words), values)
    } catch (error) {
      throw toCommandError(error)
    }
  },
}

async function follow(expr: unknown, values: OptionValues): Promise<void> {
  const fields = String(values['fields']).split(',') as Field[]
  const options = readOptions(values)
  const { stdout, stderr } = process
  const isPretty = stdout.isTTY && values['json'] !== true
  await using client = connect(values)
  const stream = client.stream(expr, fields, { ...options, onGap: 'yield' })
  const stop = (): void => stream.controller.abort()
  for (const signal of stopSignals) process.once(signal, stop)
  onClosedPipe(stdout, stop)
  using status = new StatusLine(stream, stderr)
  for await (const event of stream as AsyncIterable<TailEvent>) {
    status.count(event)
    const text = isPretty ? describe(event) : encode(event, 'event')
    status.clear()
    if (!(await write(stdout, `${text}\n`))) break
    status.draw()
  }
}

function describe(event: TailEvent): string {
  const { columns = defaultColumns } = process.stdout
  return describeEvent(event, { columns, colors: hasColors(process.stdout) })
}

function readOptions(values: OptionValues): StreamOptions {
  const { since, checkpoint, snapshot } = values
  return {
    ...(typeof since === 'string' && { since: readTime(since) }),
    ...(typeof checkpoint === 'string' && { checkpoint: fileStore(checkpoint) }),
    ...(snapshot === true && { snapshot: true }),
  }
}

function readTime(text: string): number {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text)
  try {
    return Number(new FaunaTime(text).epochMicros)
  } catch (cause) {
    const date = new Date(text)
    if (!Number.isNaN(date.getTime()) && /^\d{4}-\d\d-\d\d/.test(text)) return date.getTime() * 1000
    throw new UsageError(`--since: ${JSON.stringify(text)} is no time; give 2026-11-24T08:00:00Z, or microseconds`, {
      cause,
    })
  }
}
