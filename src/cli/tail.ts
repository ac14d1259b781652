/** `fauna-streams tail`: follows a document or a set, on a terminal line by line, in a pipe as NDJSON. */
import { type Client, Expr, FaunaTime, type Field, type StreamOptions } from '../index.ts'
import { fileStore } from '../stores/index.ts'
import { systemTime, type Time } from '../time.ts'
import { encode } from '../values/index.ts'
import { type Command, failures, type OptionValues, UsageError } from './command.ts'
import { connect, connectionOptions, readExpression, toCommandError } from './connect.ts'
import { EventLines, type TailEvent } from './lines.ts'
import { hasColors, leaveUnread, onClosedPipe, type Output, toColumns, write } from './output.ts'
import { findPipe, watchReader } from './pipe-reader.ts'
import { findDenial } from './rights.ts'
import { StatusLine } from './status-line.ts'
import { toVisible } from './terminal-text.ts'

const stopSignals = ['SIGINT', 'SIGTERM'] as const
const defaultFields = 'action,document,diff,index'

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
  examples: [
    [`tail 'Documents(Collection("orders"))'`, 'what comes to a collection, and what goes'],
    [
      `tail 'Ref(Collection("orders"), "101")' --fields action,document,diff,prev`,
      'what changes in a document, and from what',
    ],
    [`tail 'Match(Index("by_state"), "new")' --snapshot`, 'the members of a set, then what changes'],
    [`tail … --since 2026-11-24T08:00:00Z`, 'what happened since, then what happens'],
    [`tail … --checkpoint orders.place`, 'go on where the last run was stopped'],
    [`tail … | jq -c 'select(.type == "set") | .event.document.ref'`, 'one JSON event a line, into another program'],
  ],
  run: async (values, words) => {
    try {
      await follow(readExpression(words), values)
      leaveUnread([process.stdout, process.stderr])
    } catch (error) {
      throw toCommandError(error)
    }
  },
}

async function follow(expr: unknown, values: OptionValues): Promise<void> {
  const fields = String(values['fields']).split(',') as Field[]
  const options = readOptions(values)
  const { stdout, stderr } = process
  const stop = new AbortController()
  await using client = connect(values)
  for (const signal of stopSignals) process.once(signal, () => stop.abort())
  for (const output of [stdout, stderr]) onClosedPipe(output, () => stop.abort())
  const unwatch = watchReader(stdout)
  try {
    const output = {
      stdout,
      stderr,
      isPretty: stdout.isTTY && values['json'] !== true,
      time: systemTime,
      title: toTitle(expr, values),
    }
    await tell(client, expr, fields, { ...options, signal: stop.signal }, output)
  } finally {
    unwatch()
  }
}

/** Where and how `tail` writes. */
export type TailOutput = {
  readonly stdout: Output
  readonly stderr: Output
  /** Whether events are lines for people. */
  readonly isPretty: boolean
  readonly time: Time
  /** What is followed, in words. */
  readonly title: string
}

/** Follows, and writes what comes, until the stream ends or nobody reads any more. */
export async function tell(
  client: Client,
  expr: unknown,
  fields: readonly Field[],
  options: StreamOptions,
  { stdout, stderr, isPretty, time, title }: TailOutput,
): Promise<void> {
  const stream = client.stream(expr, fields, { ...options, onGap: 'yield' })
  const lines = new EventLines()
  // What reads a pipe may write to the same terminal: a line that is drawn anew would be in its way.
  const isDrawn = stderr.isTTY && findPipe(stdout.fd) === undefined
  using status = new StatusLine(stream, { output: stderr, time, isDrawn, hasGapLines: isPretty, title })
  let isAsked = false
  stream.on('start', () => {
    if (isAsked) return
    isAsked = true
    void findDenial(client, expr).then(
      denial => denial !== undefined && stream.state !== 'closed' && status.warn(denial),
    )
  })
  const redraw = (): void => status.clear()
  stderr.on('resize', redraw)
  try {
    for await (const event of stream as AsyncIterable<TailEvent>) {
      status.count(event)
      status.clear()
      const text = isPretty ? lines.describe(event, toLineOptions(stdout, time)) : toJson(event, stdout)
      if (!(await write(stdout, `${text}\n`, options.signal))) break
    }
  } finally {
    stderr.off('resize', redraw)
  }
}

function toTitle(expr: unknown, values: OptionValues): string {
  const text = expr instanceof Expr ? String(expr) : JSON.stringify(expr)
  return `Following ${text} at ${String(values['endpoint'] ?? process.env['FAUNA_ENDPOINT'])}; Ctrl+C stops.`
}

function toLineOptions(output: Output, time: Time) {
  return { columns: toColumns(output), colors: hasColors(output), now: time.now() }
}

/** On a terminal what would steer it is escaped: the same JSON in other letters. */
function toJson(event: TailEvent, output: Output): string {
  const text = encode(event, 'event')
  return output.isTTY ? toVisible(text) : text
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
