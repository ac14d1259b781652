/**
 * The embedded server as a process of its own, which tells how it fares: started by `startEmbedded`, it answers each
 * message of its parent with what happened since the one before. Ends with the process that started it.
 */
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import { startLocal } from '../../src/local/index.ts'

/** What the server tells of the time since it was asked before. */
export interface Health {
  /** The longest that its event loop was late, in milliseconds. */
  readonly pauseMs: number
  /** The longest that it ran without looking at its timers, in milliseconds of processor time: whoever else runs. */
  readonly turnMs: number
  /** The longest garbage collection, in milliseconds: a part of the above. */
  readonly collectionMs: number
  /** What it holds after a collection, in bytes; 0 where that was not asked for. */
  readonly heapBytes: number
  /** Processor time, in milliseconds. */
  readonly cpuMs: number
}

/** What it can be asked: `heap` with what it holds. */
export type Question = 'heap' | 'health'

/** How long it is left alone after it was asked, in milliseconds. */
const settleMs: Readonly<Record<Question, number>> = { heap: 2_000, health: 50 }
/** How often it is looked whether the event loop is late, in milliseconds. */
const resolutionMs = 5

const server = await startLocal()
const delay = monitorEventLoopDelay({ resolution: resolutionMs })
let collectionMs = 0
let turnMs = 0
let cpu = process.cpuUsage()
new PerformanceObserver(list => {
  for (const { duration } of list.getEntries()) collectionMs = Math.max(collectionMs, duration)
}).observe({ entryTypes: ['gc'] })
delay.enable()

/** Milliseconds in which the main thread ran: the first number of Linux's schedstat; elsewhere those that passed. */
function readRunMs(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[0]) / 1e6
  } catch {
    return performance.now()
  }
}

let ranMs = readRunMs()
setInterval(() => {
  const now = readRunMs()
  turnMs = Math.max(turnMs, now - ranMs)
  ranMs = now
}, resolutionMs)

function measureHeap(): number {
  for (let i = 0; i < 2; i++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

process.on('message', question => {
  const { user, system } = process.cpuUsage(cpu)
  const pauseMs = Math.max(0, delay.max / 1e6 - resolutionMs)
  const told = { pauseMs, turnMs, collectionMs, cpuMs: (user + system) / 1_000 }
  const health: Health = { ...told, heapBytes: question === 'heap' ? measureHeap() : 0 }
  // Being asked is no pause of the server: what follows counts from when the last of the garbage is swept.
  setTimeout(
    () => {
      delay.reset()
      collectionMs = 0
      turnMs = 0
      cpu = process.cpuUsage()
      process.send?.(health)
    },
    settleMs[question as Question],
  )
})
process.send?.(server.port)
process.once('disconnect', () => process.exit())
// With this, node --cpu-prof writes what it saw.
process.once('SIGTERM', () => process.exit())
