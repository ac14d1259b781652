/**
 * `fauna-streams/testing`: what a network and a server can do to a client, at the moment that a test chooses. A peer
 * that sends any HTTP/2 frame, and a TCP proxy in front of a server; both in-process, neither for production.
 */
export type { FrameConnection } from './connection.ts'
export { encodeFrame, errorCode, frameFlag, frameType, settingId } from './frame.ts'
export type { Frame, SettingPairs } from './frame.ts'
export { serveFrames } from './frames.ts'
export type { FramePeer, FramePeerOptions } from './frames.ts'
export type { Headers } from './hpack.ts'
export { splitAt, splitEvery } from './pieces.ts'
export type { Split } from './pieces.ts'
export type { FrameRequest } from './request.ts'
export type { HowToCut } from './tcp.ts'
