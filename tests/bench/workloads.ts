/** What the bench measures, and what it must come to: a row each (the targets of a design that was measured first). */
import type { ContenderName } from './contenders.ts'
import type { Cost } from './measure.ts'
import type { ServerOptions } from './server.ts'

/** A ratio that a workload must come to. */
export interface Target {
  readonly label: string
  /** The cost of the second is divided by the cost of the first. */
  readonly of: readonly [divisor: ContenderName, dividend: ContenderName]
  readonly by: keyof Cost
  /** The bench fails where this is not reached. */
  readonly floor: number
  readonly goal?: number
  /** Less is better. */
  readonly isAtMost?: boolean
}

/** Events that are read as fast as can be. */
export interface Workload {
  readonly name: string
  readonly title: string
  readonly server: Pick<ServerOptions, 'count' | 'shape' | 'bytesEach' | 'pace'>
  readonly contenders: readonly ContenderName[]
  readonly targets?: readonly Target[]
  /** A round trip of so many milliseconds between client and server. */
  readonly roundTripMs?: number
  /** Of slow contenders only so many events are asked for. */
  readonly fewer?: Partial<Record<ContenderName, number>>
  /** Rounds that are counted; default 5. */
  readonly rounds?: number
  /** Whether the short form runs it, and with how many events. */
  readonly smokeCount?: number
}

const againstOfficial = (floor: number, goal?: number): Target => ({
  label: 'events a second, against faunadb 4.8',
  of: ['ours', 'official'],
  by: 'elapsed',
  floor,
  ...(goal && { goal }),
})

const all = [
  'bareBytes',
  'bareParse',
  'ours',
  'official',
  'newer',
  'split2Parse',
  'ndjsonParse',
  'watchReader',
] as const

const few = ['bareBytes', 'bareParse', 'ours', 'official'] as const

/** Every workload, in the order of the report. */
export const workloads: readonly Workload[] = [
  {
    name: 'bulk',
    title: '350 bytes an event, frames of 16 KiB',
    server: { count: 120_000, shape: 'orders' },
    contenders: all,
    targets: [
      againstOfficial(3, 5),
      {
        label: 'CPU, against a bare split and JSON.parse',
        of: ['bareParse', 'ours'],
        by: 'cpu',
        floor: 1.4,
        goal: 0.9,
        isAtMost: true,
      },
      { label: 'events a second, against fauna 2.5', of: ['ours', 'newer'], by: 'elapsed', floor: 3, goal: 4 },
    ],
    rounds: 7,
    smokeCount: 40_000,
  },
  {
    name: 'frames',
    title: 'a DATA frame for each event',
    server: { count: 60_000, shape: 'orders', pace: 'each' },
    contenders: few,
    targets: [againstOfficial(2.6, 4)],
    smokeCount: 20_000,
  },
  { name: 'foreign', title: 'text beyond Latin-1', server: { count: 60_000, shape: 'foreign' }, contenders: few },
  { name: 'whole', title: 'with diff and prev', server: { count: 40_000, shape: 'whole' }, contenders: few },
  { name: 'set', title: 'members of an index', server: { count: 60_000, shape: 'set' }, contenders: few },
  {
    name: 'megabyte',
    title: '1 MB an event',
    server: { count: 30, shape: 'sized', bytesEach: 1_000_000 },
    contenders: few,
    targets: [againstOfficial(15)],
    rounds: 3,
  },
  ...[
    [205, 100_000],
    [2 * 1024, 10_000],
    [20 * 1024, 1_500],
    [200 * 1024, 150],
    [8 * 1024 * 1024, 8],
  ].map(([bytesEach = 0, count = 0]): Workload => ({
    name: `size-${bytesEach}`,
    title: `${(bytesEach / 1024).toFixed(1)} KiB an event`,
    server: { count, shape: 'sized', bytesEach },
    contenders: ['bareBytes', 'bareParse', 'ours'],
  })),
  ...[5, 20, 80].map((roundTripMs): Workload => ({
    name: `distance-${roundTripMs}`,
    title: `a round trip of ${roundTripMs} ms`,
    server: { count: 150_000, shape: 'orders' },
    contenders: ['bareBytes', 'ours', 'official'],
    fewer: { official: Math.round(160_000 / roundTripMs) },
    roundTripMs,
    rounds: 3,
    ...(roundTripMs === 20 && { targets: [againstOfficial(10, 19)] }),
  })),
]
