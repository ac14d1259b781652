/** Kills a process that writes into a data folder, again and again, and compares what it answered with what is there. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import { KeptStore } from './kept-store.ts'

const writers = 4
/** A process is killed when it has answered so many transactions at most, and so many milliseconds later… */
const maxAnswers = 60
const maxLaterMs = 4
/** …and every tenth so long after its start at most. */
const maxStartMs = 150
/** As many lives of a folder: a longer log takes longer to read. */
const livesOfFolder = 20
/** Numbers of one life; a writer never comes so far. */
const numbersOfLife = 100_000

/** What the kills came to. */
export type Outcome = { readonly kills: number; readonly answered: number; readonly unanswered: number }

/** A program in one file, which starts in a fraction of the time. */
async function bundle(folder: string): Promise<string> {
  const outfile = join(folder, 'writers.mjs')
  const entry = join(import.meta.dirname, 'kept-writers.ts')
  await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'error' })
  return outfile
}

/** One life: what was answered in it, number by number, and when. */
async function live(
  program: string,
  folder: string,
  first: number,
  random: () => number,
): Promise<Map<number, number>> {
  const child = spawn(process.execPath, [program, folder, String(first), String(writers)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8')
  const wanted = 1 + Math.floor(random() * maxAnswers)
  const isDue = new Promise<void>(resolve => {
    child.stdout.on('data', (text: string) => {
      printed += text
      if (printed.split('\n').length > wanted) resolve()
    })
  })
  const closed = once(child, 'close')
  if (random() < 0.1) await sleep(random() * maxStartMs)
  else {
    await Promise.race([isDue, closed])
    await sleep(random() * maxLaterMs)
  }
  assert.equal(child.exitCode, null, 'the writers ended by themselves')
  child.kill('SIGKILL')
  await closed
  const lines = printed.split('\n').slice(1, -1)
  return new Map(lines.map(line => line.split(' ').map(Number) as [number, number]))
}

/** Everything that is in a folder: the numbers, each with its time. Throws where a transaction is there by half. */
async function readAll(folder: string): Promise<Map<number, number>> {
  const copy = await mkdtemp(join(tmpdir(), 'killed-'))
  await cp(folder, copy, { recursive: true })
  try {
    const kept = await KeptStore.open(copy)
    try {
      if (kept.ask({ exists: { index: 'all_d' } }) === false) return new Map()
      return readNumbers(kept)
    } finally {
      await kept.close()
    }
  } finally {
    await rm(copy, { recursive: true })
  }
}

const everything = 100_000

function readNumbers(kept: KeptStore): Map<number, number> {
  const list = (name: string): number[] =>
    (kept.ask({ paginate: { match: { index: name } }, size: everything }) as { data: number[] }).data
  const numbers = list('all_c')
  assert.deepEqual(
    list('all_d').filter(n => n !== null),
    numbers,
    'both documents of each transaction are there',
  )
  const times = new Map<number, number>()
  for (const n of numbers) {
    const [one, other] = kept.ask([
      { select: 'ts', from: { get: { ref: { collection: 'c' }, id: String(n) } } },
      { select: 'ts', from: { get: { ref: { collection: 'd' }, id: String(n) } } },
    ]) as [number, number]
    assert.equal(one, other)
    times.set(n, one)
  }
  const noted = new Map<number, number>()
  for (let writer = 0; writer < writers; writer++) {
    const own = { ref: { collection: 'd' }, id: String(writer) }
    const { data } = kept.ask({ paginate: { events: own }, size: everything }) as {
      data: { ts: number; data: { last: number } | null }[]
    }
    for (const event of data) if (event.data !== null) noted.set(event.data.last, event.ts)
  }
  assert.deepEqual(
    [...noted].toSorted(byNumber),
    [...times].toSorted(byNumber),
    'each number is noted once, at its time',
  )
  return times
}

const byNumber = ([a]: [number, number], [b]: [number, number]): number => a - b

/** Kills so many times. Throws where an answered transaction is missing or altered, or an unanswered one is there by half. */
export async function runKills(kills: number, random: () => number): Promise<Outcome> {
  const root = await mkdtemp(join(tmpdir(), 'kills-'))
  let [answered, unanswered] = [0, 0]
  try {
    const program = await bundle(root)
    for (let life = 0; life < kills;) {
      const folder = join(root, `data-${life}`)
      await mkdir(folder)
      /** What was answered in all lives of this folder, and what was found there. */
      const known = new Map<number, number>()
      for (let i = 0; i < livesOfFolder && life < kills; i++, life++) {
        const told = await live(program, folder, life * numbersOfLife, random)
        const found = await readAll(folder)
        for (const [n, ts] of [...known, ...told]) assert.equal(found.get(n), ts, `kill ${life}: transaction ${n}`)
        const more = found.size - known.size - told.size
        assert.ok(more <= writers, `kill ${life}: ${more} transactions that nobody was told of`)
        answered += told.size
        unanswered += more
        for (const [n, ts] of found) known.set(n, ts)
      }
    }
    return { kills, answered, unanswered }
  } finally {
    await rm(root, { recursive: true })
  }
}
