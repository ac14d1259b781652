/**
 * One run of the model: a reference log of commits, a client that follows it, faults at moments that a seed chooses.
 * What the client has told is then judged by an oracle, which knows what its way to resume promises.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { Client, type FaunaError, type Gap, type GapEvent, q, type StreamEvent } from '../../src/index.ts'
import { frameType, splitEvery } from '../../src/testing/index.ts'
import { type Fault, faults, type Scene, type Stage, stages } from './model-faults.ts'
import { type Commit, CommitLog, type LogKind } from './model-log.ts'
import { ModelPeer, ModelTime, type Opening } from './model-peer.ts'
import { makeRandom } from './seed.ts'

/** What the loop of a run was given. */
export type ToldEvent = StreamEvent | GapEvent

/** What happened in a run, for an oracle. */
export type ModelRecord = {
  readonly kind: LogKind
  /** Everything that was committed; the last of it was told, or the run would not have ended. */
  readonly commits: readonly Commit[]
  /** What the loop was given, in order. */
  readonly told: readonly ToldEvent[]
  /** The gaps that the stream signalled, in order. */
  readonly signalled: readonly Gap[]
}

/** What an oracle has compared. */
export type Verdict = { readonly events: number; readonly gaps: number; readonly missed: number }

/** Judges a run; throws where the promise was broken. */
export type Oracle = (record: ModelRecord) => Verdict

/** A run that went well; how often each kind of fault struck. */
export type RunResult = Verdict & { readonly faults: ReadonlyMap<string, number> }

/** One fault of the plan, and what comes before it. */
type Step = {
  readonly fault: Fault
  readonly stage: Stage
  /** Transactions while nobody listens, before this opening. */
  readonly unheard: number
  readonly transactions: number
  /** Where in the last transaction it is cut, as a part of its bytes; `undefined`: not. */
  readonly half: number | undefined
  /** Whether the loop gets everything before the fault strikes. */
  readonly awaits: boolean
  /** Whether this server is behind the last one: it tells again what it told. */
  readonly isBehind: boolean
  readonly isStartLate: boolean
  readonly pieceBytes: number | undefined
}

const maxFaults = 14
const maxTransactions = 6
/** Just below the default of `startTimeoutMs`. */
const lateMs = 9_000
/** A run takes some milliseconds; one that takes this long hangs. */
const hangMs = 120_000
/** Where nothing happened for so long, time passes: what Node does not tell of a broken connection, a PING finds. */
const idleMs = 500
const passMs = 5_000

function makeSteps(random: () => number): Step[] {
  const pick = (count: number) => Math.floor(random() * count)
  return Array.from({ length: 3 + pick(maxFaults - 2) }, () => {
    const fault = faults[pick(faults.length)]!
    // Most streams live for a while.
    const last = fault.stages.at(-1)!
    const stage = random() < 0.6 ? last : fault.stages[pick(fault.stages.length)]!
    return {
      fault,
      stage,
      unheard: pick(3),
      transactions: (fault.needsProgress ? 1 : 0) + pick(maxTransactions),
      half: fault.mayHalve && stage === 'events' && random() < 0.4 ? random() : undefined,
      awaits: fault.needsProgress === true || random() < 0.5,
      isBehind: random() < 0.2,
      isStartLate: random() < 0.1,
      pieceBytes: random() < 0.15 ? 1 + pick(300) : undefined,
    }
  })
}

/** One run, from the first opening to the last event. */
class Run {
  readonly faults = new Map<string, number>()
  readonly #random: () => number
  readonly #log: CommitLog
  readonly #steps: Step[]
  readonly #time = new ModelTime()
  readonly #secret: string
  readonly #told: ToldEvent[] = []
  readonly #signalled: Gap[] = []
  readonly #losses = new Map<string, number>()
  readonly #failed = new AbortController()
  /** The transaction that ends the run. */
  #lastTxn: number | undefined
  #current: Opening | undefined
  #peer: ModelPeer | undefined

  constructor(seed: number) {
    this.#random = makeRandom(seed)
    this.#log = new CommitLog(this.#random() < 0.5 ? 'document' : 'set', makeRandom(seed ^ 0x5bd1e995))
    this.#steps = makeSteps(this.#random)
    this.#secret = `seed-${seed}`
  }

