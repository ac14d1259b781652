/** Byte strings. */
import { OptionError } from '../errors.ts'
import { Value } from './value.ts'

const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * A byte string, made from bytes (which are copied) or from their standard base64 with padding.
 *
 * Throws `OptionError` for anything else.
 */
export class Bytes extends Value {
  /** Standard base64 with padding. Text is kept, not bytes: nobody can change it, and what is not read is not decoded. */
  readonly base64: string

  constructor(value: string | Uint8Array | ArrayBuffer) {
    super()
    this.base64 = typeof value === 'string' ? value : toBase64(value)
    if (!base64Pattern.test(this.base64)) throw new OptionError('Bytes(value)', 'must be standard base64 with padding')
    Object.freeze(this)
  }

  /** A fresh copy of the bytes. */
  get value(): Uint8Array {
    return this.toUint8Array()
  }

  /** A fresh copy of the bytes. */
  toUint8Array(): Uint8Array {
    return new Uint8Array(Buffer.from(this.base64, 'base64'))
  }

  toJSON(): { '@bytes': string } {
    return { '@bytes': this.base64 }
  }

  /** Whether the other one holds the same bytes. */
  equals(other: unknown): boolean {
    return other instanceof Bytes && this.base64 === other.base64
  }

  toString(): string {
    return `Bytes("${this.base64}")`
  }
}

/** The standard base64 of bytes, with padding. */
export function toBase64(bytes: Uint8Array | ArrayBuffer): string {
  if (bytes instanceof ArrayBuffer) return Buffer.from(bytes).toString('base64')
  if (!(bytes instanceof Uint8Array)) throw new OptionError('Bytes(value)', 'must be base64, Uint8Array or ArrayBuffer')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
