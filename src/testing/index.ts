/**
 * `fauna-streams/testing`: what a network and a server can do to a client, at the moment that a test chooses. A peer
 * that sends any HTTP/2 frame, a peer whose streams a test writes, and a TCP proxy; in-process, and none for production.
 * @module fauna-streams/testing
 */
export type { FrameConnection } from './connection.ts'
export { serveEvents } from './events.ts'
export type { EventExchange, EventPeer, EventPeerOptions } from './events.ts'
export { encodeFrame, errorCode, frameFlag, frameType, settingId } from './frame.ts'
export type { Frame, SettingPairs } from './frame.ts'
export { serveFrames } from './frames.ts'
export type { FramePeer, FramePeerOptions } from './frames.ts'
export type { Headers } from './hpack.ts'
export type { ProxyTime } from './lane.ts'
export { errorLine, setLine, startLine, versionLine } from './lines.ts'
export type { LineDetails } from './lines.ts'
export { splitAt, splitEvery } from './pieces.ts'
export type { Split } from './pieces.ts'
export { serveProxy } from './proxy.ts'
export type { ProxyOptions, TcpProxy } from './proxy.ts'
export type { FrameRequest } from './request.ts'
export { serveTcp } from './tcp.ts'
export type { HowToCut, TcpPeer } from './tcp.ts'
