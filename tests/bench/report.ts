/** What the bench found, as a table for a terminal, as a page of the docs, and as a chart. */
import { type ContenderName, contenders } from './contenders.ts'
import { embeddedPrefix } from './embedded.ts'
import type { Summary } from './measure.ts'
import type { Fact } from './special.ts'
import type { Result } from './throughput.ts'

/** All that one run of the bench found: bench.json. */
export interface Report {
  readonly node: string
  readonly cpu: string
  readonly seed: number
  readonly results: readonly Result[]
  readonly facts: readonly Fact[]
}

/** A median and its spread, as `4.21 (4.02–4.87)`. */
function spread({ median, low, high }: Summary): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`
}

const head = ['', 'µs an event', 'CPU µs an event', 'events a second']

function toRows({ costs }: Result): string[][] {
  return Object.entries(costs).map(([name, { elapsed, cpu }]) => [
    contenders[name as ContenderName].name,
    spread(elapsed),
    spread(cpu),
    Math.round(1e6 / elapsed.median).toLocaleString('en'),
  ])
}

function describe({ workload, bytesEach, hitRate }: Result): string {
  const path = `the fast path reads ${(100 * hitRate).toFixed(0)} %`
  return `${workload.name}: ${workload.title}; ${workload.server.count} events of ${bytesEach.toFixed(0)} bytes, ${path}`
}

function toTargets({ outcomes }: Result): string[] {
  return outcomes.map(({ label, ratio, floor, goal, isAtMost }) => {
    const wanted = `${isAtMost ? 'at most' : 'at least'} ${floor}${goal === undefined ? '' : `, goal ${goal}`}`
    return `${label}: × ${spread(ratio)}; ${wanted}`
  })
}

/** One workload, for a terminal. */
export function toTable(result: Result): string {
  const rows = [head, ...toRows(result)]
  const widths = head.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const lines = rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  )
  return ['', describe(result), ...lines, ...toTargets(result)].join('\n')
}

function toMarkdownTable(rows: readonly (readonly string[])[]): string {
  const [first = [], ...rest] = rows
  return [first, first.map(() => '---'), ...rest].map(row => `| ${row.join(' | ')} |`).join('\n')
}

function find(report: Report, prefix: string): readonly Result[] {
  return report.results.filter(({ workload }) => workload.name.startsWith(prefix))
}

/** CPU nanoseconds for each byte, as events grow. */
function sizeTable(report: Report): string {
  const rows = find(report, 'size-').map(result => {
    const cpu = result.costs.ours?.cpu.median ?? Number.NaN
    const bare = result.costs.bareParse?.cpu.median ?? Number.NaN
    return [
      result.workload.title,
      `${cpu.toFixed(1)} µs`,
      `${((cpu * 1_000) / result.bytesEach).toFixed(2)} ns`,
      `${((bare * 1_000) / result.bytesEach).toFixed(2)} ns`,
    ]
  })
  return toMarkdownTable([['', 'CPU an event', 'CPU a byte', 'CPU a byte, bare split and `JSON.parse`'], ...rows])
}

function distanceTable(report: Report): string {
  const rate = (result: Result, name: ContenderName): string => {
    const cost = result.costs[name]
    return cost ? Math.round(1e6 / cost.elapsed.median).toLocaleString('en') : '–'
  }
  const rows = find(report, 'distance-').map(result => [
    result.workload.title,
    rate(result, 'ours'),
    rate(result, 'bareBytes'),
    rate(result, 'official'),
  ])
  return toMarkdownTable([['', 'fauna-streams', 'bytes alone, window 1 MiB', 'faunadb 4.8'], ...rows])
}

function factTable(facts: readonly Fact[]): string {
  return toMarkdownTable([['', ''], ...facts.map(({ name, value, unit }) => [name, `${value.toFixed(2)} ${unit}`])])
}

/** What the embedded server was measured to do, where it was measured. */
function embeddedSection({ facts }: Report): string {
  const found = facts.filter(({ name }) => name.startsWith(embeddedPrefix))
  if (found.length === 0) return ''
  const rows = found.map(fact => ({ ...fact, name: fact.name.slice(embeddedPrefix.length) }))
  return `
## The embedded server

A turn of the event loop is what no other request is answered in; it is told in processor time, so that what else runs
on the machine does not count. A pause is told by the clock: where two processors are shared with the client that asks and
the garbage collector's own threads, as here, most of a long one is waiting for a processor.

