/** Many runs of the model, several side by side, and what they came to. */
import { faults } from './model-faults.ts'
import { type Oracle, runModel, type RunResult, type Verdict } from './model.ts'
import { runSideBySide } from './side-by-side.ts'

/** What many runs came to. */
export type Summary = Verdict & {
  readonly seeds: number
  /** How often each kind of fault struck; 0 for those that never did. */
  readonly faults: ReadonlyMap<string, number>
}

/** Faults that are no row of the table: they go before one that is. */
const companions = ['cut in the middle of a transaction', 'server that is behind', 'start that comes late']

/** Runs at once. */
const sideBySide = 8

/**
 * Runs the seeds from `first` on. Rejects with the first run that fails, once those beside it are over; `told` is called
 * after each run with how many there were.
 */
export async function runModels(
  { first, count, oracle }: { readonly first: number; readonly count: number; readonly oracle: Oracle },
  told: (runs: number) => void = () => undefined,
): Promise<Summary> {
  const struck = new Map([...faults.map(({ name }) => name), ...companions].map(name => [name, 0]))
  const sum = { events: 0, gaps: 0, missed: 0 }
  const add = (result: RunResult, runs: number) => {
    for (const key of ['events', 'gaps', 'missed'] as const) sum[key] += result[key]
    for (const [name, times] of result.faults) struck.set(name, struck.get(name)! + times)
    told(runs)
  }
  await runSideBySide({ first, count, sideBySide, run: seed => runModel(seed, oracle), told: add })
  return { ...sum, seeds: count, faults: struck }
}

/** The kinds of fault that never struck. */
export function listUntried({ faults: struck }: Summary): string[] {
  return [...struck].filter(([, times]) => times === 0).map(([name]) => name)
}

/** A summary as one line. */
export function describeSummary({ seeds, faults: struck, events, gaps, missed }: Summary): string {
  const n = (value: number) => value.toLocaleString('en-US')
  const times = [...struck.values()].reduce((sum, value) => sum + value, 0)
  const kinds = [...struck.values()].filter(value => value > 0).length
  const announced = `${n(gaps)} gaps announced (${n(missed)} events in them)`
  const faultsText = `${n(times)} faults of ${n(kinds)} kinds`
  return `soak: ${n(seeds)} seeds, ${faultsText}, ${n(events)} events compared, ${announced}, lost silently: 0`
}
