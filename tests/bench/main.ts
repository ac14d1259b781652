/**
 * What an event costs here and elsewhere. `npm run bench` measures everything, writes bench.json and what is made of it,
 * and fails past a floor. `npm run bench -- --only NAME` measures one workload and writes nothing; `--report` measures
 * nothing and writes the pages anew; `--smoke` is the short form, which fails only past half of a floor: a busy machine
 * must not.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { format } from 'prettier'
import { measureEmbedded } from './embedded.ts'
import { makePages } from './pages.ts'
import { type Report, toTable } from './report.ts'
import { measureSize } from './size.ts'
import {
  type Fact,
  measureCatchUp,
  measureCheckpoints,
  measureIdle,
  measureLatency,
  measureSlowLoop,
} from './special.ts'
import { measureTelemetry } from './telemetry.ts'
import { type Outcome, type Result, runWorkload } from './throughput.ts'
import { type Workload, workloads } from './workloads.ts'

/** A floor that was missed in the short form is measured so often in all before the bench fails. */
const maxMeasurements = 4
const seed = Number(process.env['SEED'] ?? 1)

/** What is not measured as a workload of events, by its name for `--only`. */
const others: Readonly<Record<string, (seed: number) => Promise<Fact[]>>> = {
  idle: measureIdle,
  'slow-loop': measureSlowLoop,
  latency: measureLatency,
  checkpoints: measureCheckpoints,
  'catch-up': measureCatchUp,
  embedded: measureEmbedded,
  telemetry: measureTelemetry,
  size: measureSize,
}

async function run(workload: Workload, count?: number): Promise<Result> {
  const result = await runWorkload(workload, seed, count)
  console.log(toTable(result))
  return result
}

/** Whether a ratio lies within half of its floor. */
function isHalfReached({ ratio, floor, isAtMost }: Outcome): boolean {
  return isAtMost ? ratio.low <= 2 * floor : ratio.high >= floor / 2
}

async function runSmoke(): Promise<boolean> {
  let isGood = true
  for (const workload of workloads.filter(each => each.smokeCount !== undefined)) {
    let isReached = false
    for (let measured = 0; measured < maxMeasurements && !isReached; measured++) {
      const { outcomes } = await run({ ...workload, rounds: 3 }, workload.smokeCount)
      isReached = outcomes.every(isHalfReached)
    }
    isGood &&= isReached
  }
  return isGood
}

function printFacts(facts: readonly Fact[]): void {
  for (const { name, value, unit, most } of facts) {
    console.log(`${name}: ${value.toFixed(2)} ${unit}${most === undefined ? '' : ` (at most ${most})`}`)
  }
}

async function runAll(): Promise<boolean> {
  const results: Result[] = []
  for (const workload of workloads) results.push(await run(workload))
  const facts: Fact[] = []
  for (const measure of Object.values(others)) {
    const measured = await measure(seed)
    printFacts(measured)
    facts.push(...measured)
  }
  const report: Report = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', seed, results, facts }
  await writeFile(toPath('bench.json'), await format(JSON.stringify(report), { parser: 'json', printWidth: 120 }))
  await writePages(report)
  const missed = results.flatMap(result => result.outcomes).filter(outcome => !outcome.isReached)
  for (const { workload, label, ratio, floor } of missed) {
    console.error(`${workload}: ${label}: × ${ratio.median.toFixed(2)}, the floor is × ${floor}`)
  }
  const past = facts.filter(({ value, most }) => most !== undefined && value > most)
  for (const { name, value, unit, most } of past) console.error(`${name}: ${value.toFixed(2)} ${unit}, at most ${most}`)
  return missed.length + past.length === 0
}

function toPath(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url))
}

async function writePages(report: Report): Promise<void> {
  const readme = await readFile(toPath('README.md'), 'utf8')
  for (const [path, text] of Object.entries(await makePages(report, readme))) await writeFile(toPath(path), text)
}

console.log(`Node ${process.version}, SEED=${seed}`)
const only = process.argv[process.argv.indexOf('--only') + 1]
if (process.argv.includes('--smoke')) process.exitCode = (await runSmoke()) ? 0 : 1
else if (process.argv.includes('--report')) {
  await writePages(JSON.parse(await readFile(toPath('bench.json'), 'utf8')) as Report)
} else if (process.argv.includes('--only')) {
  const chosen = workloads.filter(({ name }) => name === only)
  const measure = others[only ?? '']
  if (measure) printFacts(await measure(seed))
  else if (chosen.length === 0) {
    const names = [...workloads.map(({ name }) => name), ...Object.keys(others)]
    throw new Error(`the workloads are ${names.join(', ')}`)
  }
  for (const workload of chosen) await run(workload)
} else process.exitCode = (await runAll()) ? 0 : 1
