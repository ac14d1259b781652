/**
 * One run of the history model, with the real parts: the embedded server, a proxy that cuts, a writer, and clients that
 * follow. A seed chooses what each of them does; the moments are the machine's.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startLocal } from '../../src/local/index.ts'
import { serveProxy, type TcpProxy } from '../../src/testing/index.ts'
import { checkHistory } from './history-check.ts'
import { Follower, type FollowerOptions } from './history-follower.ts'
import { type HistoryTarget, targets } from './history-targets.ts'
import { HistoryWriter } from './history-writer.ts'
import { pick, type Random } from './mutations.ts'
import { makeRandom } from './seed.ts'

/** What a run came to. */
export type HistoryResult = {
  readonly cuts: number
  readonly commits: number
  readonly events: number
  readonly recovered: number
}

const pageSizes = [1, 2, 3, 7, 64, 1_000]
const fieldChoices: readonly FollowerOptions['fields'][] = [
  undefined,
  ['action'],
  ['action', 'index'],
  ['document'],
  ['diff'],
  ['action', 'document', 'diff', 'prev', 'index'],
]
const transactions = { least: 15, most: 45 }
const cuts = { least: 4, most: 16 }
/** A connection is cut after so many bytes at most; small numbers are as likely as great ones. */
const maxCutBytes = 30_000
const maxStartDelayMs = 3
const maxRestMs = 3
/** A run takes a part of a second; one that takes this long hangs. */
const hangMs = 120_000

class HistoryRun {
  readonly #random: Random
  #cuts = 0
  #isOver = false

  constructor(seed: number) {
    this.#random = makeRandom(seed)
  }

  async play(): Promise<HistoryResult> {
    const isRepeating = this.#random() < 0.25
    const startDelayMs = pick(this.#random, maxStartDelayMs + 1)
    const server = await startLocal({ startDelayMs, quirks: this.#random() < 0.5 })
    const proxy = await serveProxy({ target: server.endpoint })
    const writer = new HistoryWriter(server, this.#random, isRepeating)
    const place = { endpoint: proxy.endpoint, secret: server.secret }
    const followers = this.#chooseFollowers(isRepeating).map(options => new Follower(options, place, this.#random))
    let doesHang = false
    const hang = setTimeout(() => {
      doesHang = true
      for (const follower of followers) follower.abort()
    }, hangMs)
    try {
      await writer.prepare()
      const following = Promise.all(followers.map(follower => follower.follow()))
      const cutting = this.#cut(proxy)
      const [last] = await Promise.all([this.#write(writer, proxy, followers), following])
      this.#isOver = true
      proxy.heal()
      await cutting
      const verdicts = followers.map(follower => {
        try {
          return checkHistory(follower, writer.commits, follower.options.target.set ? last.set : last.document)
        } catch (cause) {
          const life = doesHang ? `hangs after ${hangMs} ms: ${follower.life.slice(-12).join('; ')}: ` : ''
          throw new Error(`${describe(follower)}: ${life}${(cause as Error).message}`, { cause })
        }
      })
      const sum = (key: 'events' | 'recovered') => verdicts.reduce((total, verdict) => total + verdict[key], 0)
      return { cuts: this.#cuts, commits: writer.commits.length, events: sum('events'), recovered: sum('recovered') }
    } finally {
      clearTimeout(hang)
      this.#isOver = true
      for (const follower of followers) follower.abort()
      await writer.close()
      await proxy.close()
      await server.close()
    }
  }

  #chooseFollowers(isRepeating: boolean): FollowerOptions[] {
    const count = 1 + pick(this.#random, 2)
    return Array.from({ length: count }, () => {
      const target: HistoryTarget = targets[pick(this.#random, targets.length)]!
      return {
        target,
        fields: fieldChoices[pick(this.#random, fieldChoices.length)],
        pageSize: pageSizes[pick(this.#random, pageSizes.length)]!,
        // A set stream tells untruth of a transaction that writes a document twice (protocol.md F.9).
        isExact: target.set !== undefined && (isRepeating || this.#random() < 0.2),
        memory: this.#random() < 0.7 ? 'checkpoint' : 'since',
        restarts: pick(this.#random, 4),
      }
    })
  }

  async #write(writer: HistoryWriter, proxy: TcpProxy, followers: readonly Follower[]) {
    // What is written before the first start is told to nobody; a restart then would not know where it was.
    await Promise.all(followers.map(({ started }) => started))
    const count = transactions.least + pick(this.#random, transactions.most - transactions.least)
    for (let i = 0; i < count; i++) {
      const kind = this.#random()
      if (kind < 0.06) await this.#writeThroughOutage(writer, proxy)
      else if (kind < 0.08) await writer.restartServer()
      else if (kind < 0.4) await sleep(pick(this.#random, maxRestMs + 1))
      await writer.write()
    }
    const last = await writer.finish()
    for (const follower of followers) follower.finishAt(follower.options.target.set ? last.set : last.document)
    return last
  }

  /** Nobody gets through; the writer goes on. */
  async #writeThroughOutage(writer: HistoryWriter, proxy: TcpProxy): Promise<void> {
    this.#cuts += proxy.connections
    proxy.refuse()
    proxy.cut(this.#random() < 0.5 ? 'fin' : 'rst')
    const count = 1 + pick(this.#random, 12)
    for (let i = 0; i < count; i++) await writer.write()
    proxy.heal()
  }

  async #cut(proxy: TcpProxy): Promise<void> {
    const count = cuts.least + pick(this.#random, cuts.most - cuts.least)
    for (let i = 0; i < count && !this.#isOver;) {
      const bytes = Math.floor(maxCutBytes ** this.#random())
      if (!(await proxy.cutAt(bytes, this.#random() < 0.5 ? 'fin' : 'rst'))) continue
      this.#cuts++
      i++
    }
  }
}

function describe({ options: { target, fields, ...rest } }: Follower): string {
  const chosen = Object.entries(rest).map(([name, value]) => `${name} ${value}`)
  return [target.name, `fields ${fields?.join(' ') ?? 'by default'}`, ...chosen].join(', ')
}

/** Runs the history model once. Rejects, naming the seed, where a promise is broken. */
export async function runHistory(seed: number): Promise<HistoryResult> {
  try {
    return await new HistoryRun(seed).play()
  } catch (cause) {
    throw new Error(`SEED=${seed}: ${(cause as Error).message}`, { cause })
  }
}
