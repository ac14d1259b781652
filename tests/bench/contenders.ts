/** The contenders of the bench: each opens one stream, reads all events of it and closes what it opened. */
import { once } from 'node:events'
import { type ClientHttp2Stream, connect } from 'node:http2'
import faunadb from 'faunadb'
import { Client, q } from '../../src/index.ts'
import { eventFields } from './events.ts'

/** What a contender reads. */
export interface Course {
  readonly endpoint: string
  /** How many events come. */
  readonly count: number
  /** How many bytes the whole answer has. */
  readonly bytes: number
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
async function openBare({ endpoint }: Course, read: (stream: ClientHttp2Stream) => Promise<void>): Promise<void> {
  const session = connect(endpoint, { settings: { initialWindowSize: windowBytes } })
  try {
    await once(session, 'connect')
    session.setLocalWindowSize(windowBytes)
    const stream = session.request({ ':method': 'POST', ':path': `/stream?fields=${eventFields.join(',')}` })
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
        if (event.type === 'version') left -= 1
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
  run: async ({ endpoint, count }) => {
    const client = new faunadb.Client({ endpoint, secret })
    try {
      await new Promise<void>((resolve, reject) => {
        let left = count
        const stream = client.stream(faunadb.query.Documents(faunadb.query.Collection('orders')), {
          fields: [...eventFields],
        })
        stream.on('version', () => {
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

/** This package: checked, decoded, through `for await`. */
const ours: Contender = {
  name: 'fauna-streams',
  run: async ({ endpoint, count }) => {
    const client = new Client({ endpoint, secret })
    try {
      let left = count
      for await (const event of client.stream(q.Documents(q.Collection('orders')), eventFields)) {
        if (event.type === 'version') left -= 1
        if (left === 0) break
      }
      if (left > 0) throw new Error(`${left} events did not come`)
    } finally {
      await client.close()
    }
  },
}

/** All contenders, by the part that they play. */
export const contenders = { bareBytes, bareParse, official, ours } as const
