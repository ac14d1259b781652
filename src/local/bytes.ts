// Base64 as the real server reads it: either alphabet, padding optional, but otherwise as strict as its virtual
// machine's decoder, whose words about a refused text show in answers. protocol.md D.3.

const PAD = '='
const ILLEGAL = /[^A-Za-z0-9+/_-]/

/** Reads base64 of the standard or the URL-safe alphabet, padded or not; undefined where the server refuses it. */
export function parseBase64(text: string): Uint8Array | undefined {
  return explainBase64(text) === undefined ? new Uint8Array(Buffer.from(text, 'base64')) : undefined
}

/** Writes standard base64 with padding. */
export function formatBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** The message of the server's decoder about a text that it refuses; undefined for valid base64. */
export function explainBase64(text: string): string | undefined {
  if (text.length === 1) return 'Input byte[] should at least have 2 bytes for base64 bytes'
  const end = text.indexOf(PAD)
  const digits = end < 0 ? text : text.slice(0, end)
  const bad = ILLEGAL.exec(digits)
  if (bad) return `Illegal base64 character ${toSignedHex(digits.charCodeAt(bad.index))}`
  const inLastUnit = digits.length % 4
  const padding = end < 0 ? '' : text.slice(end)
  const isMisplaced = padding !== '' && (inLastUnit === 0 || (inLastUnit === 2 && !padding.startsWith(PAD + PAD)))
  if (isMisplaced) return 'Input byte array has wrong 4-byte ending unit'
  if (inLastUnit === 1) return 'Last unit does not have enough valid bits'
  const read = digits.length + (padding === '' ? 0 : inLastUnit === 2 ? 2 : 1)
  return read < text.length ? `Input byte array has incorrect ending byte at ${read}` : undefined
}

/** The server decodes Latin-1 bytes, signed, with a question mark for what has none. */
function toSignedHex(code: number): string {
  const byte = code > 0xff ? 0x3f : code
  return (byte > 0x7f ? byte - 0x100 : byte).toString(16)
}
