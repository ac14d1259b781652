/**
 * Draws docs/terminal.svg: what `fauna-streams tail` writes on a terminal of 84 columns, while its wire is cut. All of it is
 * the program's own output; only the clock stands still between the steps, so that it is the same every time. Run by
 * `npm run demo:svg`.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Output } from '../src/cli/output.ts'
import { tell } from '../src/cli/tail.ts'
import { Client, q } from '../src/index.ts'
import { startLocal } from '../src/local/index.ts'
import { serveProxy } from '../src/testing/index.ts'
import { ManualTime } from '../tests/support/clock.ts'

const columns = 84
/** How long after a transaction its event comes, in the picture, in milliseconds. */
const lagMs = 4
const shownEndpoint = 'http://localhost:8443'
const order = q.Ref(q.Collection('orders'), '101')
const command = [`fauna-streams tail 'Ref(Collection("orders"), "101")' \\`, '    --fields action,document,diff,prev']

/** A terminal: what is written, and a wait until something is on it. */
function openTerminal() {
  let written = ''
  const waits = new Set<() => void>()
  const write = (text: string) => {
    written += text
    for (const look of waits) look()
    return true
  }
  const self = () => output
  const listening = { on: self, once: self, off: self }
  const output = { isTTY: true, columns, fd: -1, write, writableLength: 0, getColorDepth: () => 4, ...listening }
  const shows = (pattern: RegExp) =>
    new Promise<void>(resolve => {
      const look = () => {
        if (!pattern.test(written)) return
        waits.delete(look)
        resolve()
      }
      waits.add(look)
      look()
    })
  return { output: output as unknown as Output, shows, read: () => written }
}

/** Runs the story, and gives what was written. */
async function play(): Promise<string> {
  const clock = new ManualTime(Date.UTC(2026, 10, 24, 9, 0, 0))
  await using server = await startLocal({ now: () => clock.now() })
  await using proxy = await serveProxy({ target: server.endpoint })
  await using writer = new Client({ endpoint: server.endpoint, secret: server.secret })
  await using client = new Client({
    endpoint: proxy.endpoint,
    secret: server.secret,
    backoff: { firstMs: 5, maxMs: 10 },
  })
  const terminal = openTerminal()
  const { output, shows } = terminal
  const step = async (afterMs: number, expr: unknown) => {
    clock.pass(afterMs)
    await writer.query(expr)
  }
  const update = (data: object) => q.Update(order, { data })
  await writer.query(q.CreateCollection({ name: 'orders', history_days: 1 }))
  clock.pass(60_000)
  const stop = new AbortController()
  const time = { now: () => clock.now() + lagMs, after: clock.after.bind(clock) }
  const title = `Following ${String(order)} at ${shownEndpoint}; Ctrl+C stops.`
  const words = { stdout: output, stderr: output, isPretty: true, time, title }
  const telling = tell(client, order, ['action', 'document', 'diff', 'prev'], { signal: stop.signal }, words)
  await shows(/start/)
  await step(2_000, q.Create(order, { data: { drink: 'flat white', state: 'waiting' } }))
  await shows(/create/)
  await step(3_300, update({ state: 'brewing', table: 4 }))
  await shows(/brewing/)
  clock.pass(1_700)
  proxy.refuse()
  proxy.cut('rst')
  await shows(/! failed/)
  await step(900, update({ drink: 'oat flat white ☕' }))
  await step(1_100, update({ state: 'ready' }))
  clock.pass(200)
  proxy.heal()
  await shows(/! missed/)
  await step(2_500, q.Delete(order))
  await shows(/delete/)
  clock.pass(1_000)
  // The last status is what the picture shows: what comes at the end is left out.
  const picture = terminal.read()
  stop.abort()
  await telling
  return picture
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, shownEndpoint)
    .replaceAll(/127\.0\.0\.1:\d+/g, 'localhost:8443')
}

type Span = { readonly text: string; readonly styles: readonly string[] }

