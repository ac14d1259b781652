/** A follower that is killed at any moment and begun again with its checkpoint works through everything, in order. */
import './support/uncovered.ts'
import './support/leaks.ts'
import assert from 'node:assert/strict'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, q } from '../src/index.ts'
import { startLocal } from '../src/local/index.ts'
import { startProgram } from './support/program.ts'
import { makeRandom, readSeed } from './support/seed.ts'

const kills = 5
/** A follower lives so long at most after its first sign, in milliseconds. */
const maxLifeMs = 60
const follower = join(import.meta.dirname, 'support/checkpoint-follower.ts')
const { seed } = readSeed()

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

async function readLog(path: string): Promise<number[]> {
  if (!(await exists(path))) return []
  return (await readFile(path, 'utf8')).split('\n').filter(Boolean).map(Number)
}

test(
  `kill -9, ${kills} times: each transaction is worked through, in order, the one in hand twice at most (SEED=${seed})`,
  { timeout: 120_000 },
  async t => {
    const random = makeRandom(seed)
    const folder = await mkdtemp(join(tmpdir(), 'kill-'))
    const [checkpoint, log] = [join(folder, 'checkpoint'), join(folder, 'log')]
    const server = await startLocal()
    const client = new Client({ endpoint: server.endpoint, secret: server.secret })
    const written: number[] = []
    const over = new AbortController()
    const write = async () => {
      while (!over.signal.aborted) {
        await client.query(q.Create(q.Collection('things'), { data: {} }))
        written.push(client.lastTxn!)
        await sleep(Math.floor(random() * 4))
      }
    }
    /** Where each run began in the log. */
    const begins: number[] = []
    const follow = async () => {
      begins.push((await readLog(log)).length)
      const program = startProgram(follower, [server.endpoint, checkpoint, log])
      await program.prints(/follows/)
      return program
    }
    try {
      await client.query(q.CreateCollection({ name: 'things' }))
      let program = await follow()
      // Before its first checkpoint nothing is promised.
      while (!(await exists(checkpoint))) await sleep(5)
      const writing = write()
      for (let i = 0; i < kills; i++) {
        await sleep(random() * maxLifeMs)
        program.child.kill('SIGKILL')
        await program.finished
        program = await follow()
      }
      over.abort()
      await writing
      const last = written.at(-1)!
      while (!(await readLog(log)).includes(last)) await sleep(10)
      program.child.kill('SIGKILL')
      await program.finished
      const worked = await readLog(log)
      let repeated = 0
      for (const [i, txn] of worked.entries()) {
        const before = worked[i - 1] ?? 0
        if (txn > before) continue
        // Only the first of a run may repeat, and only what the run before had in hand.
        assert.ok(begins.includes(i) && txn === before, `${txn} after ${before}`)
        repeated++
      }
      assert.deepEqual([...new Set(worked)], written)
      t.diagnostic(`${written.length} transactions, ${kills} kills, ${repeated} repeated`)
    } finally {
      over.abort()
      await client.close()
      await server.close()
      await rm(folder, { recursive: true })
    }
  },
)