${factTable(rows)}
`
}

/** docs/performance.md. */
export function toMarkdown(report: Report): string {
  const of = (text: string): readonly Fact[] => report.facts.filter(({ name }) => name.includes(text))
  const isPlain = ({ workload }: Result): boolean => !/^(size|distance)-/.test(workload.name)
  const sections = report.results.filter(isPlain).map(result => {
    const targets = toTargets(result).map(text => `- ${text}`)
    return [
      `## ${result.workload.title[0]!.toUpperCase()}${result.workload.title.slice(1)}`,
      `\`${describe(result)}\``,
      toMarkdownTable([head, ...toRows(result)]),
      ...targets,
    ].join('\n\n')
  })
  return `# Performance

Written by \`npm run bench\`; bench.json has every figure. Server and client run on a core each of one machine
(${report.cpu}, Node ${report.node}, SEED=${report.seed}); each figure is a median, with the lowest and the highest of its
rounds. Times change from machine to machine and from run to run: compare rows of one table only.

![CPU time of an event](bench.svg)

${sections.join('\n\n')}

## As events grow

A line is split and parsed once, and a long one is joined once: the cost of a byte stays the same.

${sizeTable(report)}

## As the distance grows

Events a second. The window of a stream begins with 256 KiB and doubles for as long as that brings more, up to
\`receiveBufferBytes\`; the official driver's stays at 64 KiB, so that each further millisecond slows it down.

${distanceTable(report)}

## As streams grow in number

This package as it is built; each stream has a loop that waits.

${factTable(of('idle streams'))}

## As a catch-up grows

History is read in pages of 1,000, each with a query of its own: the cost of an event stays the same.

${factTable(of('catch-up'))}

## Checkpoints

With \`checkpointIntervalMs: 0\` each transaction is flushed to the disk before the loop goes on.

${factTable(of('an event with'))}

## A slow loop

Its server sends without end; what is held beyond the window must not grow.

${factTable(of('slow loop'))}

## Latency

From the server's write to the body of the loop, at an event a millisecond.

${factTable(of('latency'))}
${embeddedSection(report)}
## Size

${factTable(of('size of'))}
`
}

const againstOfficial = /against faunadb/

/** What README says of speed: one line for each workload that is compared with the official driver. */
export function toSummary({ results }: Report): string {
  const rows = results.flatMap(({ workload, outcomes }) =>
    outcomes
      .filter(({ label }) => againstOfficial.test(label))
      .map(({ ratio }) => [
        workload.title,
        `${ratio.median.toFixed(1)} × (${ratio.low.toFixed(1)}–${ratio.high.toFixed(1)})`,
      ]),
  )
  return toMarkdownTable([['events a second, against `faunadb` 4.8', ''], ...rows])
}

const chart = { width: 720, row: 30, left: 270, top: 44, bar: 18 }

/** Bars of the CPU time of an event, in the colours of the reader's light or dark screen. */
export function drawChart(report: Report): string {
  const [bulk] = find(report, 'bulk')
  const bars = Object.entries(bulk?.costs ?? {})
    .map(([name, { cpu }]) => ({
      name: contenders[name as ContenderName].name,
      value: cpu.median,
      isOurs: name === 'ours',
    }))
    .toSorted((one, other) => one.value - other.value)
  const longest = Math.max(...bars.map(({ value }) => value))
  const scale = (chart.width - chart.left - 70) / longest
  const rows = bars.map(({ name, value, isOurs }, i) => {
    const y = chart.top + i * chart.row
    const width = (value * scale).toFixed(1)
    return [
      `<text x="${chart.left - 10}" y="${y + 14}" text-anchor="end"${isOurs ? ' class="ours"' : ''}>${name}</text>`,
      `<rect x="${chart.left}" y="${y}" width="${width}" height="${chart.bar}" rx="3" class="${isOurs ? 'bar own' : 'bar'}"/>`,
      `<text x="${(chart.left + Number(width) + 8).toFixed(1)}" y="${y + 14}">${value.toFixed(1)}</text>`,
    ].join('\n  ')
  })
  const height = chart.top + bars.length * chart.row + 10
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${chart.width} ${height}" role="img" aria-label="CPU time of an event of 350 bytes, by client">
  <style>
    text { font: 14px system-ui, sans-serif; fill: #1f2328 }
    .title, .ours { font-weight: 600 }
    .bar { fill: #afb8c1 }
    .own { fill: #1f6feb }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .bar { fill: #57606a }
      .own { fill: #58a6ff }
    }
  </style>
  <text x="10" y="24" class="title">CPU time of an event of 350 bytes, in microseconds (less is better)</text>
  ${rows.join('\n  ')}
</svg>
`
}
