/** The coffee bar's steps and events as lines for a person: columns, action words, short data; colour if asked for. */
import { styleText } from 'node:util'
import type { Step, Telling } from './coffee-bar.ts'

type Colour = Parameters<typeof styleText>[0]

/** The sign and the colour of each action. */
const actions: Readonly<Record<string, readonly [sign: string, colour: Colour]>> = {
  start: ['·', 'gray'],
  create: ['+', 'green'],
  add: ['+', 'green'],
  update: ['~', 'yellow'],
  delete: ['−', 'red'],
  remove: ['−', 'red'],
}

/** Widths of the columns, in characters. */
const widths = { txn: 16, from: 10, action: 8 } as const

/** Makes lines; without colour they are plain text. */
export class EventLines {
  readonly #hasColour: boolean

  constructor(hasColour: boolean) {
    this.#hasColour = hasColour
  }

  /** The names of the columns. */
  get heading(): string {
    return this.#paint('gray', toLine('transaction', 'stream', 'event', 'what it tells'))
  }

  /** The sentence of a step, set off from the events that follow it. */
  writeStep({ told }: Step): string {
    return `\n${this.#paint('bold', told)}`
  }

  /** The line of an event. */
  writeEvent({ from, event }: Telling): string {
    const txn = 'txn' in event ? String(event.txn) : ''
    const { action, what } = describe(event)
    const [sign, colour] = actions[action] ?? ['?', 'magenta']
    return toLine(txn, from, this.#paint(colour, `${sign} ${action}`.padEnd(widths.action)), what)
  }

  #paint(colour: Colour, text: string): string {
    // Whether there is colour was decided for the whole output, by who asked for these lines.
    return this.#hasColour ? styleText(colour, text, { validateStream: false }) : text
  }
}

function toLine(txn: string, from: string, action: string, what: string): string {
  return `  ${txn.padEnd(widths.txn)}  ${from.padEnd(widths.from)}  ${action.padEnd(widths.action)}  ${what}`.trimEnd()
}

function describe(event: Telling['event']): { action: string; what: string } {
  switch (event.type) {
    case 'start':
      return { action: 'start', what: 'everything after this transaction is told' }
    case 'set':
      return { action: event.event.action, what: `order ${event.event.document.ref.id}` }
    case 'version':
    case 'history_rewrite': {
      const { action, document, diff } = event.event
      if (action === 'update') return { action, what: describeDiff(diff.data ?? {}) }
      const data = Object.values(document.data ?? {}).join(', ')
      return { action, what: action === 'delete' ? `was: ${data}` : data }
    }
    case 'gap':
      return { action: 'gap', what: `changes up to ${event.until} may be missing: read the state anew` }
    case 'unknown':
      return { action: 'unknown', what: JSON.stringify(event.raw) }
  }
}

/** A diff is a merge patch (RFC 7396): `null` stands for a field that went. */
function describeDiff(diff: Readonly<Record<string, unknown>>): string {
  return Object.entries(diff)
    .map(([field, value]) => (value === null ? `${field} gone` : `${field} → ${String(value)}`))
    .join(', ')
}