  /** Follows the log through all faults to its end. */
  async follow(): Promise<ModelRecord> {
    const peer = await ModelPeer.listen(this.#time, this.#secret, opening => {
      this.#play(opening).catch((error: unknown) => this.#failed.abort(error))
    })
    this.#peer = peer
    const client = new Client({ endpoint: peer.endpoint, secret: this.#secret, time: this.#time })
    const hang = setTimeout(() => this.#failed.abort(new Error(`the run hangs: ${this.#describe()}`)), hangMs)
    const idle = this.#passWhenIdle()
    try {
      await this.#read(client)
    } catch (error) {
      throw new Error(`the loop threw: ${this.#describe()}`, { cause: error })
    } finally {
      clearTimeout(hang)
      clearInterval(idle)
      await client.close()
      await peer.close()
    }
    const { kind, commits } = this.#log
    return { kind, commits, told: this.#told, signalled: this.#signalled }
  }

  #passWhenIdle(): NodeJS.Timeout {
    let before = ''
    return setInterval(() => {
      const now = `${this.#told.length} ${this.#steps.length} ${[...this.#losses.values()].join(' ')}`
      if (now === before) this.#time.pass(passMs)
      before = now
    }, idleMs)
  }

  async #read(client: Client): Promise<void> {
    const expr = q.Documents(q.Collection('c'))
    const { signal } = this.#failed
    const stream = client.stream(expr, ['action', 'document'], { resume: 'live', onGap: 'yield', signal })
    stream.on('gap', gap => this.#signalled.push(gap))
    stream.on('lost', ({ error }) => {
      const { code } = error as FaunaError
      this.#losses.set(code, (this.#losses.get(code) ?? 0) + 1)
      this.#peer?.waits.look()
    })
    const isSlow = this.#random() < 0.3
    for await (const event of stream) {
      this.#told.push(event as ToldEvent)
      this.#peer?.waits.look()
      if (event.type !== 'gap' && event.type !== 'unknown' && event.txn === this.#lastTxn) {
        const told = this.#told.filter(before => 'txn' in before && before.txn === this.#lastTxn).length
        if (told === this.#log.commits.filter(({ txn }) => txn === this.#lastTxn).length) return
      }
      if (isSlow) await turn()
    }
  }

  /** What the server does with an opening. */
  async #play(opening: Opening): Promise<void> {
    // It was silenced: it does not answer any more.
    if (!opening.connection.acknowledges) return
    this.#current = opening
    const step = this.#steps.shift()
    if (!step) return this.#playToTheEnd(opening)
    opening.connection.split = step.pieceBytes === undefined ? undefined : splitEvery(step.pieceBytes)
    for (let i = 0; i < step.unheard; i++) this.#log.commit()
    const has = (stage: Stage) => stages.indexOf(step.stage) >= stages.indexOf(stage)
    if (has('head')) await this.#respond(opening, step.isStartLate && has('start'))
    if (this.#isLost(opening)) return
    if (has('start')) this.#start(opening, step.isBehind)
    if (has('events')) await this.#tell(opening, step)
    if (step.awaits && has('start')) await this.#awaitLoop(opening)
    if (this.#isLost(opening)) return
    if (step.half !== undefined) this.#tellHalf(opening, step.half)
    this.#count(step.fault.name)
    await step.fault.strike(this.#makeScene(opening))
  }

  async #playToTheEnd(opening: Opening): Promise<void> {
    opening.respond()
    this.#writeStart(opening, this.#log.position)
    this.#commit(opening)
    this.#lastTxn = this.#log.position
  }

  /** Whether what is committed now belongs to a later opening. */
  #isLost(opening: Opening): boolean {
    return opening.isOver || this.#current !== opening
  }

  async #respond(opening: Opening, isStartLate: boolean): Promise<void> {
    opening.respond()
    if (!isStartLate) return
    // Who answers a PING has read the headers that came before it.
    const answers = () => opening.connection.received(frameType.ping).length
    const before = answers()
    opening.connection.ping()
    await this.#peer!.waits.until(() => answers() > before || opening.isOver)
    await turn()
    if (this.#isLost(opening)) return
    this.#count('start that comes late')
    this.#time.pass(lateMs)
  }

  #start(opening: Opening, isBehind: boolean): void {
    if (this.#random() < 0.5) this.#log.pass()
    const told = this.#log.commits.slice(-5)
    if (!isBehind || told.length === 0) return this.#writeStart(opening, this.#log.position)
    this.#count('server that is behind')
    const { txn } = told[Math.floor(this.#random() * told.length)]!
    const start = txn - Math.floor(this.#random() * 2)
    this.#writeStart(opening, start)
    for (const { line } of this.#log.after(start)) opening.write(line)
  }

  #writeStart(opening: Opening, txn: number): void {
    opening.write(JSON.stringify({ type: 'start', txn, event: txn }) + '\r\n')
  }

  async #tell(opening: Opening, step: Step): Promise<void> {
    for (let i = 0; i < step.transactions; i++) {
      if (this.#isLost(opening)) return
      this.#commit(opening)
      if (this.#random() < 0.3) await turn()
    }
  }

  #commit(opening: Opening): void {
    opening.write(
      this.#log
        .commit()
        .map(({ line }) => line)
        .join(''),
    )
  }

  /** The wire is cut within what tells a transaction, after any of its bytes. */
  #tellHalf(opening: Opening, part: number): void {
    this.#count('cut in the middle of a transaction')
    const text = Buffer.from(
      this.#log
        .commit()
        .map(({ line }) => line)
        .join(''),
    )
    opening.write(text.subarray(0, Math.floor(part * text.length)))
  }

  /** Until the loop has got all that was sent, or the opening is lost. */
  #awaitLoop(opening: Opening): Promise<void> {
    const txn = this.#log.commits.at(-1)?.txn ?? 0
    return this.#peer!.waits.until(() => {
      const last = this.#told.at(-1)
      const at = last === undefined ? 0 : last.type === 'gap' ? last.until : last.type === 'unknown' ? 0 : last.txn
      return (at >= txn && at > 0) || opening.isOver
    })
  }

  #makeScene(opening: Opening): Scene {
    return {
      opening,
      peer: this.#peer!,
      random: this.#random,
      commit: () => this.#commit(opening),
      countLosses: code => this.#losses.get(code) ?? 0,
    }
  }

  #count(name: string): void {
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1)
  }

  #describe(): string {
    return `${this.#log.kind}, faults so far: ${[...this.faults].map(([name, n]) => `${name} × ${n}`).join(', ')}`
  }
}

/** Runs the model once. Rejects, naming the seed, where the oracle finds a broken promise or the loop does not go on. */
export async function runModel(seed: number, oracle: Oracle): Promise<RunResult> {
  const run = new Run(seed)
  try {
    return { ...oracle(await run.follow()), faults: run.faults }
  } catch (cause) {
    throw new Error(`SEED=${seed}: ${(cause as Error).message}`, { cause })
  }
}
