/** The lifecycle signals of a stream. Data never goes this way: that is what keeps back-pressure true. */
import type { Gap } from './errors.ts'

/** Where a stream is in its life. */
export type StreamState = 'idle' | 'connecting' | 'open' | 'closed'

/**
 * `history_denied`: the key may not read history, so a loss will be a gap. `exact_forced`: the server cannot tell an event, as of bytes, so the stream
 * only says when, and history what.
 */
export type WarningCode = 'history_denied' | 'exact_forced'

/** Each signal and what its listeners are called with. */
export type StreamSignals = {
  /** The state changed. */
  state: (state: StreamState, before: StreamState) => void
  /** The server confirmed the stream; `txn` in microseconds. */
  start: (start: { readonly txn: number }) => void
  /** The connection or the stream on it was lost, and the loop goes on: it will be opened anew. */
  lost: (loss: { readonly error: Error }) => void
  /** A new attempt follows after `delayMs`; `attempt` counts since the last healthy period, 0 for a replay at once. */
  retry: (retry: { readonly attempt: number; readonly delayMs: number }) => void
  /** What happened after `after`, up to `until` (microseconds), was read from history: so many events. */
  recovered: (recovered: { readonly after: number; readonly until: number; readonly events: number }) => void
  /** Something to know before it matters; see `WarningCode`. */
  warning: (warning: { readonly code: WarningCode; readonly message: string }) => void
  /** Events may be missing: the same as the `gap` event or the `GapError` tells, where the loop gets one. */
  gap: (gap: Gap) => void
  /** The peer, silent until then, answered a PING after `roundTripMs`. */
  ping: (ping: { readonly roundTripMs: number }) => void
  /** The stream ended: with an error where the loop throws one. */
  close: (close: { readonly error: Error | undefined }) => void
}

/** Gives a signal to whoever listens. */
export type Signal = <S extends keyof StreamSignals>(signal: S, ...args: Parameters<StreamSignals[S]>) => void
