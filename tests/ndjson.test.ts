/** Bytes → lines, against a model of three sentences, whatever the lines, their ends, and the cuts between chunks. */
import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { ProtocolError } from '../src/errors.ts'
import { type Batch, BatchSplitter } from '../src/ndjson/batch.ts'
import { LineReader } from '../src/ndjson/line-reader.ts'
import { LineStream } from '../src/ndjson/line-stream.ts'
import { LineSplitter } from '../src/ndjson/splitter.ts'
import './support/leaks.ts'
import { readSeed } from './support/seed.ts'

const { seed } = readSeed()
const runs = { seed, numRuns: 500 }
const maxLineBytes = 12

/** What a sequence of bytes gives: its lines, the code of the error that ended it, the bytes of an unfinished line. */
type Outcome = { readonly lines: readonly string[]; readonly error: string | undefined; readonly held: number }

/**
 * The model. A line ends with LF, and a CR before it belongs to that end. Empty lines are nothing. The first line that
 * is longer than `max`, or not UTF-8, is an error, and so is a tail that can only become longer than `max`.
 */
function readAsModel(bytes: Buffer, max: number): Outcome {
  const parts = bytes.toString('latin1').split('\n')
  const tail = parts.pop()!
  const lines: string[] = []
  for (const part of parts) {
    const line = Buffer.from(part.replace(/\r$/, ''), 'latin1')
    if (line.length > max) return { lines, error: 'line_too_long', held: 0 }
    if (!isUtf8(line)) return { lines, error: 'bad_line', held: 0 }
    if (line.length > 0) lines.push(line.toString('utf8'))
  }
  const isTooLong = tail.replace(/\r$/, '').length > max
  return { lines, error: isTooLong ? 'line_too_long' : undefined, held: isTooLong ? 0 : tail.length }
}

function readWithSplitter(chunks: readonly Uint8Array[], max: number): Outcome {
  const splitter = new LineSplitter(max)
  const lines: string[] = []
  try {
    for (const chunk of chunks) splitter.push(chunk, lines)
    return { lines, error: undefined, held: splitter.heldBytes }
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error))
    return { lines, error: error.code, held: 0 }
  }
}

/** Reads to the end, or to the error that is the last batch. */
async function readBatches(read: () => Promise<Batch | undefined>): Promise<Omit<Outcome, 'held'>> {
  const lines: string[] = []
  for (let batch = await read(); batch !== undefined; batch = await read()) {
    lines.push(...batch.lines)
    if (batch.error) return { lines, error: batch.error.code }
  }
  return { lines, error: undefined }
}

function cut(whole: Buffer, places: readonly number[]): Buffer[] {
  const bounds = [0, ...places.map(place => place % (whole.length + 1)).sort((a, b) => a - b), whole.length]
  return bounds.slice(1).map((end, i) => whole.subarray(bounds[i], end))
}

/** Pieces of which lines are made; the last ones make them bad or end them early. */
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', '{"n":1}', 'é', '✔', '😀', '\uFEFF', '\0', '\u2028', ' ') },
  { weight: 3, arbitrary: fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\r\n', '\r\n\r\n') },
)
const textBytes = fc.array(piece, { maxLength: 40 }).map(pieces => Buffer.from(pieces.join('')))
const badPiece = fc.constantFrom(Buffer.of(0xc3), Buffer.of(0xff), Buffer.of(0xf0, 0x9f), Buffer.of(0xed, 0xa0, 0x80))
const anyBytes = fc
  .tuple(textBytes, fc.option(fc.tuple(badPiece, fc.nat())), textBytes)
  .map(([before, bad, after]) => Buffer.concat(bad ? [before, bad[0], after] : [before, after]))
const places = fc.array(fc.nat(), { maxLength: 12 })

