/**
 * The model, as often as you like: `npm run soak -- --seeds 100000`; `--seed N` begins with this seed, and runs it
 * alone where `--seeds` is not given. Prints each kind of fault and how often it struck.
 */
import { parseArgs } from 'node:util'
import { checkLive } from './support/model-live.ts'
import { describeSummary, listUntried, runModels } from './support/model-runs.ts'

/** Fewer runs need not meet every kind of fault. */
const runsForAll = 100
const runsBetweenSigns = 1_000

const { values } = parseArgs({ options: { seeds: { type: 'string' }, seed: { type: 'string' } } })
const alone = values.seed ?? process.env['SEED']
const count = Number(values.seeds ?? (alone === undefined ? 200 : 1))
const first = Number(alone ?? Math.floor(Math.random() * 2 ** 31))
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(first)) throw new TypeError('give whole numbers')

console.log(`soak: seeds ${first} to ${first + count - 1}`)
const summary = await runModels({ first, count, oracle: checkLive }, runs => {
  if (runs % runsBetweenSigns === 0) console.log(`soak: ${runs} of ${count} runs`)
})
for (const [name, times] of summary.faults) console.log(`${String(times).padStart(9)}  ${name}`)
console.log(describeSummary(summary))
const untried = listUntried(summary)
if (count >= runsForAll && untried.length > 0) {
  console.error(`soak: never struck: ${untried.join(', ')}`)
  process.exitCode = 1
}
