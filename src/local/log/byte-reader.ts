/** Reads values from the bytes that a writer made of them. */
import { renewExpression } from './old-expressions.ts'
import { DOUBLE_BYTES, LOW_BITS, MORE, classes, tags } from './value-format.ts'

/** Thrown where bytes are not what a writer made. */
export class CodecError extends Error {
  override readonly name = 'CodecError'
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
