/** The writer of a history run: seeded transactions, sent straight to the server; it keeps what each one did. */
import { Client, q } from '../../src/index.ts'
import type { LocalServer } from '../../src/local/index.ts'
import type { Change, HistoryCommit } from './history-commits.ts'
import { collectionName, type Doc, type DocData, documentId, followedGroup, indexes } from './history-targets.ts'
import { pick, type Random } from './mutations.ts'

const collection = q.Collection(collectionName)
/** A transaction writes at most so many documents; a page may hold fewer. */
const maxDocuments = 24
/** Times to live lie this far ahead, in days: nothing expires in a run. */
const ttlDays = 10

const tags = ['red', 'green', 'blue', 'é ✔ 😀']

/** One write of a transaction. */
type Write = { readonly id: string; readonly expr: unknown; readonly isDelete: boolean }

/** Writes to one server. */
export class HistoryWriter {
  /** Everything that was committed, in order. */
  readonly commits: HistoryCommit[] = []
  readonly #server: LocalServer
  readonly #random: Random
  /** Whether a transaction may write a document more than once. */
  readonly #isRepeating: boolean
  readonly #docs = new Map<string, Doc>()
  #client: Client
  #txn = 0
  #ids = 1

  constructor(server: LocalServer, random: Random, isRepeating: boolean) {
    this.#server = server
    this.#random = random
    this.#isRepeating = isRepeating
    this.#client = this.#connect()
  }

  /** Makes the collection, its indexes, and a first document. */
  async prepare(): Promise<void> {
    await this.#client.query(q.CreateCollection({ name: collectionName }))
    await this.#client.query(indexes.map(index => q.CreateIndex(index)))
    await this.#commit([this.#create(documentId)])
  }

  /** Commits one transaction of any kind. */
  async write(): Promise<void> {
    const kind = this.#random()
    const count = kind < 0.6 ? 1 : kind < 0.9 ? 1 + pick(this.#random, 5) : 1 + pick(this.#random, maxDocuments)
    const ids = new Set<string>()
    const writes: Write[] = []
    for (let i = 0; i < count; i++) {
      const id = this.#pickId()
      if (ids.has(id)) continue
      ids.add(id)
      writes.push(...this.#makeWrites(id))
    }
    await this.#commit(writes)
  }

  /** Commits what ends every stream: an update of the one document, then a new member of every set. Gives their times. */
  async finish(): Promise<{ readonly document: number; readonly set: number }> {
    const exists = this.#docs.has(documentId)
    await this.#commit([exists ? this.#update(documentId, { data: { n: -1 } }) : this.#create(documentId)])
    const document = this.#txn
    await this.#commit([this.#create(String(++this.#ids), { group: followedGroup, n: -1, tags: ['red'] })])
    return { document, set: this.#txn }
  }

  /** The server goes away and comes back with its data. */
  async restartServer(): Promise<void> {
    await this.#client.close()
    await this.#server.stop({ grace: this.#random() < 0.5 })
    await this.#server.start()
    this.#client = this.#connect()
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  #connect(): Client {
    const { endpoint, secret } = this.#server
    return new Client({
      endpoint,
      secret,
      observer: ({ responseHeaders }) => (this.#txn = Number(responseHeaders['x-txn-time'])),
    })
  }

  async #commit(writes: readonly Write[]): Promise<void> {
    const answers = (await this.#client.query(writes.map(({ expr }) => expr))) as unknown[]
    const docs = JSON.parse(JSON.stringify(answers)) as Doc[]
    const changes = new Map<string, Change>()
    for (const [i, { id, isDelete }] of writes.entries()) {
      const doc = docs[i]!
      const before = changes.get(id)?.before ?? this.#docs.get(id) ?? null
      changes.set(id, { ref: doc.ref, before, after: isDelete ? null : { ...doc, ts: this.#txn } })
    }
    for (const [id, { after }] of changes) {
      if (after) this.#docs.set(id, after)
      else this.#docs.delete(id)
    }
    this.commits.push({ txn: this.#txn, changes: [...changes.values()] })
  }

  #pickId(): string {
    const kind = this.#random()
    if (kind < 0.35) return documentId
    const ids = [...this.#docs.keys()]
    if (kind < 0.55 || ids.length === 0) return String(++this.#ids)
    return ids[pick(this.#random, ids.length)]!
  }

  #makeWrites(id: string): Write[] {
    if (!this.#docs.has(id)) {
      const create = this.#create(id)
      return this.#isRepeating && this.#random() < 0.3 ? [create, this.#change(id)] : [create]
    }
    if (this.#random() < 0.2) return [{ id, expr: q.Delete(q.Ref(collection, id)), isDelete: true }]
    const times = this.#isRepeating ? 1 + pick(this.#random, 3) : 1
    return Array.from({ length: times }, () => this.#change(id))
  }

  #create(id: string, data: DocData = this.#makeData()): Write {
    return { id, expr: q.Create(q.Ref(collection, id), { data }), isDelete: false }
  }

  #change(id: string): Write {
    const kind = this.#random()
    if (kind < 0.15) return this.#update(id, { ttl: this.#makeTtl() })
    if (kind < 0.3) return this.#update(id, { data: { group: this.#random() < 0.5 ? followedGroup : 'b' } })
    // Nothing may have changed by it.
    if (kind < 0.5) return this.#update(id, { data: { n: pick(this.#random, 3) } })
    if (kind < 0.6) return this.#update(id, { data: { nested: this.#random() < 0.3 ? null : { x: this.#random() } } })
    if (kind < 0.8) return this.#update(id, { data: this.#makeData(), ttl: this.#makeTtl() })
    return { id, expr: q.Replace(q.Ref(collection, id), { data: this.#makeData() }), isDelete: false }
  }

  #update(id: string, params: object): Write {
    return { id, expr: q.Update(q.Ref(collection, id), params), isDelete: false }
  }

  #makeTtl(): unknown {
    return this.#random() < 0.4 ? null : q.TimeAdd(q.Now(), ttlDays + pick(this.#random, 3), 'days')
  }

  #makeData(): DocData {
    const chosen = tags.filter(() => this.#random() < 0.5)
    return {
      group: this.#random() < 0.7 ? followedGroup : 'b',
      n: pick(this.#random, 1_000),
      tags: chosen.length > 0 ? chosen : ['red'],
      ...(this.#random() < 0.5 ? { nested: { x: this.#random(), y: { z: 'z'.repeat(pick(this.#random, 200)) } } } : {}),
    }
  }
}
