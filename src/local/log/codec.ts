/**
 * Values of the language and the plain records around them as bytes, exactly: integers and doubles apart, the order of
 * keys, every string, and of functions the expression with its places. Nothing in it depends on the version of Node.
 */
import {
  Action,
  Bytes,
  CalendarDate,
  DocumentEventValue,
  EventPlace,
  Lambda,
  Page,
  PendingTime,
  Ref,
  SetEventValue,
  SetValue,
  Sourced,
  Time,
  UnresolvedRef,
  Uuid,
  VersionValue,
} from '../values.ts'
import { renewExpression } from './old-expressions.ts'

/** What stands before each value. These numbers are part of the format of the log. */
const tags = {
  null: 0,
  undefined: 1,
  false: 2,
  true: 3,
  smallBigint: 4,
  largeBigint: 5,
  integer: 6,
  double: 7,
  string: 8,
  /** A string that UTF-8 cannot hold, as UTF-16. */
  brokenString: 9,
  array: 10,
  map: 11,
  bytes: 12,
  record: 13,
  instance: 14,
  /** A place in a request: `relativeTo` asks whether two are the same one, so each is written once. */
  place: 15,
  knownPlace: 16,
} as const

type Class = abstract new (...parameters: never[]) => object

/** The classes, by their numbers in the log, with what their constructors take, in that order: new ones go last. */
export const classes: readonly (readonly [type: Class, fields: readonly string[]])[] = [
  [Ref, ['database', 'collection', 'id']],
  [Time, ['nanoseconds']],
  [CalendarDate, ['days']],
  [Bytes, ['bytes']],
  [Uuid, ['text']],
  [Lambda, ['parameters', 'body', 'captured', 'apiVersion', 'at']],
  [SetValue, ['form']],
  [UnresolvedRef, ['kind', 'name', 'id', 'scope']],
  [Page, ['data', 'before', 'after', 'cursors']],
  [VersionValue, ['ref', 'ts', 'fields', 'isPending', 'isCreated']],
  [DocumentEventValue, ['ts', 'action', 'ref', 'fields']],
  [SetEventValue, ['ts', 'action', 'ref', 'values']],
  [EventPlace, ['ts', 'action', 'ref', 'values']],
  [Sourced, ['value', 'sources']],
  [Action, ['name']],
  [PendingTime, ['micros']],
]

const classNumbers: ReadonlyMap<unknown, number> = new Map(classes.map(([type], number) => [type, number]))

const FIRST_SIZE = 256
/** A character of UTF-16 has no more bytes than this in UTF-8. */
const UTF8_BYTES = 3
const VARINT_BYTES = 8
const DOUBLE_BYTES = 8
/** The bits of a varint's byte that are the number's, and the mark of those that are not its last. */
const LOW_BITS = 0x7f
const MORE = 0x80
const LONE_SURROGATE = /\p{Surrogate}/u

/** Thrown where bytes are not what a writer made. */
export class CodecError extends Error {
  override readonly name = 'CodecError'
}

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

/** Reads what a writer wrote. Throws `CodecError` where it is something else. */
export class ByteReader {
  readonly #bytes: Buffer
  #at = 0
  readonly #places: object[] = []

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Whether everything was read. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new CodecError('the bytes end inside of a value')
    return byte
  }

  count(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.byte()
      value += (byte & LOW_BITS) * scale
      if (byte < MORE) return value
      scale *= MORE
    }
  }

  text(): string {
    return this.#raw().toString('utf8')
  }

  double(): number {
    const bytes = this.#slice(DOUBLE_BYTES)
    return bytes.readDoubleLE(0)
  }

  /** A value; the caller knows its type, for the same program wrote it and the checksum was right. */
  value<Type = unknown>(): Type {
    return this.#value(this.byte()) as Type
  }

  #value(tag: number): unknown {
    switch (tag) {
      case tags.null:
        return null
      case tags.undefined:
        return undefined
      case tags.false:
        return false
      case tags.true:
        return true
      case tags.smallBigint:
        return BigInt(this.#signed())
      case tags.largeBigint:
        return BigInt(this.text())
      case tags.integer:
        return this.#signed()
      case tags.double:
        return this.double()
      case tags.string:
        return this.text()
      case tags.brokenString:
        return this.#raw().toString('utf16le')
      case tags.array:
        return this.#array()
      case tags.map:
        return this.#map()
      case tags.bytes:
        return new Uint8Array(this.#raw())
      case tags.record:
        return this.#record()
      case tags.instance:
        return this.#instance()
      case tags.place:
        return this.#place()
      case tags.knownPlace:
        return this.#places[this.count()]
      default:
        throw new CodecError(`no value begins with ${tag}`)
    }
  }

  #signed(): number {
    return this.byte() === 1 ? -this.count() : this.count()
  }

  #raw(): Buffer {
    return this.#slice(this.count())
  }

  #slice(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new CodecError('the bytes end inside of a value')
    const slice = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return slice
  }

  #array(): unknown[] {
    const array: unknown[] = []
    for (let left = this.count(); left > 0; left--) array.push(this.value())
    return array
  }

  #map(): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>()
    for (let left = this.count(); left > 0; left--) map.set(this.value(), this.value())
    return map
  }

  #record(): object {
    const record: Record<string, unknown> = {}
    for (let left = this.count(); left > 0; left--) record[this.text()] = this.value()
    return renewExpression(record)
  }

  #instance(): object {
    const number = this.byte()
    const [type, fields] = classes[number] ?? []
    if (type === undefined || fields === undefined) throw new CodecError(`no class has the number ${number}`)
    return Reflect.construct(
      type,
      fields.map(() => this.value()),
    ) as object
  }

  #place(): object {
    const place = { up: this.value(), key: this.value() }
    this.#places.push(place)
    return place
  }
}
