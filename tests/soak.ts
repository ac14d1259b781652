/**
 * The models, as often as you like: `npm run soak -- --seeds 100000`, that of `resume: 'live'`; with `--history` that of
 * `resume: 'history'`. `--seed N` begins with this seed, and runs it alone where `--seeds` is not given.
 */
import { parseArgs } from 'node:util'
import { describeHistories, hasTriedEnough, runHistories } from './support/history-runs.ts'
import { checkLive } from './support/model-live.ts'
import { describeSummary, listUntried, runModels } from './support/model-runs.ts'

/** Fewer runs need not meet every kind of fault. */
const runsForAll = 100
const runsBetweenSigns = 1_000

const options = { seeds: { type: 'string' }, seed: { type: 'string' }, history: { type: 'boolean' } } as const
const { values } = parseArgs({ options })
const alone = values.seed ?? process.env['SEED']
const count = Number(values.seeds ?? (alone === undefined ? 200 : 1))
const first = Number(alone ?? Math.floor(Math.random() * 2 ** 31))
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(first)) throw new TypeError('give whole numbers')

console.log(`soak: seeds ${first} to ${first + count - 1}`)
const told = (runs: number) => {
  if (runs % runsBetweenSigns === 0) console.log(`soak: ${runs} of ${count} runs`)
}
const isEnough = values.history ? await soakHistory() : await soakLive()
if (count >= runsForAll && !isEnough) process.exitCode = 1

async function soakHistory(): Promise<boolean> {
  const summary = await runHistories({ first, count }, told)
  console.log(describeHistories(summary))
  return hasTriedEnough(summary)
}

async function soakLive(): Promise<boolean> {
  const summary = await runModels({ first, count, oracle: checkLive }, told)
  for (const [name, times] of summary.faults) console.log(`${String(times).padStart(9)}  ${name}`)
  console.log(describeSummary(summary))
  const untried = listUntried(summary)
  if (untried.length > 0) console.error(`soak: never struck: ${untried.join(', ')}`)
  return untried.length === 0
}
