/** Events as lines of a terminal: when, what, which document, what it holds or what changed. Holes are told in sentences. */
import type { GapEvent, GapReason, Ref, ResetEvent, StreamEvent } from '../index.ts'
import { toClock, toDay, toMoment } from './moments.ts'
import {
  cutTo,
  padTo,
  paint,
  paintLine,
  type Piece,
  type Style,
  toVisible,
  widthOf,
  wrapWords,
} from './terminal-text.ts'
import { nameRef, tellChanges, tellValue } from './value-text.ts'

/** What a loop of `tail` gets. */
export type TailEvent = StreamEvent | GapEvent | ResetEvent | { readonly type: 'snapshot' | 'synced' | 'unknown' }

/** How lines are written. */
export type LineOptions = { readonly columns: number; readonly colors: boolean; readonly now: number }

type Version = { readonly ref?: Ref; readonly ts?: number; readonly data?: unknown; readonly ttl?: unknown }
type Told = {
  readonly action?: string
  readonly document?: Version | null
  readonly diff?: Version
  readonly prev?: Version
  readonly index?: { readonly values?: readonly unknown[] }
}

/** The mark and the colour of each action. */
const actions: Readonly<Record<string, readonly [mark: string, style: Style]>> = {
  create: ['+', 'green'],
  add: ['+', 'green'],
  update: ['~', 'yellow'],
  delete: ['−', 'red'],
  remove: ['−', 'red'],
}

/** Why changes were missed, in words. */
const reasons: Readonly<Record<GapReason, string>> = {
  retention: 'history does not reach back so far',
  permission: 'the key may not read history',
  recreated: 'the collection or index was deleted and made anew',
  expired: 'the document has expired, or its past was rewritten',
  live: 'nothing was read back',
}

const actionWidth = 8
/** Where there is less room, times are told without milliseconds, in columns. */
const minColumnsForMs = 60
/** A ref takes no more than this part of a line. */
const refPart = 1 / 3
/** What is left for the contents must have at least so many columns, to be told. */
const minContents = 4
/** A value that is cut has so many columns at least. */
const minValueColumns = 12

/** The lines of one terminal: columns grow with what was told. */
export class EventLines {
  #refWidth = 0
  #day: string | undefined

  /** An event as a line, cut to the width of the terminal; a new day, a hole, and what is told anew as several. */
  describe(event: TailEvent, options: LineOptions): string {
    const ms = 'txn' in event ? event.txn / 1000 : undefined
    const lines = ms === undefined ? [] : this.#tellDay(ms, options)
    if (event.type === 'gap') return [...lines, describeNotice(toGapNotice(event, options.now), options)].join('\n')
    if (event.type === 'reset') return [...lines, describeNotice(toResetNotice(event), options)].join('\n')
    const { mark, style, what, ref, about } = explain(event)
    const time = ms === undefined ? '' : toShownClock(ms, options)
    const head: Piece[] = [
      [`${padTo(time, timeWidth(options))}  `, 'dim'],
      [padTo(`${mark} ${what}`, actionWidth + 2), style],
      ...this.#toRef(ref, options),
    ]
    const used = head.reduce((width, [text]) => width + widthOf(text), 0)
    const room = options.columns - used
    const contents = room < minContents ? [] : about(findLimit(about, room))
    return [...lines, trimEnd(paintLine(concat(head, contents), options.columns, options.colors))].join('\n')
  }

  #toRef(ref: Ref | undefined, { columns }: LineOptions): Piece[] {
    if (ref === undefined) return []
    const most = Math.floor(columns * refPart)
    const name = shorten(toVisible(nameRef(ref)), most)
    this.#refWidth = Math.min(most, Math.max(this.#refWidth, widthOf(name)))
    return [[`${padTo(name, this.#refWidth)}  `, 'bold']]
  }

  #tellDay(ms: number, { columns, colors, now }: LineOptions): string[] {
    const day = toDay(ms)
    const before = this.#day ?? toDay(now)
    this.#day = day
    return day === before ? [] : [paintLine([[`── ${day} ──`, 'dim']], columns, colors)]
  }
}

/** Something that is not an event, and must not be overlooked. */
export type Notice = {
  /** When, in milliseconds since 1970; `undefined`: it is told where that is plain. */
  readonly at: number | undefined
  /** One word. */
  readonly what: string
  readonly style: Style
  readonly text: string
}

/** A notice on as many lines as it needs, in the columns of the events. */
export function describeNotice({ at, what, style, text }: Notice, options: LineOptions): string {
  const { columns, colors } = options
  const time = at === undefined ? '' : toShownClock(at, options)
  const head = `${padTo(time, timeWidth(options))}  ${padTo(`! ${what}`, actionWidth + 2)}`
  const isNarrow = columns < 2 * head.length
  const indent = isNarrow ? '  ' : ' '.repeat(head.length)
  const lines = wrapWords(isNarrow ? `${head.trimEnd()} ${text}` : text, columns - indent.length)
  return lines.map((line, i) => paint(i > 0 ? indent + line : isNarrow ? line : head + line, style, colors)).join('\n')
}

/** A hole in words. */
export function toGapNotice(
  { after, until, reason }: Pick<GapEvent, 'after' | 'until' | 'reason'>,
  now: number,
): Notice {
  const [from, to] = [after, until].map(txn => toMoment(txn / 1000, now))
  const text = `changes between ${from} and ${to} may be missing, and cannot be had: ${reasons[reason]}`
  return { at: until / 1000, what: 'gap', style: ['bold', 'red'], text }
}

