/** Text as a terminal shows it: how wide it is, where it is cut or goes on in the next line, and nothing that steers the terminal. */
import { styleText } from 'node:util'

/** A colour or other style of Node's `styleText`. */
export type Style = Parameters<typeof styleText>[0]

/** A piece of a line. */
export type Piece = readonly [text: string, style?: Style | undefined]

/** What steers a terminal, or changes the order or place of what follows; the joiners of emoji and scripts are none of it. */
const steering = /(?!\u200c|\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
/** The same, without the ends of lines. */
const steeringInLines = /(?!\u200c|\u200d|\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** The text on one line, with escapes as of JavaScript for what steers a terminal. */
export function toVisible(text: string): string {
  return text.replace(steering, escape)
}

/** The same, with its lines. */
export function toVisibleLines(text: string): string {
  return text.replace(steeringInLines, escape)
}

function escape(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
  return short[character] ?? units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/** First and last of the ranges that are two columns wide (Unicode's East Asian Width: W and F) beside the emoji. */
const wideRanges: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
]
const firstWide = wideRanges[0]![0]
const ascii = /^[\x20-\x7e]*$/
const zeroWide = /\p{M}|\u200c|\u200d/u
const emoji = /[\p{Emoji_Presentation}\p{Extended_Pictographic}]/u

/**
 * How many columns a text takes, at most: terminals differ in how they join emoji, so each part of one is counted. A
 * line that is cut by this never goes over the edge.
 */
export function widthOf(text: string): number {
  if (ascii.test(text)) return text.length
  let width = 0
  for (const character of text) width += widthOfOne(character)
  return width
}

function widthOfOne(character: string): number {
  const code = character.codePointAt(0)!
  if (code < 0x7f) return 1
  if (zeroWide.test(character)) return 0
  if (emoji.test(character)) return 2
  return code >= firstWide && wideRanges.some(([first, last]) => code >= first && code <= last) ? 2 : 1
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
/** Code units of a grapheme that are looked at: a text that is all one grapheme is cut in it. */
const unitsPerColumn = 16

/** The longest beginning of a text that is no wider. What people see as one character stays whole. */
export function cutTo(text: string, columns: number): string {
  if (ascii.test(text)) return text.slice(0, Math.max(0, columns))
  let end = 0
  let width = 0
  for (const { segment, index } of graphemes.segment(text.slice(0, Math.max(0, columns) * unitsPerColumn))) {
    width += widthOf(segment)
    if (width > columns) break
    end = index + segment.length
  }
  return text.slice(0, end)
}

/** The text with spaces behind it up to this width. */
export function padTo(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)))
}

/** Pieces as one line, cut with an ellipsis where it would be wider; no more pieces are taken than fit. */
export function paintLine(pieces: Iterable<Piece>, columns: number, colors: boolean): string {
  const fitting: (readonly [text: string, width: number, style: Style | undefined])[] = []
  let width = 0
  for (const [raw, style] of pieces) {
    const text = toVisible(raw)
    const own = widthOf(text)
    fitting.push([text, own, style])
    width += own
    if (width > columns) break
  }
  if (width <= columns) return fitting.map(([text, , style]) => paint(text, style, colors)).join('')
  let room = columns - 1
  let line = ''
  for (const [text, own, style] of fitting) {
    if (room <= 0) break
    line += paint(own <= room ? text : cutTo(text, room), style, colors)
    room -= own
  }
  return columns > 0 ? `${line}…` : ''
}

/** Text in a style, where there are colours. */
export function paint(text: string, style: Style | undefined, colors: boolean): string {
  return colors && style !== undefined && text !== '' ? styleText(style, text, { validateStream: false }) : text
}

/** Each line in lines no wider than this; one that is not too wide stays as it is. */
export function wrapLines(text: string, columns: number): string {
  const lines = text.split('\n').flatMap(line => (widthOf(line) <= columns ? [line] : wrapWords(line, columns)))
  return lines.join('\n')
}

/** Words in lines no wider than this; a word that is wider alone is broken. */
export function wrapWords(text: string, columns: number): string[] {
  const room = Math.max(1, columns)
  const lines: string[] = []
  let line = ''
  for (const word of toVisible(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= room) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (widthOf(line) > room) {
      // A character that is wider than the room stands alone.
      const part = cutTo(line, room) || [...line][0]!
      lines.push(part)
      line = line.slice(part.length)
    }
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line]
}
