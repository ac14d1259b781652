/** Many runs, several of them at once: most of a run is waiting. */

/** What to run, and how. */
export type Runs<R> = {
  /** The first seed; the others follow it. */
  readonly first: number
  readonly count: number
  /** Runs at once. */
  readonly sideBySide: number
  readonly run: (seed: number) => Promise<R>
  /** Called after each run, with how many there were. */
  readonly told: (result: R, runs: number) => void
}

/** Runs all seeds. Rejects with the first run that fails, once those beside it are over. */
export async function runSideBySide<R>({ first, count, sideBySide, run, told }: Runs<R>): Promise<void> {
  let next = 0
  let runs = 0
  let hasFailed = false
  const work = async () => {
    while (next < count && !hasFailed) {
      try {
        told(await run(first + next++), ++runs)
      } catch (error) {
        hasFailed = true
        throw error
      }
    }
  }
  const results = await Promise.allSettled(Array.from({ length: sideBySide }, work))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
