/** Draws docs/states.svg from the table of a stream's states. Run by `npm run states`. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { StreamState } from '../src/signals.ts'
import { moves } from '../src/stream/state.ts'

const names = Object.keys(moves) as StreamState[]

/** What makes a stream move; an arrow without a word of its own is an end. */
const words: Readonly<Record<string, string>> = {
  'idle connecting': 'the loop begins',
  'connecting open': 'the start event',
  'open connecting': 'a loss: opened anew',
  'open closed': 'break, close(), abort',
  'connecting closed': 'refused, or closed before start',
  'idle closed': 'closed before a loop',
}

// In pixels of the picture: boxes in a row, arrows ahead through the row or above it, arrows back below it.
const box = { width: 110, height: 40, gap: 170, left: 20, top: 110 }
const leftOf = (i: number) => box.left + i * (box.width + box.gap)
const middleOf = (i: number) => leftOf(i) + box.width / 2
const middle = box.top + box.height / 2

function drawBox(name: string, i: number): string {
  return `  <rect x="${leftOf(i)}" y="${box.top}" width="${box.width}" height="${box.height}" rx="8"/>
  <text x="${middleOf(i)}" y="${middle + 5}" class="state">${name}</text>`
}

function drawArrow(from: StreamState, to: StreamState): string {
  const [i, j] = [names.indexOf(from), names.indexOf(to)]
  const word = words[`${from} ${to}`]
  if (word === undefined) throw new Error(`no word for ${from} → ${to}`)
  if (j === i + 1) {
    const [x1, x2] = [leftOf(i) + box.width, leftOf(j)]
    return `  <path d="M${x1} ${middle} H${x2 - 9}"/>
  <text x="${(x1 + x2) / 2}" y="${middle - 8}">${word}</text>`
  }
  // Arrows above reach higher the farther they go; they leave and arrive beside one another.
  const isBack = j < i
  const rise = isBack ? 42 : 24 + 26 * (j - i - 1)
  const y = isBack ? box.top + box.height : box.top
  const turn = isBack ? y + rise : y - rise
  const [x1, x2] = [middleOf(i) + (isBack ? -12 : 12), middleOf(j) - (isBack ? -12 : 12 * (i + 1))]
  return `  <path d="M${x1} ${y} V${turn} H${x2} V${isBack ? y + 9 : y - 9}"/>
  <text x="${(x1 + x2) / 2}" y="${turn + (isBack ? 18 : -7)}">${word}</text>`
}

/** The picture. */
export function drawStates(): string {
  const arrows = names.flatMap(from => moves[from].map(to => drawArrow(from, to)))
  const [width, height] = [leftOf(names.length - 1) + box.width + box.left, 225]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="The states of a stream">
  <style>
    text { font: 14px system-ui, sans-serif; fill: #1f2328; text-anchor: middle }
    .state { font-weight: 600 }
    rect { fill: #f6f8fa; stroke: #59636e; stroke-width: 1.5 }
    path { fill: none; stroke: #59636e; stroke-width: 1.5; marker-end: url(#head) }
    #head path { fill: #59636e; stroke: none }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      rect { fill: #161b22; stroke: #9198a1 }
      path { stroke: #9198a1 }
      #head path { fill: #9198a1 }
    }
  </style>
  <defs><marker id="head" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 Z"/></marker></defs>
${[...names.map(drawBox), ...arrows].join('\n')}
</svg>
`
}

const isMain = process.argv[1] === fileURLToPath(import.meta.url)
if (isMain) writeFileSync(new URL('../docs/states.svg', import.meta.url), drawStates())
