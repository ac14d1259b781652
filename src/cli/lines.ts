/** One event as one line of a terminal: when, what, which document, what it holds or what changed. */
import { styleText } from 'node:util'
import { type GapEvent, Ref, type ResetEvent, type StreamEvent } from '../index.ts'
import { cut, toTimeOfDay } from './line-parts.ts'

/** What a loop of `tail` gets. */
export type TailEvent = StreamEvent | GapEvent | ResetEvent | { readonly type: 'snapshot' | 'synced' | 'unknown' }

/** How lines are written. */
export type LineOptions = { readonly columns: number; readonly colors: boolean }

type Style = Parameters<typeof styleText>[0]

/** The mark and the colour of each action. */
const actions: Readonly<Record<string, readonly [mark: string, style: Style]>> = {
  create: ['+', 'green'],
  add: ['+', 'green'],
  update: ['~', 'yellow'],
  delete: ['−', 'red'],
  remove: ['−', 'red'],
}

type Told = {
  readonly action?: string
  readonly document?: Version
  readonly diff?: Version
  readonly index?: { readonly values?: unknown }
}
type Version = { readonly ref?: Ref; readonly data?: unknown }

const actionWidth = 8
const refWidth = 26

/** The line, cut to the width of the terminal. */
export function describeEvent(event: TailEvent, { columns, colors }: LineOptions): string {
  const paint = (style: Style, text: string): string =>
    colors ? styleText(style, text, { validateStream: false }) : text
  const time = 'txn' in event ? toClock(event.txn) : ' '.repeat(12)
  const { mark, style, what, about } = explain(event)
  const head = `${time}  ${mark} ${what}`
  const room = columns - head.length - 2
  return `${paint('dim', time)}  ${paint(style, `${mark} ${what}`)}${about && room > 8 ? `  ${cut(about, room)}` : ''}`
}

function explain(event: TailEvent): { mark: string; style: Style; what: string; about: string } {
  if (event.type === 'start') return plain('·', 'cyan', 'start', 'everything after this transaction is told')
  if (event.type === 'synced') return plain('·', 'cyan', 'synced', 'the state is complete; changes follow')
  if (event.type === 'reset') return plain('!', 'magenta', 'reset', 'forget what was told: the state follows anew')
  if (event.type === 'gap') {
    const { after, until, reason } = event
    return plain(
      '!',
      'red',
      'gap',
      `missed and not to be had (${reason}): after ${toClock(after)}, up to ${toClock(until)}`,
    )
  }
  if (event.type === 'unknown') return plain('?', 'magenta', 'unknown', 'an event that this version does not know')
  const told = ('event' in event ? event.event : event) as Told
  const action =
    event.type === 'snapshot' ? 'is' : event.type === 'history_rewrite' ? 'rewrite' : (told.action ?? event.type)
  const [mark, style] = actions[action] ?? ['·', 'blue']
  const ref = toName(told.document?.ref ?? told.diff?.ref)
  const recovered = 'recovered' in event && event.recovered === true ? '↺ ' : ''
  return {
    mark,
    style,
    what: action.padEnd(actionWidth) + ref.padEnd(refWidth),
    about: recovered + toContents(told),
  }
}

function plain(mark: string, style: Style, what: string, about: string) {
  return { mark, style, what: what.padEnd(actionWidth), about }
}

/** What changed, where that was asked for; else what it holds. */
function toContents({ document, diff, index }: Told): string {
  if (diff?.data !== undefined) return `changed ${compact(diff.data)}`
  if (document?.data !== undefined && document.data !== null) return compact(document.data)
  return index?.values === undefined ? '' : compact(index.values)
}

function compact(value: unknown): string {
  if (value instanceof Ref) return toName(value)
  if (Array.isArray(value)) return `[${value.map(compact).join(', ')}]`
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' ? JSON.stringify(value) : String(value)
  if ('toJSON' in value) return String(value)
  return `{ ${Object.entries(value)
    .map(([key, field]) => `${key}: ${compact(field)}`)
    .join(', ')} }`
}

function toName(ref: Ref | undefined): string {
  if (ref === undefined) return ''
  return ref.collection === undefined ? ref.id : `${ref.collection.id}/${ref.id}`
}

/** The local time of day, to the millisecond. */
function toClock(micros: number): string {
  const date = new Date(micros / 1000)
  return `${toTimeOfDay(date)}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
