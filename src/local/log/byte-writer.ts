/**
 * Values of the language and the plain records around them as bytes, exactly: integers and doubles apart, the order of
 * keys, every string, and of functions the expression with its places. Nothing in it depends on the version of Node.
 */
import { DOUBLE_BYTES, LOW_BITS, MORE, classNumbers, classes, tags } from './value-format.ts'

const FIRST_SIZE = 256
/** A character of UTF-16 has no more bytes than this in UTF-8. */
const UTF8_BYTES = 3
const VARINT_BYTES = 8
const LONE_SURROGATE = /\p{Surrogate}/u

/** Writes values one behind another. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(FIRST_SIZE)
  #size = 0
  #places = new Map<object, number>()

  /** What was written so far, as a copy. */
  get bytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#size))
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#size++] = value
  }

  /** An integer from 0 to 2^53 - 1. */
  count(value: number): void {
    this.#reserve(VARINT_BYTES)
    let rest = value
    for (; rest > LOW_BITS; rest = Math.floor(rest / MORE)) this.#bytes[this.#size++] = (rest % MORE) | MORE
    this.#bytes[this.#size++] = rest
  }

  text(value: string): void {
    this.#reserve(value.length * UTF8_BYTES + VARINT_BYTES)
    const length = Buffer.byteLength(value)
    this.count(length)
    this.#size += this.#bytes.write(value, this.#size, 'utf8')
  }

  double(value: number): void {
    this.#reserve(DOUBLE_BYTES)
    this.#size = this.#bytes.writeDoubleLE(value, this.#size)
  }

  /** Anything that a value is made of. */
  value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        return this.#string(value)
      case 'number':
        return this.#number(value)
      case 'bigint':
        return this.#bigint(value)
      case 'boolean':
        return this.byte(value ? tags.true : tags.false)
      case 'undefined':
        return this.byte(tags.undefined)
      case 'object':
        return value === null ? this.byte(tags.null) : this.#object(value)
      default:
        throw new TypeError(`No value of the language is a ${typeof value}`)
    }
  }

  #string(value: string): void {
    if (!LONE_SURROGATE.test(value)) {
      this.byte(tags.string)
      this.text(value)
      return
    }
    this.byte(tags.brokenString)
    this.#raw(Buffer.from(value, 'utf16le'))
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      this.byte(tags.integer)
      this.#signed(value)
      return
    }
    this.byte(tags.double)
    this.double(value)
  }

  #bigint(value: bigint): void {
    const number = Number(value)
    if (Number.isSafeInteger(number)) {
      this.byte(tags.smallBigint)
      this.#signed(number)
      return
    }
    this.byte(tags.largeBigint)
    this.text(value.toString())
  }

  #signed(value: number): void {
    this.byte(value < 0 ? 1 : 0)
    this.count(Math.abs(value))
  }

  #raw(bytes: Uint8Array): void {
    this.count(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#size)
    this.#size += bytes.length
  }

  #object(value: object): void {
    if (Array.isArray(value)) {
      this.byte(tags.array)
      this.count(value.length)
      for (const item of value) this.value(item)
    } else if (value instanceof Map) {
      this.byte(tags.map)
      this.count(value.size)
      for (const [key, item] of value) {
        this.value(key)
        this.value(item)
      }
    } else if (value instanceof Uint8Array) {
      this.byte(tags.bytes)
      this.#raw(value)
    } else if ('up' in value && 'key' in value) this.#place(value)
    else this.#fields(value)
  }

  #fields(value: object): void {
    const number = classNumbers.get(value.constructor)
    const fields = value as Readonly<Record<string, unknown>>
    if (number !== undefined) {
      this.byte(tags.instance)
      this.byte(number)
      for (const field of classes[number]?.[1] ?? []) this.value(fields[field])
      return
    }
    if (value.constructor !== Object) throw new TypeError(`No value of the language is a ${value.constructor.name}`)
    const entries = Object.entries(fields)
    this.byte(tags.record)
    this.count(entries.length)
    for (const [key, item] of entries) {
      this.text(key)
      this.value(item)
    }
  }

  #place(place: { readonly up: unknown; readonly key: unknown }): void {
    const known = this.#places.get(place)
    if (known !== undefined) {
      this.byte(tags.knownPlace)
      this.count(known)
      return
    }
    this.byte(tags.place)
    this.value(place.up)
    this.value(place.key)
    this.#places.set(place, this.#places.size)
  }

  #reserve(more: number): void {
    if (this.#size + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#size + more))
    this.#bytes.copy(larger, 0, 0, this.#size)
    this.#bytes = larger
  }
}
