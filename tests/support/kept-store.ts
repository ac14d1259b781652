/** The embedded server without requests: a store, in a folder where one is given, and queries as their JSON. */
import assert from 'node:assert/strict'
import { Authenticator } from '../../src/local/authentication.ts'
import type { Edit } from '../../src/local/edits.ts'
import type { PlacedEvent } from '../../src/local/indexing.ts'
import { readJson } from '../../src/local/json.ts'
import { ByteWriter } from '../../src/local/log/byte-writer.ts'
import { contentsOf } from '../../src/local/log/contents.ts'
import { DataFolder } from '../../src/local/log/folder.ts'
import { writeRecord } from '../../src/local/log/records.ts'
import { makeStore as newStore } from '../../src/local/new-store.ts'
import { answerQuery } from '../../src/local/requests.ts'
import type { State } from '../../src/local/state.ts'
import type { Store } from '../../src/local/store.ts'
import type { Json } from './local-service.ts'

const SECRET = 'secret'

/** Makes an empty store. */
export function makeStore(now?: () => number): Store {
  return newStore({ quirks: true, ...(now && { now }) })
}

/**
 * All that a state holds, as a sorted list of texts: equal for equal states, however they came to be. `change` makes of
 * each edit what counts.
 */
export function describeState(state: State, change: (edit: unknown) => unknown = edit => edit): string[] {
  const lines: string[] = []
  for (const edit of contentsOf(state)) {
    // The terms of a set may be told as `1` or as `1.0`: it is the same set.
    if (edit.kind === 'entries') lines.push(...edit.put.map(describeEvent))
    else
      lines.push(`${edit.kind} ${writeRecord({ txn: 0, lastId: 0n, edits: [change(edit) as Edit] }).toString('hex')}`)
  }
  return lines.sort()
}

function describeEvent({ ts, action, placed }: PlacedEvent): string {
  const writer = new ByteWriter()
  writer.value(placed.entry)
  return `${placed.set.key} ${ts} ${action} ${writer.bytes.toString('hex')}`
}

/** A store that is asked. */
export class KeptStore {
  readonly store: Store
  readonly #folder: DataFolder | undefined
  readonly #authenticator: Authenticator

  private constructor(store: Store, folder: DataFolder | undefined) {
    this.store = store
    this.#folder = folder
    this.#authenticator = new Authenticator(store, SECRET)
  }

  /** Opens a folder; without one nothing is kept. */
  static async open(path?: string, now?: () => number): Promise<KeptStore> {
    const store = makeStore(now)
    return new KeptStore(store, path === undefined ? undefined : await DataFolder.open(path, store))
  }

  /** Answers a query, whatever comes of it. */
  send(expression: unknown, secret = SECRET): { readonly status: number; readonly body: Record<string, Json> } {
    const session = this.#authenticator.authenticate({ secret })
    assert.ok(session !== undefined, 'nobody has this secret')
    const context = { store: this.store, session, apiVersion: '4', lastSeen: 0, timeoutMs: 60_000 }
    const { answer } = answerQuery(context, () => readJson(Buffer.from(JSON.stringify(expression))))
    return { status: answer.status, body: JSON.parse(answer.body) as Record<string, Json> }
  }

  /** Answers a query that must go well. */
  ask(expression: unknown, secret = SECRET): Json {
    const { status, body } = this.send(expression, secret)
    assert.ok(status < 300, JSON.stringify(body))
    return body['resource'] ?? null
  }

  /** Resolves when all that was committed is on the disk. */
  settle(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#folder === undefined) resolve()
      else this.#folder.whenDurable(error => (error === undefined ? resolve() : reject(error)))
    })
  }

  async close(): Promise<void> {
    await this.#folder?.close()
  }
}
