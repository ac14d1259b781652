/** Small random damage to bytes, and to lists of lines or frames: what a fuzz test does to good material. */

/** Numbers from 0 up to, not including, 1. */
export type Random = () => number

/** Bytes that mean something to one of the readers: line ends, JSON's marks, a broken UTF-8 character, all bits. */
const tellingBytes = Buffer.from([
  0x00, 0x0a, 0x0d, 0x22, 0x2c, 0x30, 0x39, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x80, 0xc3, 0xff,
])
const longestRun = 24

/** A whole number from 0 up to, not including, `count`. */
export function pick(random: Random, count: number): number {
  return Math.floor(random() * count)
}

/** Random bytes. */
export function randomBytes(random: Random, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => pick(random, 256)))
}

/** A piece of the bytes, as its bounds. */
function pickRun(random: Random, length: number): [from: number, to: number] {
  const from = pick(random, length)
  return [from, Math.min(length, from + 1 + pick(random, longestRun))]
}

function splice(bytes: Buffer, from: number, to: number, inserted: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, from), inserted, bytes.subarray(to)])
}

const damages: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  function flipBit(bytes, random) {
    const at = pick(random, bytes.length)
    return splice(bytes, at, at + 1, Buffer.of(bytes[at]! ^ (1 << pick(random, 8))))
  },
  function replaceByte(bytes, random) {
    const at = pick(random, bytes.length)
    return splice(bytes, at, at + 1, Buffer.of(tellingBytes[pick(random, tellingBytes.length)]!))
  },
  function insertByte(bytes, random) {
    const at = pick(random, bytes.length)
    return splice(bytes, at, at, Buffer.of(tellingBytes[pick(random, tellingBytes.length)]!))
  },
  function insertNoise(bytes, random) {
    const at = pick(random, bytes.length)
    return splice(bytes, at, at, randomBytes(random, 1 + pick(random, longestRun)))
  },
  function dropRun(bytes, random) {
    const [from, to] = pickRun(random, bytes.length)
    return splice(bytes, from, to, Buffer.alloc(0))
  },
  function repeatRun(bytes, random) {
    const [from, to] = pickRun(random, bytes.length)
    return splice(bytes, to, to, bytes.subarray(from, to))
  },
  function cutOff(bytes, random) {
    return bytes.subarray(0, pick(random, bytes.length))
  },
]

/** The same bytes after `count` damages. */
export function damage(bytes: Buffer, random: Random, count: number): Buffer {
  let damaged = bytes
  for (let i = 0; i < count && damaged.length > 0; i++) {
    damaged = damages[pick(random, damages.length)]!(damaged, random)
  }
  return damaged
}

/** The same list after `count` times dropping, repeating or moving one of it. */
export function disorder<T>(list: readonly T[], random: Random, count: number): T[] {
  const items = [...list]
  for (let i = 0; i < count && items.length > 0; i++) {
    const [item] = items.splice(pick(random, items.length), 1)
    const copies = pick(random, 3)
    for (let copy = 0; copy < copies; copy++) items.splice(pick(random, items.length + 1), 0, item!)
  }
  return items
}
