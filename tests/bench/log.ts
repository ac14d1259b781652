/** What it costs the embedded server to keep what is written: a commit with a data folder beside one without. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, q } from '../../src/index.ts'
import { type LocalServer, startLocal } from '../../src/local/index.ts'
import type { Fact } from './special.ts'

const commits = 2_000
const writers = 64
const things = q.Collection('things')
const msPerSecond = 1_000

/** Milliseconds that something takes. */
async function time(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}

async function writeMany(client: Client, parallel: number): Promise<void> {
  let left = commits
  const write = async (): Promise<void> => {
    while (left-- > 0) await client.query(q.Create(things, { data: { n: left, city: 'Oslo' } }))
  }
  await Promise.all(Array.from({ length: parallel }, write))
}

async function measureWrites(server: LocalServer, kept: string): Promise<Fact[]> {
  await using client = new Client({ endpoint: server.endpoint, secret: server.secret })
  await client.query(q.CreateCollection({ name: 'things' }))
  await writeMany(client, writers)
  const one = await time(() => writeMany(client, 1))
  const many = await time(() => writeMany(client, writers))
  return [
    { name: `a commit, one after another, ${kept}`, value: one / commits, unit: 'ms' },
    { name: `commits of ${writers} writers, ${kept}`, value: (commits / many) * msPerSecond, unit: 'a second' },
  ]
}

/** Commits in memory and with a data folder, and how long the folder takes to be read back. */
export async function measureLog(): Promise<Fact[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-log-'))
  try {
    const memory = await startLocal()
    const facts = await measureWrites(memory, 'in memory')
    await memory.close()
    const kept = await startLocal({ dataDir })
    facts.push(...(await measureWrites(kept, 'on the disk')))
    await kept.close()
    const start = await time(async () => (await startLocal({ dataDir })).close())
    facts.push({ name: `start with a log of ${3 * commits} commits`, value: start, unit: 'ms' })
    return facts
  } finally {
    await rm(dataDir, { recursive: true })
  }
}
