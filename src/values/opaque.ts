/** Values that are carried and sent back, not looked into: sets, stored lambdas, UUIDs. */
import { encode } from './serializer.ts'
import { Value } from './value.ts'

/**
 * A set that the server answered with, to be used again in a query.
 *
 * Its contents stay as they are on the wire (protocol.md D.2), refs in it included: they may hold lambdas, whose escapes
 * would not survive being decoded and written again.
 */
export class SetRef extends Value {
  /** The contents in wire form, as `{ match: { '@ref': … }, terms: 'x' }`. */
  readonly value: unknown

  constructor(value: unknown) {
    super()
    this.value = value
    Object.freeze(this)
  }

  toJSON(): { '@set': unknown } {
    return { '@set': this.value }
  }

  /** Whether the other one has the same wire form. */
  equals(other: unknown): boolean {
    return other instanceof SetRef && encode(this) === encode(other)
  }

  toString(): string {
    return `SetRef(${encode(this.value)})`
  }
}

/** A stored lambda, as the body of a function or the predicate of a role. */
export class Query extends Value {
  /** The lambda in wire form, as `{ api_version: '4', lambda: 'x', expr: { var: 'x' } }`. */
  readonly value: unknown

  constructor(value: unknown) {
    super()
    this.value = value
    Object.freeze(this)
  }

  toJSON(): { '@query': unknown } {
    return { '@query': this.value }
  }

  /** Whether the other one has the same wire form. */
  equals(other: unknown): boolean {
    return other instanceof Query && encode(this) === encode(other)
  }

  toString(): string {
    return `Query(${encode(this.value)})`
  }
}

/** A UUID. */
export class Uuid extends Value {
  /** The text, as `123e4567-e89b-12d3-a456-426614174000`. */
  readonly value: string

  constructor(value: string) {
    super()
    this.value = value
    Object.freeze(this)
  }

  toJSON(): { '@uuid': string } {
    return { '@uuid': this.value }
  }

  /** Whether the other one is the same. */
  equals(other: unknown): boolean {
    return other instanceof Uuid && this.value === other.value
  }

  toString(): string {
    return `Uuid("${this.value}")`
  }
}
