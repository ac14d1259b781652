/** The lifecycle signals of a stream. Data never goes this way: that is what keeps back-pressure true. */
/** Where a stream is in its life. */
export type StreamState = 'idle' | 'connecting' | 'open' | 'closed'

/** Each signal and what its listeners are called with. */
export type StreamSignals = {
  /** The state changed. */
  state: (state: StreamState, before: StreamState) => void
  /** The server confirmed the stream; `txn` in microseconds. */
  start: (start: { readonly txn: number }) => void
  /** The stream ended: with an error where the loop throws one. */
  close: (close: { readonly error: Error | undefined }) => void
}
