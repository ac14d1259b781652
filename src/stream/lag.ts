/**
 * How far a loop is behind its server. The age of the last event alone would not say: on a quiet stream it grows though
 * nothing is missing.
 */
export class Lag {
  /** When lines last came, in milliseconds since the Unix epoch. */
  #arrivedAt: number | undefined
  /** A time up to which everything was told, found by waiting when this transaction was the last one. */
  #told: { readonly until: number; readonly txn: number } | undefined

  /** Lines came. */
  arrived(now: number): void {
    this.#arrivedAt = now
  }

  /** Up to this moment the loop waited for events after `txn` in vain, in milliseconds; the peer could have told them. */
  waited(until: number, txn: number | undefined): void {
    if (txn !== undefined) this.#told = { until: until - this.#lateness(txn), txn }
  }

  /** The lag in milliseconds; `undefined` before anything was told. `isWaiting` for events, on an open stream. */
  measure(now: number, txn: number | undefined, isWaiting: boolean): number | undefined {
    if (txn === undefined) return undefined
    if (isWaiting) return this.#lateness(txn)
    // What waiting showed holds until something is told: that says better where the loop is.
    const waitedUntil = this.#told?.txn === txn ? this.#told.until : 0
    return Math.max(0, Math.round(now - Math.max(txn / 1000, waitedUntil)))
  }

  /** How late the last event was when it came. */
  #lateness(txn: number): number {
    return Math.max(0, Math.round((this.#arrivedAt ?? 0) - txn / 1000))
  }
}
