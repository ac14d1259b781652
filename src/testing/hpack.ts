/** Header fields to bytes and back (HPACK, RFC 7541): reads all there is, writes literals that need no table. */
import { decodeHuffman } from './huffman.ts'

/** Header fields by name; pseudo-headers with their colon. Of a name that came several times, joined with `, `. */
export type Headers = Readonly<Record<string, string>>

type Field = readonly [name: string, value: string]

/** The static table (appendix A); the value is empty where a field has none. */
const staticTable: readonly Field[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  ...['200', '204', '206', '304', '400', '404', '500'].map((status): Field => [':status', status]),
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ...(
    'accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control ' +
    'content-disposition content-encoding content-language content-length content-location content-range content-type ' +
    'cookie date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since ' +
    'last-modified link location max-forwards proxy-authenticate proxy-authorization range referer refresh retry-after ' +
    'server set-cookie strict-transport-security transfer-encoding user-agent vary via www-authenticate'
  )
    .split(' ')
    .map((name): Field => [name, '']),
]

/** The place of `:status: 200` in it: the one field that is not spelled. */
const status200 = staticTable.findIndex(([, value]) => value === '200') + 1

/** The dynamic table's size in bytes unless SETTINGS say otherwise, and what each entry counts beside its texts (§4.1). */
const defaultTableBytes = 4096
const entryBytes = 32

/** Longest integer that is read, in bytes: no text here is longer than 2^28. */
const maxIntegerBytes = 4

/** Decodes the header blocks of one connection, all of them and in order: each may change the table for the next. */
export class HeaderDecoder {
  readonly #table: Field[] = []
  #maxTableBytes = defaultTableBytes

  /** The fields of a block. Throws a `RangeError` for bytes that are no HPACK. */
  decode(block: Uint8Array): Headers {
    const reader = new BlockReader(block)
    const headers: Record<string, string> = {}
    while (!reader.isAtEnd) {
      const field = this.#readField(reader)
      if (!field) continue
      const [name, value] = field
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
    }
    return headers
  }

  /** The next field, or nothing where the table's size is told (§6). */
  #readField(reader: BlockReader): Field | undefined {
    const first = reader.peek()
    if (first >= 0x80) return this.#entry(reader.readInteger(7))
    if (first >= 0x40) return this.#remember(this.#readLiteral(reader, 6))
    if (first < 0x20) return this.#readLiteral(reader, 4)
    this.#maxTableBytes = reader.readInteger(5)
    this.#evict()
    return undefined
  }

  #readLiteral(reader: BlockReader, bits: number): Field {
    const index = reader.readInteger(bits)
    const name = index === 0 ? reader.readText() : this.#entry(index)[0]
    return [name, reader.readText()]
  }

  #entry(index: number): Field {
    const field = index <= staticTable.length ? staticTable[index - 1] : this.#table[index - staticTable.length - 1]
    if (!field) throw new RangeError(`HPACK: the tables have no entry ${index}`)
    return field
  }

  #remember(field: Field): Field {
    this.#table.unshift(field)
    this.#evict()
    return field
  }

  #evict(): void {
    const size = () => this.#table.reduce((sum, [name, value]) => sum + name.length + value.length + entryBytes, 0)
    while (size() > this.#maxTableBytes) this.#table.pop()
  }
}

/** Reads integers and texts from a block (§5). */
class BlockReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  peek(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new RangeError('HPACK: the block is cut off')
    return byte
  }

  /** An integer whose first part is the last `bits` of a byte (§5.1). */
  readInteger(bits: number): number {
    const max = 2 ** bits - 1
    let value = this.#take() & max
    if (value < max) return value
    for (let i = 0; i < maxIntegerBytes; i++) {
      const byte = this.#take()
      value += (byte & 0x7f) << (7 * i)
      if (byte < 0x80) return value
    }
    throw new RangeError('HPACK: an integer is too long')
  }

  readText(): string {
    const isHuffman = this.peek() >= 0x80
    const length = this.readInteger(7)
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    if (bytes.length < length) throw new RangeError('HPACK: the block is cut off')
    this.#at += length
    return isHuffman ? decodeHuffman(bytes) : Buffer.from(bytes).toString('latin1')
  }

  #take(): number {
    const byte = this.peek()
    this.#at++
    return byte
  }
}

/** Encodes fields as literals that enter no table, without Huffman code (§6.2.2); nothing is checked. */
export function encodeHeaders(headers: Headers): Buffer {
  return Buffer.concat(
    Object.entries(headers).map(([name, value]) => {
      if (name === ':status' && value === '200') return Buffer.of(0x80 | status200)
      return Buffer.concat([Buffer.of(0), encodeText(name), encodeText(value)])
    }),
  )
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([encodeInteger(bytes.length, 7), bytes])
}

function encodeInteger(value: number, bits: number): Buffer {
  const max = 2 ** bits - 1
  if (value < max) return Buffer.of(value)
  const bytes = [max]
  let rest = value - max
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Buffer.from([...bytes, rest])
}