describe(`bytes → lines (SEED=${seed})`, () => {
  test('the splitter gives the lines of the model, however the bytes are cut', () => {
    fc.assert(
      fc.property(anyBytes, places, (bytes, cuts) => {
        assert.deepEqual(readWithSplitter(cut(bytes, cuts), maxLineBytes), readAsModel(bytes, maxLineBytes))
      }),
      runs,
    )
  })

  test('byte by byte and at every two-cut it gives the same as in one piece', () => {
    fc.assert(
      fc.property(anyBytes, bytes => {
        const expected = readAsModel(bytes, maxLineBytes)
        assert.deepEqual(readWithSplitter([bytes], maxLineBytes), expected)
        const single = Array.from(bytes, byte => Buffer.of(byte))
        assert.deepEqual(readWithSplitter(single, maxLineBytes), expected)
        for (let place = 0; place <= bytes.length; place++) {
          assert.deepEqual(readWithSplitter(cut(bytes, [place]), maxLineBytes), expected)
        }
      }),
      { seed, numRuns: 100 },
    )
  })

  test('the stream gives the lines of the model, and an error as the last batch', async () => {
    await fc.assert(
      fc.asyncProperty(anyBytes, places, fc.integer({ min: 1, max: 5 }), async (bytes, cuts, perWrite) => {
        const splitter = new BatchSplitter(maxLineBytes)
        const stream = new LineStream(splitter)
        const writer = stream.writable.getWriter()
        const reader = stream.readable.getReader()
        const reading = readBatches(async () => (await reader.read()).value)
        const chunks = cut(bytes, cuts)
        // What follows an error is never read: it goes with the stream.
        const dropped = () => undefined
        for (let i = 0; i < chunks.length; i += perWrite) writer.write(chunks.slice(i, i + perWrite)).catch(dropped)
        writer.close().catch(dropped)
        const { held, ...expected } = readAsModel(bytes, maxLineBytes)
        assert.deepEqual(await reading, expected)
        await reader.cancel()
        if (expected.error === undefined) assert.equal(splitter.heldBytes, held)
      }),
      runs,
    )
  })

  test('the reader gives the lines of the model, whenever its loop reads', async () => {
    const pauses = fc.array(fc.boolean(), { maxLength: 14 })
    await fc.assert(
      fc.asyncProperty(anyBytes, places, pauses, pauses, async (bytes, cuts, waits, rests) => {
        const reader = new LineReader({ pause: () => undefined, resume: () => undefined }, maxLineBytes)
        let reads = 0
        const reading = readBatches(async () => {
          if (rests[reads++]) await turn()
          return reader.read()
        })
        for (const [i, chunk] of cut(bytes, cuts).entries()) {
          reader.push(chunk)
          if (waits[i]) await turn()
        }
        reader.finish()
        const { held, ...expected } = readAsModel(bytes, maxLineBytes)
        assert.deepEqual(await reading, expected)
        if (expected.error === undefined) assert.equal(reader.heldBytes, held)
        reader.cancel()
      }),
      { seed, numRuns: 200 },
    )
  })

  test('the limit counts the bytes of a line and not its end', () => {
    for (const end of ['\n', '\r\n']) {
      for (const line of ['x'.repeat(maxLineBytes), 'é'.repeat(maxLineBytes / 2)]) {
        for (let place = 0; place <= maxLineBytes + end.length; place++) {
          const fits = cut(Buffer.from(line + end), [place])
          assert.deepEqual(readWithSplitter(fits, maxLineBytes), { lines: [line], error: undefined, held: 0 })
          const over = cut(Buffer.from('x' + line + end), [place])
          assert.equal(readWithSplitter(over, maxLineBytes).error, 'line_too_long')
        }
      }
    }
  })

  test('a line without an end is refused as soon as it is too long, not held until it ends', () => {
    const splitter = new LineSplitter(maxLineBytes)
    splitter.push(Buffer.alloc(maxLineBytes, 'x'), [])
    assert.equal(splitter.heldBytes, maxLineBytes)
    assert.throws(() => splitter.push(Buffer.from('x'), []), { code: 'line_too_long' })
  })

  // Where Node makes texts outside V8's heap, and where it is made to.
  const [nearOutside, outside] = [773_934.75, 1_031_913]
  const lengths = [nearOutside, outside].flatMap(edge => [-2, -1, 0, 1, 2, 3].map(by => Math.floor(edge) + by))

  for (const [name, end, last] of [
    ['ASCII', '\n', 'z'],
    ['ASCII and CR LF', '\r\n', 'z'],
    ['others', '\r\n', 'ß'],
  ] as const) {
    test(`lines of about a megabyte, of ${name}, are as they came, each of two streams its own`, () => {
      const streams = [new LineSplitter(), new LineSplitter()].map((splitter, i) => ({
        splitter,
        i,
        lines: [] as string[],
      }))
      const expected: string[][] = [[], []]
      for (const length of lengths) {
        const sent = streams.map(({ i }) => `${i}${String(length).repeat(length / 6)}`.slice(0, length - 1) + last)
        const bytes = sent.map(line => Buffer.from(line + end))
        for (let at = 0; at < length + 3; at += 50_000)
          for (const { splitter, i, lines } of streams) splitter.push(bytes[i]!.subarray(at, at + 50_000), lines)
        sent.forEach((line, i) => expected[i]!.push(line))
      }
      for (const { i, lines } of streams) {
        assert.deepEqual(
          lines.map(line => line.length),
          expected[i]!.map(line => line.length),
        )
        assert.ok(lines.every((line, at) => line === expected[i]![at]))
      }
    })
  }

  test('a byte order mark is part of its line', () => {
    assert.deepEqual(readWithSplitter([Buffer.from('\uFEFFa\n\uFEFFé\n')], maxLineBytes).lines, ['\uFEFFa', '\uFEFFé'])
  })
})

