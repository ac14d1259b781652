/** Many runs of the history model, several side by side, and what they came to. */
import { type HistoryResult, runHistory } from './history-run.ts'
import { runSideBySide } from './side-by-side.ts'

/** What many runs came to. */
export type HistorySummary = HistoryResult & { readonly seeds: number }

/** Runs at once. */
const sideBySide = 6

/** So many events are read from history in a run, at least, on the average: else too little is tried. */
const leastRecovered = 10

/** Runs the seeds from `first` on. Rejects with the first run that fails, once those beside it are over. */
export async function runHistories(
  { first, count }: { readonly first: number; readonly count: number },
  told: (runs: number) => void = () => undefined,
): Promise<HistorySummary> {
  const sum = { cuts: 0, commits: 0, events: 0, recovered: 0 }
  const add = (result: HistoryResult, runs: number) => {
    for (const key of ['cuts', 'commits', 'events', 'recovered'] as const) sum[key] += result[key]
    told(runs)
  }
  await runSideBySide({ first, count, sideBySide, run: runHistory, told: add })
  return { ...sum, seeds: count }
}

/** Whether the runs tried enough. */
export function hasTriedEnough({ seeds, cuts, recovered }: HistorySummary): boolean {
  return recovered >= leastRecovered * seeds && cuts > seeds
}

/** A summary as one line. */
export function describeHistories({ seeds, cuts, commits, events, recovered }: HistorySummary): string {
  const n = (value: number) => value.toLocaleString('en-US')
  const delivered = `${n(events)} events delivered, ${n(recovered)} of them recovered`
  return `history: ${n(seeds)} seeds, ${n(cuts)} cuts, ${n(commits)} commits, ${delivered}; missing, doubled, altered: 0`
}
