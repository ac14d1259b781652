/**
 * What an event costs here and elsewhere: `npm run bench`, or `npm run bench -- --smoke` for the short form. Prints a
 * table; fails only where this package stays below `floorRatio` times the official driver's speed in the same run.
 */
import { contenders, type Course } from './contenders.ts'
import { compareCosts, type Cost, measureRounds, summarize, type Summary } from './measure.ts'
import { startServer } from './process.ts'

/** Below this many times the official driver's events a second the bench fails; noise must not. */
const floorRatio = 1.5
/** So many measurements in a row must be below the floor before the bench fails: a busy machine slows them unevenly. */
const maxMeasurements = 4

const forms = {
  full: { count: 150_000, rounds: 7 },
  smoke: { count: 40_000, rounds: 5 },
} as const

const form = process.argv.includes('--smoke') ? forms.smoke : forms.full
const seed = Number(process.env['SEED'] ?? 1)

/** A median and its spread, as `4.21 (4.02–4.87)`. */
function format({ median, low, high }: Summary): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
}

/** Prints one measurement and gives its events a second against the official driver's. */
async function compare(course: Course): Promise<Summary> {
  const costs = await measureRounds(contenders, course, form.rounds)
  const entries = Object.entries(costs) as [keyof typeof contenders, Cost[]][]
  printTable([
    ['', 'µs an event', 'CPU µs an event', '× bare bytes', '× bare parse (CPU)'],
    ...entries.map(([name, cost]) => [
      contenders[name].name,
      format(summarize(cost.map(each => each.elapsed))),
      format(summarize(cost.map(each => each.cpu))),
      format(compareCosts(cost, costs.bareBytes, 'elapsed')),
      format(compareCosts(cost, costs.bareParse, 'cpu')),
    ]),
  ])
  const ratio = compareCosts(costs.official, costs.ours, 'elapsed')
  console.log(`events a second, against faunadb 4.8: × ${format(ratio)}`)
  return ratio
}

/** Whether one of a few measurements reaches the floor. */
async function reachesFloor(course: Course): Promise<boolean> {
  for (let measured = 0; measured < maxMeasurements; measured++) {
    if ((await compare(course)).median >= floorRatio) return true
    console.error(`that is below the floor of × ${floorRatio}`)
  }
  return false
}

const server = await startServer({ count: form.count, seed, after: 'open' }, { pin: true })
try {
  const bytesEach = (server.bytes / form.count).toFixed(0)
  console.log(
    `${form.count} version events of about ${bytesEach} bytes, ${form.rounds} rounds, Node ${process.version}, SEED=${seed}`,
  )
  const course = { endpoint: server.endpoint, count: form.count, bytes: server.bytes }
  if (!(await reachesFloor(course))) process.exitCode = 1
} finally {
  await server.stop()
}
