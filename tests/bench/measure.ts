/** Times contenders against each other in one run, in turns, and sums the rounds up. */
import type { Contender, Course } from './contenders.ts'

/** What one round cost, in microseconds an event. */
export interface Cost {
  /** By the clock: what its reader waits. */
  readonly elapsed: number
  /** Of this process's processor time: what it takes from the reader's own work. */
  readonly cpu: number
}

/** A middle value and how far the rounds lie around it. */
export interface Summary {
  readonly median: number
  readonly low: number
  readonly high: number
}

async function measureOnce(contender: Contender, course: Course): Promise<Cost> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await contender.run(course)
  const elapsed = (performance.now() - start) * 1000
  const { user, system } = process.cpuUsage(cpu)
  return { elapsed: elapsed / course.count, cpu: (user + system) / course.count }
}

/**
 * Runs every contender once a round, each round beginning with another one, after one round that is not counted.
 * Gives the costs by contender, in the order of the rounds: costs of the same round make a pair. A contender may be
 * given fewer events than the others by `courseOf`.
 */
export async function measureRounds<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  courseOf: Course | ((name: Name) => Course),
  rounds: number,
): Promise<Record<Name, Cost[]>> {
  const names = Object.keys(contenders) as Name[]
  const costs = Object.fromEntries(names.map(name => [name, []])) as unknown as Record<Name, Cost[]>
  for (let round = -1; round < rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(turn + round + 1) % names.length] as Name
      const cost = await measureOnce(contenders[name], typeof courseOf === 'function' ? courseOf(name) : courseOf)
      if (round >= 0) costs[name].push(cost)
    }
  }
  return costs
}

/** The median of some numbers, the lowest and the highest. */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  const [below, above] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]]
  if (below === undefined || above === undefined) throw new RangeError('there is nothing to summarize')
  return { median: (below + above) / 2, low: sorted[0] as number, high: sorted.at(-1) as number }
}

/** How many times the cost of `one` that of `other` is, round by round. */
export function compareCosts(one: readonly Cost[], other: readonly Cost[], by: keyof Cost): Summary {
  return summarize(one.map((cost, round) => cost[by] / (other[round]?.[by] ?? Number.NaN)))
}

/** The value below which this share of them lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  if (value === undefined) throw new RangeError('there is nothing to sum up')
  return value
}
