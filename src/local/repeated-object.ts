/** Objects as no JSON should have them: `to_object` makes them of pairs. What is stored of one has each key once. */
import type { Value } from './values.ts'

/** An object in which keys were given more than once: it shows all of them, and finds the first. */
export class RepeatedObject extends Map<string, Value> {
  readonly #pairs: readonly (readonly [string, Value])[]
  constructor(pairs: readonly (readonly [string, Value])[]) {
    super()
    this.#pairs = pairs
    for (const [key, value] of pairs) if (!this.has(key)) this.set(key, value)
  }

  override get size(): number {
    return this.#pairs.length
  }

  override *entries(): Generator<[string, Value]> {
    for (const [key, value] of this.#pairs) yield [key, value]
  }

  override *keys(): Generator<string> {
    for (const [key] of this.#pairs) yield key
  }

  override *values(): Generator<Value> {
    for (const [, value] of this.#pairs) yield value
  }

  override [Symbol.iterator](): Generator<[string, Value]> {
    return this.entries()
  }
}