/** A tap that keeps the order of what it was told. */
class ToldTap {
  readonly told: string[] = []
  pause(): void {
    this.told.push('pause')
  }
  resume(): void {
    this.told.push('resume')
  }
}

const chunkBytes = 64 * 1024
/** A chunk of one line, so large that it is written at once. */
function largeLine(n: number): Buffer {
  return Buffer.from(String(n).padEnd(chunkBytes - 1, '.') + '\n')
}

async function readLines(reader: LineReader): Promise<readonly string[]> {
  const batch = await reader.read()
  assert.ok(batch && batch.error === undefined)
  return batch.lines
}

/** Pushes large lines until the tap is told to pause; gives their number. */
async function fill(reader: LineReader, tap: ToldTap): Promise<number> {
  const boundChunks = 16
  let pushed = 0
  while (tap.told.at(-1) !== 'pause') {
    assert.ok(pushed < boundChunks, `${pushed} chunks of 64 KiB were taken, and the tap still runs`)
    reader.push(largeLine(pushed++))
    await turn()
  }
  return pushed
}

describe('a reader whose loop is slow', () => {
  test('pauses its tap when little is held, and lets it run again when that is read', async () => {
    const tap = new ToldTap()
    const reader = new LineReader(tap)
    const pushed = await fill(reader, tap)
    await turn()
    assert.deepEqual(tap.told, ['pause'])
    const read: (readonly string[])[] = []
    while (read.length < pushed) {
      read.push(await readLines(reader))
    }
    await turn()
    assert.deepEqual(tap.told, ['pause', 'resume'])
    assert.deepEqual(
      read.flat().map(line => Number.parseInt(line, 10)),
      Array.from({ length: pushed }, (_, n) => n),
    )
    reader.cancel()
  })

  test('gives a loop that waits nothing before the turn is over, and then all that came in it', async () => {
    const reader = new LineReader(new ToldTap())
    let isTurnOver = false
    setImmediate(() => (isTurnOver = true))
    const read = reader.read()
    reader.push(Buffer.from('1\n'))
    reader.push(Buffer.from('2\n'))
    assert.deepEqual((await read)?.lines, ['1', '2'])
    assert.equal(isTurnOver, true)
    reader.cancel()
  })

  test('pauses again and again, and loses nothing', async () => {
    const tap = new ToldTap()
    const reader = new LineReader(tap)
    let pushed = 0
    let lines = 0
    for (let round = 0; round < 5; round++) {
      pushed += await fill(reader, tap)
      while (tap.told.at(-1) === 'pause') {
        lines += (await readLines(reader)).length
        await turn()
      }
    }
    reader.finish()
    for (let batch = await reader.read(); batch !== undefined; batch = await reader.read()) {
      lines += batch.lines.length
    }
    assert.equal(lines, pushed)
    assert.deepEqual(tap.told, Array.from({ length: 5 }, () => ['pause', 'resume']).flat())
  })

  test('that leaves while the tap is paused does not let it run again, and takes nothing more', async () => {
    const tap = new ToldTap()
    const reader = new LineReader(tap)
    await fill(reader, tap)
    reader.cancel()
    reader.push(largeLine(0))
    reader.finish()
    await turn()
    assert.deepEqual(tap.told, ['pause'])
    assert.equal(await reader.read(), undefined)
  })
})

describe('a reader', () => {
  const tap = new ToldTap()

  test('gives what came in one turn of the event loop as one batch', async () => {
    const reader = new LineReader(tap)
    for (const text of ['a\nb', 'c\r\n', 'd\n']) reader.push(Buffer.from(text))
    assert.deepEqual(await readLines(reader), ['a', 'bc', 'd'])
    reader.cancel()
  })

  test('gives at its end what was pushed and not read, and then nothing', async () => {
    const reader = new LineReader(tap)
    reader.push(Buffer.from('a\nhalf'))
    reader.finish()
    reader.finish()
    assert.deepEqual(await readLines(reader), ['a'])
    assert.equal(await reader.read(), undefined)
    assert.equal(reader.heldBytes, 4)
  })

  test('that is cancelled ends a read that waits', async () => {
    const reader = new LineReader(tap)
    const pending = reader.read()
    reader.cancel()
    assert.equal(await pending, undefined)
  })
})
