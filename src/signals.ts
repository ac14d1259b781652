/** The lifecycle signals of a stream. Data never goes this way: that is what keeps back-pressure true. */
import type { Gap } from './errors.ts'

/** Where a stream is in its life. */
export type StreamState = 'idle' | 'connecting' | 'open' | 'closed'

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
  /** Events may be missing: the same as the `gap` event or the `GapError` tells, where the loop gets one. */
  gap: (gap: Gap) => void
  /** The peer, silent until then, answered a PING after `roundTripMs`. */
  ping: (ping: { readonly roundTripMs: number }) => void
  /** The stream ended: with an error where the loop throws one. */
  close: (close: { readonly error: Error | undefined }) => void
}
