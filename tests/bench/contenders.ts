/** The contenders of the bench: each opens one stream, reads all events of it and closes what it opened. */
import { once } from 'node:events'
import { type ClientHttp2Stream, connect } from 'node:http2'
import faunadb from 'faunadb'
import { createInterface } from 'node:readline'
import { Client as NewerClient } from 'fauna'
import ndjson from 'ndjson'
import split2 from 'split2'
import { Client, q, type StreamOptions } from '../../src/index.ts'
import { fieldsOf, type Shape } from './events.ts'

/** What a contender reads. */
export interface Course {
  readonly endpoint: string
  /** How many events come. */
  readonly count: number
  /** How many bytes the whole answer has. */
  readonly bytes: number
  /** What the events are like. */
  readonly shape: Shape
}

/** One way to read a stream. */
export interface Contender {
  readonly name: string
  /** Reads until the last event; rejects when something other than the events comes. */
  run(course: Course): Promise<void>
}

const secret = 'secret'
/** The window of the bare contenders, for the stream and for the connection: more gains nothing on one machine. */
const windowBytes = 1 << 20
const newline = 0x0a

/** Opens a stream with nothing but `node:http2`, hands it over, and closes it when that is done. */
export async function openBare(
  { endpoint, shape }: Course,
  read: (stream: ClientHttp2Stream) => Promise<void>,
): Promise<void> {
  const session = connect(endpoint, { settings: { initialWindowSize: windowBytes } })
  try {
    await once(session, 'connect')
    session.setLocalWindowSize(windowBytes)
    const stream = session.request({ ':method': 'POST', ':path': `/stream?fields=${fieldsOf[shape].join(',')}` })
    stream.end('{}')
    await read(stream)
  } finally {
    const closed = once(session, 'close')
    session.destroy()
    await closed
  }
}

/** Reads the stream with a callback a chunk, until that says that it has all. */
async function readChunks(stream: ClientHttp2Stream, take: (chunk: Buffer) => boolean): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      if (take(chunk)) resolve()
    })
    stream.once('error', reject)
    stream.once('end', () => reject(new Error('the stream ended early')))
  })
}

/** The floor: the bytes are counted and nothing else. */
const bareBytes: Contender = {
  name: 'bare http2, bytes counted',
  run: course =>
    openBare(course, stream => {
      let left = course.bytes
      return readChunks(stream, chunk => (left -= chunk.length) <= 0)
    }),
}

/** What one writes by hand: split, `JSON.parse`, a callback an event. Nothing is checked, nothing decoded. */
const bareParse: Contender = {
  name: 'bare split + JSON.parse',
  run: course =>
    openBare(course, stream => {
      let left = course.count
      let rest: Buffer = Buffer.alloc(0)
      const take = (event: { type?: unknown }): void => {
        if (event.type !== 'start') left -= 1
      }
      return readChunks(stream, chunk => {
        const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
        let from = 0
        for (let to = bytes.indexOf(newline); to >= 0; to = bytes.indexOf(newline, from)) {
          take(JSON.parse(bytes.toString('utf8', from, to)) as { type?: unknown })
          from = to + 1
        }
        rest = bytes.subarray(from)
        return left === 0
      })
    }),
}

/** The official driver, with its own parsing and decoding, a callback an event. */
const official: Contender = {
  name: 'faunadb 4.8',
  run: async ({ endpoint, count, shape }) => {
    const client = new faunadb.Client({ endpoint, secret })
    try {
      await new Promise<void>((resolve, reject) => {
        let left = count
        const stream = client.stream(faunadb.query.Documents(faunadb.query.Collection('orders')), {
          fields: [...fieldsOf[shape]],
        })
        stream.on(shape === 'set' ? 'set' : 'version', () => {
          left -= 1
          if (left > 0) return
          stream.close()
          resolve()
        })
        stream.on('error', reject)
        stream.start()
      })
    } finally {
      await client.close({ force: true })
    }
  },
}

/** Reads the events that an async iterable gives, until it has all. */
async function readAll(events: AsyncIterable<{ type?: unknown }>, count: number): Promise<void> {
  let left = count
  for await (const event of events) {
    if (event.type !== 'start') left -= 1
    if (left === 0) return
  }
  throw new Error(`${left} events did not come`)
}

/** This package: checked, decoded, through `for await`. */
export function makeOurs(name: string, options: StreamOptions = {}): Contender {
  return {
    name,
    run: async ({ endpoint, count, shape }) => {
      const client = new Client({ endpoint, secret })
      try {
        const stream = client.stream(q.Documents(q.Collection('orders')), fieldsOf[shape], options)
        await readAll(stream as AsyncIterable<{ type?: unknown }>, count)
      } finally {
        await client.close()
      }
    },
  }
}

/** The newer official driver, for another language (FQL v10), on events of its own of the same number and size. */
const newer: Contender = {
  name: 'fauna 2.5',
  run: async ({ endpoint, count }) => {
    const client = new NewerClient({ endpoint: new URL(endpoint), secret })
    const stream = client.stream({ token: 'token' })
    try {
      await readAll(stream as AsyncIterable<{ type?: unknown }>, count)
    } finally {
      stream.close()
      client.close()
    }
  },
}

/** Lines and `JSON.parse` by a stream of a library, with `for await`. */
const split2Parse: Contender = {
  name: 'split2(JSON.parse)',
  run: course => openBare(course, stream => readAll(stream.pipe(split2(JSON.parse)), course.count)),
}

const ndjsonParse: Contender = {
  name: 'ndjson.parse()',
  run: course => openBare(course, stream => readAll(stream.pipe(ndjson.parse()), course.count)),
}

/** The reader of `@kubernetes/client-node` 2.0 (its `watch.js`), on HTTP/2: `readline`, `JSON.parse`, a callback. */
const watchReader: Contender = {
  name: 'the reader of @kubernetes/client-node',
  run: course =>
    openBare(course, async stream => {
      const lines = createInterface(stream)
      let left = course.count
      await new Promise<void>((resolve, reject) => {
        stream.once('error', reject)
        lines.once('close', () => reject(new Error('the stream ended early')))
        lines.on('line', line => {
          const event = JSON.parse(line.toString()) as { type: unknown }
          if (event.type !== 'start') left -= 1
          if (left === 0) resolve()
        })
      })
    }),
}

const ours = makeOurs('fauna-streams')

/** All contenders, by the part that they play. */
export const contenders = {
  bareBytes,
  bareParse,
  ours,
  official,
  newer,
  split2Parse,
  ndjsonParse,
  watchReader,
} as const

/** What a contender is called in rows. */
export type ContenderName = keyof typeof contenders
