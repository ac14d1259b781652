/** The log of `serve`: a line for each request, and for each stream one when it opens and one when it ends. */
import type { RequestReport } from '../local/index.ts'
import { describeExpression } from './brief.ts'
import { toTimeOfDay } from './moments.ts'
import { hasColors, type Output, toColumns } from './output.ts'
import { paintLine, type Style, toVisible, widthOf } from './terminal-text.ts'

/** How lines are written; without `columns` they are as long as they are. */
export type LogOptions = { readonly columns?: number | undefined; readonly colors: boolean; readonly now: Date }

type Part = { readonly text: string; readonly style?: Style | undefined }

/** What waits for a slow reader, at most, in bytes: lines beyond that are left out, and counted. */
const maxWaitingBytes = 1024 * 1024
/** What streams are asked to show where nothing is said. */
const usualFields = 'action,document'
const requestWidth = 12
const statusWidth = 6
const durationWidth = 8

/** The line of a report, cut to the width of the terminal. */
export function describeReport(report: RequestReport, { columns, colors, now }: LogOptions): string {
  const { method, path, body } = report.request
  const [route = '', query] = path.split('?', 2)
  const fields = new URLSearchParams(query).get('fields')
  const parts: Part[] = [
    { text: toTimeOfDay(now), style: 'dim' },
    { text: `${method} ${route}`.padEnd(requestWidth) },
    ...toOutcome(report),
    { text: describeExpression(body) },
    ...(fields === null || fields === usualFields ? [] : [{ text: `fields ${fields}`, style: 'dim' } as const]),
  ]
  return layOut(parts, columns, colors)
}

function toOutcome(report: RequestReport): Part[] {
  if (report.kind === 'answered') return toAnswer(report.status, report.durationMs, report.code)
  if (report.kind === 'opened') {
    return [{ text: 'open'.padEnd(statusWidth), style: 'cyan' }, toNumber(report.stream)]
  }
  const { stream, events, code, durationMs } = report
  return [
    { text: 'ended'.padEnd(statusWidth), style: code === undefined ? 'cyan' : 'red' },
    toNumber(stream),
    ...(code === undefined ? [] : [{ text: code, style: 'red' } as const]),
    { text: `${events} ${events === 1 ? 'event' : 'events'} in ${toDuration(durationMs)}` },
  ]
}

function toAnswer(status: number, durationMs: number, code: string | undefined): Part[] {
  const style = status < 400 ? 'green' : status < 500 ? 'yellow' : 'red'
  return [
    { text: String(status).padEnd(statusWidth), style },
    { text: toDuration(durationMs).padStart(durationWidth) },
    ...(code === undefined ? [] : [{ text: code, style } as const]),
  ]
}

/** Streams are told apart by their numbers. */
function toNumber(stream: number): Part {
  return { text: `#${stream}`.padStart(durationWidth) }
}

function toDuration(ms: number): string {
  if (ms >= 60_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`
  return ms >= 1_000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(1)} ms`
}

/** Parts in a row, two blanks between them, as far as there is room. */
function layOut(parts: readonly Part[], columns: number | undefined, colors: boolean): string {
  let room = columns ?? Number.POSITIVE_INFINITY
  const texts: string[] = []
  for (const { text, style } of parts) {
    if (text === '') continue
    room -= texts.length === 0 ? 0 : 2
    if (room < 2) break
    texts.push(paintLine([[text, style]], room, colors))
    room -= widthOf(toVisible(text))
  }
  return texts.join('  ').trimEnd()
}

/** Writes reports as lines: in colour and cut on a terminal, plain and whole in a pipe. */
export class RequestLog {
  readonly #output: Output
  #leftOut = 0

  constructor(output: Output) {
    this.#output = output
    // Nobody reads any more: the server goes on without a log.
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }

  /** Writes the line of a report. A reader that is too slow misses lines, and is told how many. */
  write(report: RequestReport): void {
    const output = this.#output
    if (output.destroyed || output.writableEnded) return
    if (output.writableLength > maxWaitingBytes) {
      this.#leftOut++
      return
    }
    if (this.#leftOut > 0) output.write(`… ${this.#leftOut} lines left out: the reader of this log is slow\n`)
    this.#leftOut = 0
    const columns = output.isTTY ? toColumns(output) : undefined
    output.write(`${describeReport(report, { columns, colors: hasColors(output), now: new Date() })}\n`)
  }
}
