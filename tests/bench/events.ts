/**
 * Makes the bytes that every contender of the bench reads: a `start` line and then `version` events as a real server
 * sends them (protocol.md B.4, B.5), the same for the same seed.
 */

/** What to make. */
export interface EventsOptions {
  /** How many `version` events. */
  readonly count: number
  /** A whole number; the same one gives the same bytes. */
  readonly seed: number
}

/** The `fields` that the events carry. */
export const eventFields = ['action', 'document'] as const

/** Transaction time of the `start` event, in microseconds. */
const startTxn = 1_795_458_419_889_999
/** The most that lies between two transactions, in microseconds. */
const maxStepMicros = 5_000

const actions = ['create', 'update', 'update', 'update', 'delete']
const names = ['Ann', 'Bertil', 'Chidi', 'Dagný', 'Emeka', 'Fenna', '广志', 'Zoë “Z” O’Hara']
const cities = ['Oslo', 'Reykjavík', 'São Paulo', '東京', 'Nairobi', 'Łódź']
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

/** One `version` line, of about 350 bytes. */
function makeLine(txn: number, dice: (below: number) => number): string {
  const pick = (from: readonly string[]): string => from[dice(from.length)] as string
  const id = 300_000_000_000_000_000n + BigInt(dice(2 ** 32)) * 1024n
  const ref = `{"@ref":{"id":"${id}","collection":{"@ref":{"id":"orders","collection":{"@ref":{"id":"collections"}}}}}}`
  const placed = `{"@ts":"2026-11-${10 + dice(20)}T${10 + dice(14)}:${10 + dice(50)}:00.${100_000 + dice(900_000)}Z"}`
  const data =
    `{"name":"${pick(names)}","amount":${dice(10_000)}.${1 + dice(9)},"placed":${placed},` +
    `"tags":["${pick(words)}"],"city":"${pick(cities)}"}`
  return `{"type":"version","txn":${txn},"event":{"action":"${pick(actions)}","document":{"ref":${ref},"ts":${txn},"data":${data}}}}\r\n`
}

/** The bytes of a stream's whole answer: a `start` line, then `count` events, each line closed by CR LF. */
export function makeEvents({ count, seed }: EventsOptions): Buffer {
  const dice = createDice(seed)
  const lines = [`{"type":"start","txn":${startTxn},"event":${startTxn}}\r\n`]
  let txn = startTxn
  for (let made = 0; made < count; made += 1) {
    txn += 1 + dice(maxStepMicros)
    lines.push(makeLine(txn, dice))
  }
  return Buffer.from(lines.join(''))
}

/** Cuts bytes into pieces of at most `size` bytes, without copying. */
export function* cutPieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
