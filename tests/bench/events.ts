/**
 * Makes the bytes that every contender of the bench reads: a `start` line and then events as a real server sends them
 * (protocol.md B.4 to B.6), the same for the same seed.
 */

/** What to make. */
export interface EventsOptions {
  /** How many events. */
  readonly count: number
  /** A whole number; the same one gives the same bytes. */
  readonly seed: number
  /** What they are like. Default `orders`. */
  readonly shape?: Shape | undefined
  /** Bytes of an event of the shape `sized`. */
  readonly bytesEach?: number | undefined
}

/** The `fields` that events carry, by their shape. */
export const fieldsOf = {
  /** Changes of small documents, of about 350 bytes. */
  orders: ['action', 'document'],
  /** The same, with all of the text beyond Latin-1. */
  foreign: ['action', 'document'],
  /** Documents that hold one long text. */
  sized: ['action', 'document'],
  /** Changes with what was before and what is different. */
  whole: ['action', 'document', 'diff', 'prev'],
  /** Members that come to an index and leave it. */
  set: ['action', 'document', 'index'],
} as const

/** What events can be like. */
export type Shape = keyof typeof fieldsOf

/** Transaction time of the `start` event, in microseconds. */
const startTxn = 1_795_458_419_889_999
/** The most that lies between two transactions, in microseconds. */
const maxStepMicros = 5_000

const actions = ['create', 'update', 'update', 'update', 'delete']
const names = ['Ann', 'Bertil', 'Chidi', 'Dagný', 'Emeka', 'Fenna', '广志', 'Zoë “Z” O’Hara']
const cities = ['Oslo', 'Reykjavík', 'São Paulo', '東京', 'Nairobi', 'Łódź']
const syllables = ['при', 'вет', 'мос', 'ква', 'река', '東京', '広島', 'καλη', 'μέρα', 'नमस्']
const words = ['blue', 'express', 'fragile', 'gift', 'express\\"24', 'paid', 'back\\\\order', 'express']

/** A source of whole numbers from 0 to `below` − 1 (mulberry32: small, and good enough for test data). */
function createDice(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

type Dice = (below: number) => number

/** The parts of a document that events tell of. */
function makeParts(dice: Dice) {
  const pick = (from: readonly string[]): string => from[dice(from.length)] as string
  const id = 300_000_000_000_000_000n + BigInt(dice(2 ** 32)) * 1024n
  const placed = `{"@ts":"2026-11-${10 + dice(20)}T${10 + dice(14)}:${10 + dice(50)}:00.${100_000 + dice(900_000)}Z"}`
  const data =
    `{"name":"${pick(names)}","amount":${dice(10_000)}.${1 + dice(9)},"placed":${placed},` +
    `"tags":["${pick(words)}"],"city":"${pick(cities)}"}`
  return { id, data, action: pick(actions) }
}

function toRef(id: bigint | string): string {
  return `{"@ref":{"id":"${id}","collection":{"@ref":{"id":"orders","collection":{"@ref":{"id":"collections"}}}}}}`
}

function toLine(txn: number, action: string, id: bigint, data: string, more = ''): string {
  return `{"type":"version","txn":${txn},"event":{"action":"${action}","document":{"ref":${toRef(id)},"ts":${txn},"data":${data}}${more}}}\r\n`
}

/** One line, by shape. */
const makeLine: Readonly<Record<Shape, (txn: number, dice: Dice, bytesEach: number) => string>> = {
  orders(txn, dice) {
    const { action, id, data } = makeParts(dice)
    return toLine(txn, action, id, data)
  },
  foreign(txn, dice) {
    const { action, id } = makeParts(dice)
    const word = (): string => syllables[dice(syllables.length)]! + syllables[dice(syllables.length)]!
    return toLine(
      txn,
      action,
      id,
      `{"имя":"${word()}","город":"${word()} ${word()}","метки":["${word()}","${word()}"]}`,
    )
  },
  sized(txn, dice, bytesEach) {
    const { action, id } = makeParts(dice)
    const bare = toLine(txn, action, id, '{"text":""}').length
    return toLine(
      txn,
      action,
      id,
      `{"text":"${'lorem ipsum '.repeat(bytesEach / 12 + 1).slice(0, Math.max(0, bytesEach - bare))}"}`,
    )
  },
  whole(txn, dice) {
    const { action, id, data } = makeParts(dice)
    const earlier = makeParts(dice).data
    const version = (ts: number, of: string): string => `{"ref":${toRef(id)},"ts":${ts},"data":${of}}`
    return toLine(txn, action, id, data, `,"diff":${version(txn, data)},"prev":${version(txn - 1_000, earlier)}`)
  },
  set(txn, dice) {
    const { id, data } = makeParts(dice)
    const index = '{"@ref":{"id":"orders_by_city","collection":{"@ref":{"id":"indexes"}}}}'
    const values = `{"ref":${index},"terms":["Oslo"],"values":[${dice(1_000)},${toRef(id)}]}`
    const action = dice(4) === 0 ? 'remove' : 'add'
    return `{"type":"set","txn":${txn},"event":{"action":"${action}","document":{"ref":${toRef(id)},"ts":${txn},"data":${data}},"index":${values}}}\r\n`
  },
}

/** The bytes of a stream's whole answer: a `start` line, then `count` events, each line closed by CR LF. */
export function makeEvents({ count, seed, shape = 'orders', bytesEach = 0 }: EventsOptions): Buffer {
  const dice = createDice(seed)
  const lines = [`{"type":"start","txn":${startTxn},"event":${startTxn}}\r\n`]
  let txn = startTxn
  for (let made = 0; made < count; made += 1) {
    txn += 1 + dice(maxStepMicros)
    lines.push(makeLine[shape](txn, dice, bytesEach))
  }
  return Buffer.from(lines.join(''))
}

/** As many events as the newer driver, `fauna` 2.5, is sent by its servers (FQL v10), each about as long as an order. */
export function makeEventsV10({ count, seed }: EventsOptions): Buffer {
  const dice = createDice(seed)
  const stats = '"stats":{"read_ops":1,"storage_bytes_read":320,"compute_ops":1}'
  const lines = [`{"type":"status","txn_ts":${startTxn},"cursor":"g",${stats}}\n`]
  let txn = startTxn
  for (let made = 0; made < count; made += 1) {
    txn += 1 + dice(maxStepMicros)
    const { id, data } = makeParts(dice)
    const fields = data
      .slice(1, -1)
      .replace('"@ts"', '"@time"')
      .replace(/"amount":([\d.]+)/, '"amount":{"@double":"$1"}')
    lines.push(
      `{"type":"update","data":{"@doc":{"id":"${id}","coll":{"@mod":"orders"},"ts":{"@time":"2026-11-24T08:00:00Z"},${fields}}},` +
        `"txn_ts":${txn},"cursor":"gsG${txn}",${stats}}\n`,
    )
  }
  return Buffer.from(lines.join(''))
}

/** Cuts bytes into pieces of at most `size` bytes, without copying. */
export function* cutPieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
