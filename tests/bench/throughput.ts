/** Runs the workloads that are read as fast as can be, and says what each came to. */
import { readCommonEvent } from '../../src/events/fast.ts'
import { type ContenderName, contenders, type Course } from './contenders.ts'
import { makeEvents } from './events.ts'
import { compareCosts, type Cost, measureRounds, summarize, type Summary } from './measure.ts'
import { serveFrom, startServer } from './process.ts'
import type { Target, Workload } from './workloads.ts'

/** What a target came to. */
export interface Outcome extends Target {
  readonly workload: string
  readonly ratio: Summary
  readonly isReached: boolean
}

/** What a workload came to. */
export interface Result {
  readonly workload: Workload
  readonly bytesEach: number
  readonly costs: Partial<Record<ContenderName, { readonly elapsed: Summary; readonly cpu: Summary }>>
  readonly outcomes: readonly Outcome[]
  /** The share of events that the fast path reads. */
  readonly hitRate: number
}

const defaultRounds = 5
const hitSample = 2_000

/** Runs one workload, with fewer events where `count` says so. */
export async function runWorkload(workload: Workload, seed: number, count = workload.server.count): Promise<Result> {
  const { roundTripMs, fewer = {}, rounds = defaultRounds } = workload
  const shape = workload.server.shape ?? 'orders'
  const server = await startServer({ ...workload.server, count, seed, after: 'open' }, { pin: true })
  const proxy = roundTripMs === undefined ? undefined : await serveFrom(server.endpoint, roundTripMs)
  try {
    const course: Course = { endpoint: proxy?.endpoint ?? server.endpoint, count, bytes: server.bytes, shape }
    const courseOf = (name: ContenderName): Course => ({ ...course, count: fewer[name] ?? count })
    const chosen = Object.fromEntries(workload.contenders.map(name => [name, contenders[name]]))
    const costs = await measureRounds(chosen as typeof contenders, courseOf, rounds)
    return {
      workload,
      bytesEach: server.bytes / count,
      costs: Object.fromEntries(workload.contenders.map(name => [name, sumUp(costs[name])])),
      outcomes: (workload.targets ?? []).map(target => judge(target, workload, costs)),
      hitRate: countHits(workload, seed),
    }
  } finally {
    await proxy?.stop()
    await server.stop()
  }
}

function sumUp(costs: readonly Cost[]): { elapsed: Summary; cpu: Summary } {
  return { elapsed: summarize(costs.map(each => each.elapsed)), cpu: summarize(costs.map(each => each.cpu)) }
}

function judge(target: Target, { name }: Workload, costs: Readonly<Record<ContenderName, Cost[]>>): Outcome {
  const [divisor, dividend] = target.of
  const ratio = compareCosts(costs[dividend], costs[divisor], target.by)
  const isReached = target.isAtMost ? ratio.median <= target.floor : ratio.median >= target.floor
  return { ...target, workload: name, ratio, isReached }
}

function countHits({ server }: Workload, seed: number): number {
  const count = Math.min(hitSample, server.count)
  const lines = makeEvents({ ...server, count, seed })
    .toString()
    .split('\r\n')
    .slice(1, -1)
  return lines.filter(line => readCommonEvent(line) !== undefined).length / lines.length
}