function toResetNotice({ txn, reason }: ResetEvent): Notice {
  const text = `forget what was told: ${reasons[reason]}, so the state follows anew`
  return { at: txn / 1000, what: 'reset', style: ['bold', 'magenta'], text }
}

type Explained = {
  readonly mark: string
  readonly style: Style
  readonly what: string
  readonly ref?: Ref | undefined
  /** What to say of it, where each value takes so many columns at most. */
  readonly about: (limit: number) => Iterable<Piece>
}

function explain(event: Exclude<TailEvent, GapEvent | ResetEvent>): Explained {
  if (event.type === 'start') return state('start', 'everything after this is told')
  if (event.type === 'synced') return state('synced', 'this is the whole state; changes follow')
  if (event.type === 'unknown') {
    const raw = 'raw' in event ? event.raw : undefined
    return { mark: '?', style: 'magenta', what: 'unknown', about: limit => tellValue(raw, limit) }
  }
  const told = ('event' in event ? event.event : {}) as Told
  const ref = told.document?.ref ?? told.diff?.ref ?? told.prev?.ref
  if (event.type === 'snapshot')
    return { mark: '=', style: 'blue', what: 'is', ref, about: limit => tellState(told, limit) }
  const isRecovered = 'recovered' in event && event.recovered === true
  const isRewrite = event.type === 'history_rewrite'
  const action = told.action ?? event.type
  const [mark, style] = (isRewrite ? undefined : actions[action]) ?? ['·', 'blue']
  const lead: Piece[] = [
    ...(isRecovered ? [['↺ ', 'dim'] as const] : []),
    ...(isRewrite ? [[`the past: ${action} at ${tellPast(told)}: `] as const] : []),
  ]
  return {
    mark,
    style,
    what: isRewrite ? 'rewrite' : action,
    ref,
    about: limit => concat(lead, tellContents(told, limit)),
  }
}

function state(what: string, text: string): Explained {
  return { mark: '·', style: 'cyan', what, about: () => [[text, 'dim']] }
}

function tellPast({ document, diff }: Told): string {
  const ts = document?.ts ?? diff?.ts
  return ts === undefined ? 'another time' : `${toDay(ts / 1000)} ${toClock(ts / 1000)}`
}

function* tellState({ document, index }: Told, limit: number): Generator<Piece> {
  if (document === null) return yield ['no document', 'dim']
  if (document?.data !== undefined) yield* tellValue(document.data, limit)
  yield* tellEntry(index)
}

/** What changed, where that was asked for; else what it holds; of a delete, what it held. */
function* tellContents({ action, document, diff, prev, index }: Told, limit: number): Generator<Piece> {
  if (action === 'delete') {
    const data = document?.data ?? prev?.data
    if (data === undefined) return
    yield ['was ', 'dim']
    return yield* tellValue(data, limit)
  }
  if (action === 'update' && diff !== undefined) return yield* tellDiff(diff, prev, limit)
  const data = document?.data ?? diff?.data
  if (data !== undefined && data !== null) yield* tellValue(data, limit)
  yield* tellEntry(index)
}

function* tellDiff({ data, ttl }: Version, prev: Version | undefined, limit: number): Generator<Piece> {
  const patch = { ...(data === null ? { data } : (data as object | undefined)), ...(ttl === undefined ? {} : { ttl }) }
  if (Object.keys(patch).length === 0) return yield ['nothing changed', 'dim']
  yield* tellChanges(patch, prev?.data, limit)
}

function* tellEntry(index: Told['index']): Generator<Piece> {
  if (index?.values === undefined || index.values.length === 0) return
  yield* tellValue(index.values)
}

function* concat(...parts: readonly Iterable<Piece>[]): Generator<Piece> {
  for (const part of parts) yield* part
}

/** Whether pieces fit; no more are taken than that needs. */
function isWithin(pieces: Iterable<Piece>, columns: number): boolean {
  let width = 0
  for (const [text] of pieces) {
    width += widthOf(toVisible(text))
    if (width > columns) return false
  }
  return true
}

/** How many columns a value may take, so that all are seen; where there are too many the last ones are cut off. */
function findLimit(about: Explained['about'], room: number): number {
  if (isWithin(about(Infinity), room)) return Infinity
  let least = Math.min(minValueColumns, room)
  let most = room
  while (least < most) {
    const middle = Math.ceil((least + most) / 2)
    if (isWithin(about(middle), room)) least = middle
    else most = middle - 1
  }
  return least
}

function timeWidth({ columns }: LineOptions): number {
  return columns < minColumnsForMs ? 8 : 12
}

function toShownClock(ms: number, options: LineOptions): string {
  return toClock(ms).slice(0, timeWidth(options))
}

/** The end of an id tells more than its beginning: a name is cut in the middle. */
function shorten(name: string, columns: number): string {
  if (widthOf(name) <= columns) return name
  const tail = [...name].slice(-Math.floor(columns / 2)).join('')
  const room = columns - widthOf(tail) - 1
  return room < 0 ? cutTo(name, columns) : `${cutTo(name, room)}…${tail}`
}

function trimEnd(line: string): string {
  return line.replace(/ +$/, '')
}
