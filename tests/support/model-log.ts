/** The reference log of a model run: what was committed, in order, and the lines that tell it. */

/** What a stream of the log follows: one document, or a set whose transactions may have several events. */
export type LogKind = 'document' | 'set'

/** One event of the log. */
export type Commit = {
  /** In microseconds; rises from one transaction to the next. */
  readonly txn: number
  readonly action: string
  readonly id: string
  /** Of a document alone. */
  readonly data: unknown
  /** As the server writes it (protocol.md B.5, B.6), its end included. */
  readonly line: string
}

/** The transaction time of an empty log, in microseconds. */
const firstTxn = 1_700_000_000_000_000
/** Transactions lie at most so far apart, in microseconds. */
const maxStep = 5_000
/** A set's transaction has at most so many events. */
const maxEvents = 4
/** Every so many documents one is longer than a DATA frame. */
const longEvery = 60
const longChars = 40_000

const words = ['plain', 'é ✔ 😀', 'a\r\nb', '"\\"', '\u2028', '{"type":"start"}', '']

/** A log that grows. */
export class CommitLog {
  readonly kind: LogKind
  readonly commits: Commit[] = []
  /** Everything that was committed is not after this transaction time. */
  position = firstTxn
  readonly #random: () => number

  constructor(kind: LogKind, random: () => number) {
    this.kind = kind
    this.#random = random
  }

  /** Commits one transaction; gives its events. */
  commit(): readonly Commit[] {
    this.pass()
    const count = this.kind === 'set' ? 1 + this.#pick(maxEvents) : 1
    const commits = Array.from({ length: count }, () => this.#makeCommit())
    this.commits.push(...commits)
    return commits
  }

  /** Lets time go by without a commit. */
  pass(): void {
    this.position += 1 + this.#pick(maxStep)
  }

  /** What was committed after a transaction time. */
  after(txn: number): readonly Commit[] {
    return this.commits.filter(commit => commit.txn > txn)
  }

  #makeCommit(): Commit {
    const txn = this.position
    // A set is told by nothing but the document: each of its events has one of its own.
    const id = this.kind === 'set' ? String(this.commits.length + this.#pick(1_000) * 1_000_000) : '1'
    const action =
      this.kind === 'set' ? ['add', 'remove'][this.#pick(2)]! : ['create', 'update', 'delete'][this.#pick(3)]!
    const collection = { '@ref': { id: 'c', collection: { '@ref': { id: 'collections' } } } }
    const ref = { '@ref': { id, collection } }
    const data = this.kind === 'set' ? undefined : this.#makeData()
    const type = this.kind === 'set' ? 'set' : 'version'
    const event = { type, txn, event: { action, document: { ref, ts: txn, data } } }
    return { txn, action, id, data, line: JSON.stringify(event) + '\r\n' }
  }

  #makeData(): unknown {
    const text = words[this.#pick(words.length)]!
    const isLong = this.#pick(longEvery) === 0
    return {
      n: this.commits.length,
      text: isLong ? `${text}x`.repeat(this.#pick(longChars)) : text,
      list: [true, null, 1.5],
    }
  }

  #pick(count: number): number {
    return Math.floor(this.#random() * count)
  }
}
