/** What can happen to a stream of a model run: one row a kind. */
import { encodeFrame, errorCode, frameType } from '../../src/testing/index.ts'
import type { ModelPeer, Opening } from './model-peer.ts'

/** How far an opening has come when a fault strikes: the request is there; the headers, `start`, events were sent. */
export type Stage = 'request' | 'head' | 'start' | 'events'

/** The order of the stages. */
export const stages: readonly Stage[] = ['request', 'head', 'start', 'events']

/** What a fault has to work with. */
export type Scene = {
  readonly opening: Opening
  readonly peer: ModelPeer
  readonly random: () => number
  /** Commits a transaction and tells the opening. */
  readonly commit: () => void
  /** How often the client has told a loss of this code. */
  readonly countLosses: (code: string) => number
}

/** A kind of fault. */
export type Fault = {
  readonly name: string
  /** When it may strike. */
  readonly stages: readonly Stage[]
  /** Whether a part of a transaction may come before it: what is no line would otherwise end the loop, rightly. */
  readonly mayHalve: boolean
  /** Whether the loop must have got an event of the opening first: else the client gives up, rightly. */
  readonly needsProgress?: boolean
  /** Resolves when it is done; the client may notice later. */
  readonly strike: (scene: Scene) => void | Promise<void>
}

const answered: readonly Stage[] = ['head', 'start', 'events']
const open: readonly Stage[] = ['events']

const resets: readonly Fault[] = (
  ['noError', 'protocolError', 'internalError', 'refusedStream', 'cancel', 'enhanceYourCalm'] as const
).map(name => ({
  name: `RST_STREAM ${name}`,
  stages,
  mayHalve: true,
  strike: ({ opening: { connection, id } }) => connection.reset(id, errorCode[name]),
}))

const goaways: readonly Fault[] = (['internalError', 'enhanceYourCalm'] as const).map(name => ({
  name: `GOAWAY ${name}`,
  stages,
  mayHalve: true,
  strike: ({ opening: { connection, id } }) => connection.goaway(id, errorCode[name], 'too_many_pings'),
}))

const toldErrors: readonly Fault[] = [
  'time out',
  'request timeout',
  'internal server error',
  'too many requests',
  'permission denied',
].map(code => ({
  name: `error event: ${code}`,
  stages: code === 'permission denied' ? open : answered,
  mayHalve: false,
  needsProgress: code === 'permission denied',
  strike: ({ opening }) => {
    opening.write(JSON.stringify({ type: 'error', txn: 0, event: { code, description: 'Said so.' } }) + '\r\n')
    opening.end()
  },
}))

const refusals: readonly Fault[] = [503, 429, 500, 408].map(status => ({
  name: `HTTP ${status}`,
  stages: ['request'],
  mayHalve: false,
  strike: ({ opening }) => {
    opening.respond(status)
    opening.write(JSON.stringify({ errors: [{ code: 'time out', description: 'Not now.' }] }))
    opening.end()
  },
}))

/** Bytes that are no frames: the first says that a frame is longer than any may be. */
function makeGarbage(random: () => number): Buffer {
  return Buffer.from([0xff, ...Array.from({ length: 63 }, () => Math.floor(random() * 256))])
}

/** Every kind. */
export const faults: readonly Fault[] = [
  ...resets,
  ...goaways,
  ...toldErrors,
  ...refusals,
  { name: 'END_STREAM', stages: answered, mayHalve: true, strike: ({ opening }) => opening.end() },
  { name: 'FIN', stages, mayHalve: true, strike: ({ opening }) => opening.connection.close('fin') },
  { name: 'RST', stages, mayHalve: true, strike: ({ opening }) => opening.connection.close('rst') },
  {
    name: 'FIN in the middle of a frame',
    stages: answered,
    mayHalve: true,
    strike({ opening: { connection, id }, random }) {
      const frame = encodeFrame(frameType.data, 0, id, Buffer.from('{"type":"version","txn":17'))
      connection.sendBytes(frame.subarray(0, 1 + Math.floor(random() * (frame.length - 1))))
      connection.close('fin')
    },
  },
  {
    name: 'GOAWAY NO_ERROR, then the stream goes on for a while',
    stages: open,
    mayHalve: false,
    strike({ opening, commit, random }) {
      opening.connection.goaway(opening.id, errorCode.noError)
      commit()
      commit()
      if (random() < 0.5) opening.end()
      else opening.connection.close('fin')
    },
  },
  {
    name: 'GOAWAY NO_ERROR below the stream',
    stages: ['request'],
    mayHalve: false,
    strike: ({ opening: { connection, id } }) => connection.goaway(id - 2 > 0 ? id - 2 : 0, errorCode.noError),
  },
  {
    name: 'bytes that are no HTTP/2',
    stages,
    mayHalve: true,
    // Node answers some of them with GOAWAY and reads no more: then it is the PING that notices.
    async strike({ opening: { connection }, peer, random }) {
      connection.sendBytes(makeGarbage(random))
      await peer.passUntil(() => connection.isClosed)
    },
  },
  {
    name: 'silence',
    stages,
    mayHalve: true,
    async strike({ opening: { connection }, peer }) {
      connection.acknowledges = false
      await peer.passUntil(() => connection.isClosed)
    },
  },
  {
    name: 'no start',
    stages: ['head'],
    mayHalve: false,
    strike: ({ opening, peer }) => peer.passUntil(() => opening.isOver),
  },
  {
    name: 'connections refused',
    stages: open,
    mayHalve: true,
    needsProgress: true,
    async strike({ peer, countLosses }) {
      const before = countLosses('connect_failed')
      await peer.refuseUntil(() => countLosses('connect_failed') > before)
    },
  },
  ...(['fin', 'rst', 'garbage'] as const).map((how): Fault => ({
    name: `the next connection: ${how} at once`,
    stages: open,
    mayHalve: true,
    needsProgress: true,
    async strike({ peer, random }) {
      let isGone = false
      peer.greet(socket => {
        socket.once('close', () => (isGone = true))
        if (how === 'rst') socket.resetAndDestroy()
        else if (how === 'fin') socket.end()
        else socket.write(makeGarbage(random))
      })
      peer.cut('rst')
      await peer.passUntil(() => isGone)
    },
  })),
]
