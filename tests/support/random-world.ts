/** Random requests to an FQL server that use all that it keeps; many of them fail, which leaves nothing behind. */
import type { Json } from './local-service.ts'

const names = ['a', 'b', 'c'] as const

/** A value of the wire: of every type that documents hold. */
function randomValue(random: () => number, depth = 0): unknown {
  const pick = Math.floor(random() * (depth < 2 ? 14 : 10))
  const integer = Math.floor(random() * 5)
  const values: readonly (() => unknown)[] = [
    () => integer,
    () => integer + 0.5,
    () => ['x', 'ß', '\u{1f600}', '', 'a"b\\\n'][integer],
    () => integer > 2,
    () => null,
    () => ({ '@ts': `2026-01-0${integer + 1}T00:00:00.00000000${integer}Z` }),
    () => ({ '@date': `2026-0${integer + 1}-01` }),
    () => ({ '@bytes': Buffer.from([integer, 255, 0]).toString('base64') }),
    () => ({ '@uuid': `00000000-0000-0000-0000-00000000000${integer}` }),
    () => ({ ref: { collection: names[integer % 3] }, id: String(integer) }),
    () => ({ object: { '@deep': randomValue(random, depth + 1), k: randomValue(random, depth + 1) } }),
    () => [randomValue(random, depth + 1), randomValue(random, depth + 1)],
    () => ({ query: { lambda: 'x', expr: { add: [{ var: 'x' }, integer] } } }),
    () => ({ to_double: integer }),
  ]
  return values[pick]?.()
}

/** A world: what makes the next request. It knows nothing of what became of those before. */
export class RandomWorld {
  readonly #random: () => number
  readonly #isPlain: boolean
  /** Collections that are made before all else: most of what follows is refused without them. */
  readonly #first: string[] = [...names]

  /**
   * In a plain world no collection goes, no document expires, and indexes are over one collection and made by
   * transactions that do nothing else: an index is not told of what is written beside it.
   */
  constructor(random: () => number, { isPlain = false }: { readonly isPlain?: boolean } = {}) {
    this.#random = random
    this.#isPlain = isPlain
  }