/** The names of the styles by the numbers of their escape sequences (ECMA-48 §8.3.117). */
const styles: Readonly<Record<string, string>> = {
  1: 'bold',
  2: 'dim',
  31: 'red',
  32: 'green',
  33: 'yellow',
  34: 'blue',
  35: 'magenta',
  36: 'cyan',
}
const ends: Readonly<Record<string, readonly string[]>> = {
  22: ['bold', 'dim'],
  39: ['red', 'green', 'yellow', 'blue', 'magenta', 'cyan'],
}
const escapeCharacter = '\u001b'
const clearDown = `\r${escapeCharacter}[J`

/** What is on the screen in the end, line by line. */
function toScreen(written: string): Span[][] {
  return written.split('\n').map(line => toSpans(line.split(clearDown).at(-1)!))
}

function toSpans(line: string): Span[] {
  const spans: Span[] = []
  let on: string[] = []
  for (const [i, part] of line.split(escapeCharacter).entries()) {
    const [, code = '', text = ''] = i === 0 ? ['', '', part] : (/^\[(\d+)m([^]*)$/.exec(part) ?? [])
    if (styles[code] !== undefined) on = [...on, styles[code]]
    on = on.filter(style => !ends[code]?.includes(style))
    if (text !== '') spans.push({ text, styles: on })
  }
  return spans
}

// In pixels of the picture.
const cell = { width: 8.4, height: 20 }
const margin = 18
const fontSize = 14
const wide = /\p{Emoji_Presentation}/gu

const toText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const columnsOf = (text: string) => text.length + (text.match(wide)?.length ?? 0)

/** Each run of words has a place of its own: not every program that shows pictures keeps blanks. */
function drawLine(spans: readonly Span[], row: number): string {
  const y = margin + row * cell.height + fontSize
  const parts: string[] = []
  let column = 0
  for (const { text, styles: names } of spans) {
    const style = names.length > 0 ? ` class="${names.join(' ')}"` : ''
    for (const run of text.split(/( {2,}|^ | $)/)) {
      const x = (margin + column * cell.width).toFixed(1)
      const width = (columnsOf(run) * cell.width).toFixed(1)
      column += columnsOf(run)
      if (run.trim() !== '') parts.push(`<tspan x="${x}" textLength="${width}"${style}>${toText(run)}</tspan>`)
    }
  }
  return `  <text y="${y}">${parts.join('')}</text>`
}

/** The picture of a screen. */
function draw(lines: readonly (readonly Span[])[]): string {
  const [width, height] = [columns * cell.width + 2 * margin, lines.length * cell.height + 2 * margin]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(0)} ${height}" role="img" aria-label="fauna-streams tail in a terminal: an order is created and changed, the connection is lost, and what was missed is told">
  <style>
    text { font: ${fontSize}px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1f2328 }
    rect { fill: #f6f8fa; stroke: #d1d9e0 }
    .bold { font-weight: 600 }
    .dim { fill: #59636e }
    .red { fill: #cf222e } .green { fill: #116329 } .yellow { fill: #7d4e00 }
    .blue { fill: #0550ae } .magenta { fill: #8250df } .cyan { fill: #0e6e78 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      rect { fill: #0d1117; stroke: #3d444d }
      .dim { fill: #9198a1 }
      .red { fill: #ff7b72 } .green { fill: #7ee787 } .yellow { fill: #e3b341 }
      .blue { fill: #79c0ff } .magenta { fill: #d2a8ff } .cyan { fill: #76e3ea }
    }
  </style>
  <rect x="0.5" y="0.5" width="${(width - 1).toFixed(0)}" height="${height - 1}" rx="8"/>
${lines.map(drawLine).join('\n')}
</svg>
`
}

// Times are told as of the machine's place: the picture's is Greenwich.
process.env['TZ'] = 'UTC'
const screen = toScreen(await play())
const prompt: Span[][] = command.map((text, i) => [
  { text: i === 0 ? '$ ' : '', styles: ['dim'] },
  { text, styles: [] },
])
const picture = draw([...prompt, ...screen])
if (process.argv.includes('--print')) process.stdout.write(picture)
else writeFileSync(fileURLToPath(new URL('../docs/terminal.svg', import.meta.url)), picture)