  /** The next request. */
  next(): unknown {
    const first = this.#first.shift()
    if (first !== undefined) return { create_collection: { object: { name: first, history_days: 30 } } }
    const requests = this.#requests()
    const request = requests[Math.floor(this.#random() * requests.length)]?.()
    const isAlone = this.#isPlain && request !== undefined && 'create_index' in request
    // Some do several things, and some of those undo them all at the end.
    if (this.#random() < 0.1 && !isAlone)
      return [request, requests[0]?.(), ...(this.#random() < 0.5 ? [{ abort: 'no' }] : [])]
    return request
  }

  #name(): string {
    return names[Math.floor(this.#random() * names.length)] ?? 'a'
  }

  #document(): object {
    return { ref: { collection: this.#name() }, id: String(Math.floor(this.#random() * 6)) }
  }

  #params(): object {
    const data: Record<string, unknown> = { k: randomValue(this.#random), n: Math.floor(this.#random() * 4) }
    const offset = Math.floor(this.#random() * 30) + (this.#isPlain ? 1_000_000 : 0)
    const ttl = { ttl: { time_add: { now: null }, offset, unit: 'seconds' } }
    return { object: { data: { object: data }, ...(this.#random() < 0.2 && ttl) } }
  }

  #past(): object {
    return { time_subtract: { now: null }, offset: Math.floor(this.#random() * 3), unit: 'seconds' }
  }

  #requests(): (() => object)[] {
    const document = this.#document()
    const name = this.#name()
    const [write, action] = [this.#params(), this.#random() < 0.7 ? 'create' : 'delete']
    const make = (): object => ({ create: document, params: write })
    return [
      make,
      make,
      make,
      () => ({ update: document, params: write }),
      () => ({ update: document, params: write }),
      () => ({ replace: document, params: write }),
      () => ({ delete: document }),
      () => ({ insert: document, ts: this.#past(), action, params: write }),
      () => ({ remove: document, ts: this.#past(), action }),
      () => ({
        let: [{ page: { paginate: { events: document } } }],
        in: { remove: document, ts: { select: ['data', 0, 'ts'], from: { var: 'page' } }, action },
      }),
      () => ({ create_collection: { object: { name, history_days: 30 } } }),
      () => ({ create_collection: { object: { name, history_days: 30 } } }),
      () => (this.#random() < 0.2 && !this.#isPlain ? { delete: { collection: name } } : make()),
      () => ({ create_index: this.#index(name) }),
      () => ({ create_index: this.#index(name) }),
      () => (this.#random() < 0.3 ? { delete: { index: `${name}1` } } : make()),
      () => ({
        create_function: {
          object: { name: `f${name}`, body: { query: { lambda: ['x'], expr: { add: [{ var: 'x' }, 1] } } } },
        },
      }),
      () => ({ update: { function: `f${name}` }, params: { object: { name: `f${this.#name()}` } } }),
      () => ({
        create_role: {
          object: {
            name: `r${name}`,
            privileges: {
              object: {
                resource: { collection: name },
                actions: { object: { read: { query: { lambda: 'ref', expr: true } } } },
              },
            },
          },
        },
      }),
      () => ({ create_database: { object: { name: `d${name}` } } }),
      () => (this.#random() < 0.3 ? { delete: { database: `d${name}` } } : make()),
      () => ({ move_database: { database: `d${name}` }, to: { database: `d${this.#name()}` } }),
      () => ({ create_key: { object: { role: 'server' } } }),
      () => ({ create_key: { object: { role: 'admin', database: { database: `d${name}` } } } }),
      () => ({ update: document, params: { object: { credentials: { object: { password: 'p' } } } } }),
      () => ({ login: document, params: { object: { password: 'p' } } }),
      () => ({ new_id: null }),
    ]
  }

  #index(name: string): object {
    const picked = Math.floor(this.#random() * 5)
    const kind = picked === 2 && this.#isPlain ? 0 : picked
    const field = (...path: unknown[]): object => ({ object: { field: path } })
    const collection = { collection: name }
    const bound = {
      object: {
        collection,
        fields: { object: { b: { query: { lambda: 'd', expr: { select: ['data', 'n'], from: { var: 'd' } } } } } },
      },
    }
    const more = [
      { source: collection, terms: [field('data', 'n')], values: [field('data', 'k'), field('ref')], active: true },
      { source: collection, values: [{ object: { field: ['data', 'n'], reverse: true } }, field('ts')] },
      { source: [collection, { collection: this.#name() }], terms: [field('data', 'k')] },
      { source: [bound], terms: [{ object: { binding: 'b' } }], active: true },
      { source: collection, values: [field('data', 'n'), field('data', 'k')], unique: true, active: true },
    ][kind]
    return { object: { name: `${name}${kind}`, ...more } }
  }
}

/** Questions whose answers together tell what a world holds, of one database; they change nothing. */
export const questions: readonly unknown[] = [
  ...['collections', 'indexes', 'functions', 'roles', 'keys', 'tokens', 'credentials', 'databases'].flatMap(native => [
    { map: { lambda: 'r', expr: { get: { var: 'r' } } }, collection: { paginate: { [native]: null }, size: 1000 } },
  ]),
  ...names.flatMap(name => [
    {
      map: { lambda: 'r', expr: { get: { var: 'r' } } },
      collection: { paginate: { documents: { collection: name } } },
    },
    { paginate: { events: { documents: { collection: name } } }, size: 1000 },
    ...[0, 1, 2, 3, 4, 5].map(id => ({
      paginate: { events: { ref: { collection: name }, id: String(id) } },
      size: 1000,
    })),
    ...[0, 1, 4].flatMap(kind => [
      { paginate: { match: { index: `${name}${kind}` }, ...(kind === 0 && { terms: [1] }) }, size: 1000 },
      { paginate: { events: { match: { index: `${name}${kind}` }, ...(kind === 0 && { terms: [1] }) } }, size: 1000 },
    ]),
    { paginate: { match: { index: `${name}3` }, terms: [2] } },
    { call: { function: `f${name}` }, arguments: [1] },
  ]),
]

/** What a server says to a list of questions; times of the answers themselves are not in it. */
export function answersTo(
  send: (expression: unknown) => { readonly status: number; readonly body: Json | object },
): string[] {
  return questions.map(question => JSON.stringify(send(question)))
}
